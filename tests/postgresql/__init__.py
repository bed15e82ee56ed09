"""Django's engine for PostgreSQL, quicker at what a test does and a site never does."""
