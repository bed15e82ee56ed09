"""Work that nobody waits for in a request. A task is given ids, never values."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.tasks import task

from integrations.models import (
    Candidate,
    ConnectionTest,
    IntegrationConnection,
    TestRun,
    Trigger,
    Workspace,
)
from integrations.services.connecting import candidates
from integrations.services.keeping import renewals, rounds
from integrations.services.proving import runs, testing


def test_in_background(
    connection: IntegrationConnection, *, trigger: Trigger, by: User
) -> ConnectionTest:
    """Start a test, or join the one that runs; returns at once. Raises what `start` does.

    While other values are tested, a test of the saved ones waits for its turn.
    """
    started = testing.start(connection, trigger=trigger, by=by)
    if not started.joined:
        perform_test.enqueue(started.test.pk)
    elif not testing.is_of_saved_values(started.test, connection):
        test_when_free.enqueue(str(connection.pk), trigger, by.pk)
    return started.test


def prove_in_background(*args: Any, **kwargs: Any) -> Candidate:
    """Keep typed values and start proving them; takes and raises what `keep_candidate` does."""
    candidate = candidates.keep_candidate(*args, **kwargs)
    prove_candidate.enqueue(str(candidate.pk))
    return candidate


def prove_again_in_background(candidate: Candidate) -> None:
    """Go on with a candidate: its account was chosen."""
    prove_candidate.enqueue(str(candidate.pk))


def keep_alive(now: datetime) -> None:
    """Start renewing every sign-in that is due, give notices, forget what has run out."""
    for row in renewals.due(now):
        renew_sign_in.enqueue(str(row.pk))
    rounds.look_after(now)


def test_all_in_background(workspace: Workspace, *, trigger: Trigger, by: User) -> TestRun:
    """Start testing all that is connected, or join the run that is under way."""
    started = runs.start_run(workspace, trigger=trigger, by=by)
    if not started.joined:
        for item in started.run.items.all():
            perform_run_item.enqueue(item.pk)
    return started.run


@task
def perform_run_item(item_id: int) -> None:
    """Test one connection of a run."""
    runs.perform_item(item_id)


@task
def perform_test(test_id: int) -> None:
    """Run a test whose row was written when it was asked for."""
    testing.perform(ConnectionTest.objects.get(pk=test_id))


@task
def test_when_free(connection_id: str, trigger: str, user_id: int) -> None:
    """Test what is saved as soon as nothing else is tested."""
    connection = IntegrationConnection.objects.get(pk=UUID(connection_id))
    by = User.objects.get(pk=user_id)
    testing.test_connection(connection, trigger=Trigger(trigger), by=by)


@task
def prove_candidate(candidate_id: str) -> None:
    """Test what a person typed, and save it if it passes."""
    waiting = Candidate.objects.select_related("connection__workspace", "user")
    candidate = waiting.filter(pk=UUID(candidate_id)).first()
    if candidate:
        candidates.prove(candidate)


@task
def renew_sign_in(sign_in_id: str) -> None:
    """Renew the tokens of one sign-in."""
    renewals.renew(UUID(sign_in_id))
