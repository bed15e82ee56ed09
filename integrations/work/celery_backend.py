"""The backend of `django.tasks` whose jobs are rows, for which Celery wakes a worker on commit."""

import logging
import time
from functools import cached_property, partial
from typing import Any
from uuid import UUID

from celery import Celery
from django.db import transaction
from django.tasks import Task, TaskResult, TaskResultStatus
from django.tasks.backends.base import BaseTaskBackend

from integrations.work import celery_app, jobs

logger = logging.getLogger(__name__)

# So long nobody waits for a Redis that did not answer: rows are looked for meanwhile.
PAUSE_SECONDS = 5.0


class CeleryBackend(BaseTaskBackend):
    """OPTIONS: `BROKER`, the address of Redis, and `QUEUE`, unless it is the usual one."""

    supports_priority = True

    def __init__(self, alias: str, params: dict[str, Any]) -> None:
        super().__init__(alias, params)
        self._away_until = 0.0

    @cached_property
    def app(self) -> Celery:
        return celery_app.make(self.options["BROKER"], self.options.get("QUEUE", celery_app.QUEUE))

    def enqueue(self, task: Task, args: list[Any], kwargs: dict[str, Any]) -> TaskResult:
        """Keep it with the transaction, and wake a worker once that is committed."""
        self.validate_task(task)
        if kwargs:
            raise ValueError("A job is given ids by their place.")
        job = jobs.keep(task.module_path, list(args), task.priority)
        transaction.on_commit(partial(self._wake, job.pk, task.priority))
        return TaskResult(
            task=task,
            id=str(job.pk),
            status=TaskResultStatus.READY,
            enqueued_at=job.made_at,
            started_at=None,
            last_attempted_at=None,
            finished_at=None,
            args=list(args),
            kwargs={},
            backend=self.alias,
            errors=[],
            worker_ids=[],
        )

    def _wake(self, job_id: UUID, priority: int) -> None:
        """It stands already: whatever goes wrong here is no matter of whoever asked for it."""
        if time.monotonic() < self._away_until:
            return
        try:
            celery_app.wake(self.app, job_id, priority)
        except Exception as error:  # noqa: BLE001 - its text may hold the address
            self._away_until = time.monotonic() + PAUSE_SECONDS
            logger.warning(
                "Redis took no message (%s): workers look for jobs in the database",
                type(error).__name__,
            )
