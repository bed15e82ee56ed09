"""Celery's pool of threads, in which nothing can be cut short."""

from typing import Any

from celery.concurrency.thread import ApplyResult, TaskPool


class _Going(ApplyResult):
    def terminate(self, signal: int) -> None:
        """It goes on: its row is held until it ends."""


class Threads(TaskPool):
    """As Celery's, but that it may be asked to cancel when Redis is lost.

    Redis then tells another worker, whom the row tells that somebody is at it.
    """

    def terminate_job(self, pid: int, signal: int | None = None) -> None:
        """No thread can be ended from outside."""

    def on_apply(self, *args: Any, **kwargs: Any) -> _Going:
        return _Going(super().on_apply(*args, **kwargs).f)
