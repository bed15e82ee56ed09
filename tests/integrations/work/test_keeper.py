"""The thread that looks after sign-ins: at once, again and again, whatever goes wrong."""

import logging
import re
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection as database
from django.utils import timezone

from integrations.models import Heartbeat, IntegrationConnection
from integrations.work import keeper

pytestmark = pytest.mark.django_db(transaction=True)


class Waits:
    """A sleep that takes no time: it does something, and after so many says to stop."""

    def __init__(self, rounds=1, then=lambda: None):
        self.seconds, self.rounds, self.then = [], rounds, then

    def __call__(self, seconds):
        self.seconds.append(seconds)
        self.then()
        return len(self.seconds) == self.rounds


@pytest.fixture
def broken():
    """There is nothing to write a heartbeat to, until the test mends it."""

    def rename(old, new):
        with database.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {old} RENAME TO {new}")

    rename("integrations_heartbeat", "elsewhere")
    mended = []

    def mend():
        if not mended:
            rename("elsewhere", "integrations_heartbeat")
            mended.append(True)

    yield mend
    mend()


def test_it_looks_before_it_waits_for_the_first_time(db):
    seen = []

    keeper.run(Waits(then=lambda: seen.append(Heartbeat.objects.exists())))

    assert seen == [True]


def test_it_looks_until_it_is_told_to_stop(db):
    looks = []

    def forget_the_look():
        looks.append(Heartbeat.objects.all().delete()[0])

    keeper.run(Waits(3, forget_the_look))

    assert looks == [1, 1, 1]


def test_it_waits_half_a_minute_or_so_but_not_as_long_as_the_others(db):
    wait = Waits(20)

    keeper.run(wait)

    assert all(24 <= seconds <= 36 for seconds in wait.seconds)
    assert len(set(wait.seconds)) > 15


def test_a_look_that_fails_does_not_stop_it(db, broken):
    keeper.run(Waits(2, broken))

    assert Heartbeat.objects.exists()


def test_a_look_that_fails_is_logged_without_what_it_was_about(db, broken, caplog):
    with caplog.at_level(logging.ERROR):
        keeper.tick()

    logged = [record.getMessage() for record in caplog.records]
    assert len(logged) == 1
    assert re.fullmatch(
        "Looking after sign-ins failed with (Operational|Programming)Error", logged[0]
    )


def test_its_thread_begins_at_once_and_does_not_delay_an_exit(db):
    wait = Waits(then=lambda: database.close())

    thread = keeper.start(wait)
    thread.join(timeout=10)

    assert not thread.is_alive()
    assert thread.daemon
    assert Heartbeat.objects.exists()


def test_the_command_looks_once_as_from_cron(db):
    call_command("keep_alive", "--once")

    assert abs(Heartbeat.objects.get().at - timezone.now()) < timedelta(minutes=1)
    assert not IntegrationConnection.objects.exists()
