"""Tests connections together: all of a workspace, in one run that is shared by whoever asks, or
chosen ones, in runs of their own.

A run's items are rows too: a process that dies leaves a run that its lease ends.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from queue import SimpleQueue
from uuid import UUID

from django.contrib.auth.models import User
from django.db import connection as database
from django.db import transaction
from django.db.models import QuerySet

from integrations import clock, platforms, queue
from integrations.database import release_connection
from integrations.models import (
    IntegrationConnection,
    RunItem,
    TestOutcome,
    TestRun,
    Trigger,
    Workspace,
)
from integrations.models.tests import LEASE
from integrations.services.proving import pauses, testing
from integrations.services.refusals import NoConnection, NothingToTest, Paused, TooManyTests

AT_ONCE = 32
ABREAST = 4  # of those that a platform counts together: so few have begun when one is limited
STOPPED = "Stopped before it was tested."
TOO_MANY = "Tested as often as a minute allows. Try again in {} seconds."
NOT_COMPLETE = "Not everything that is required is saved."
ARCHIVED = "The workspace was archived before this was tested."
UNFORESEEN = "Something went wrong here, so this was not tested. Try again."
INTERRUPTED = "The run was interrupted before this was tested."


@dataclass(frozen=True)
class StartedRun:
    run: TestRun
    joined: bool


def start_run(workspace: Workspace, *, trigger: Trigger, by: User | None) -> StartedRun:
    """Write a run with an item for every enabled connection, or find the one that runs."""
    now = clock.now()
    with transaction.atomic():
        Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
        running = workspace.runs.filter(finished_at=None, is_of_all=True).first()
        if running and is_performed(running, now):
            return StartedRun(running, joined=True)
        if running:
            _end_interrupted(running)
        rows = IntegrationConnection.objects.filter(
            workspace=workspace,
            provider__in=platforms.catalogue(),
            is_complete=True,
            is_enabled=True,
        ).order_by("pk")  # an item holds its connection: always in the same order
        run = _started(workspace, [*rows], trigger=trigger, by=by, is_of_all=True)
    return StartedRun(run, joined=False)


def start_chosen(
    workspace: Workspace,
    chosen: Sequence[IntegrationConnection],
    *,
    trigger: Trigger,
    by: User | None,
) -> TestRun:
    """Write a run of exactly these, beside whatever else runs."""
    with transaction.atomic():
        return _started(workspace, chosen, trigger=trigger, by=by, is_of_all=False)


def _started(
    workspace: Workspace,
    tested: Sequence[IntegrationConnection],
    *,
    trigger: Trigger,
    by: User | None,
    is_of_all: bool,
) -> TestRun:
    now = clock.now()
    run = TestRun.objects.create(
        workspace=workspace,
        trigger=trigger,
        started_by=by,
        is_of_all=is_of_all,
        started_at=now,
        lease_until=_lease_of(len(tested), now),
    )
    RunItem.objects.bulk_create(RunItem(run=run, connection=one) for one in tested)
    finish_if_done(run.pk)
    run.refresh_from_db()
    return run


def _lease_of(number: int, now: datetime) -> datetime:
    waves = 1 + number // AT_ONCE
    return now + LEASE * (waves + 1)


def test_all(workspace: Workspace, *, trigger: Trigger, by: User | None) -> TestRun:
    """Test all that is connected in threads of this process; returns the run when it has ended.

    A run that is under way is joined: whoever started it performs it. Each thread has a
    database connection of its own, so what it is to see must be committed.
    """
    started = start_run(workspace, trigger=trigger, by=by)
    while started.joined and not _ends_in_time(started.run):
        # It died with its process, and is ended by a new start.
        started = start_run(workspace, trigger=trigger, by=by)
    if not started.joined:
        _perform_items(started.run)
    return _with_items().get(pk=started.run.pk)


def test_chosen(run: TestRun) -> TestRun:
    """Perform a run of chosen ones in threads of this process, as `test_all` does."""
    _perform_items(run)
    return _with_items().get(pk=run.pk)


def each_of_chosen(run: TestRun) -> Iterator[RunItem]:
    """Perform a run as `test_chosen` does: each item as soon as it has ended."""
    ended: SimpleQueue[int] = SimpleQueue()
    every = chains(run.items.all())
    with ThreadPoolExecutor(AT_ONCE) as pool:
        performed = [pool.submit(_perform_in_thread, chain, ended.put) for chain in every]
        for _ in range(sum(map(len, every))):
            release_connection()
            found = RunItem.objects.select_related("test", "connection").filter(pk=ended.get())
            yield from found  # nothing, where its connection was removed meanwhile
    for one in performed:
        one.result()


def is_performed(run: TestRun, now: datetime) -> bool:
    """Whether somebody performs it, or a worker that is busy has been told to."""
    if not run.is_running or run.is_leased(now):
        return run.is_running
    is_told = run.trigger != Trigger.COMMAND and run.started_at - LEASE <= now
    return is_told and queue.may_wait(run.lease_until, now)


def _ends_in_time(run: TestRun) -> bool:
    """Wait for a run that others perform; False when its lease ran out first."""
    while is_performed(run, clock.now()):
        release_connection()
        time.sleep(testing.POLL_SECONDS)
        run.refresh_from_db()
    return not run.is_running


def _perform_items(run: TestRun) -> None:
    """Every item is performed, also when one of them ends with an exception, which is raised."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        performed = [pool.submit(_perform_in_thread, chain) for chain in chains(run.items.all())]
        release_connection()
    for one in performed:
        one.result()


