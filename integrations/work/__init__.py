"""Work that nobody waits for: bodies of tasks, and what drives them. Imports services."""
