"""Ends a request when its time is up."""

import math
import socket
import threading
import time
from contextlib import suppress
from typing import Self

from providers.outbound.alarms import ALARMS


class Deadline:
    """`with Deadline(15) as deadline: deadline.watch(connected)`.

    A socket's own timeout begins anew with every byte, so it does not end a slow drip: at the
    deadline the watched socket is shut down, whatever anybody is waiting for.
    """

    def __init__(self, seconds: float) -> None:
        self._ends_at = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._watched: socket.socket | None = None
        self.is_over = False

    def __enter__(self) -> Self:
        self.left()
        self._alarm = ALARMS.set(self._ends_at, self._end)
        return self

    def __exit__(self, *_exception: object) -> None:
        ALARMS.cancel(self._alarm)

    def left(self, at_most: float = math.inf) -> float:
        """As long as this, but not longer than what is left. Raises TimeoutError at the end."""
        left = min(at_most, self._ends_at - time.monotonic())
        if left <= 0:
            raise TimeoutError
        return left

    def watch(self, connected: socket.socket | None) -> None:
        """This socket in place of the one before, which may be closed from now on."""
        with self._lock:
            self._watched = connected
            if self.is_over:
                self._shut_down()

    def _end(self) -> None:
        with self._lock:
            self.is_over = True
            self._shut_down()

    def _shut_down(self) -> None:
        if self._watched:
            with suppress(OSError):  # the other side was faster
                self._watched.shutdown(socket.SHUT_RDWR)