def chains(items: QuerySet[RunItem]) -> list[list[int]]:
    """The ids of items, in chains of which each is to be performed one after the other.

    What a platform counts together is in a few chains: those whose turn comes after a limit was
    told are not asked.
    """
    together: dict[Hashable, list[int]] = defaultdict(list)
    for item in items.select_related("connection__credential", "connection__sign_in"):
        together[pauses.counted_together(item.connection)].append(item.pk)
    return [ids[at::ABREAST] for ids in together.values() for at in range(min(ABREAST, len(ids)))]


def _perform_in_thread(
    chain: Iterable[int], ended: Callable[[int], object] = lambda _: None
) -> None:
    """Each of them, also when one ends with an exception; `ended` is told of each."""
    with ExitStack() as last_first:
        last_first.callback(database.close)
        for item_id in reversed([*chain]):
            last_first.callback(ended, item_id)
            last_first.callback(perform_item, item_id)


def perform_item(item_id: int) -> None:
    """Test one connection of a run, or join the test of it that runs already."""
    found = RunItem.objects.select_related("run__started_by", "connection__workspace")
    item = found.filter(pk=item_id).first()
    if item is None or item.ended_at:  # its connection was removed meanwhile, or it is done
        return
    try:
        if item.connection.workspace.archived_at:
            item.problem = ARCHIVED
        while not item.problem and _test_died(item):
            pass
    except Paused as paused:
        item.problem = paused.sentence
    except TooManyTests as many:
        item.problem = TOO_MANY.format(many.retry_after_seconds)
    except NothingToTest:
        item.problem = NOT_COMPLETE
    except NoConnection:
        return  # and its item is gone with it
    except Exception:
        item.problem = "" if item.test else UNFORESEEN
        raise
    finally:
        ended = RunItem.objects.filter(pk=item_id)
        ended.update(problem=item.problem, ended_at=clock.now())
        finish_if_done(item.run_id)


def _test_died(item: RunItem) -> bool:
    """Test it, or wait for a test of it; whether that one was left by a process that died.

    The next start ends it. It may be this item's own: from a worker that died with it.
    """
    started = testing.start_when_free(
        item.connection, trigger=Trigger(item.run.trigger), by=item.run.started_by
    )
    item.test = started.test
    RunItem.objects.filter(pk=item.pk).update(test=started.test)
    if started.joined:
        return testing.wait_for(started.test).is_running
    testing.perform(started.test)
    return False


