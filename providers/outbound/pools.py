"""Connections that wait for the next request: few, for a short time, each only for its like."""

import atexit
import math
import os
import ssl
import threading
import time
from dataclasses import dataclass
from typing import NamedTuple

from providers.outbound import addresses
from providers.outbound.alarms import ALARMS, Alarm
from providers.outbound.connection import Connection
from providers.outbound.origins import Origin
from providers.outbound.resolving import Resolve

PER_ORIGIN, IN_ALL = 4, 32
IDLE_SECONDS = 15.0


class Key(NamedTuple):
    """Everything that made a connection safe when it was opened."""

    origin: Origin
    tls: ssl.SSLContext | None
    is_trusted: bool
    allow: tuple[addresses.Allowed, ...]
    resolve: Resolve


@dataclass(frozen=True, eq=False)
class _Idle:
    key: Key
    connection: Connection
    since: float


class Pool:
    """Any thread may take and keep. A connection is in here or with one who asks, never both."""

    def __init__(
        self,
        *,
        per_origin: int = PER_ORIGIN,
        in_all: int = IN_ALL,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._per_origin = per_origin
        self._in_all = in_all
        self._idle_seconds = idle_seconds
        self._lock = threading.Lock()
        self._idle: list[_Idle] = []  # the longest idle first
        self._alarm: Alarm | None = None

    def __len__(self) -> int:
        return len(self._idle)

    def take(self, key: Key, *, idle_at_most: float = math.inf) -> Connection | None:
        """The connection that was used last, when it can still be used; None for none."""
        while idle := self._pop(key, time.monotonic() - min(idle_at_most, self._idle_seconds)):
            if idle.connection.is_reusable:
                return idle.connection
            idle.connection.discard()
        return None

    def keep(self, key: Key, connection: Connection) -> None:
        """For the next request, unless it cannot be used again. What is too much is closed."""
        if not connection.is_reusable:
            connection.discard()
            return
        with self._lock:
            self._idle.append(_Idle(key, connection, time.monotonic()))
            alike = [idle for idle in self._idle if idle.key == key]
            surplus = alike[: -self._per_origin] or self._idle[: -self._in_all]
            for idle in surplus:
                self._idle.remove(idle)
        for idle in surplus:
            idle.connection.discard()
        self._wake_later()

    def close(self) -> None:
        with self._lock:
            left, self._idle = self._idle, []
            alarm, self._alarm = self._alarm, None
        if alarm:
            ALARMS.cancel(alarm)
        for idle in left:
            idle.connection.discard()

    def renew(self) -> None:
        """Leave everything to the process that this one was forked from."""
        left = self._idle
        self._lock, self._idle, self._alarm = threading.Lock(), [], None
        for idle in left:  # our handles only: nothing is said to the other side
            idle.connection.discard()

    def _pop(self, key: Key, not_before: float) -> _Idle | None:
        with self._lock:
            for idle in reversed(self._idle):
                if idle.key == key:
                    if idle.since < not_before:
                        return None
                    self._idle.remove(idle)
                    return idle
        return None

    def _wake_later(self) -> None:
        # Never with the lock: who rings has that of the alarms and takes this one.
        if self._alarm is None:
            self._alarm = ALARMS.set(time.monotonic() + self._idle_seconds, self._close_old)

    def _close_old(self) -> None:
        not_before = time.monotonic() - self._idle_seconds
        with self._lock:
            self._alarm = None
            old = [idle for idle in self._idle if idle.since <= not_before]
            self._idle = [idle for idle in self._idle if idle.since > not_before]
            longest = self._idle[0].since if self._idle else None
        for idle in old:
            idle.connection.discard()
        if longest is not None:
            self._alarm = ALARMS.set(longest + self._idle_seconds, self._close_old)


# Of all platforms' own hosts and of trusted origins, whichever Api asks.
KEPT = Pool()
os.register_at_fork(after_in_child=KEPT.renew)
atexit.register(KEPT.close)
