"""The clock that all share is the database's, whatever a machine believes."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations import clock

pytestmark = [pytest.mark.django_db, pytest.mark.two_clocks]
HOUR = timedelta(hours=1)


@pytest.fixture
def held(monkeypatch):
    """`held(seconds)`: it was asked for so long ago, or never."""

    def since(seconds=None):
        asked = clock._Held.asked
        if seconds is None:
            monkeypatch.setattr(clock._Held, "asked", None)
        elif asked:
            older = asked._replace(
                at=asked.at - timedelta(seconds=seconds), counter=asked.counter - seconds
            )
            monkeypatch.setattr(clock._Held, "asked", older)

    return since


@pytest.mark.parametrize("seconds", [None, 5, 20])
def test_a_machine_whose_clock_is_wrong_by_an_hour_asks_the_database(time_machine, held, seconds):
    before = clock.now()
    held(seconds)
    time_machine.move_to(timezone.now() + HOUR)

    moved = clock.now() - before
    is_elsewhere = connection.vendor == "postgresql"  # SQLite is a file of this machine
    assert (moved < HOUR / 2) == is_elsewhere


def test_it_is_aware_and_goes_on_inside_a_transaction():
    before = clock.now()

    assert before.tzinfo
    assert clock.now() > before


def test_it_is_asked_for_each_ten_seconds_alone(held):
    clock.now()
    with CaptureQueriesContext(connection) as soon:
        clock.now()
    held(11)
    with CaptureQueriesContext(connection) as later:
        clock.now()

    is_elsewhere = connection.vendor == "postgresql"
    assert (len(soon), len(later)) == (0, int(is_elsewhere))
