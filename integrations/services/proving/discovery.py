"""Which accounts the credentials reach, so that nobody has to type an id."""

import math
import time

from django.conf import settings
from django.core.cache import cache

from integrations import crypto
from integrations.models import IntegrationConnection
from integrations.services.connecting import connections
from integrations.services.connecting.connections import Attempt, Changes
from integrations.services.credentials import tokens
from integrations.services.proving.testing import (
    RATE_WINDOW,
    NothingToTest,
    TooManyTests,
    renewed_of,
)
from providers.declare import SIGN_IN, Account, Provider, Renewed
from providers.errors import CredentialsUnreadable
from providers.run.ladder import list_accounts

KEPT_SECONDS = 60
ACCOUNT_FIELD = "account_id"


class CannotList(Exception):
    """The platform offers no list of accounts."""


def accounts(
    connection: IntegrationConnection,
    changes: Changes | None = None,
    *,
    on_renewed: Renewed = lambda _values: None,
) -> list[Account]:
    """The accounts that the saved values reach, or those with `changes` laid over them.

    Those of saved values are kept for a minute. `on_renewed` is told of typed values that the
    platform has replaced. Raises CannotList, NothingToTest when a
    required value other than the account is missing, TooManyTests, InvalidChange, and
    ProviderError when the platform does not answer well.
    """
    if changes:
        return _ask(connection, changes, on_renewed)
    key = f"accounts:{connection.pk}:{connection.revision}"
    found: list[Account] | None = cache.get(key)
    if found is None:
        found = _ask(connection, Changes(), on_renewed)
        cache.set(key, found, KEPT_SECONDS)
    return found


def _ask(connection: IntegrationConnection, changes: Changes, on_renewed: Renewed) -> list[Account]:
    provider = connection.platform
    if not provider.lists_accounts:
        raise CannotList
    try:
        attempt = connections.overlay(connection, changes)
    except crypto.Unreadable:
        raise CredentialsUnreadable from None
    if _lacks_more_than_the_account(provider, attempt):
        raise NothingToTest
    _check_rate(connection)
    values, grant = attempt.values(provider), None
    if attempt.method == SIGN_IN and attempt.sign_in:
        used = tokens.usable(attempt.sign_in.pk)
        values, grant = {**values, **used.values}, used.grant
    found = list_accounts(
        provider,
        values,
        method=attempt.method,
        grant=grant,
        allow=settings.OUTBOUND_ALLOW,
        on_renewed=renewed_of(connection, changes, on_renewed),
    )
    if found is None:
        raise CannotList
    return found


def _check_rate(connection: IntegrationConnection) -> None:
    """Ask as often as a minute allows tests. Every process counts its own."""
    window = RATE_WINDOW.total_seconds()
    number, passed = divmod(time.time(), window)
    key = f"accounts-asked:{connection.workspace_id}:{connection.provider}:{number:.0f}"
    if cache.add(key, 1, window) or cache.incr(key) <= settings.TEST_RATE:
        return
    raise TooManyTests(math.ceil(window - passed))


def _lacks_more_than_the_account(provider: Provider, attempt: Attempt) -> bool:
    if attempt.method == SIGN_IN and attempt.sign_in is None:
        return True
    return any(field.name != ACCOUNT_FIELD for field in attempt.missing(provider))
