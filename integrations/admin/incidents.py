"""Causes of what broke, and the incidents that they are in each workspace. To read."""

from django.contrib import admin

from integrations.admin import words
from integrations.admin.reading import ReadOnly
from integrations.models import Cause, Incident


@admin.register(Cause)
class CauseAdmin(ReadOnly):
    """Its key stays out of pages: it may hold the digest of what lets somebody in."""

    list_display = ("title", "scope", "since", "until")
    list_filter = ("scope", "is_flapping")
    search_fields = ("title",)
    fields = ("title", "kind", "scope", "since", "confirmed", "until", "is_flapping")

    since = words.time_of("opened_at", "since")
    confirmed = words.time_of("confirmed_at", "certain since")
    until = words.time_of("closed_at", "until")


@admin.register(Incident)
class IncidentAdmin(ReadOnly):
    list_display = ("title", "workspace", "since", "until", "owner")
    list_select_related = ("workspace", "owner")
    list_filter = ("workspace",)
    search_fields = ("title", "note")
    fields = (
        *("title", "workspace", "cause", "message", "action"),
        *("since", "confirmed", "until", "ended_by", "returns"),
        *("acknowledged_by", "owner", "note", "muted"),
    )

    since = words.time_of("opened_at", "since")
    confirmed = words.time_of("confirmed_at", "certain since")
    until = words.time_of("closed_at", "until")
    muted = words.time_of("muted_until", "muted until")
