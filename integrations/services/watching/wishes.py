"""How a team wants one connection watched: how often, and until when it is left in peace."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import SystemRandom
from typing import Any

from integrations.models import IntegrationConnection, Watch
from integrations.services.refusals import InvalidChange
from integrations.services.watching import schedule
from integrations.services.watching.intervals import interval

SOONEST = timedelta(minutes=1)
LATEST = timedelta(days=30)
KEYS = {"every_seconds": "checksEverySeconds", "muted_until": "mutedUntil"}
NOTHING_SAVED = "There is nothing to check yet. Save the connection first."
NOT_AHEAD = "This must be a time that is still to come."


def keep(connection: IntegrationConnection, wishes: Mapping[str, Any], now: datetime) -> None:
    """`every_seconds` and `muted_until`, each only if it is there; None takes it back.

    Moves neither revision nor version, and asks nobody. Raises InvalidChange.
    """
    if not wishes:
        return
    if not connection.version:
        raise InvalidChange({KEYS[name]: [NOTHING_SAVED] for name in wishes})
    muted_until = wishes.get("muted_until")
    if muted_until is not None and muted_until <= now:
        raise InvalidChange({KEYS["muted_until"]: [NOT_AHEAD]})
    watch, _ = Watch.objects.get_or_create(
        connection=connection,
        defaults={
            "workspace_id": connection.workspace_id,
            "provider": connection.provider,
            "due_at": now,
        },
    )
    before = watch.every_seconds
    for name, value in wishes.items():
        setattr(watch, name, value)
    written = dict(wishes)
    if watch.every_seconds != before:
        every = interval(watch)
        watch.due_at = schedule.next_point(watch.pk, every, now, SystemRandom())
        written["due_at"] = watch.due_at
    Watch.objects.filter(pk=watch.pk).update(**written)
    connection.watch = watch
