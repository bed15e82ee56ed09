"""What a connection went through, as its rows say it."""

from datetime import UTC, datetime, timedelta

from integrations.models import ConnectionDay, ConnectionTest, IntegrationConnection
from integrations.services.watching import days

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TODAY = NOW.date()
YESTERDAY = TODAY - DAY
MIDNIGHT = days.midnight(TODAY)
STEPS = [{"label": "Token is valid", "outcome": "passed", "detail": "", "duration_ms": 120}]


def connection_of(workspace, provider="meta", *, created_at=NOW - 3 * DAY, **more):
    """Complete, and never tested."""
    return IntegrationConnection.objects.create(
        workspace=workspace,
        provider=provider,
        version=1,
        auth_method="access_token",
        is_complete=True,
        created_at=created_at,
        **more,
    )


def end_test(connection, at, outcome="passed", **more):
    """It ended then, two seconds after it began."""
    kind = {"failed": "auth_expired", "inconclusive": "network"}.get(outcome, "")
    usual = {"trigger": "schedule", "duration_ms": 300, "steps": STEPS, "error_kind": kind}
    values = usual | more
    return ConnectionTest.objects.create(
        connection=connection,
        revision=connection.revision,
        outcome=outcome,
        started_at=at - timedelta(seconds=2),
        lease_until=at + MINUTE,
        finished_at=at,
        **values,
    )


def seconds_of(day):
    """`{"proven": 3600, …}` without those that are 0, and the minutes rounded."""
    found = {state: getattr(day, f"{state}_seconds") for state in days.State}
    return {str(state): seconds for state, seconds in found.items() if seconds}


def summed(connection, day=YESTERDAY):
    return ConnectionDay.objects.get(connection=connection, day=day)
