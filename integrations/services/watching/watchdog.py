"""The watchdog: has operators told that no worker checks, since a worker that died cannot.

It runs where pages are served. Of all processes one looks, once a minute.
"""

from datetime import datetime, timedelta

from integrations.models import Delivery, Heartbeat
from integrations.services import turns
from integrations.services.telling import deliveries
from integrations.services.trouble import apart
from integrations.services.watching import faults, stops

NAME = "watchdog"
EVERY = timedelta(minutes=1)
GAP = 3 * EVERY  # nobody looked: the machine slept, or all of it was stopped
MOST = 10  # messages at a time


def look(now: datetime) -> None:
    """See whether checks go on, tell when they do not, and when they do again.

    After a sleep the worker wakes with everybody else: the first look believes nothing.
    """
    mark = Heartbeat.objects.filter(name=NAME).values_list("at", flat=True)
    before = mark.first()
    if before and timedelta() <= now - before < EVERY:
        return
    if not turns.is_due(NAME, now, EVERY):
        return
    if before and timedelta() <= now - before <= GAP:
        stops.look(now)
    faults.tell(now)
    _send(now)


def _send(now: datetime) -> None:
    """What operators are owed, whoever else may be at it: each message has its lease."""
    due = Delivery.objects.filter(
        workspace=None, outcome=Delivery.Outcome.WAITING, due_at__lte=now
    ).order_by("due_at")
    for pk in list(due.values_list("pk", flat=True)[:MOST]):
        with apart("Telling operators"):
            deliveries.deliver(pk, now)
