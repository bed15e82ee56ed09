"""Steps of running tests, kept for whoever watches.

Most tests end before anybody could look, and keep nothing on their way. One that takes longer
has its newest steps kept, by one thread of the process for all its tests: so who asks a
platform waits for no database, and holds no connection to one.
"""

import logging
import math
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, connection

from integrations.models import ConnectionTest, TestOutcome
from providers.run.results import Progress, StepResult

logger = logging.getLogger(__name__)

FIRST_AFTER_SECONDS = 0.4
EVERY_SECONDS = 0.25

Steps = list[dict[str, Any]]


@contextmanager
def kept(test: ConnectionTest) -> Iterator[Progress]:
    """What is told of a test's steps until its result is there."""
    first_at = time.monotonic() + FIRST_AFTER_SECONDS

    def tell(steps: list[StepResult]) -> None:
        test.steps = stored(steps)
        KEEPER.tell(test.pk, test.steps, first_at)

    try:
        yield tell
    finally:
        KEEPER.forget(test.pk)


def stored(steps: list[StepResult]) -> Steps:
    return [dict(vars(step)) for step in steps]


class _Keeper:
    """The newest steps of each test that are not kept yet, and when they may be."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Forget everything: a forked process has neither the thread nor a lock it can trust."""
        self._changed = threading.Condition()
        self._untold: dict[int, Steps] = {}
        self._due: dict[int, float] = {}
        self._wakes_at = math.inf
        self._thread: threading.Thread | None = None

    def tell(self, test_id: int, steps: Steps, first_at: float) -> None:
        with self._changed:
            self._untold[test_id] = steps
            due = self._due.setdefault(test_id, first_at)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._keep, name="progress", daemon=True)
                self._thread.start()
            elif due < self._wakes_at:
                self._wakes_at = due
                self._changed.notify()

    def forget(self, test_id: int) -> None:
        with self._changed:
            self._untold.pop(test_id, None)
            self._due.pop(test_id, None)

    def _keep(self) -> None:
        while True:
            due = self._wait()
            try:
                for test_id, steps in due:
                    _write(test_id, steps)
            finally:
                connection.close()

    def _wait(self) -> list[tuple[int, Steps]]:
        """What is due next. It wakes for what was forgotten too: that costs less."""
        with self._changed:
            while True:
                now = time.monotonic()
                due = [one for one in self._untold.items() if self._due[one[0]] <= now]
                if due:
                    break
                self._wakes_at = min((self._due[pk] for pk in self._untold), default=math.inf)
                left = self._wakes_at - now
                self._changed.wait(None if left == math.inf else left)
            self._wakes_at = -math.inf  # awake: it looks again by itself
            for test_id, _ in due:
                del self._untold[test_id]
                self._due[test_id] = now + EVERY_SECONDS
            return due


def _write(test_id: int, steps: Steps) -> None:
    """A test that ended meanwhile stays as it is."""
    running = ConnectionTest.objects.filter(pk=test_id, outcome=TestOutcome.RUNNING)
    try:
        running.update(steps=steps)
    except DatabaseError as error:
        # The result will have all steps.
        logger.warning("Steps of a test were not kept: %s", type(error).__name__)


KEEPER = _Keeper()
os.register_at_fork(after_in_child=KEEPER.renew)
