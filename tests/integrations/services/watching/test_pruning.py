"""Old tests go, never before their day is summed; what is in use stays."""

import pytest

from integrations.models import (
    Budget,
    Cause,
    ConnectionDay,
    ConnectionTest,
    Ending,
    Event,
    EventType,
    FixLink,
    Incident,
    IncidentConnection,
    RunItem,
    Scope,
    Watch,
)
from integrations.models import TestRun as Run
from integrations.services import events
from integrations.services.keeping import rounds
from integrations.services.people import workspaces
from integrations.services.watching import days, pruning, stops
from tests.integrations.services.watching.history import (
    DAY,
    HOUR,
    NOW,
    TODAY,
    connection_of,
    end_test,
)

OLD = NOW - 10 * DAY


@pytest.fixture(autouse=True)
def clock(time_machine, settings):
    time_machine.move_to(NOW, tick=False)
    settings.HISTORY_DAYS = 7


@pytest.fixture
def connection(workspace):
    return connection_of(workspace, created_at=OLD - DAY)


def keep(now=NOW):
    for _ in range(4):
        days.sum_due(now)
        pruning.prune(now)


def test_tests_are_kept_for_as_many_days_as_the_settings_say(connection, settings):
    settings.HISTORY_DAYS = 9
    kept = end_test(connection, NOW - 9 * DAY)
    end_test(connection, NOW - 10 * DAY)

    keep()

    assert ConnectionTest.objects.get() == kept


def test_no_test_goes_before_its_day_is_summed(connection):
    end_test(connection, OLD)

    pruning.prune(NOW)
    assert ConnectionTest.objects.exists()

    keep()
    assert not ConnectionTest.objects.exists()
    assert ConnectionDay.objects.get(day=OLD.date()).passed == 1


def test_what_was_only_tried_goes_too(connection):
    end_test(connection, OLD, dry_run=True)

    keep()

    assert not ConnectionTest.objects.exists()


def test_what_the_connection_shows_stays_and_goes_once_it_shows_another(connection):
    broke, asked_again = (
        end_test(connection, OLD, "failed"),
        end_test(connection, OLD + HOUR, "failed"),
    )
    connection.failed_test, connection.last_test = broke, asked_again
    connection.save()

    keep()
    assert {*ConnectionTest.objects.all()} == {broke, asked_again}

    connection.failed_test, connection.last_test = None, end_test(connection, NOW)
    connection.save()
    keep(NOW + 2 * DAY)
    assert ConnectionTest.objects.get() == connection.last_test


def test_old_runs_go_whole_and_none_says_that_nothing_was_tested(workspace, connection):
    old = Run.objects.create(
        workspace=workspace, trigger="page", started_at=OLD, lease_until=OLD, finished_at=OLD
    )
    late = Run.objects.create(
        workspace=workspace, trigger="page", started_at=NOW, lease_until=NOW, finished_at=NOW
    )
    for run in (old, late):
        RunItem.objects.create(
            run=run, connection=connection, test=end_test(connection, OLD), ended_at=NOW
        )

    keep()

    assert Run.objects.get() == late
    assert late.skipped == 0


def test_a_fix_link_goes_with_the_last_test_that_names_it(connection):
    link = FixLink.objects.create(
        connection=connection, digest="d", recipient="Ada", expires_at=OLD, used_at=OLD
    )
    connection.last_test = end_test(connection, OLD, fix_link=link)
    connection.save()

    keep()
    assert FixLink.objects.exists()

    connection.last_test = end_test(connection, NOW)
    connection.save()
    keep(NOW + 2 * DAY)
    assert not FixLink.objects.exists()


def test_a_lot_goes_in_several_batches(connection, monkeypatch):
    monkeypatch.setattr(pruning, "BATCH", 10)
    monkeypatch.setattr(pruning, "BATCHES", 2)
    for _ in range(25):
        end_test(connection, OLD)
    for _ in range(4):
        days.sum_due(NOW)
    old = ConnectionDay.objects.get(day=OLD.date())

    left = []
    for _ in range(3):
        pruning.prune(NOW)
        old.refresh_from_db()
        left.append((ConnectionTest.objects.count(), old.has_tests))

    assert left == [(5, True), (0, False), (0, False)]


def test_sums_are_kept_for_two_years(connection):
    for age in (days.KEPT, days.KEPT + DAY):
        ConnectionDay.objects.create(connection=connection, day=TODAY - age, has_tests=False)

    pruning.prune(NOW)

    assert ConnectionDay.objects.get().day == TODAY - days.KEPT


def test_a_round_prunes(connection):
    end_test(connection, OLD)

    for _ in range(4):
        rounds.look_after(NOW)

    assert not ConnectionTest.objects.exists()


