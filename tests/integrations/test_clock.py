"""The clock that all share is the database's, whatever a machine believes."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from integrations import clock

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def test_a_machine_whose_clock_is_wrong_by_an_hour_asks_the_database(time_machine):
    before = clock.now()
    time_machine.move_to(timezone.now() + HOUR)

    moved = clock.now() - before
    is_elsewhere = connection.vendor == "postgresql"  # SQLite is a file of this machine
    assert (moved < HOUR / 2) == is_elsewhere


def test_it_is_aware_and_goes_on_inside_a_transaction():
    before = clock.now()

    assert before.tzinfo
    assert clock.now() > before
