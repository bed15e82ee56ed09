"""How many of the threads that answer requests may wait for platforms at a time.

A silent platform holds whoever asks it. Of a process's request threads half may wait, and of one
workspace's callers a few, so that the others are served. A process that serves no requests has
no limit.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from integrations.services.refusals import Busy

RETRY_AFTER_SECONDS = 5  # most platforms have answered by then


class Places:
    """Where threads wait. `threads` is how many serve requests; None for no limit."""

    def __init__(self, threads: int | None = None) -> None:
        self._lock = threading.Lock()
        self._taken: Counter[int | None] = Counter()
        self._mine = threading.local()
        self.limit(threads)

    def limit(self, threads: int | None) -> None:
        self._of_all = None if threads is None else max(1, threads // 2)
        self._of_one = None if threads is None else max(1, threads // 8)

    @contextmanager
    def taken(self, workspace_id: int | None) -> Iterator[None]:
        """Hold a place while a platform is waited for; a thread needs one alone. The operators'
        channels are of no workspace.

        Raises Busy when there is none.
        """
        if self._of_all is None or getattr(self._mine, "is_held", False):
            yield
            return
        self._take(workspace_id)
        self._mine.is_held = True
        try:
            yield
        finally:
            self._mine.is_held = False
            self._give_back(workspace_id)

    def _take(self, workspace_id: int | None) -> None:
        with self._lock:
            is_full = self._of_all is not None and self._taken.total() >= self._of_all
            has_many = self._of_one is not None and self._taken[workspace_id] >= self._of_one
            if is_full or has_many:
                raise Busy(RETRY_AFTER_SECONDS)
            self._taken[workspace_id] += 1

    def _give_back(self, workspace_id: int | None) -> None:
        with self._lock:
            self._taken[workspace_id] -= 1
            if not self._taken[workspace_id]:
                del self._taken[workspace_id]


PLACES = Places()
place = PLACES.taken
