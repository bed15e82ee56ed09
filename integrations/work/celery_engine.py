"""The engine with Celery: its consumer in this process, and beside it what takes from rows."""

import os
import sys
import threading

from celery import Celery
from celery.worker import WorkController, state

from integrations.work.untaken import Untaken


class CeleryEngine:
    """Works until it is told to stop, or its parent is gone, and then ends what has begun."""

    def __init__(self, app: Celery, concurrency: int, parent: int | None) -> None:
        self._app, self._concurrency, self._parent = app, concurrency, parent
        self._untaken = Untaken(self._look_for_parent)

    def run(self) -> None:
        state.should_stop = None
        self._app.set_default()  # its threads ask for the app of the process
        rows = threading.Thread(target=self._untaken.run, name="rows", daemon=True)
        rows.start()
        # Workers know nothing of each other: what they share is in the database.
        consumer = WorkController(
            app=self._app,
            concurrency=self._concurrency,
            hostname=f"worker-{os.getpid()}",
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )
        try:
            consumer.start()
        finally:
            self._untaken.end()
            rows.join()
        if consumer.exitcode:
            sys.exit(consumer.exitcode)

    def request_stop(self) -> None:
        self._untaken.take_no_more()
        state.should_stop = os.EX_OK

    def _look_for_parent(self) -> None:
        if self._parent and os.getppid() != self._parent:
            self.request_stop()
