"""Quiet hours on the wall of a place, also in the two nights in which its clock is moved."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from integrations.services.telling.quiet import quiet_until

MADRID = ZoneInfo("Europe/Madrid")


def utc(*moment):
    return datetime(*moment, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "begins", "ends", "until"),
    [
        (utc(2026, 11, 27, 20, 59), time(22), time(7), None),
        (utc(2026, 11, 27, 21, 0), time(22), time(7), utc(2026, 11, 28, 6)),
        (utc(2026, 11, 28, 5, 59), time(22), time(7), utc(2026, 11, 28, 6)),
        (utc(2026, 11, 28, 6, 0), time(22), time(7), None),
        (utc(2026, 11, 27, 12, 0), time(12), time(14), utc(2026, 11, 27, 13)),
        (utc(2026, 11, 27, 13, 0), time(12), time(14), None),
    ],
)
def test_they_begin_and_end_on_the_wall(now, begins, ends, until):
    assert quiet_until(now, MADRID, begins, ends) == until


@pytest.mark.parametrize(
    ("now", "until"),
    [
        # The clock went from 02:00 CET to 03:00 CEST at 01:00 UTC: the night is an hour shorter.
        (utc(2026, 3, 28, 22, 0), utc(2026, 3, 29, 5)),
        (utc(2026, 3, 29, 4, 59), utc(2026, 3, 29, 5)),
        (utc(2026, 3, 29, 5, 0), None),
        # It went from 03:00 CEST back to 02:00 CET at 01:00 UTC: an hour longer.
        (utc(2026, 10, 24, 20, 0), utc(2026, 10, 25, 6)),
        (utc(2026, 10, 25, 5, 59), utc(2026, 10, 25, 6)),
        (utc(2026, 10, 25, 6, 0), None),
    ],
)
def test_a_night_in_which_the_clock_is_moved_ends_at_seven(now, until):
    assert quiet_until(now, MADRID, time(22), time(7)) == until


@pytest.mark.parametrize(
    ("now", "until"),
    [
        # 02:30 is not there in March: quiet until what 02:30 would have been.
        (utc(2026, 3, 29, 0, 59), utc(2026, 3, 29, 1, 30)),
        (utc(2026, 3, 29, 1, 30), None),
        # In October it is there twice: quiet until the second, and not once more between.
        (utc(2026, 10, 25, 0, 29), utc(2026, 10, 25, 1, 30)),
        (utc(2026, 10, 25, 0, 31), utc(2026, 10, 25, 1, 30)),
        (utc(2026, 10, 25, 1, 30), None),
    ],
)
def test_an_end_that_a_night_has_twice_or_never_wakes_nobody_early(now, until):
    assert quiet_until(now, MADRID, time(22), time(2, 30)) == until