def happens(workspace, at, what="edited"):
    events.record(workspace, EventType.CHANGED, at=at, what=what)
    return Event.objects.latest("pk")


def test_events_are_kept_for_thirty_days_at_least(workspace, settings):
    happens(workspace, NOW - 31 * DAY)
    kept = happens(workspace, NOW - 29 * DAY)

    keep()
    assert Event.objects.filter(type=EventType.CHANGED).get() == kept

    settings.HISTORY_DAYS = 40
    older = happens(workspace, NOW - 39 * DAY)
    keep()
    assert Event.objects.filter(pk=older.pk).exists()


def test_events_stay_until_their_days_are_summed(workspace):
    happens(workspace, NOW - 31 * DAY)

    pruning.prune(NOW)
    assert Event.objects.filter(type=EventType.CHANGED).exists()

    keep()
    assert not Event.objects.filter(type=EventType.CHANGED).exists()


def test_events_go_in_batches_and_not_all_at_once(workspace, monkeypatch):
    monkeypatch.setattr(pruning, "BATCH", 2)
    monkeypatch.setattr(pruning, "BATCHES", 2)
    for _ in range(5):
        happens(workspace, NOW - 31 * DAY)
    days.sum_due(NOW)

    pruning.prune(NOW)

    assert Event.objects.filter(type=EventType.CHANGED).count() == 1


def test_who_archived_a_workspace_is_known_until_it_is_back(workspace, owner, time_machine):
    time_machine.move_to(NOW - 60 * DAY, tick=False)
    workspaces.archive(workspace, by=owner)
    time_machine.move_to(NOW, tick=False)

    keep()

    workspace.refresh_from_db()
    assert workspaces.told_of(workspace, owner).by == owner
    workspaces.bring_back(workspace.slug, by=owner)
    keep()
    assert not Event.objects.filter(data__what="archived").exists()


# --- Incidents -----------------------------------------------------------------------------------


def ended(connection, at, *, confirmed_at=None):
    cause = Cause.objects.create(
        key="unanswered family postbox",
        kind="provider_unavailable",
        scope=Scope.FAMILY,
        title="No answer from Postbox",
        opened_at=at - HOUR,
        confirmed_at=confirmed_at,
        closed_at=at,
    )
    incident = Incident.objects.create(
        cause=cause,
        workspace=connection.workspace,
        title=cause.title,
        opened_at=at - HOUR,
        confirmed_at=confirmed_at,
        closed_at=at,
        ended_by=Ending.PROVEN,
    )
    IncidentConnection.objects.create(
        incident=incident,
        connection=connection,
        provider="meta",
        joined_at=at - HOUR,
        left_at=at,
        left_by=Ending.PROVEN,
    )
    return incident


def everything():
    return [one.objects.count() for one in (Cause, Incident, IncidentConnection)]


def test_what_passed_before_anybody_was_told_goes_with_the_tests(connection):
    kept = ended(connection, NOW - 6 * DAY)
    ended(connection, OLD)
    assert everything() == [2, 2, 2]

    pruning.prune(NOW)
    assert everything() == [1, 1, 1]
    assert Incident.objects.get() == kept


def test_what_was_told_is_kept_for_two_years(connection):
    ended(connection, NOW - days.KEPT + DAY, confirmed_at=OLD)
    ended(connection, NOW - days.KEPT - DAY, confirmed_at=OLD)

    pruning.prune(NOW)
    assert everything() == [1, 1, 1]
    pruning.prune(NOW + 2 * DAY)
    assert everything() == [0, 0, 0]


def test_what_is_open_stays_however_old_it_is(connection):
    incident = ended(connection, NOW - 2 * days.KEPT)
    Incident.objects.update(closed_at=None, ended_by="")
    Cause.objects.update(closed_at=None)
    IncidentConnection.objects.update(left_at=None, left_by="")

    pruning.prune(NOW)
    assert Incident.objects.get() == incident
    assert everything() == [1, 1, 1]


def test_a_time_in_which_nothing_was_checked_is_kept_for_two_years(connection):
    stops.note(NOW - DAY, NOW)

    pruning.prune(NOW + days.KEPT - DAY)
    assert Cause.objects.exists()
    pruning.prune(NOW + days.KEPT + DAY)
    assert not Cause.objects.exists()


def test_budgets_that_nobody_spends_from_go_after_a_week(connection):
    for name, day in (("gone", -8), ("lately", -6), ("used", -8)):
        made = Budget.objects.create(
            provider="x", counted_by="token", name=name, day=TODAY + day * DAY
        )
    Watch.objects.create(
        connection=connection, workspace=connection.workspace, due_at=NOW, budget=made
    )

    pruning.prune(NOW)
    assert set(Budget.objects.values_list("name", flat=True)) == {"lately", "used"}
