"""The tick: at once, again and again, whatever goes wrong; of many workers one starts a round."""

import logging
import re
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection as database
from django.utils import timezone

from integrations import queue
from integrations.models import EventType, Heartbeat, Incident, IntegrationConnection, Turn
from integrations.services import events, turns
from integrations.services.keeping import rounds
from integrations.services.watching import incidents
from integrations.work import tick
from tests.integrations.kept import sign_ins
from tests.integrations.services.credentials.renewals import renewals_seen, row_of, run_out
from tests.integrations.services.proving.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)

NOW = timezone.now()


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


def test_a_worker_is_seen_before_it_waits_for_the_first_time(db):
    seen = []

    tick.run(Waits(then=lambda: seen.append(queue.has_worker())))

    assert seen == [True]


def test_it_is_seen_again_every_few_seconds(db):
    beats = []

    def forget():
        beats.append(Heartbeat.objects.filter(name__startswith=queue.WORKER).delete()[0])

    waits = Waits(3, forget)
    tick.run(waits)

    assert beats == [1, 1, 1]
    assert max(waits.seconds) <= 15


def test_a_worker_that_left_is_not_seen_any_more(db):
    queue.beat(timezone.now())
    queue.leave()

    assert not queue.has_worker()


def test_a_tick_that_fails_does_not_stop_it(db, broken):
    tick.run(Waits(2, broken))

    assert queue.has_worker()


def test_a_tick_that_fails_is_logged_without_what_it_was_about(db, broken, caplog):
    with caplog.at_level(logging.ERROR):
        tick.run(Waits())

    logged = [record.getMessage() for record in caplog.records]
    assert len(logged) == 3
    assert re.fullmatch("beat failed with (Operational|Programming)Error", logged[0])


def test_a_round_renews_what_is_due_and_looks_after_the_rest(calendly, calendly_signed_in):
    run_out(row_of(calendly_signed_in))

    tick.start_round(timezone.now())

    assert len(renewals_seen(calendly)) == 1
    assert Heartbeat.objects.filter(name="keeper").exists()


def test_one_sign_in_that_cannot_be_renewed_keeps_no_other_from_care(calendly_signed_in):
    sign_ins().update(renew_at=timezone.now(), provider="gone", values={})

    tick.start_round(timezone.now())

    assert Heartbeat.objects.filter(name="keeper").exists()


@pytest.mark.parametrize("is_first", [True, False])
def test_of_many_workers_one_starts_a_round(db, is_first):
    now = timezone.now()
    if not is_first:
        Heartbeat.objects.create(name="round", at=now - tick.ROUND)

    told = at_once(4, lambda _number: turns.is_due("round", now, tick.ROUND))

    assert sorted(told) == [False, False, False, True]


def test_the_next_round_starts_half_a_minute_later(calendly, calendly_signed_in):
    now = timezone.now()
    tick.start_round(now)
    run_out(row_of(calendly_signed_in))

    tick.start_round(now + timedelta(seconds=29))
    assert renewals_seen(calendly) == []
    tick.start_round(now + timedelta(seconds=30))
    assert len(renewals_seen(calendly)) == 1


def test_what_happened_is_looked_at_before_the_next_round(workspace, proven):
    tick.start_reconciling(timezone.now())
    IntegrationConnection.objects.update(
        last_error="Broken.", error_kind="auth_invalid", failing_since=NOW, proven_at=None
    )
    events.record(proven, EventType.FAILING, at=timezone.now() + timedelta(seconds=1), what="x")
    assert not Incident.objects.exists()

    tick.start_reconciling(timezone.now())
    assert Incident.objects.get().title == "Meta ended the access token"


# --- Clocks that are wrong, and jobs that wait ---------------------------------------------------


@pytest.fixture
def asked(monkeypatch):
    """The names of jobs, none of which is ever begun."""
    names = []
    monkeypatch.setattr(queue, "enqueue", lambda name, *_ids: names.append(name))
    return names


def test_a_clock_that_was_ahead_stops_no_round(workspace, asked):
    tick.start_round(NOW + timedelta(days=1))
    turns.begin(rounds.TURN)
    asked.clear()

    tick.start_round(NOW)
    assert asked == ["keeping.look_after"]
    turns.begin(rounds.TURN)
    tick.start_round(NOW + timedelta(seconds=29))
    assert asked == ["keeping.look_after"]


def test_who_looked_at_the_clock_a_little_earlier_starts_none_beside(workspace, asked):
    tick.start_round(NOW)
    turns.begin(rounds.TURN)
    tick.start_round(NOW - timedelta(seconds=1))

    assert asked == ["keeping.look_after"]


def test_a_clock_that_was_ahead_stops_no_reconciling(workspace, asked):
    events.record(workspace, EventType.CHANGED, at=NOW + timedelta(days=1), what="x")
    tick.start_reconciling(NOW + timedelta(days=1))
    asked.clear()
    events.record(workspace, EventType.FAILING, at=NOW, what="auth_expired")

    tick.start_reconciling(NOW + timedelta(seconds=7))
    assert asked == ["watching.reconcile"]


def test_an_event_of_a_clock_that_is_ahead_is_looked_at_once(workspace, monkeypatch):
    looks = []
    monkeypatch.setattr(incidents, "_reconcile", lambda now, _mine: looks.append(now))
    events.record(workspace, EventType.CHANGED, at=NOW + timedelta(hours=1), what="x")
    for number in range(30):
        tick.start_reconciling(NOW + number * timedelta(seconds=10))

    assert len(looks) == 1


def test_while_a_job_waits_no_other_one_is_asked_for(workspace, asked):
    for number in range(36):  # six minutes in which none is begun
        now = NOW + number * timedelta(seconds=10)
        events.record(workspace, EventType.CHANGED, at=now, what="unanswered")
        tick.start_reconciling(now)
        tick.start_round(now)

    assert asked == ["watching.reconcile", "keeping.look_after"]


def test_a_job_that_was_lost_is_asked_for_again(workspace, asked):
    tick.start_round(NOW)
    tick.start_round(NOW + turns.LOST - timedelta(seconds=1))
    assert asked == ["keeping.look_after"]

    tick.start_round(NOW + turns.LOST + tick.ROUND)
    assert asked == ["keeping.look_after"] * 2


def test_what_happens_while_somebody_is_at_it_waits_for_the_end_of_that(workspace, asked):
    events.record(workspace, EventType.CHANGED, at=NOW, what="x")
    with turns.alone(incidents.TURN):
        tick.start_reconciling(timezone.now())
        assert asked == []

    tick.start_reconciling(timezone.now())
    assert asked == ["watching.reconcile"]


def test_of_many_that_reconcile_one_does(db):
    def take(_number):
        with turns.alone("work") as mine:
            return at_once_here.wait(10) is not None and mine is not None

    at_once_here = Barrier(4)
    assert sorted(at_once(4, take)) == [False, False, False, True]


def test_whoever_died_at_it_is_followed_when_its_lease_ran_out(db, time_machine):
    time_machine.move_to(NOW, tick=False)
    left = turns.alone("work")
    first = left.__enter__()
    with turns.alone("work") as mine:
        assert mine is None

    Turn.objects.update(lease_until=timezone.now())
    with turns.alone("work") as mine:
        assert mine
        assert not first.goes_on()
        assert mine.goes_on()


def test_who_says_that_it_goes_on_keeps_its_turn(db):
    with turns.alone("work") as mine:
        Turn.objects.update(lease_until=timezone.now())
        assert mine.goes_on()
        with turns.alone("work") as other:
            assert other is None
