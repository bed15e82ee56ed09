"""Asks a platform: climbs the ladder of steps with the values of one attempt."""

import time
from uuid import UUID

from django.conf import settings

from integrations import crypto
from integrations.models import IntegrationConnection
from integrations.services.credentials import attempts, tokens
from integrations.services.credentials.attempts import Attempt
from integrations.services.refusals import NothingToTest
from providers.declare import SIGN_IN, Provider, Renewed
from providers.errors import CredentialsUnreadable, ProviderError
from providers.run.ladder import DEADLINE_SECONDS, NEEDS_SIGN_IN, run_test
from providers.run.results import Progress, Result, StepResult

ALIVE = "Sign-in is alive"


def ask(
    connection: IntegrationConnection,
    attempt: Attempt | None,
    on_progress: Progress,
    on_renewed: Renewed,
) -> Result:
    """What the platform says to an attempt, or to the saved values.

    Raises NothingToTest when something required is missing.
    """
    provider = connection.platform
    try:
        attempt = attempt or attempts.saved(connection)
    except crypto.Unreadable:
        return Result("failed", CredentialsUnreadable())
    if provider.tester and not attempt.is_complete(provider):
        raise NothingToTest
    if attempt.method == SIGN_IN and attempt.sign_in:
        return _ask_signed_in(provider, attempt, attempt.sign_in.pk, on_progress)
    return run_test(
        provider,
        attempt.values(provider),
        method=attempt.method,
        allow=settings.OUTBOUND_ALLOW,
        on_progress=on_progress,
        on_renewed=on_renewed,
    )


def _ask_signed_in(
    provider: Provider, attempt: Attempt, sign_in_id: UUID, on_progress: Progress
) -> Result:
    """The ladder of a sign-in begins with its own rung: whether it is alive.

    A token that the platform refuses before its time is renewed once, and everything asked
    again: only a renewal that is refused too means that a person has to come back. One
    deadline counts for all of it.
    """
    began = time.monotonic()
    ends_at = began + DEADLINE_SECONDS
    try:
        result, used = _climb(provider, attempt, sign_in_id, on_progress, ends_at)
        kind = result.error.kind if result.error else ""
        if kind in NEEDS_SIGN_IN and tokens.renew_refused(sign_in_id, used.tokens):
            result, _ = _climb(provider, attempt, sign_in_id, on_progress, ends_at)
    except ProviderError as error:
        rung = StepResult(ALIVE, error.outcome, error.message)
        result = Result(error.outcome, error, [rung])
    result.duration_ms = round((time.monotonic() - began) * 1000)
    return result


def _climb(
    provider: Provider,
    attempt: Attempt,
    sign_in_id: UUID,
    on_progress: Progress,
    ends_at: float,
) -> tuple[Result, tokens.Usable]:
    """`ends_at` is a moment of `time.monotonic()`."""
    began = time.monotonic()
    on_progress([StepResult(ALIVE, "running")])
    used = tokens.usable(sign_in_id)
    rung = StepResult(ALIVE, "passed", used.said, round((time.monotonic() - began) * 1000))
    result = run_test(
        provider,
        {**attempt.values(provider), **used.values},
        method=attempt.method,
        grant=used.grant,
        allow=settings.OUTBOUND_ALLOW,
        on_progress=lambda steps: on_progress([rung, *steps]),
        deadline_seconds=ends_at - time.monotonic(),
    )
    result.steps = [rung, *result.steps]
    return result, used
