"""Leases of tests and runs that a clock ahead of the others has left are over."""

from datetime import UTC, datetime, timedelta

import pytest

from integrations.models import ConnectionTest, RunItem, Trigger
from integrations.models import TestRun as Run
from integrations.models.tests import LEASE
from integrations.pages import cards
from integrations.services import rows
from integrations.services.connecting import background
from integrations.services.connecting.changes import Changes
from integrations.services.proving import runs, testing
from tests.integrations.conftest import VALUES

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


@pytest.fixture
def clock(time_machine, connected):
    """It stands still, and was a day ahead; what was signed in before counts still."""
    time_machine.move_to(NOW + DAY, tick=False)
    return time_machine


@pytest.fixture
def left_behind(connected, meta, clock):
    """A test that died with a process of a machine whose clock is a day ahead."""
    started = testing.start(connected, trigger=Trigger.SCHEDULE, by=None).test
    clock.move_to(NOW, tick=False)
    return started


@pytest.fixture
def run_left_behind(workspace, connected, meta, clock):
    """A run of one connection, likewise."""
    started = runs.start_run(workspace, trigger=Trigger.SCHEDULE, by=None).run
    clock.move_to(NOW, tick=False)
    return started


@pytest.mark.parametrize(
    ("until", "is_leased"),
    [(SECOND, True), (LEASE, True), (2 * LEASE, True), (0 * SECOND, False), (DAY, False)],
)
def test_a_test_is_leased_by_a_clock_that_is_less_than_a_lease_ahead(until, is_leased):
    test = ConnectionTest(started_at=NOW, lease_until=NOW + until)

    assert test.is_leased(NOW) is is_leased


@pytest.mark.parametrize(
    ("began", "is_leased"),
    [(-SECOND, True), (LEASE, True), (LEASE + SECOND, False), (-10 * LEASE, False)],
)
def test_a_run_is_leased_from_its_start_for_as_long_as_its_waves_take(began, is_leased):
    run = Run(started_at=NOW + began, lease_until=NOW + began + 10 * LEASE)

    assert run.is_leased(NOW) is is_leased


def test_a_new_test_ends_the_one_that_was_left(connected, left_behind):
    test = testing.test_connection(connected, trigger=Trigger.API)

    left_behind.refresh_from_db()
    assert (test.outcome, left_behind.outcome) == ("passed", "inconclusive")


def test_nobody_waits_for_it(left_behind):
    assert testing.wait_for(left_behind).is_running


def test_whoever_performs_it_after_all_leases_it_again(left_behind):
    assert testing.perform(left_behind).outcome == "passed"

    assert left_behind.lease_until == NOW + LEASE


def test_tests_of_a_clock_that_was_ahead_do_not_count_for_the_rate(
    connected, meta, clock, settings
):
    settings.TEST_RATE = 1
    testing.test_connection(connected, trigger=Trigger.PAGE)
    clock.move_to(NOW, tick=False)

    assert testing.test_connection(connected, trigger=Trigger.PAGE).outcome == "passed"


def test_no_card_shows_it_as_running(connected, left_behind, workspace):
    assert cards.card(connected).running is None
    assert not any(card.running for [card] in cards.of_workspace(workspace))


def test_a_candidate_whose_test_it_was_says_that_it_was_interrupted(
    connected, meta, workspace, editor, clock
):
    kept = background.start_proof(
        rows.unread(workspace, "meta"),
        Changes(config=VALUES),
        user=editor,
        session_key="s",
        base_version=connected.version,
    )
    kept.refresh_from_db()
    kept.saved_at = None
    kept.test.outcome, kept.test.finished_at = "running", None
    clock.move_to(NOW, tick=False)

    assert not kept.is_running
    assert kept.trouble == "The test was interrupted. Try again."


def test_a_new_run_ends_the_one_that_was_left(workspace, run_left_behind):
    started = runs.start_run(workspace, trigger=Trigger.SCHEDULE, by=None)

    run_left_behind.refresh_from_db()
    assert not started.joined
    assert not run_left_behind.is_running
    assert {item.problem for item in run_left_behind.items.all()} == {runs.INTERRUPTED}


def test_whoever_looks_at_it_ends_it(workspace, run_left_behind):
    latest = runs.latest_run(workspace)

    assert (latest.pk, latest.is_running) == (run_left_behind.pk, False)


def test_no_card_waits_for_it(workspace, run_left_behind):
    assert RunItem.objects.filter(ended_at=None).exists()

    assert not any(card.in_run for [card] in cards.of_workspace(workspace))
