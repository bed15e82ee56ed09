"""A database engine: Django's SQLite, with turns for its writers."""
