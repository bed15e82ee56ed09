"""The queue of work that nobody waits for: a service names it, `integrations.work` has its body.

A job is a row of the same database, so it is there exactly when what it speaks of is committed
with it. A backend of TASKS that keeps its jobs elsewhere has to wait for the commit itself.
"""

from datetime import datetime, timedelta

from django.tasks import Task
from django.utils import timezone

from integrations.models import Heartbeat

WORKER = "worker"
SEEN = timedelta(minutes=1)

_bodies: dict[str, Task] = {}


def register(name: str, body: Task) -> None:
    """Say what is done under a name such as `proving.run_test`."""
    _bodies[name] = body


def enqueue(name: str, *ids: int | str) -> None:
    """Have it done by a worker, soon. Only ids go in: a job is kept, and read by people."""
    _bodies[name].enqueue(*ids)


def has_worker() -> bool:
    """Whether a worker was seen in the last minute: else what is enqueued waits for nobody."""
    return Heartbeat.objects.filter(name=WORKER, at__gt=timezone.now() - SEEN).exists()


def beat(now: datetime) -> None:
    """A worker lives."""
    Heartbeat.objects.update_or_create(name=WORKER, defaults={"at": now})


def leave() -> None:
    """A worker stops. Others are seen again with their next beat."""
    Heartbeat.objects.filter(name=WORKER).delete()
