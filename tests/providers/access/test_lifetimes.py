"""A lifetime that a server tells is checked against the one that its platform has published."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from providers.access.lifetimes import seconds_told

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
YEAR = 365 * DAY


def told(value, published=HOUR):
    with time_machine.travel(NOW, tick=False):
        return seconds_told(value, published)


@pytest.mark.parametrize("written", [3599, 3599.0, "3599", " 3599 "])
def test_seconds_are_taken_as_a_number_or_as_text(written):
    assert told(written) == 3599


@pytest.mark.parametrize("published", [HOUR, 60 * DAY], ids=str)
def test_milliseconds_are_recognized_by_the_published_lifetime(published):
    written = published.total_seconds() * 1000 - 1000

    assert told(written, published) == published.total_seconds() - 1


@pytest.mark.parametrize(
    "written",
    [
        (NOW + HOUR).timestamp(),
        str(int((NOW + HOUR).timestamp())),
        (NOW + HOUR).timestamp() * 1000,
        "2026-11-29T13:00:00Z",
        "2026-11-29T14:00:00+01:00",
    ],
)
@pytest.mark.parametrize("published", [HOUR, None], ids=str)
def test_a_moment_is_so_far_ahead(written, published):
    assert told(written, published) == HOUR.total_seconds()


@pytest.mark.parametrize(
    "written",
    [
        *(0, "0", -1, "-3600", True, "", "never", None, [3600], float("nan"), "inf", 10**400),
        *((NOW - HOUR).timestamp(), "2020-01-01T00:00:00Z", "2026-11-29T13:00:00"),
    ],
)
@pytest.mark.parametrize("published", [HOUR, None], ids=str)
def test_what_no_lifetime_can_be_is_none(written, published):
    assert told(written, published) is None


@pytest.mark.parametrize("published", [HOUR, DAY, 60 * DAY, YEAR, None], ids=str)
def test_ten_years_are_believed_of_nobody(published):
    assert told((10 * YEAR).total_seconds(), published) is None


def test_a_platform_may_differ_from_what_it_has_published():
    """An organization chooses its own session, an administrator a shorter one."""
    assert told(12 * 3600, 2 * HOUR) == 12 * 3600
    assert told(900, 2 * HOUR) == 900


def test_without_a_published_lifetime_a_long_one_is_believed():
    assert told(YEAR.total_seconds(), None) == YEAR.total_seconds()
