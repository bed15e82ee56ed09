"""Results of tests: what is kept of a platform's answer, from its first step to its last."""

import zlib
from dataclasses import replace
from datetime import timedelta

from django.db import connection as database
from django.db import transaction

from integrations import clock, compiled
from integrations.compiled import CompiledRows
from integrations.models import ConnectionTest, IntegrationConnection, TestOutcome
from integrations.services import events, journal, rows, twins
from integrations.services.proving.facts import apply_result
from integrations.services.proving.progress import stored
from integrations.services.refusals import NoConnection, SameAccount
from providers.errors import InvalidConfig, ProviderError
from providers.run.results import Result, StepResult

# What a result changes on a connection, and what it has to know of one for that.
CONCERNED = CompiledRows(
    IntegrationConnection,
    lambda every, pk: every.select_for_update().filter(pk=pk),
    rows.ANY_ID,
    columns=(
        *("id", "workspace_id", "provider", "revision", "auth_method", "sign_in_id", "lender_id"),
        "credentials_at",
        *("last_error", "error_kind", "error_action", "error_action_url", "failing_since"),
        *("failed_test_id", "last_test_id", "proven_at", "proof_stand_in"),
        "unanswered_since",
        *("expires_at", "expires_is_estimate", "platform_account_id", "platform_account_name"),
    ),
)
NOT_IMPLEMENTED = "Test not implemented yet"
ANOTHER_ACCOUNT = "Enter another account here, or remove this connection."
OF_LENDER = "Ask the owners of {}, which lends what lets this in."
WHAT_TO_DO = "They can do it: {}"
TURN = 0x1CD  # any number, as long as no other lock here has it
INTERRUPTED = "The test was interrupted before it had an answer."
AGAIN = "Nothing to fix: test again."


def finish(test: ConnectionTest, result: Result) -> None:
    """Keep a result on its test, and on the connection if its values are still the same.

    A result that comes after the test was ended changes nothing, and one of a test that was
    interrupted says nothing about the connection.
    """
    if _keep(test, result):
        _write_down(test)


def _keep(test: ConnectionTest, result: Result) -> bool:
    with transaction.atomic():
        connection = _lock(test)
        before, nothing = rows.state(connection), rows.state(test)
        _write_result(test, _unless_known(connection, test, result))
        _ask_lender(connection, test)
        old, new = connection.platform_account_id, test.account_id
        test.account_changed = bool(old and new and old != new)
        found = rows.changed(test, nothing) | {"steps": test.steps}
        if not compiled.update(ConnectionTest, found, id=test.pk, outcome=TestOutcome.RUNNING):
            test.refresh_from_db()
            return False
        if not test.dry_run and test.revision == connection.revision:
            connection.last_test = test
            if not test.was_interrupted:
                apply_result(connection, test)
            rows.save_changes(connection, before)
            if not test.was_interrupted:
                events.record_result(connection, before, test)
    return True


def _write_down(test: ConnectionTest) -> None:
    journal.write(
        "check",
        connection=str(test.connection_id),
        provider=test.connection.provider,
        outcome=test.outcome,
        kind=test.error_kind,
        ms=test.duration_ms,
        trigger=test.trigger,
        dry_run=test.dry_run or None,
    )


def _unless_known(
    connection: IntegrationConnection, test: ConnectionTest, result: Result
) -> Result:
    """The result, or a refusal of an account that another connection has with the same values."""
    found = result.account.id if result.account and result.outcome == "passed" else ""
    is_new = found and found != connection.platform_account_id
    if test.dry_run or not is_new or test.revision != connection.revision:
        return result
    _wait_for_others(connection)
    other = twins.find(connection, rows.siblings(connection), proven=found)
    if other is None:
        return result
    refusal = InvalidConfig(SameAccount(other).sentence, ANOTHER_ACCOUNT)
    return replace(result, outcome=refusal.outcome, error=refusal)


def _wait_for_others(connection: IntegrationConnection) -> None:
    """Until whoever proves an account of the same platform here has done so: SQLite always does."""
    if database.vendor == "postgresql":
        with database.cursor() as cursor:
            place = zlib.crc32(f"{connection.workspace_id} {connection.provider}".encode())
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [TURN, place - 2**31])


def _lock(test: ConnectionTest) -> IntegrationConnection:
    connection = CONCERNED.first(test.connection_id)
    if connection is None:
        raise NoConnection
    return connection


def _write_result(test: ConnectionTest, result: Result) -> None:
    now = clock.now()
    error: ProviderError | None = result.error
    test.outcome = result.outcome
    test.steps = stored(result.steps)
    test.duration_ms = result.duration_ms
    test.finished_at = now
    if result.outcome == "not_implemented":
        test.message = NOT_IMPLEMENTED
    if test.was_interrupted:
        test.message, test.action = INTERRUPTED, AGAIN
    if error:
        test.error_kind, test.message, test.action = error.kind, error.message, error.action
        test.action_url = error.action_url or ""
        if error.retry_after_seconds is not None:
            test.retry_at = now + timedelta(seconds=error.retry_after_seconds)
    if result.account:
        test.account_id, test.account_name = result.account.id, result.account.name
    test.expires_at = result.expires_at
    test.expires_is_estimate = result.expires_is_estimate


def _ask_lender(connection: IntegrationConnection, test: ConnectionTest) -> None:
    """To whom what lets them in is lent, its owners have to do what a failure asks for."""
    if connection.lender and test.outcome == TestOutcome.FAILED:
        whom = OF_LENDER.format(connection.lender.name)
        test.action = f"{whom} {WHAT_TO_DO.format(test.action)}" if test.action else whom
        test.action_url = ""


def interrupt(test: ConnectionTest) -> None:
    """End a test that will have no answer."""
    finish(test, Result("inconclusive", steps=_steps_cut_short(test)))


def _steps_cut_short(test: ConnectionTest) -> list[StepResult]:
    done = [StepResult(**step) for step in test.steps]
    return [
        step
        if step.outcome not in ("running", "waiting")
        else StepResult(step.label, "skipped", "Not finished: the test was interrupted.")
        for step in done
    ]
