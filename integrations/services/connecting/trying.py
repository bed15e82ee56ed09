"""Tries typed values: the saved ones with changes laid over them. Saves none of the typed."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext

from django.contrib.auth.models import User

from integrations import crypto
from integrations.models import ConnectionTest, IntegrationConnection, Trigger
from integrations.services import waiting
from integrations.services.connecting.changes import Changes, overlay
from integrations.services.credentials import leases
from integrations.services.credentials.attempts import Attempt
from integrations.services.credentials.sealing import keep_renewed, meaning_of
from integrations.services.proving import discovery, results, testing
from integrations.services.proving.discovery import CannotList
from integrations.services.refusals import NothingToTest
from providers.access.door import Renewed
from providers.declare import Account


def dry_run(
    connection: IntegrationConnection, changes: Changes, *, trigger: Trigger, by: User | None = None
) -> ConnectionTest:
    """A dry run: ask the platform now and return its answer, once nothing else is tested.

    Raises NothingToTest, TooManyTests, Busy, and InvalidChange for changes that are not right.
    """
    read_attempt(connection, changes)
    with waiting.place(connection.workspace_id):
        started = testing.start_when_free(
            connection, trigger=trigger, by=by, dry_run=True, joins=False
        )
        return perform(started.test, changes)


def read_attempt(connection: IntegrationConnection, changes: Changes) -> Attempt | None:
    """The values to try; None when the saved ones cannot be decrypted.

    Raises InvalidChange, and NothingToTest when something required is missing.
    """
    try:
        attempt = overlay(connection, changes)
    except crypto.Unreadable:
        return None
    if connection.platform.tester and not attempt.is_complete(connection.platform):
        raise NothingToTest
    return attempt


def perform(
    test: ConnectionTest, changes: Changes, *, on_renewed: Renewed = lambda _values: None
) -> ConnectionTest:
    """Run a started dry run with what is saved by now; it may have waited for its turn.

    `on_renewed` is told of typed values that the platform has replaced; saved ones are kept.
    """
    try:
        attempt = read_attempt(test.connection, changes)
    except Exception:
        results.interrupt(test)
        raise
    keep = _renewed_of(test.connection, changes, on_renewed)
    with _alone(test.connection, attempt, changes):
        return testing.perform(test, attempt, on_renewed=keep)


def accounts(
    connection: IntegrationConnection,
    changes: Changes,
    *,
    on_renewed: Renewed = lambda _values: None,
) -> list[Account]:
    """The accounts that the changed values reach.

    `on_renewed` is as in `perform`. Raises what `discovery.accounts` does, and InvalidChange.
    """
    if not connection.platform.lists_accounts:
        raise CannotList
    try:
        attempt = overlay(connection, changes)
    except crypto.Unreadable as unreadable:
        raise meaning_of(unreadable) from None
    keep = _renewed_of(connection, changes, on_renewed)
    with waiting.place(connection.workspace_id), _alone(connection, attempt, changes):
        return discovery.accounts(connection, attempt, on_renewed=keep)


def _alone(
    connection: IntegrationConnection, attempt: Attempt | None, changes: Changes
) -> AbstractContextManager[None]:
    """A token got with saved secrets beside typed ones is got as a stored test would get it."""
    row, provider = connection.credential, connection.platform
    if attempt is None or row is None or attempt.credential:
        return nullcontext()
    uses_saved = bool((attempt.secrets.keys() & connection.hints.keys()) - changes.config.keys())
    obtains = provider.obtains(attempt.method, attempt.config)
    return leases.alone(row.pk) if uses_saved and obtains else nullcontext()


def _renewed_of(connection: IntegrationConnection, changes: Changes, on_typed: Renewed) -> Renewed:
    """Where a value that the platform replaced belongs: with the saved ones, or the typed."""

    def keep(values: Mapping[str, str]) -> None:
        saved = {name: value for name, value in values.items() if name not in changes.config}
        typed = {name: value for name, value in values.items() if name in changes.config}
        if saved:
            keep_renewed(connection, saved)
        if typed:
            on_typed(typed)

    return keep
