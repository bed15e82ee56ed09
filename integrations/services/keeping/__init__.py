"""What must happen though nobody asks. Imports telling, connecting, proving and credentials."""
