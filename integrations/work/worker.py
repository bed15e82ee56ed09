"""The worker: does what the queue holds, on the engine that TASKS names.

Only this module knows that django-ox is one; the other is Celery. A worker that dies keeps its
jobs for as long as their lease lasts, which is LOCK_TIMEOUT of TASKS: then another one does them.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from queue import Empty, SimpleQueue
from typing import Protocol

from django.core.management import call_command
from django.db import connections
from django.tasks import task_backends
from django_ox.backend import OxBackend
from django_ox.worker import Worker

from integrations import clock, queue
from integrations.services.credentials import leases
from integrations.work import left, tick
from integrations.work.checker import Checker

ENGINE = "django_ox.backend.OxBackend"
# A job waits for a platform, not for the processor: of a run's tests none should wait for others.
CONCURRENCY = 32
# How often an idle worker looks: a click should not wait longer to be taken than a person notices.
INTERVAL_SECONDS = 0.1
# How often it looks for jobs of a worker that died.
REAP_SECONDS = 3.0
KEPT = timedelta(days=1)


class Engine(Protocol):
    """What takes jobs and does them, in threads."""

    def run(self) -> None: ...

    def request_stop(self) -> None:
        """Take nothing more; `run` returns when what has begun has ended."""


def engine(concurrency: int, interval: float, parent: int | None) -> Engine:
    """The one of TASKS. It ends when that process is not its parent any more."""
    if is_in_database():
        return Worker(
            concurrency=concurrency,
            poll_interval=interval,
            reap_interval=REAP_SECONDS,
            parent_pid=parent,
        )
    # Celery is only installed where it is used.
    from integrations.work.celery_backend import CeleryBackend
    from integrations.work.celery_engine import CeleryEngine

    backend = task_backends["default"]
    if not isinstance(backend, CeleryBackend):
        raise TypeError(f"No worker does what {type(backend).__name__} keeps.")
    return CeleryEngine(backend.app, concurrency, parent)


def is_in_database() -> bool:
    """Whether jobs are in the database alone, where workers look for them."""
    return isinstance(task_backends["default"], OxBackend)


class Running:
    """A worker at work, and how it is stopped, from a signal's handler too.

    `checks` is how many connections it checks at a time by schedule.
    """

    def __init__(
        self,
        concurrency: int = CONCURRENCY,
        interval: float = INTERVAL_SECONDS,
        parent: int | None = None,
        checks: int = 0,
    ) -> None:
        self._engine = engine(concurrency, interval, parent)
        # Unlike an Event's, its lock cannot be held by the very code that a signal interrupts.
        self._stops: SimpleQueue[None] = SimpleQueue()
        self._checker = Checker(checks) if checks else None

    def run(self) -> None:
        """Work until told to stop, then let end what has begun."""
        ticking = threading.Thread(target=self._tick, name="tick", daemon=True)
        ticking.start()
        checking = threading.Thread(target=self._check, name="checks", daemon=True)
        checking.start()
        try:
            self._engine.run()
        finally:
            self.stop()
            ticking.join()
            checking.join()

    def stop(self) -> None:
        """Take nothing more."""
        self._stops.put(None)
        if self._checker:
            self._checker.stop()

    def _check(self) -> None:
        if self._checker:
            self._checker.run()

    def _tick(self) -> None:
        try:
            tick.run(self._wait)
            queue.leave()
        finally:
            self._engine.request_stop()
            connections.close_all()

    def _wait(self, seconds: float) -> bool:
        try:
            self._stops.get(timeout=seconds)
        except Empty:
            return False
        return True


def stop_on_signals(running: Running) -> None:
    """SIGTERM lets what runs end; Ctrl-C does not wait, and what it cuts short is done later."""
    signal.signal(signal.SIGTERM, lambda *_: running.stop())
    signal.signal(signal.SIGINT, leases.end_process)


@contextmanager
def in_thread(concurrency: int = CONCURRENCY, interval: float = INTERVAL_SECONDS) -> Iterator[None]:
    """A worker in this process, where all should be in one: a benchmark, a test."""
    running = Running(concurrency, interval)
    queue.beat(clock.now())  # seen at once, not when its thread comes to it
    thread = threading.Thread(target=running.run, name="worker", daemon=True)
    thread.start()
    try:
        yield
    finally:
        running.stop()
        thread.join()


def prune() -> None:
    """Forget what was done a day ago. Of what failed only the names of errors were kept.

    With Celery a row is deleted as its job is done.
    """
    if is_in_database():
        older = f"{KEPT.days}d"
        call_command("ox_prune", older_than=older, include_failed=True, stdout=StringIO())
    else:
        left.forget(clock.now(), KEPT)
