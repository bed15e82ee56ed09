"""Tests connections: asks the platform, keeps the answer, one test of a connection at a time.

No transaction is open while a platform answers, and an answer writes its own columns: values
that were replaced meanwhile win, and their own test will follow.
"""

import math
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from integrations import crypto
from integrations.models import ConnectionTest, FixLink, IntegrationConnection, TestOutcome, Trigger
from integrations.services.connecting import connections
from integrations.services.connecting.connections import Attempt, Changes
from integrations.services.credentials import tokens
from providers.declare import SIGN_IN, Provider, Renewed
from providers.errors import CredentialsUnreadable, ProviderError, UnexpectedReply
from providers.run.ladder import DEADLINE_SECONDS, NEEDS_SIGN_IN, run_test
from providers.run.results import Progress, Result, StepResult

LEASE = timedelta(seconds=DEADLINE_SECONDS + 15)
SOON = timedelta(seconds=2)  # for a new test to be performed
RATE_WINDOW = timedelta(minutes=1)
RATED = (Trigger.PAGE, Trigger.API, Trigger.ADMIN, Trigger.SAVE)
RESULT = (
    *("outcome", "error_kind", "message", "action", "action_url", "retry_at", "steps"),
    *("account_id", "account_name", "account_changed", "expires_at", "expires_is_estimate"),
    *("finished_at", "duration_ms"),
)
POLL_SECONDS = 0.1
# Who waits holds a thread: some are left for everything else that this process serves.
WAITING = threading.BoundedSemaphore(24)
ALIVE = "Sign-in is alive"
NOT_IMPLEMENTED = "Test not implemented yet"
INTERRUPTED = UnexpectedReply(
    "The test was interrupted before it had an answer.", "Nothing to fix: test again."
)


class NothingToTest(Exception):
    """Not all that the method needs is there."""


class TooManyTests(Exception):
    """The connection was tested as often as a minute allows, or too many wait for a test."""

    def __init__(self, retry_after_seconds: int) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__("Too many tests.")


@dataclass(frozen=True)
class Started:
    """A test's row, and whether it was running already when it was asked for."""

    test: ConnectionTest
    joined: bool


def test_connection(
    connection: IntegrationConnection,
    *,
    trigger: Trigger,
    by: User | None = None,
    changes: Changes | None = None,
) -> ConnectionTest:
    """Ask the platform now and return its answer. A refusal is a result, not an exception.

    With `changes` it is a dry run: they are laid over the saved values and nothing is saved.
    A test that is running already is joined; a dry run waits for its turn.
    Raises NothingToTest, TooManyTests, and InvalidChange for changes that are not right.
    """
    if changes:
        read_attempt(connection, changes)
    while True:
        started = start_when_free(
            connection, trigger=trigger, by=by, dry_run=changes is not None, joins=changes is None
        )
        if not started.joined:
            return perform(started.test, changes or Changes())
        ended = wait_for(started.test)
        if not ended.is_running:  # else it died with its process, and is ended by a new start
            return ended


def start_when_free(
    connection: IntegrationConnection,
    *,
    trigger: Trigger,
    by: User | None,
    dry_run: bool = False,
    joins: bool = True,
    fix_link: FixLink | None = None,
) -> Started:
    """`start`, but a running test of other values is waited for instead of joined."""
    while True:
        started = start(connection, trigger=trigger, by=by, dry_run=dry_run, fix_link=fix_link)
        running = started.test
        if not started.joined or (joins and is_of_saved_values(running, connection)):
            return started
        wait_for(running)


def is_of_saved_values(test: ConnectionTest, connection: IntegrationConnection) -> bool:
    return not test.dry_run and test.revision == connection.revision


