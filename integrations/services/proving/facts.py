"""Facts about a connection: what a result, or its values alone, say about it."""

from datetime import datetime

from integrations import platforms
from integrations.models import ConnectionTest, IntegrationConnection, TestOutcome


def start_revision(connection: IntegrationConnection) -> None:
    """Nothing that was found out about earlier values holds for new ones."""
    connection.revision += 1
    connection.proven_at = None
    connection.unanswered_since = None
    connection.expires_at, connection.expires_is_estimate = forecast(connection)
    connection.former_account_id = connection.former_account_name = ""
    connection.taken_back_at = connection.taken_back_by = None
    clear_error(connection)


def forecast(connection: IntegrationConnection) -> tuple[datetime | None, bool]:
    """When its credentials end as far as nobody had to be asked, and whether that is an estimate.

    A sign-in knows; for a pasted token it is the life that its platform publishes.
    """
    if connection.is_signed_in and connection.sign_in:
        return connection.sign_in.ends_at, connection.sign_in.ends_is_estimate
    lives = next(
        (m.lives for m in connection.platform.methods if m.slug == connection.auth_method), None
    )
    if lives and connection.credentials_at:
        return connection.credentials_at + lives, True
    return None, False


def clear_error(connection: IntegrationConnection) -> None:
    connection.last_error = connection.error_kind = ""
    connection.error_action = connection.error_action_url = ""
    connection.failing_since = None
    connection.failed_test = None


def apply_result(connection: IntegrationConnection, test: ConnectionTest) -> None:
    """What a finished test of a connection's present values says about it."""
    at = test.finished_at
    if test.outcome == TestOutcome.PASSED:
        clear_error(connection)
        connection.unanswered_since = None
        connection.proven_at = at
        connection.proof_stand_in = platforms.stand_in(connection.provider) or ""
        if test.expires_at:
            connection.expires_at = test.expires_at
            connection.expires_is_estimate = test.expires_is_estimate
        else:
            connection.expires_at, connection.expires_is_estimate = forecast(connection)
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