def end_untested(run: TestRun, problem: str) -> None:
    """End a run of which nothing can be tested, and say why."""
    _end_waiting(run, problem)
    finish_if_done(run.pk)
    run.refresh_from_db()


def stop_run(workspace: Workspace) -> TestRun | None:
    """Test nothing more of the run that is under way; what is being asked now ends by itself."""
    with transaction.atomic():
        running = workspace.runs.filter(finished_at=None, is_of_all=True)
        run = running.select_for_update().first()
        if run:
            TestRun.objects.filter(pk=run.pk).update(stopped_at=clock.now())
            _end_waiting(run, STOPPED)
            finish_if_done(run.pk)
    return latest_run(workspace)


def latest_run(workspace: Workspace) -> TestRun | None:
    """The run of all that is under way, or the last one. One whose process died is ended."""
    return _alive(_with_items().filter(workspace=workspace, is_of_all=True))


def chosen_run(workspace: Workspace, run_id: int) -> TestRun | None:
    """A run of chosen ones, as it is by now. One whose process died is ended."""
    return _alive(_with_items().filter(workspace=workspace, is_of_all=False, pk=run_id))


def latest_chosen(workspace: Workspace, provider: str) -> TestRun | None:
    """The last run of chosen ones of a platform that still has any."""
    chosen = _with_items().filter(workspace=workspace, is_of_all=False)
    return _alive(chosen.filter(items__connection__provider=provider))


def again(run: TestRun, connection_id: UUID | None = None) -> QuerySet[RunItem]:
    """Put back what was not proven, or that one of it, to be tested once more in the same run."""
    with transaction.atomic():
        # Locked, so that of two who ask at once the second finds nothing left to put back.
        locked = TestRun.objects.select_for_update().get(pk=run.pk)
        waiting = locked.items.exclude(ended_at=None).exclude(test__outcome=TestOutcome.PASSED)
        if connection_id:
            waiting = waiting.filter(connection=connection_id)
        ids = [*waiting.values_list("pk", flat=True)]
        if ids:
            now = clock.now()
            locked.items.filter(pk__in=ids).update(test=None, problem="", ended_at=None)
            TestRun.objects.filter(pk=run.pk).update(
                trigger=Trigger.PAGE,  # a worker performs it now, also where a command began
                started_at=now,
                finished_at=None,
                lease_until=_lease_of(run.total, now),
            )
    return RunItem.objects.filter(pk__in=ids)


def _alive(runs: QuerySet[TestRun]) -> TestRun | None:
    found = runs.first()
    if found and found.is_running and not is_performed(found, clock.now()):
        _end_interrupted(found)
        return runs.first()
    return found


def _with_items() -> QuerySet[TestRun]:
    return TestRun.objects.prefetch_related("items__test", "items__connection")


def _end_interrupted(run: TestRun) -> None:
    now = clock.now()
    _end_waiting(run, INTERRUPTED)
    run.items.filter(ended_at=None).update(ended_at=now)
    TestRun.objects.filter(pk=run.pk, finished_at=None).update(finished_at=now)


def _end_waiting(run: TestRun, problem: str) -> None:
    waiting = run.items.filter(ended_at=None, test=None)
    waiting.update(problem=problem, ended_at=clock.now())


def finish_if_done(run_id: int) -> None:
    """End a run of which nothing is left to be tested; else its lease goes on a while."""
    now = clock.now()
    with transaction.atomic():
        # Locked, so that of two who end the last items at once the second sees both.
        run = TestRun.objects.select_for_update().get(pk=run_id)
        running = TestRun.objects.filter(pk=run_id)
        if run.is_running and not run.items.filter(ended_at=None).exists():
            running.update(finished_at=now)
        elif run.is_running and run.lease_until < now + 2 * LEASE:
            running.update(lease_until=now + 2 * LEASE)
