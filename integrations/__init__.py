"""The Django app: rows, services that change them, and entrances that call services."""
