from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from integrations.models import IntegrationConnection, Trigger
from integrations.models import TestRun as Run
from integrations.pages import cards
from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes
from integrations.services.proving import background, runs, testing


def start(workspace):
    return runs.start_run(workspace, trigger=Trigger.PAGE, by=None)


def save(workspace, provider, **changes):
    return saving.change_connection(rows.unread(workspace, provider), Changes(**changes), by=None)


def test_all_that_is_connected_is_tested_and_nothing_else(connected, workspace, meta, worker_seen):
    save(workspace, "calendly", config={"account_id": "https://api.calendly.com/organizations/A"})
    save(workspace, "stripe", config={"access_token": "rk_live_1234567890"}, is_enabled=False)

    run = background.start_run(workspace, trigger=Trigger.PAGE, by=None)

    run.refresh_from_db()
    items = list(run.items.all())
    assert run.finished_at
    assert [item.connection.provider for item in items] == ["meta"]
    assert items[0].test.outcome == "passed"
    assert rows.find(workspace, "meta").proven_at


def test_a_platform_whose_package_was_removed_is_left_out(connected, workspace, meta):
    IntegrationConnection.objects.create(
        workspace=workspace, provider="gone", auth_method="key", is_complete=True
    )

    items = start(workspace).run.items.all()

    assert [item.connection.provider for item in items] == ["meta"]


def test_a_workspace_with_nothing_connected_is_done_at_once(workspace):
    assert start(workspace).run.finished_at


def test_two_who_ask_share_one_run(connected, workspace):
    first, second = start(workspace), start(workspace)

    assert (second.run, second.joined) == (first.run, True)


def test_the_database_allows_one_run_at_a_time(connected, workspace):
    run = start(workspace).run

    with pytest.raises(IntegrityError), transaction.atomic():
        Run.objects.create(workspace=workspace, trigger="page", lease_until=run.lease_until)


def test_a_stopped_run_tests_nothing_more(connected, workspace, meta):
    item = start(workspace).run.items.get()

    run = runs.stop_run(workspace)
    runs.perform_item(item.pk)

    item.refresh_from_db()
    assert run.stopped_at
    assert run.finished_at
    assert (item.test, item.problem) == (None, "Stopped before it was tested.")
    assert not meta.requests_seen


def test_stopping_when_nothing_runs_is_harmless(workspace):
    assert runs.stop_run(workspace) is None


def test_a_run_that_died_blocks_nobody_after_its_lease(connected, workspace, meta):
    with time_machine.travel(timezone.now() - timedelta(minutes=5)):
        dead = start(workspace).run

    again = start(workspace)

    dead.refresh_from_db()
    assert dead.finished_at
    assert "interrupted" in dead.items.get().problem
    assert not again.joined


def test_a_run_that_died_is_not_shown_as_running(connected, workspace, meta):
    with time_machine.travel(timezone.now() - timedelta(minutes=5)):
        dead = start(workspace).run
        asked = testing.start(connected, trigger=Trigger.PAGE, by=None).test
        dead.items.update(test=asked)

    assert not any(card.in_run for [card] in cards.of_workspace(workspace))
    latest = runs.latest_run(workspace)

    assert latest == dead
    assert latest.finished_at
    assert latest.done == 1


def test_a_connection_that_was_tested_too_often_is_named(
    connected, workspace, meta, settings, worker_seen
):
    settings.TEST_RATE = 1
    background.start_run(workspace, trigger=Trigger.PAGE, by=None)
    run = background.start_run(workspace, trigger=Trigger.PAGE, by=None)

    assert "Try again in" in run.items.get().problem
