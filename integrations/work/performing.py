"""Performs jobs that are rows, in this process: each is held for as long as that takes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import close_old_connections
from django.utils.module_loading import import_string

from integrations import clock
from integrations.models import Job
from integrations.services.trouble import apart
from integrations.work import jobs

_lock = threading.Lock()
_held: dict[UUID, int] = {}


def perform(job_id: UUID) -> None:
    """Do it, unless it is done or somebody is at it. Raises nothing: its row says what is left."""
    close_old_connections()
    with apart("A job"):
        if job := jobs.take(job_id, clock.now()):
            with _held_while(job):
                import_string(job.task).call(*job.ids)
                jobs.end(job)
    close_old_connections()


def renew() -> None:
    """Keep what is being done from being taken over."""
    if held := in_hand():
        jobs.renew(held, clock.now())


def in_hand() -> dict[UUID, int]:
    """What this process is at: ids and leases."""
    with _lock:
        return dict(_held)


@contextmanager
def _held_while(job: Job) -> Iterator[None]:
    with _lock:
        _held[job.pk] = job.lease
    try:
        yield
    finally:
        with _lock:
            del _held[job.pk]
