"""The clock that all processes share: the database's, for machines may be wrong about theirs."""

import sys
import time
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection
from django.utils import timezone

HOLDS_SECONDS = 10.0


class _Asked(NamedTuple):
    """What the database's clock showed, and this machine's counter at that moment."""

    at: datetime
    counter: float


class _Held:
    """The last answer, for all of a process."""

    asked: _Asked | None = None


def now() -> datetime:
    """The moment as the database's machine sees it. SQLite's file is on this one.

    A process asks for it each ten seconds and counts on from there, so it costs next to nothing.
    """
    if connection.vendor != "postgresql":
        return timezone.now()
    if sys.platform != "linux":
        return _ask()
    # It goes on while a machine sleeps, and nobody can set it.
    counter = time.clock_gettime(time.CLOCK_BOOTTIME)
    asked = _Held.asked
    if asked is None or counter - asked.counter >= HOLDS_SECONDS:
        at = _ask()
        after = time.clock_gettime(time.CLOCK_BOOTTIME)
        # It was so at some moment in between; who asks waited for the answer.
        asked, counter = _Asked(at, (counter + after) / 2), after
        _Held.asked = asked
    return asked.at + timedelta(seconds=counter - asked.counter)


def _ask() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (moment,) = cursor.fetchone()
    return moment
