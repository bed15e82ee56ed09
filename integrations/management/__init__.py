"""Commands: as thin as views."""
