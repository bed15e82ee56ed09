"""Django's admin: shows state, never a secret; its actions call the services."""

from integrations.admin import connections, history, people

__all__ = ["connections", "history", "people"]