def start(
    connection: IntegrationConnection,
    *,
    trigger: Trigger,
    by: User | None,
    dry_run: bool = False,
    fix_link: FixLink | None = None,
) -> Started:
    """Write the row of a new test, or find the one that runs.

    Raises NothingToTest for an incomplete connection (a dry run brings its own values), and
    TooManyTests. A test whose lease ran out died with its process and is ended here.
    """
    now = timezone.now()
    with transaction.atomic():
        locked = connections.lock(connection.workspace_id, connection.provider)
        connection.pk, connection.revision = locked.pk, locked.revision
        running = locked.tests.filter(outcome=TestOutcome.RUNNING).first()
        if running and running.lease_until > now:
            return Started(running, joined=True)
        if running:
            finish(running, Result("inconclusive", INTERRUPTED, _steps_cut_short(running)))
        if not dry_run and not locked.is_complete and locked.platform.tester:
            raise NothingToTest
        if trigger in RATED:
            _check_rate(locked, now)
        test = ConnectionTest.objects.create(
            connection=locked,
            revision=locked.revision,
            trigger=trigger,
            started_by_id=by.pk if by else None,
            fix_link=fix_link,
            dry_run=dry_run,
            started_at=now,
            lease_until=now + LEASE,
        )
    return Started(test, joined=False)


def _check_rate(connection: IntegrationConnection, now: datetime) -> None:
    recent = connection.tests.filter(started_at__gt=now - RATE_WINDOW, trigger__in=RATED)
    times = list(recent.order_by("-started_at").values_list("started_at", flat=True))
    limit = settings.TEST_RATE
    if len(times) >= limit:
        free_at = times[limit - 1] + RATE_WINDOW
        raise TooManyTests(max(1, math.ceil((free_at - now).total_seconds())))


def wait_for(test: ConnectionTest) -> ConnectionTest:
    """The test once it has ended, or as it stands when its lease runs out.

    Raises TooManyTests when too many wait in this process already.
    """
    if not WAITING.acquire(blocking=False):
        raise TooManyTests(math.ceil(DEADLINE_SECONDS))
    try:
        while test.is_running and timezone.now() < test.lease_until:
            time.sleep(POLL_SECONDS)
            test.refresh_from_db()
    finally:
        WAITING.release()
    return test


def read_attempt(connection: IntegrationConnection, changes: Changes) -> Attempt | None:
    """The values to try; None when the saved ones cannot be decrypted.

    Raises InvalidChange, and NothingToTest when something required is missing.
    """
    try:
        attempt = connections.overlay(connection, changes)
    except crypto.Unreadable:
        return None
    if connection.platform.tester and not attempt.is_complete(connection.platform):
        raise NothingToTest
    return attempt


def perform(
    test: ConnectionTest, changes: Changes, *, on_renewed: Renewed = lambda _values: None
) -> ConnectionTest:
    """Run a started test and keep what it found. Asks nobody if it was ended meanwhile.

    `on_renewed` is told of typed values that the platform has replaced; saved ones are kept.
    """
    if test.lease_until < timezone.now() + LEASE - SOON and not _lease_again(test):
        return test
    connection = test.connection
    try:
        result = _ask(connection, changes, _progress_of(test), on_renewed)
    except Exception:
        finish(test, Result("inconclusive", INTERRUPTED, _steps_cut_short(test)))
        raise
    finish(test, result)
    return test


def _lease_again(test: ConnectionTest) -> bool:
    """For a test that waited for a thread. False when it was ended in the meantime."""
    with transaction.atomic():
        IntegrationConnection.objects.select_for_update().get(pk=test.connection_id)
        test.refresh_from_db()
        if test.is_running:
            test.lease_until = timezone.now() + LEASE
            test.save(update_fields=["lease_until"])
    return test.is_running


