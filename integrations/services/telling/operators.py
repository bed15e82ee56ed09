"""Operators: who run the installation, and are told of its own faults, which no workspace mends."""

from dataclasses import replace
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import QuerySet

from integrations.models import Cause, Channel
from integrations.services.telling import places
from integrations.services.telling.told import Moment, Severity, Told
from integrations_center import public_url

SOURCE = "cause"
ABOUT = "Control Center"
OPERATORS = "Whoever runs this installation."


def wanting() -> QuerySet[User]:
    """Those who can be mailed and want to be told."""
    active = User.objects.filter(is_superuser=True, is_active=True)
    return active.exclude(email="").exclude(person__wants_notices=False)


def why(channel: Channel | None) -> str:
    """Why one gets it, and where that is changed."""
    page = public_url.link("operators:channels")
    if channel is None:
        return f"You get this as an operator of this installation. Add a channel for it: {page}"
    return f"You get this by the channel {channel.name} of the installation. Change it: {page}"


def source_of(cause_id: int) -> str:
    return f"{SOURCE}-{cause_id}"


def broken(cause: Cause, key: str, *, title: str, said: str) -> Told:
    """One of its faults. It concerns channels of any platform."""
    return Told(
        key=key,
        moment=Moment.OPENED,
        severity=Severity.BREAK,
        workspace=places.installation(),
        about=ABOUT,
        title=title,
        what_happened=said,
        since=cause.opened_at,
        who_can_fix=OPERATORS,
        is_drill=cause.is_drill,
        act="See what is open",
        link=public_url.link("operations"),
    )


def told_again(told: Told, _now: datetime) -> Told | None:
    """A reminder of it, if it still lasts."""
    pk = int(told.source.partition("-")[2])
    lasts = Cause.objects.filter(pk=pk, closed_at=None).exclude(confirmed_at=None)
    return replace(told, moment=Moment.REMINDER) if lasts.exists() else None
