"""The queue of work that nobody waits for: a service names it, `integrations.work` has its body.

A job is a row of the same database, so it is there exactly when what it speaks of is committed
with it. A backend of TASKS that keeps its jobs elsewhere has to wait for the commit itself.
"""

from datetime import datetime, timedelta
from uuid import uuid4

from django.db.models import Q
from django.tasks import Task

from integrations import clock
from integrations.models import Heartbeat

WORKER = "worker-"
SEEN = timedelta(minutes=1)
# A worker may be busy for so long before it comes to what it was told.
WAITS = timedelta(hours=1)
# A row for each process that works, so that one may leave and the others stay seen.
_me = WORKER + uuid4().hex[:8]

_bodies: dict[str, Task] = {}


def register(name: str, body: Task) -> None:
    """Say what is done under a name such as `proving.run_test`."""
    _bodies[name] = body


def enqueue(name: str, *ids: int | str) -> None:
    """Have it done by a worker, soon. Only ids go in: a job is kept, and read by people."""
    _bodies[name].enqueue(*ids)


def has_worker() -> bool:
    """Whether a worker was seen in the last minute: else what is enqueued waits for nobody."""
    now = clock.now()
    lately = now - SEEN, now + SEEN  # far ahead is what a clock left that was wrong
    return Heartbeat.objects.filter(name__startswith=WORKER, at__range=lately).exists()


def may_wait(lease_until: datetime, now: datetime) -> bool:
    """Whether what was enqueued, and was not begun while its lease lasted, is still to be done."""
    return now < lease_until + WAITS and has_worker()


def beat(now: datetime) -> None:
    """This worker lives; others that were not seen for long are forgotten."""
    Heartbeat.objects.update_or_create(name=_me, defaults={"at": now})
    long_gone = Q(at__lt=now - 10 * SEEN) | Q(at__gt=now + 10 * SEEN)
    Heartbeat.objects.filter(long_gone, name__startswith=WORKER).delete()


def leave() -> None:
    """This worker stops."""
    Heartbeat.objects.filter(name=_me).delete()
