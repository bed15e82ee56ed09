"""Takes jobs from their rows that nobody was woken for: the broker was away, or a worker died."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from uuid import UUID

from django.db import close_old_connections, connections

from integrations import clock
from integrations.services.trouble import apart
from integrations.work import jobs, performing

LOOK_SECONDS = 1.0
# Enough to go on with while the broker is away, and few beside a pool that is busy.
PLACES = 8


class Untaken:
    """Looks each second, and keeps what this process is at until that has ended too."""

    def __init__(self, each_look: Callable[[], None]) -> None:
        self._each_look = each_look
        self._takes, self._is_ending = True, False
        self._renewed_at = time.monotonic()
        self._taken: dict[UUID, Future[None]] = {}

    def run(self) -> None:
        with ThreadPoolExecutor(PLACES, thread_name_prefix="row") as hands:
            while not self._is_ending or performing.in_hand():
                self._each_look()
                close_old_connections()
                self._renew()
                if self._takes:
                    self._take(hands)
                close_old_connections()
                time.sleep(LOOK_SECONDS)
        connections.close_all()

    def take_no_more(self) -> None:
        """From a signal's handler too."""
        self._takes = False

    def end(self) -> None:
        """As soon as nothing is in hand any more."""
        self._takes, self._is_ending = False, True

    def _renew(self) -> None:
        if time.monotonic() - self._renewed_at < jobs.lease().total_seconds() / 4:
            return
        with apart("Keeping what is being done"):
            performing.renew()
            self._renewed_at = time.monotonic()

    def _take(self, hands: ThreadPoolExecutor) -> None:
        self._taken = {pk: one for pk, one in self._taken.items() if not one.done()}
        free = PLACES - len(self._taken)
        if free < 1:
            return
        with apart("Looking for jobs that nobody took"):
            for pk in jobs.untaken(clock.now(), free):
                if pk not in self._taken:
                    self._taken[pk] = hands.submit(performing.perform, pk)
