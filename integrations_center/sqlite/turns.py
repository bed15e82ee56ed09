"""A lock that goes to whoever waits longest."""

import os
import sqlite3
import threading
from collections import deque


class Turns:
    """`with Turns(20):` waits 20 seconds at most, then says what SQLite says.

    One thread does not take it twice.
    """

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self._forget()
        os.register_at_fork(after_in_child=self._forget)  # none of its owners is there

    def _forget(self) -> None:
        self._mutex = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._is_taken = False

    def take(self) -> None:
        with self._mutex:
            if not self._is_taken:
                self._is_taken = True
                return
            called = threading.Lock()
            called.acquire()
            self._waiting.append(called)
        if called.acquire(timeout=self.timeout):
            return
        with self._mutex:
            if called in self._waiting:  # else it was called while it gave up
                self._waiting.remove(called)
                raise _busy()

    def end(self) -> None:
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_taken = False

    def __enter__(self) -> None:
        self.take()

    def __exit__(self, *_exception: object) -> None:
        self.end()


def _busy() -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_BUSY, "SQLITE_BUSY"
    return error
