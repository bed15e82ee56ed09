"""Results of tests: what is kept of a platform's answer, from its first step to its last."""

from dataclasses import asdict
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from integrations.database import release_connection
from integrations.models import ConnectionTest, IntegrationConnection, TestOutcome
from integrations.services.proving.facts import apply_result
from providers.errors import ProviderError, UnexpectedReply
from providers.run.results import Progress, Result, StepResult

RESULT = (
    *("outcome", "error_kind", "message", "action", "action_url", "retry_at", "steps"),
    *("account_id", "account_name", "account_changed", "expires_at", "expires_is_estimate"),
    *("finished_at", "duration_ms"),
)
NOT_IMPLEMENTED = "Test not implemented yet"
INTERRUPTED = UnexpectedReply(
    "The test was interrupted before it had an answer.", "Nothing to fix: test again."
)


def progress_of(test: ConnectionTest) -> Progress:
    """What keeps the steps on a test for whoever watches it."""

    def keep(steps: list[StepResult]) -> None:
        test.steps = [asdict(step) for step in steps]
        running = ConnectionTest.objects.filter(pk=test.pk, outcome=TestOutcome.RUNNING)
        running.update(steps=test.steps)
        release_connection()

    return keep


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


def interrupt(test: ConnectionTest) -> None:
    """End a test that will have no answer."""
    finish(test, Result("inconclusive", INTERRUPTED, _steps_cut_short(test)))


def _steps_cut_short(test: ConnectionTest) -> list[StepResult]:
    done = [StepResult(**step) for step in test.steps]
    return [
        step
        if step.outcome not in ("running", "waiting")
        else StepResult(step.label, "skipped", "Not finished: the test was interrupted.")
        for step in done
    ]
