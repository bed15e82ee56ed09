"""Runs `django.tasks` tasks in threads of this process: no broker, nothing to set up.

A task lost with the process is harmless: rows are the truth, and leases run out.
"""

import logging
import queue
import threading
from collections.abc import Callable
from typing import Any

from django.db import close_old_connections, transaction
from django.tasks import Task, TaskResult, TaskResultStatus
from django.tasks.backends.base import BaseTaskBackend
from django.utils import timezone
from django.utils.crypto import get_random_string

logger = logging.getLogger(__name__)

MAX_THREADS = 64
IDLE_SECONDS = 30


class ThreadPool:
    """Daemon threads that start when needed, stop when idle and never delay an exit."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.lock = threading.Lock()
        self.threads = 0
        self.pending = 0

    def submit(self, job: Callable[[], None]) -> None:
        with self.lock:
            self.pending += 1
            needs_thread = self.pending > self.threads and self.threads < self.size
            if needs_thread:
                self.threads += 1
        self.jobs.put(job)
        if needs_thread:
            threading.Thread(target=self._work, name="task", daemon=True).start()

    def _work(self) -> None:
        while True:
            try:
                job = self.jobs.get(timeout=IDLE_SECONDS)
            except queue.Empty:
                with self.lock:
                    if self.pending < self.threads:
                        self.threads -= 1
                        return
                continue
            try:
                job()
            finally:
                with self.lock:
                    self.pending -= 1


POOL = ThreadPool(MAX_THREADS)


class ThreadBackend(BaseTaskBackend):
    supports_get_result = False

    def enqueue(self, task: Task, args: Any, kwargs: Any) -> TaskResult:
        self.validate_task(task)
        result: TaskResult = TaskResult(
            task=task,
            id=get_random_string(32),
            status=TaskResultStatus.READY,
            enqueued_at=timezone.now(),
            started_at=None,
            last_attempted_at=None,
            finished_at=None,
            args=args,
            kwargs=kwargs,
            backend=self.alias,
            errors=[],
            worker_ids=[],
        )
        transaction.on_commit(lambda: POOL.submit(lambda: _run(task, args, kwargs)))
        return result


def _run(task: Task, args: Any, kwargs: Any) -> None:
    close_old_connections()
    try:
        task.call(*args, **kwargs)
    except Exception as error:  # noqa: BLE001 - the last place that can say it happened
        # Its text or traceback could hold data of a platform; the name and place tell enough.
        logger.error("Task %s ended with %s", task.module_path, type(error).__name__)
    finally:
        close_old_connections()