def _ask(
    connection: IntegrationConnection,
    changes: Changes,
    on_progress: Progress,
    on_renewed: Renewed = lambda _values: None,
) -> Result:
    attempt = read_attempt(connection, changes)
    if attempt is None:
        return Result("failed", CredentialsUnreadable())
    if attempt.method == SIGN_IN and attempt.sign_in:
        return _ask_signed_in(connection.platform, attempt, attempt.sign_in.pk, on_progress)
    return run_test(
        connection.platform,
        attempt.values(connection.platform),
        method=attempt.method,
        allow=settings.OUTBOUND_ALLOW,
        on_progress=on_progress,
        on_renewed=renewed_of(connection, changes, on_renewed),
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


def renewed_of(connection: IntegrationConnection, changes: Changes, on_typed: Renewed) -> Renewed:
    """Where a value that the platform replaced belongs: with the saved ones, or the typed."""

    def keep(values: Mapping[str, str]) -> None:
        saved = {name: value for name, value in values.items() if name not in changes.config}
        typed = {name: value for name, value in values.items() if name in changes.config}
        if saved:
            connections.keep_renewed(connection, saved)
        if typed:
            on_typed(typed)

    return keep


def _progress_of(test: ConnectionTest) -> Progress:
    def keep(steps: list[StepResult]) -> None:
        test.steps = [asdict(step) for step in steps]
        running = ConnectionTest.objects.filter(pk=test.pk, outcome=TestOutcome.RUNNING)
        running.update(steps=test.steps)

    return keep


def _steps_cut_short(test: ConnectionTest) -> list[StepResult]:
    done = [StepResult(**step) for step in test.steps]
    return [
        step
        if step.outcome not in ("running", "waiting")
        else StepResult(step.label, "skipped", "Not finished: the test was interrupted.")
        for step in done
    ]


def finish(test: ConnectionTest, result: Result) -> None:
    """Keep a result on its test, and on the connection if its values are still the same.

    A result that comes after the test was ended changes nothing.
    """
    with transaction.atomic():
        connection = IntegrationConnection.objects.select_for_update().get(pk=test.connection_id)
        _write_result(test, result)
        old, new = connection.platform_account_id, test.account_id
        test.account_changed = bool(old and new and old != new)
        running = ConnectionTest.objects.filter(pk=test.pk, outcome=TestOutcome.RUNNING)
        if not running.update(**{name: getattr(test, name) for name in RESULT}):
            test.refresh_from_db()
            return
        if not test.dry_run and test.revision == connection.revision:
            connection.last_test = test
            apply_result(connection, test)
            connection.save()


def _write_result(test: ConnectionTest, result: Result) -> None:
    now = timezone.now()
    error: ProviderError | None = result.error
    test.outcome = result.outcome
    test.steps = [asdict(step) for step in result.steps]
    test.duration_ms = result.duration_ms
    test.finished_at = now
    if result.outcome == "not_implemented":
        test.message = NOT_IMPLEMENTED
    if error:
        test.error_kind, test.message, test.action = error.kind, error.message, error.action
        test.action_url = error.action_url or ""
        if error.retry_after_seconds is not None:
            test.retry_at = now + timedelta(seconds=error.retry_after_seconds)
    if result.account:
        test.account_id, test.account_name = result.account.id, result.account.name
    test.expires_at = result.expires_at
    test.expires_is_estimate = result.expires_is_estimate


def apply_result(connection: IntegrationConnection, test: ConnectionTest) -> None:
    """What a finished test of a connection's present values says about it."""
    at = test.finished_at
    if test.outcome == TestOutcome.PASSED:
        connections.clear_error(connection)
        connection.unanswered_since = None
        connection.proven_at = at
        if test.expires_at:
            connection.expires_at = test.expires_at
            connection.expires_is_estimate = test.expires_is_estimate
        else:
            connection.expires_at, connection.expires_is_estimate = connections.forecast(connection)
        if test.account_id:
            connection.platform_account_id = test.account_id
            connection.platform_account_name = test.account_name
    elif test.outcome == TestOutcome.FAILED:
        connection.last_error, connection.error_kind = test.message, test.error_kind
        connection.error_action, connection.error_action_url = test.action, test.action_url
        connection.failing_since = connection.failing_since or at
        connection.failed_test = test
        connection.proven_at = connection.unanswered_since = None
    elif test.outcome == TestOutcome.INCONCLUSIVE:
        connection.unanswered_since = connection.unanswered_since or at
