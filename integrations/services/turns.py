"""Turns: of work that many processes may begin, one job waits at a time, and one goes on.

By the clock of the database. A mark far ahead of it was left by a clock that was wrong, and
counts for nothing; one that is a little ahead was left by who looked at the clock just after.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from integrations import clock
from integrations.models import Heartbeat, Turn
from integrations.services import held

LEASE = timedelta(minutes=1)  # without a word from who is at it
LOST = timedelta(minutes=10)  # a job that was not begun for so long is asked for once more


@dataclass(frozen=True)
class Holder:
    """Who is at it, for as long as it says now and then that it goes on."""

    name: str
    lease: int

    def goes_on(self) -> bool:
        """Says so; False where another one took over, since nothing was heard for a while."""
        mine = Turn.objects.filter(name=self.name, lease=self.lease)
        return bool(mine.update(lease_until=clock.now() + LEASE))


def is_due(name: str, now: datetime, every: timedelta) -> bool:
    """Whether its time has come: then, of many processes, one is told so."""
    due = Q(at__lte=now - every) | Q(at__gt=now + every)
    if Heartbeat.objects.filter(due, name=name).update(at=now):
        return True
    _, is_first = Heartbeat.objects.get_or_create(name=name, defaults={"at": now})
    return is_first


def ask(name: str, now: datetime, *, event_id: int | None = None) -> bool:
    """Whether a job for it is to be enqueued, in this transaction: not while one waits already.

    With an event also not while somebody is at it, or has looked at that one.
    """
    Turn.objects.get_or_create(name=name)
    wanted = Q(asked_at=None) | Q(asked_at__lte=now - LOST) | Q(asked_at__gt=now + LOST)
    if event_id is not None:
        wanted &= ~Q(event_id=event_id) & _free(now)
    return bool(Turn.objects.filter(wanted, name=name).update(asked_at=now))


def begin(name: str) -> None:
    """What was asked for is being done: from now on another job may wait."""
    Turn.objects.filter(name=name).update(asked_at=None)


@contextmanager
def alone(name: str, *, event_id: int = 0) -> Iterator[Holder | None]:
    """Begin it where nobody is at it; None where somebody is, who need not be waited for.

    `event_id` is the last event there is: this one looks at it. Who dies at it leaves the lease
    to run out.
    """
    holder = _taken(name, event_id)
    try:
        yield holder
    finally:
        if holder:
            Turn.objects.filter(name=name, lease=holder.lease).update(lease_until=None)


def _taken(name: str, event_id: int) -> Holder | None:
    now = clock.now()
    Turn.objects.get_or_create(name=name)
    taken = {"lease": F("lease") + 1, "lease_until": now + LEASE, "event_id": event_id}
    with transaction.atomic():
        begin(name)
        if not Turn.objects.filter(_free(now), name=name).update(**taken):
            return None
        return Holder(name, Turn.objects.get(name=name).lease)


def _free(now: datetime) -> Q:
    return held.by_nobody(now, far=now + 2 * LEASE)
