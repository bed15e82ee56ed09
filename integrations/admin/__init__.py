"""Django's admin: shows state, never a secret; its actions call the services."""

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib import admin
from django_ox.models import OxSchedule, OxTask

from integrations.admin import channels, connections, history, incidents, pauses, people

__all__ = ["channels", "connections", "history", "incidents", "pauses", "people"]

# Each person has one mail address, on their own page.
admin.site.unregister(EmailAddress)

# Jobs are the engine's own: what they did is told by tests and runs.
admin.site.unregister([OxTask, OxSchedule])

admin.site.site_title = admin.site.site_header = "Integrations Control Center"
admin.site.index_title = "Administration"
admin.site.enable_nav_sidebar = False  # the lists need the room; the way back leads to all
admin.site.site_url = f"{settings.FORCE_SCRIPT_NAME or ''}/"
