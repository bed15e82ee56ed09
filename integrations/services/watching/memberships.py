"""Memberships: which connections are part of which incidents, and when they are no more."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q

from integrations import platforms
from integrations.models import Ending, IncidentConnection
from integrations.services.watching import troubles
from integrations.services.watching.keys import OUR_NETWORK, Key, Nature

MEMBER = (
    *("connection_id", "incident_id", "incident__cause__key", "incident__workspace_id"),
    *("joined_at", "incident__message", "incident__workspace__archived_at"),
    *("connection__provider", "connection__is_complete", "connection__is_enabled"),
    *("connection__proven_at", "connection__proof_stand_in", "connection__auth_method"),
)


Member = dict[str, Any]


def open_members(which: Q | None = None) -> list[Member]:
    """All of them, or those."""
    found = IncidentConnection.objects.filter(which or Q(), left_at=None)
    return [*found.order_by().values("id", *MEMBER)]


def ending(member: Mapping[str, Any]) -> Ending | None:
    """Why a connection in which nothing is wrong leaves; None while it waits to be proven."""
    provider = platforms.catalogue().get(member["connection__provider"] or "")
    key = Key.parsed(member["incident__cause__key"])
    reasons = (
        (Ending.REMOVED, member["connection_id"] is None or provider is None),
        (Ending.ARCHIVED, member["incident__workspace__archived_at"]),
        (Ending.DISCONNECTED, not member["connection__is_complete"]),
        (Ending.DISABLED, not member["connection__is_enabled"]),
        (Ending.CLEARED, key.nature == Nature.REPORTED),
        (Ending.READABLE, key.nature == Nature.OURS and key != OUR_NETWORK),
        (Ending.PROVEN, _is_proven(member)),
        (Ending.CHANGED, not troubles.can_be_proven(provider, member["connection__auth_method"])),
    )
    return next((why for why, holds in reasons if holds), None)


def _is_proven(member: Mapping[str, Any]) -> bool:
    """By whoever is asked now: a stand-in proves nothing of the platform."""
    stand_in = platforms.stand_in(member["connection__provider"]) or ""
    proven_at, by = member["connection__proven_at"], member["connection__proof_stand_in"]
    return bool(proven_at) and by == stand_in
