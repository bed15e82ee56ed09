"""Django's admin: shows state, never a secret; its actions call the services."""

from django.contrib import admin

from integrations.admin import connections, history, people

__all__ = ["connections", "history", "people"]

admin.site.site_title = admin.site.site_header = "Integrations Control Center"
admin.site.index_title = "Administration"
