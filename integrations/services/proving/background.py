"""Tests that somebody starts and does not wait for, but looks at how they go.

Where no worker was seen, a single test runs at once, in the process of whoever asked.
"""

import logging
from collections.abc import Iterable, Sequence
from uuid import UUID, uuid4

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from integrations import queue
from integrations.models import (
    ConnectionTest,
    IntegrationConnection,
    RunItem,
    TestRun,
    Trigger,
    Workspace,
)
from integrations.services.proving import runs, testing

logger = logging.getLogger(__name__)

NO_WORKER_HERE = (
    "The worker is not running, so this was not tested. "
    "Whoever runs this installation starts it (./dev serve, or manage.py worker); then try again."
)
NO_WORKER = (
    "The worker is not running, so nothing was tested. "
    "Whoever runs this installation starts it (./dev serve, or manage.py worker); then test all "
    "again."
)


def start_test(connection: IntegrationConnection, *, trigger: Trigger, by: User) -> ConnectionTest:
    """Start a test, or join the one that runs. Raises what `testing.start` does.

    While other values are tested, a test of the saved ones waits for its turn.
    """
    if not queue.has_worker():
        return testing.test_connection(connection, trigger=trigger, by=by)
    test = _start(connection, trigger=trigger, by=by)
    if not testing.is_of_saved_values(test, connection):
        queue.enqueue("proving.run_test_when_free", str(connection.pk), trigger, by.pk)
    return test


def start_at_once(
    connection: IntegrationConnection, *, trigger: Trigger, by: User
) -> ConnectionTest | None:
    """Start a test of what is saved, or join the one that runs. Raises what `testing.start` does.

    None where whoever asks has to wait: without a worker, and while other values are tested.
    """
    if not queue.has_worker():
        return None
    test = _start(connection, trigger=trigger, by=by)
    return test if testing.is_of_saved_values(test, connection) else None


def _start(connection: IntegrationConnection, *, trigger: Trigger, by: User) -> ConnectionTest:
    """A test that a worker was told of, or the one that runs, of whatever values."""
    with transaction.atomic():
        started = testing.start(connection, trigger=trigger, by=by)
        if not started.joined:
            queue.enqueue("proving.run_test", started.test.pk)
    return started.test


def start_run(workspace: Workspace, *, trigger: Trigger, by: User | None) -> TestRun:
    """Start testing all that is connected, or join the run that is under way.

    Without a worker it ends at once, and each of its items says why it was not tested.
    """
    with transaction.atomic():
        started = runs.start_run(workspace, trigger=trigger, by=by)
        if not started.joined:
            _have_performed([started.run], started.run.items.all(), NO_WORKER)
    return started.run


def start_chosen(
    workspace: Workspace,
    chosen: Sequence[IntegrationConnection],
    *,
    trigger: Trigger,
    by: User | None,
) -> TestRun:
    """Start testing exactly these. Without a worker as `start_run`."""
    with transaction.atomic():
        run = runs.start_chosen(workspace, chosen, trigger=trigger, by=by)
        start_written([run])
    return run


def start_written(written: Sequence[TestRun]) -> None:
    """Have runs performed that wait for it, all in the same few chains. Part of a transaction."""
    waiting = RunItem.objects.filter(run__in=written, ended_at=None)
    _have_performed(written, waiting, NO_WORKER_HERE)


def try_again(run: TestRun, connection_id: UUID | None = None) -> bool:
    """Test what was not proven, or that one of it, once more. Whether there was anything."""
    with transaction.atomic():
        again = runs.again(run, connection_id)
        is_any = again.exists()
        if is_any:
            _have_performed([run], again, NO_WORKER_HERE)
    return is_any


def _have_performed(those: Iterable[TestRun], items: QuerySet[RunItem], problem: str) -> None:
    """By a worker; without one each item ends, and says so."""
    if not queue.has_worker():
        for run in those:
            runs.end_untested(run, problem)
        return
    for ids in runs.chains(items):
        chain = uuid4()
        RunItem.objects.filter(pk__in=ids).update(chain=chain)
        queue.enqueue("proving.run_chain", str(chain))


def perform_next(chain: UUID) -> None:
    """Perform the next item of a chain, and leave those after it to whoever is free."""
    waiting = RunItem.objects.filter(chain=chain, ended_at=None).order_by("pk")
    if (item_id := waiting.values_list("pk", flat=True).first()) is None:
        return
    try:
        runs.perform_item(item_id)
    except Exception as error:  # noqa: BLE001 - it has ended, and one spoils no other
        # Without its text, which may hold data.
        logger.error("An item of a run ended with %s", type(error).__name__)
    if waiting.exists():
        queue.enqueue("proving.run_chain", str(chain))
