"""The tick of a worker: tells that it lives, and starts what is due though nobody asks."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import close_old_connections, transaction
from django.utils import timezone

from integrations import queue
from integrations.models import Event, Heartbeat
from integrations.services.credentials import sealing
from integrations.services.keeping import renewals
from integrations.services.telling import deliveries
from integrations.services.trouble import apart

BEAT_SECONDS = 10.0
ROUND = timedelta(seconds=30)
PRUNING = timedelta(hours=1)
RECONCILED = "reconciled"
SEEN_LATE = timedelta(seconds=5)  # a transaction may end so long after its event


def run(wait: Callable[[float], bool]) -> None:
    """Again and again, until `wait`, which sleeps so many seconds, says to stop."""
    while True:
        now = timezone.now()
        ours = (queue.beat, start_round, start_reconciling, start_pruning)
        for what in (*ours, deliveries.wake):
            _try(what, now)
        if wait(BEAT_SECONDS):
            return


def start_round(now: datetime) -> None:
    """Each half minute: renewals ahead, notices, forgetting."""
    with transaction.atomic():
        if is_mine("round", now, ROUND):
            for row in renewals.due(now):
                queue.enqueue("keeping.renew", str(row.pk))
            queue.enqueue("keeping.look_after")


def start_reconciling(now: datetime) -> None:
    """As soon as something happened: what broke is told before the next round."""
    latest = Event.objects.order_by("-pk").values_list("at", flat=True).first()
    if latest is None:
        return
    with transaction.atomic():
        if Heartbeat.objects.filter(name=RECONCILED, at__gte=latest + SEEN_LATE).exists():
            return
        Heartbeat.objects.update_or_create(name=RECONCILED, defaults={"at": now})
        queue.enqueue("watching.reconcile")


def start_pruning(now: datetime) -> None:
    """Each hour: the queue forgets what was done, and keys that are back count."""
    with transaction.atomic():
        if is_mine("pruning", now, PRUNING):
            queue.enqueue("work.prune")
            sealing.adopt_old()


def is_mine(name: str, now: datetime, every: timedelta) -> bool:
    """Whether its time has come: then, of many workers, one is told so."""
    if Heartbeat.objects.filter(name=name, at__lte=now - every).update(at=now):
        return True
    _, is_first = Heartbeat.objects.get_or_create(name=name, defaults={"at": now})
    return is_first


def _try(what: Callable[[datetime], object], now: datetime) -> None:
    close_old_connections()
    with apart(what.__name__):
        what(now)
    close_old_connections()
