"""Which accounts the credentials reach, so that nobody has to type an id."""

import json
import math
import time
from dataclasses import replace
from functools import partial

from django.conf import settings
from django.core.cache import cache

from integrations import clock, crypto
from integrations.database import release_connection
from integrations.models import IntegrationConnection
from integrations.services import waiting
from integrations.services.credentials import attempts, proofs, tokens
from integrations.services.credentials.attempts import Attempt
from integrations.services.credentials.sealing import keep_renewed, meaning_of
from integrations.services.proving import pauses
from integrations.services.proving.tested import RATE_WINDOW
from integrations.services.refusals import NothingToTest, TooManyTests
from providers.access.door import Renewed, WayIn
from providers.declare import SIGN_IN, Account, Provider
from providers.errors import ProviderError
from providers.run.advice import may_be_renewed
from providers.run.ladder import list_accounts

KEPT_SECONDS = 60
ACCOUNT_FIELD = "account_id"


class CannotList(Exception):
    """The platform offers no list of accounts."""


class IsLent(CannotList):
    """What lets the connection in is another workspace's, which alone sees what that reaches."""

    sentence = (
        "What lets this connection in is lent by another workspace. Only its owners see which "
        "accounts it reaches."
    )


def accounts(
    connection: IntegrationConnection,
    attempt: Attempt | None = None,
    *,
    on_renewed: Renewed | None = None,
) -> list[Account]:
    """The accounts that the saved values reach, or those of an attempt.

    Those of saved values are kept for a minute, for all of a workspace's connections that one
    credential lets in. `on_renewed` is told of values that the
    platform has replaced; without it they replace the saved ones. Raises CannotList,
    NothingToTest when a required value other than the account is missing, TooManyTests, as
    Paused while the platform limits what it counts together, Busy, and ProviderError when the
    platform does not answer well.
    """
    keep = on_renewed or partial(keep_renewed, connection)
    if attempt:
        return _ask(connection, attempt, keep)
    found = kept(connection)
    if found is None:
        found = _ask(connection, None, keep)
        cache.set(_key(connection), found, KEPT_SECONDS)
    return found


def kept(connection: IntegrationConnection) -> list[Account] | None:
    """Those of saved values, if they were asked for within the last minute."""
    found: list[Account] | None = cache.get(_key(connection))
    return found


def _key(connection: IntegrationConnection) -> str:
    """The same where the same is asked: what lets in, and the values that decide the list.

    The workspace is that of whoever asks: what a credential of another one reaches is shown to
    nobody by having been asked for there.
    """
    asked = pauses.asking(connection)
    if asked.opens is None:
        return f"accounts:{connection.pk}:{connection.revision}"
    config, method = connection.config, connection.auth_method
    names = {*config}
    if not asked.provider.takes_any_address:
        shown = {field.name for field in asked.provider.fields if field.decides_shown}
        names = shown | asked.provider.bound(method, config).keys() | asked.opens.values.keys()
    decisive = [[name, config[name]] for name in sorted(names) if config.get(name)]
    said = json.dumps([method, [one for one in decisive if one[0] != ACCOUNT_FIELD]])
    place = f"{connection.workspace_id}:{connection.provider}"
    since = f"{asked.opens.obtained_at:%Y%m%d%H%M%S%f}"
    return f"accounts:{place}:{asked.opens.pk}:{since}:{crypto.digest(said)}"


def _ask(
    connection: IntegrationConnection, attempt: Attempt | None, on_renewed: Renewed
) -> list[Account]:
    provider = connection.platform
    if connection.is_lent:
        raise IsLent
    if not provider.lists_accounts:
        raise CannotList
    try:
        attempt = attempt or attempts.saved(connection)
    except crypto.Unreadable as unreadable:
        raise meaning_of(unreadable) from None
    if _lacks_more_than_the_account(provider, attempt):
        raise NothingToTest
    # Nothing of an account is asked, whichever is saved: what lets in is counted.
    asked = replace(pauses.asking(connection, attempt), account="")
    pauses.check(asked, clock.now())
    is_saved = asked.opens is not None and asked.opens.pk == connection.opened_by_id
    _check_rate(connection, str(connection.opened_by_id) if is_saved else connection.slug)
    release_connection()
    with waiting.place(connection.workspace_id):
        try:
            found = _listed(connection, attempt, on_renewed)
        except ProviderError as error:
            pauses.keep(asked, error)
            raise
    if found is None:
        raise CannotList
    return found


def _listed(
    connection: IntegrationConnection,
    attempt: Attempt,
    on_renewed: Renewed,
    *,
    is_second: bool = False,
) -> list[Account] | None:
    """A kept token that is refused is replaced once, and only then is the refusal believed."""
    provider = connection.platform
    ask = partial(
        list_accounts,
        provider,
        attempt.values(provider),
        was_proven=lambda: proofs.were_proven(connection, attempt),
    )
    way = WayIn(method=attempt.method, allow=settings.OUTBOUND_ALLOW, on_renewed=on_renewed)
    row = attempt.token_row(provider)
    if row is None:
        return ask(**way)
    used = tokens.usable(row.pk).held
    way["tokens"] = lambda: used
    try:
        return ask(**way)
    except ProviderError as error:
        is_refused = may_be_renewed(error) and not is_second
        if not is_refused or not tokens.replace_refused(row.pk, used):
            raise
    return _listed(connection, attempt, on_renewed, is_second=True)


def _check_rate(connection: IntegrationConnection, used: str) -> None:
    """Ask as often as a minute allows tests. Every process counts its own.

    What is saved is counted by the credential, and what is tried by where: it is new each time.
    """
    window = RATE_WINDOW.total_seconds()
    number, passed = divmod(time.time(), window)
    name = f"{connection.workspace_id}:{connection.provider}:{used}"
    key = f"accounts-asked:{name}:{number:.0f}"
    if cache.add(key, 1, window) or cache.incr(key) <= settings.TEST_RATE:
        return
    raise TooManyTests(math.ceil(window - passed))


def _lacks_more_than_the_account(provider: Provider, attempt: Attempt) -> bool:
    if attempt.method == SIGN_IN and attempt.sign_in is None:
        return True
    return any(field.name != ACCOUNT_FIELD for field in attempt.missing(provider))
