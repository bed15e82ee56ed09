"""Tests all that a workspace has connected, together: one run at a time, shared by whoever asks.

A run's items are rows too: a process that dies leaves a run that its lease ends.
"""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from integrations.models import IntegrationConnection, RunItem, TestRun, Trigger, Workspace
from integrations.services import testing
from integrations.services.connections import Changes

AT_ONCE = 32
STOPPED = "Stopped before it was tested."
TOO_MANY = "Tested as often as a minute allows. Try again in {} seconds."
NOT_COMPLETE = "Not everything that is required is saved."
INTERRUPTED = "The run was interrupted before this was tested."


@dataclass(frozen=True)
class StartedRun:
    run: TestRun
    joined: bool


def start_run(workspace: Workspace, *, trigger: Trigger, by: User | None) -> StartedRun:
    """Write a run with an item for every enabled connection, or find the one that runs."""
    now = timezone.now()
    with transaction.atomic():
        Workspace.objects.select_for_update().get(pk=workspace.pk)
        running = workspace.runs.filter(finished_at=None).first()
        if running and running.lease_until > now:
            return StartedRun(running, joined=True)
        if running:
            _end_waiting(running, INTERRUPTED)
            TestRun.objects.filter(pk=running.pk).update(finished_at=now)
        rows = IntegrationConnection.objects.filter(
            workspace=workspace, is_complete=True, is_enabled=True
        )
        waves = 1 + rows.count() // AT_ONCE
        run = TestRun.objects.create(
            workspace=workspace,
            trigger=trigger,
            started_by=by,
            started_at=now,
            lease_until=now + testing.LEASE * (waves + 1),
        )
        RunItem.objects.bulk_create(RunItem(run=run, connection=row) for row in rows)
        _finish_if_done(run.pk)
    run.refresh_from_db()
    return StartedRun(run, joined=False)


def perform_item(item_id: int) -> None:
    """Test one connection of a run, or join the test of it that runs already."""
    item = RunItem.objects.select_related("run__started_by", "connection__workspace").get(
        pk=item_id
    )
    if item.ended_at:
        return
    try:
        started = testing.start_when_free(
            item.connection, trigger=Trigger(item.run.trigger), by=item.run.started_by
        )
        item.test = started.test
        item.save(update_fields=["test"])
        if started.joined:
            testing.wait_for(started.test)
        else:
            testing.perform(started.test, Changes())
    except testing.TooManyTests as many:
        item.problem = TOO_MANY.format(many.retry_after_seconds)
    except testing.NothingToTest:
        item.problem = NOT_COMPLETE
    finally:
        item.ended_at = timezone.now()
        item.save(update_fields=["problem", "ended_at"])
        _finish_if_done(item.run_id)


def stop_run(workspace: Workspace) -> TestRun | None:
    """Test nothing more of the run that is under way; what is being asked now ends by itself."""
    with transaction.atomic():
        run = workspace.runs.select_for_update().filter(finished_at=None).first()
        if run:
            TestRun.objects.filter(pk=run.pk).update(stopped_at=timezone.now())
            _end_waiting(run, STOPPED)
            _finish_if_done(run.pk)
    return latest_run(workspace)


def latest_run(workspace: Workspace) -> TestRun | None:
    """The run that is under way, or the last one."""
    return workspace.runs.prefetch_related("items__test", "items__connection").first()


def _end_waiting(run: TestRun, problem: str) -> None:
    waiting = run.items.filter(ended_at=None, test=None)
    waiting.update(problem=problem, ended_at=timezone.now())


def _finish_if_done(run_id: int) -> None:
    open_items = RunItem.objects.filter(run=run_id, ended_at=None)
    if not open_items.exists():
        TestRun.objects.filter(pk=run_id, finished_at=None).update(finished_at=timezone.now())
