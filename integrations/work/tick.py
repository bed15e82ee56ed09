"""The tick of a worker: tells that it lives, and starts what is due though nobody asks."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import close_old_connections, transaction

from integrations import clock, queue
from integrations.models import Event
from integrations.services import turns
from integrations.services.credentials import sealing
from integrations.services.keeping import renewals, rounds
from integrations.services.telling import deliveries
from integrations.services.trouble import apart
from integrations.services.watching import incidents
from integrations.work import left

BEAT_SECONDS = 10.0
ROUND = timedelta(seconds=30)
PRUNING = timedelta(hours=1)


def run(wait: Callable[[float], bool]) -> None:
    """Again and again, until `wait`, which sleeps so many seconds, says to stop."""
    ours = (queue.beat, start_round, start_reconciling, start_pruning)
    while True:
        for what in (*ours, deliveries.wake, left.take_over):
            _try(what)
        if wait(BEAT_SECONDS):
            return


def start_round(now: datetime) -> None:
    """Each half minute: renewals ahead, notices, forgetting; unless the last one still waits."""
    with transaction.atomic():
        if turns.is_due("round", now, ROUND):
            for row in renewals.due(now):
                queue.enqueue("keeping.renew", str(row.pk))
            if turns.ask(rounds.TURN, now):
                queue.enqueue("keeping.look_after")


def start_reconciling(now: datetime) -> None:
    """As soon as something happened: what broke is told before the next round.

    What happens while somebody is at it is looked at as soon as that one ended.
    """
    latest = Event.objects.order_by("-pk").values_list("pk", flat=True).first()
    with transaction.atomic():
        if latest and turns.ask(incidents.TURN, now, event_id=latest):
            queue.enqueue("watching.reconcile")


def start_pruning(now: datetime) -> None:
    """Each hour: the queue forgets what was done, and keys that are back count."""
    with transaction.atomic():
        if turns.is_due("pruning", now, PRUNING):
            queue.enqueue("work.prune")
            sealing.adopt_old()


def _try(what: Callable[[datetime], object]) -> None:
    """At the database's time: of several workers one may have a wrong clock."""
    close_old_connections()
    with apart(what.__name__):
        what(clock.now())  # which may fail, as all that asks the database
    close_old_connections()
