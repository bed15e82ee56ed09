"""The checker: in each worker a few threads that check what is due, and one that looks for it.

Rows are the truth: there is no job for a check. A process that dies leaves leases, which run out.
The steps of fire drills are done by the same threads, a few at a time.
"""

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from queue import Empty, SimpleQueue
from random import Random, SystemRandom

from django.db import close_old_connections, connections

from integrations import clock, platforms
from integrations.models import ConnectionTest, TestOutcome
from integrations.services.trouble import apart
from integrations.services.watching import checking, claims, engine
from integrations.services.watching.drills import performing
from providers.errors import Network, ProviderUnavailable

# SQLite has one writer, for which they would wait.
THREADS = {"postgresql": 16, "sqlite": 8}
LOOK_SECONDS = 1.0
HANGS = 3  # so many without an answer in a row
DRILLS = "drills"  # in place of a platform, of which they ask none
DRILLS_AT_ONCE = 2
SILENT = (Network.kind, ProviderUnavailable.kind)

Job = Callable[[], ConnectionTest | None]


class Places:
    """How many threads each platform may hold: half of them, and a single one while it hangs."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._lock = threading.Lock()
        self._taken: Counter[str] = Counter()
        self._silent: Counter[str] = Counter()

    def free(self) -> dict[str, int]:
        """By platform. Together there may be fewer: see `left`."""
        with self._lock:
            return {one: self._most(one) - self._taken[one] for one in platforms.catalogue()}

    @property
    def left(self) -> int:
        with self._lock:
            return self._threads - self._taken.total()

    @property
    def left_for_drills(self) -> int:
        with self._lock:
            left = self._threads - self._taken.total()
            return min(left, DRILLS_AT_ONCE - self._taken[DRILLS])

    def take(self, provider: str) -> None:
        with self._lock:
            self._taken[provider] += 1

    def give_back(self, provider: str, test: ConnectionTest | None) -> None:
        """And learn from what it answered, if it was asked."""
        with self._lock:
            self._taken[provider] -= 1
            if test is not None:
                is_silent = test.outcome == TestOutcome.INCONCLUSIVE and test.error_kind in SILENT
                self._silent[provider] = self._silent[provider] + 1 if is_silent else 0

    def _most(self, provider: str) -> int:
        return 1 if self._silent[provider] >= HANGS else max(1, self._threads // 2)


class Checker:
    """Checks until it is stopped, from a signal's handler too; what has begun then ends."""

    def __init__(
        self,
        threads: int,
        now: Callable[[], datetime] = clock.now,
        chance: Random | None = None,
    ) -> None:
        self._threads = threads
        self._now = now
        self._chance = chance or SystemRandom()
        self._places = Places(threads)
        self._found_some = False
        self._is_stopped = False
        self._jobs: SimpleQueue[tuple[str, Job] | None] = SimpleQueue()
        self._wakes: SimpleQueue[None] = SimpleQueue()

    def run(self) -> None:
        hands = [
            threading.Thread(target=self._work, name=f"check-{number}", daemon=True)
            for number in range(self._threads)
        ]
        for hand in hands:
            hand.start()
        try:
            while not self._is_stopped:
                self._look()
                self._wait()
        finally:
            for _ in hands:
                self._jobs.put(None)
            for hand in hands:
                hand.join()
            connections.close_all()

    def wake(self) -> None:
        """Look at once for what is due."""
        self._wakes.put(None)

    def stop(self) -> None:
        """Take nothing more."""
        self._is_stopped = True
        self._wakes.put(None)

    def _wait(self) -> None:
        with suppress(Empty):
            self._wakes.get(timeout=LOOK_SECONDS)
            while True:  # one look is enough for all that ended meanwhile
                self._wakes.get_nowait()

    def _look(self) -> None:
        close_old_connections()
        with apart("Looking for what to check"):
            now = self._now()
            engine.beat(now)
            free, left = self._places.free(), self._places.left
            claimed = claims.claim(now, free, left)
            for one in claimed:
                self._give(one.provider, partial(checking.check, one, self._now, self._chance))
            taken = performing.claim(now, self._places.left_for_drills)
            for step in taken:
                self._give(DRILLS, partial(performing.perform, step, self._now))
            # Where there was no place it was not looked: what waits there comes at the next end.
            is_full = left < 1 or min(free.values()) < 1
            self._found_some = bool(claimed or taken) or is_full
        close_old_connections()

    def _give(self, provider: str, job: Job) -> None:
        self._places.take(provider)
        self._jobs.put((provider, job))

    def _work(self) -> None:
        try:
            while given := self._jobs.get():
                provider, job = given
                test = None
                close_old_connections()
                with apart("A check"):
                    test = job()
                close_old_connections()
                self._places.give_back(provider, test)
                if self._found_some:  # there may be more that waited for a place
                    self._wakes.put(None)
        finally:
            connections.close_all()
