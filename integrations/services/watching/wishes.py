"""Wishes: how often its people want a connection checked, and how they want to hear of it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import SystemRandom
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from integrations.models import EventType, IntegrationConnection, Watch
from integrations.services import events
from integrations.services.refusals import InvalidChange
from integrations.services.telling import waking
from integrations.services.watching import schedule
from integrations.services.watching.intervals import interval

SOONEST = timedelta(minutes=1)
LATEST = timedelta(days=30)
# What a change is called where it is told of.
LABELS = {"every_seconds": "time between checks", "muted_until": "mute", "is_quiet": "mute"}
KEYS = {"every_seconds": "checksEverySeconds", "muted_until": "mutedUntil", "is_quiet": "isQuiet"}
NOTHING_SAVED = "There is nothing to check yet. Save the connection first."
NOT_AHEAD = "This must be a time that is still to come."


def of(connection: IntegrationConnection) -> Watch | None:
    """Its watch, if it has one yet."""
    return Watch.objects.filter(connection=connection.pk).first()


def keep(
    connection: IntegrationConnection,
    wishes: Mapping[str, Any],
    *,
    by: User | None,
    now: datetime,
) -> bool:
    """`every_seconds`, `muted_until` and `is_quiet`, each only if it is there; None takes the
    first two back. Whether anything is different.

    Moves neither revision nor version, and asks nobody. Raises InvalidChange.
    """
    if not wishes:
        return False
    if not connection.version:
        raise InvalidChange({KEYS[name]: [NOTHING_SAVED] for name in wishes})
    place = {"workspace_id": connection.workspace_id, "provider": connection.provider}
    with transaction.atomic():
        watch, _ = Watch.objects.select_for_update().get_or_create(
            connection=connection, defaults=place | {"due_at": now}
        )
        before = watch.every_seconds
        changed = [name for name, value in wishes.items() if getattr(watch, name) != value]
        muted_until = wishes.get("muted_until")
        if "muted_until" in changed and muted_until is not None and muted_until <= now:
            raise InvalidChange({KEYS["muted_until"]: [NOT_AHEAD]})
        for name in changed:
            setattr(watch, name, wishes[name])
        if "every_seconds" in changed:
            watch.due_at = schedule.next_point(watch.pk, interval(watch), now, SystemRandom())
        if changed:
            watch.save(update_fields=[*changed, "due_at"])
            fields = [*dict.fromkeys(LABELS[name] for name in LABELS if name in changed)]
            data: dict[str, Any] = {"fields": fields}
            if "every_seconds" in changed:
                data["every"] = [before, watch.every_seconds]
            by_id = by.pk if by else None
            events.record(connection, EventType.CHANGED, by_id=by_id, what="edited", **data)
        if {"muted_until", "is_quiet"} & {*changed} and not watch.is_muted(now):
            waking.after_mute(connection.workspace, now)
    connection.watch = watch
    return bool(changed)
