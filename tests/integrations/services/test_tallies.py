"""Counts go up and never down, whoever counts, whatever is pruned, whenever a test ends."""

from datetime import timedelta

import pytest

from integrations.models import ConnectionTest, TalliedUntil, Tally, Trigger
from integrations.models import TestOutcome as Outcome
from integrations.services import tallies
from integrations.services.keeping import rounds
from tests.integrations.services.proving.test_races import at_once
from tests.integrations.services.watching.world import MINUTE, NOW, connected

LATER = NOW + 2 * MINUTE


@pytest.fixture
def meta(workspace):
    made = connected(workspace)
    ConnectionTest.objects.all().delete()
    return made


def ended(connection, outcome=Outcome.PASSED, kind="", ms=120, at=NOW, **more):
    return ConnectionTest.objects.create(
        connection=connection,
        revision=0,
        trigger=Trigger.SCHEDULE,
        outcome=outcome,
        error_kind=kind,
        duration_ms=ms,
        started_at=at,
        lease_until=at + MINUTE,
        finished_at=None if outcome == Outcome.RUNNING else at,
        **more,
    )


def counted():
    return {
        (one.subject, one.outcome, one.kind, one.within_ms): (one.number, one.took_ms)
        for one in tallies.of(tallies.CHECK)
    }


def test_tests_are_counted_by_platform_outcome_kind_and_duration(workspace, meta):
    stripe = connected(workspace, "stripe")
    ConnectionTest.objects.all().delete()
    ended(meta, ms=120)
    ended(meta, ms=250)
    ended(meta, ms=31_000)
    ended(stripe, Outcome.FAILED, "auth_invalid", ms=90)

    tallies.count_tests(LATER)

    assert counted() == {
        ("meta", "passed", "", 250): (2, 370),
        ("meta", "passed", "", 0): (1, 31_000),
        ("stripe", "failed", "auth_invalid", 100): (1, 90),
    }


def test_each_is_counted_once_and_stays_counted_when_it_is_gone(meta):
    ended(meta)
    tallies.count_tests(LATER)
    ConnectionTest.objects.all().delete()
    ended(meta)

    tallies.count_tests(LATER)
    tallies.count_tests(LATER)

    assert counted() == {("meta", "passed", "", 250): (2, 240)}


def test_what_was_tried_or_has_no_test_is_not_counted(meta):
    ended(meta, dry_run=True)
    ended(meta, Outcome.NOT_IMPLEMENTED)

    tallies.count_tests(LATER)

    assert counted() == {}


def test_a_test_that_ends_late_is_counted_then(meta):
    running = ended(meta, Outcome.RUNNING)
    ended(meta)
    tallies.count_tests(LATER)
    assert counted() == {("meta", "passed", "", 250): (1, 120)}

    running.outcome, running.finished_at, running.duration_ms = Outcome.PASSED, LATER, 200
    running.save()
    tallies.count_tests(LATER)
    tallies.count_tests(LATER)

    assert counted() == {("meta", "passed", "", 250): (2, 320)}
    assert TalliedUntil.objects.get().waiting == []


def test_what_is_not_a_minute_old_waits_and_so_does_what_comes_after_it(meta):
    ended(meta, at=NOW + MINUTE)
    ended(meta, at=NOW)

    tallies.count_tests(NOW + 2 * MINUTE)
    assert counted() == {}

    tallies.count_tests(NOW + 2 * MINUTE + timedelta(seconds=1))
    assert counted() == {("meta", "passed", "", 250): (2, 240)}


def test_many_are_counted_in_batches_and_the_rest_next_time(meta, monkeypatch):
    monkeypatch.setattr(tallies, "AT_ONCE", 2)
    monkeypatch.setattr(tallies, "BATCHES", 2)
    for _ in range(5):
        ended(meta)

    tallies.count_tests(LATER)
    assert counted()["meta", "passed", "", 250][0] == 4

    tallies.count_tests(LATER)
    assert counted()["meta", "passed", "", 250][0] == 5


def test_a_round_counts(meta, time_machine):
    time_machine.move_to(LATER, tick=False)
    ended(meta)

    rounds.look_after(LATER)

    assert counted() == {("meta", "passed", "", 250): (1, 120)}


@pytest.mark.django_db(transaction=True)
def test_of_rounds_at_the_same_time_one_counts(transactional_db, workspace):
    meta = connected(workspace)
    ConnectionTest.objects.all().delete()
    for _ in range(20):
        ended(meta)

    at_once(4, lambda _: tallies.count_tests(LATER))

    assert counted()["meta", "passed", "", 250][0] == 20


@pytest.mark.django_db(transaction=True)
def test_messages_that_settle_at_the_same_time_are_all_counted(transactional_db):
    at_once(8, lambda _: tallies.count_message("slack", "delivered"))

    assert Tally.objects.get().number == 8
