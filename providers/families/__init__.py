"""What several platforms share. Imports access, run, declare, outbound and errors."""
