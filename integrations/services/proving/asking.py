"""Asks a platform: climbs the ladder of steps with the values of one attempt."""

import time
from datetime import datetime

from django.conf import settings

from integrations import clock, crypto
from integrations.database import release_connection
from integrations.models import Credential, IntegrationConnection
from integrations.services.credentials import attempts, proofs, sealing, tokens
from integrations.services.credentials.attempts import Attempt
from integrations.services.proving import pauses
from integrations.services.refusals import NothingToTest
from providers.access.door import Renewed, WayIn
from providers.declare import SIGN_IN
from providers.errors import ProviderError
from providers.run.advice import may_be_renewed
from providers.run.ladder import DEADLINE_SECONDS, run_test
from providers.run.results import Progress, Result, StepResult

ALIVE = "Sign-in is alive"


def ask(
    connection: IntegrationConnection,
    attempt: Attempt | None,
    on_progress: Progress,
    on_renewed: Renewed,
    *,
    got_since: datetime | None = None,
) -> Result:
    """What the platform says to an attempt, or to the saved values.

    A token that the platform refuses before its time is replaced once, and everything asked
    again: only then is the refusal believed; the same goes for an address that a sign-in gave.
    One deadline counts for all of it. `got_since` uses no token that was got for typed secrets
    before then. An attempt is not asked about while the platform limits what it counts together.
    Raises NothingToTest when something required is missing.
    """
    provider, is_tried = connection.platform, attempt is not None
    try:
        attempt = attempt or attempts.saved(connection)
    except crypto.Unreadable as unreadable:
        return Result("failed", sealing.meaning_of(unreadable))
    if provider.tester and not attempt.is_complete(provider):
        raise NothingToTest
    asked = pauses.asking(connection, attempt)
    if is_tried and (unasked := pauses.unasked(asked, clock.now())):
        return Result(unasked.outcome, unasked)
    climb = _Climb(connection, attempt, on_progress, on_renewed, got_since=got_since)
    result = climb.once()
    if may_be_renewed(result.error):
        try:
            if climb.replaced_token():
                result = climb.once()
        except ProviderError as error:
            result = climb.not_alive(error)
    pauses.keep(asked, result.error)
    result.duration_ms = round((time.monotonic() - climb.began) * 1000)
    return result


class _Climb:
    """The ladder of one attempt, as often as its token has to be replaced."""

    def __init__(
        self,
        connection: IntegrationConnection,
        attempt: Attempt,
        on_progress: Progress,
        on_renewed: Renewed,
        *,
        got_since: datetime | None,
    ) -> None:
        self.began = time.monotonic()
        self._connection = connection
        self._provider = connection.platform
        self._attempt = attempt
        self._on_progress = on_progress
        self._on_renewed = on_renewed
        self._got_since = got_since
        self._row = attempt.token_row(self._provider)
        self._used: tokens.Usable | None = None

    def once(self) -> Result:
        """The ladder of a sign-in begins with its own rung: whether it is alive."""
        self._used = None
        if self._attempt.method != SIGN_IN or self._row is None:
            return self._run([])
        began = time.monotonic()
        self._on_progress([StepResult(ALIVE, "running")])
        try:
            said = self._token(self._row).said
        except ProviderError as error:
            return self.not_alive(error)
        return self._run([StepResult(ALIVE, "passed", said, _milliseconds_since(began))])

    def replaced_token(self) -> bool:
        """Whether there is another token than the refused one. Raises ProviderError."""
        if self._row is None or self._used is None:
            return False
        return tokens.replace_refused(self._row.pk, self._used.held)

    @staticmethod
    def not_alive(error: ProviderError) -> Result:
        return Result(error.outcome, error, [StepResult(ALIVE, error.outcome, error.message)])

    def _run(self, rungs: list[StepResult]) -> Result:
        way = WayIn(
            method=self._attempt.method,
            allow=settings.OUTBOUND_ALLOW,
            timeouts=settings.OUTBOUND_TIMEOUTS,
            on_renewed=self._on_renewed,
        )
        if row := self._row:
            way["tokens"] = lambda: self._token(row).held
        release_connection()
        result = run_test(
            self._provider,
            self._attempt.values(self._provider),
            on_progress=lambda steps: self._on_progress([*rungs, *steps]),
            was_proven=self._was_proven,
            deadline_seconds=self.began + DEADLINE_SECONDS - time.monotonic(),
            **way,
        )
        result.steps = [*rungs, *result.steps]
        return result

    def _was_proven(self) -> bool:
        try:
            return proofs.were_proven(self._connection, self._attempt)
        finally:
            release_connection()

    def _token(self, row: Credential) -> tokens.Usable:
        """The same one for all of a climb."""
        if self._used is None:
            self._used = tokens.usable(row.pk, got_since=self._got_since)
        return self._used


def _milliseconds_since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
