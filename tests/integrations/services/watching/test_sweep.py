"""What a round finds in the rows, and puts right."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations import platforms
from integrations.models import Budget, Heartbeat, IntegrationConnection, Trigger, Watch
from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes
from integrations.services.proving import testing
from integrations.services.watching import engine, intervals, schedule, sweep
from providers.sandbox.meta import TOKENS
from tests.integrations.services.keeping.moments import DAY, HOUR, MINUTE, NOW
from tests.integrations.services.watching.conftest import overdue
from tests.integrations.services.watching.history import connection_of

pytestmark = pytest.mark.django_db

DEAD = next(text for text, token in TOKENS.items() if token.dead)


@pytest.fixture
def watch(connected, chance):
    """Of Meta, at a point of its interval."""
    sweep.make(timezone.now(), chance)
    due_at = schedule.next_point(connected.pk, HOUR, timezone.now() + HOUR / 2, chance)
    Watch.objects.update(due_at=due_at)
    return Watch.objects.get()


def test_what_was_saved_and_never_proven_is_due_within_a_minute(connected, chance):
    now = timezone.now()
    sweep.make(now, chance)

    watch = Watch.objects.get(connection=connected)
    assert (watch.provider, watch.workspace_id) == ("meta", connected.workspace_id)
    assert now <= watch.due_at <= now + MINUTE


def test_what_is_proven_is_due_at_its_point(proven, chance):
    now = timezone.now()
    sweep.make(now, chance)

    offset = schedule.phase(proven.pk, HOUR)
    drift = (Watch.objects.get().due_at - schedule.EPOCH - offset + HOUR / 2) % HOUR - HOUR / 2
    assert abs(drift) <= schedule.JITTER * HOUR


def test_what_is_half_filled_has_no_row(workspace, chance):
    change = Changes(config={"account_id": "act_1001"})
    saving.change_connection(rows.unread(workspace, "meta"), change, by=None)

    sweep.make(timezone.now(), chance)

    assert not Watch.objects.exists()


def test_a_second_round_makes_nothing_more(connected, chance):
    sweep.make(NOW, chance)
    Watch.objects.update(due_at=NOW + HOUR / 2, every_seconds=60)

    sweep.make(NOW, chance)

    assert Watch.objects.get().every_seconds == 60


def test_what_a_person_found_broken_is_checked_soon(workspace, meta, watch, chance):
    change = Changes(config={"access_token": DEAD})
    saving.change_connection(rows.unread(workspace, "meta"), change, by=None)
    testing.test_connection(rows.unread(workspace, "meta"), trigger=Trigger.PAGE)
    now = timezone.now()
    Watch.objects.update(due_at=now + HOUR)

    sweep.hasten(now, chance)

    hastened = Watch.objects.get().due_at
    assert now < hastened <= now + schedule.REFUSED
    sweep.hasten(now, chance)
    assert Watch.objects.get().due_at == hastened


def test_what_checks_wait_longer_for_is_not_hastened(connected, watch, chance):
    IntegrationConnection.objects.update(unanswered_since=NOW)
    Watch.objects.update(due_at=NOW + HOUR, tries=6)

    sweep.hasten(NOW, chance)

    assert Watch.objects.get().due_at == NOW + HOUR


def test_what_is_switched_off_is_not_hastened(connected, watch, chance):
    IntegrationConnection.objects.update(unanswered_since=NOW, is_enabled=False)
    Watch.objects.update(due_at=NOW + HOUR)

    sweep.hasten(NOW, chance)

    assert Watch.objects.get().due_at == NOW + HOUR


def test_what_costs_something_is_not_hastened_past_a_part_of_its_interval(workspace, chance):
    row = connection_of(workspace, "x", unanswered_since=NOW)
    sweep.make(NOW, chance)
    Watch.objects.update(due_at=NOW + DAY)

    sweep.hasten(NOW, chance)

    every = platforms.get("x").checks.every
    assert NOW + every * intervals.DEAR * schedule.FLOOR <= Watch.objects.get(pk=row.pk).due_at


def test_what_is_switched_off_keeps_no_other_from_being_hastened(workspace, chance, monkeypatch):
    monkeypatch.setattr(sweep, "BATCH", 2)
    off = {"unanswered_since": NOW, "is_enabled": False}
    for number in range(3):
        connection_of(workspace, slug=f"off-{number}", is_default=False, **off)
    row = connection_of(workspace, "stripe", unanswered_since=NOW)
    sweep.make(NOW, chance)
    Watch.objects.update(due_at=NOW + HOUR)

    sweep.hasten(NOW, chance)

    assert Watch.objects.get(pk=row.pk).due_at <= NOW + MINUTE


def test_of_those_that_share_a_budget_it_is_counted_once(workspace, chance):
    budget = Budget.objects.create(provider="x", counted_by="app", name="an-app", day=NOW.date())
    for number in range(5):
        connection_of(workspace, "x", slug=f"x-{number}", is_default=not number)
    sweep.make(NOW, chance)
    Watch.objects.update(due_at=NOW + 365 * DAY, budget=budget)

    with CaptureQueriesContext(connection) as asked:
        sweep.bring_back(NOW, chance)

    assert sum("COUNT(" in query["sql"] for query in asked) == 1
    assert not Watch.objects.filter(due_at__gt=NOW + 60 * DAY).exists()


def test_what_a_person_mended_goes_back_to_its_interval(proven, chance):
    sweep.make(NOW, chance)
    Watch.objects.update(tries=3, due_at=NOW + timedelta(seconds=10))

    sweep.settle(NOW, chance)

    mended = Watch.objects.get()
    assert mended.tries == 0
    assert mended.due_at > NOW + MINUTE


def test_whoever_is_at_it_is_not_disturbed(proven, chance):
    sweep.make(NOW, chance)
    Watch.objects.update(tries=3, due_at=NOW, lease_until=NOW + MINUTE)

    sweep.settle(NOW, chance)

    assert Watch.objects.get().tries == 3


def test_what_a_clock_that_was_ahead_left_is_brought_back(workspace, chance):
    wrong, _right = overdue(workspace, count=2)
    Watch.objects.filter(pk=wrong.pk).update(due_at=NOW + 3 * DAY)
    Watch.objects.exclude(pk=wrong.pk).update(due_at=NOW + HOUR)

    sweep.bring_back(NOW, chance)

    dues = dict(Watch.objects.values_list("pk", "due_at"))
    assert dues.pop(wrong.pk) <= NOW + schedule.FARTHEST * HOUR
    assert [*dues.values()] == [NOW + HOUR]


def test_a_long_interval_of_the_team_s_own_is_no_wrong_clock(workspace, chance):
    overdue(workspace)
    Watch.objects.update(due_at=NOW + 5 * DAY, every_seconds=7 * 24 * 3600)

    sweep.bring_back(NOW, chance)

    assert Watch.objects.get().due_at == NOW + 5 * DAY


def test_who_slept_two_days_checks_each_once_and_not_all_together(workspace):
    overdue(workspace, "meta", count=40, by=2 * DAY)
    overdue(workspace, "stripe", count=40, by=2 * DAY)
    Heartbeat.objects.create(name=engine.NAME, at=NOW - 2 * DAY)

    engine.beat(NOW)

    dues = [*Watch.objects.values_list("due_at", flat=True)]
    assert min(dues) >= NOW
    assert NOW + MINUTE / 2 < max(dues) <= NOW + MINUTE
    assert len(set(dues)) >= 40


def test_a_short_stop_changes_nothing(workspace):
    overdue(workspace)
    before = Watch.objects.get().due_at
    Heartbeat.objects.create(name=engine.NAME, at=NOW - MINUTE / 2)

    engine.beat(NOW)

    assert Watch.objects.get().due_at == before
    assert Heartbeat.objects.get(name=engine.NAME).at == NOW


def test_a_beat_is_written_every_few_seconds_at_most(db):
    engine.beat(NOW)
    engine.beat(NOW + timedelta(seconds=9))
    assert Heartbeat.objects.get(name=engine.NAME).at == NOW

    engine.beat(NOW + timedelta(seconds=10))
    assert Heartbeat.objects.get(name=engine.NAME).at == NOW + timedelta(seconds=10)


def test_a_beat_of_a_clock_that_was_ahead_is_put_right(db):
    Heartbeat.objects.create(name=engine.NAME, at=NOW + DAY)

    engine.beat(NOW)

    assert Heartbeat.objects.get(name=engine.NAME).at == NOW


def test_a_team_s_own_interval_counts(connected, chance):
    sweep.make(timezone.now(), chance)
    Watch.objects.update(every_seconds=120, tries=1)
    now = timezone.now()

    sweep.settle(now, chance)

    assert now < Watch.objects.get().due_at <= now + 2 * schedule.FARTHEST * MINUTE
