"""A workspace whose cards show every state there is."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from integrations.models import ConnectionTest, IntegrationConnection, Workspace
from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes
from integrations.services.telling import notices

LONG_TOKEN = "A" * 60
EXPIRED: dict[str, Any] = {
    "last_error": "The Meta access token has expired.",
    "error_kind": "auth_expired",
    "error_action": "Generate a new token for the system user and paste it here.",
    "error_action_url": "https://business.facebook.com/settings/system-users",
}
REPORT = "The nightly import got status 403 for sc-domain:example.com."
STEPS = [
    {"label": "Token is valid", "outcome": "passed", "detail": "Known.", "duration_ms": 120},
    {"label": "Account reachable", "outcome": "running", "detail": "", "duration_ms": 0},
]


def fill(workspace: Workspace) -> None:
    """Failing, proven, stale, unproven, expiring, unanswered, reported, disabled, half set up,
    running and not connected, each on a platform of its own."""
    now = timezone.now()
    failing = _save(workspace, "meta", failing_since=now, **EXPIRED)
    _test(failing, "failed", now, message=failing.last_error, steps=_steps("failed"))
    proven = _save(workspace, "stripe", proven_at=now, platform_account_id="acct_1NZabcdefgh")
    for number in range(29):
        _test(proven, "inconclusive" if number % 9 == 4 else "passed", now, steps=_steps("passed"))
    _save(workspace, "youtube", account_id="UCabcdefghijklmnopqrstuv", proven_at=_days(now, -3))
    _save(workspace, "reddit", account_id="django")
    _save(workspace, "calendly", proven_at=now, expires_at=_days(now, 9))
    quota = _save(workspace, "ga4", proven_at=_days(now, -1), unanswered_since=_days(now, -2))
    quota.last_test = _test(
        quota,
        "inconclusive",
        now,
        message="Google's quota for this property is used up.",
        action="Wait until it is free again.",
        retry_at=now + timedelta(hours=3),
    )
    quota.save()
    _save(workspace, "search_console", reported_error=REPORT, reported_at=now, proven_at=now)
    _save(workspace, "x", is_enabled=False)
    _save(workspace, "upwork", with_secret=False, account_id="1234567890")
    running = _save(workspace, "google_ads", account_id="1234567890")
    _test(running, "running", None, steps=STEPS)


TOKENS = {
    "meta": "EAAexpired",
    "stripe": "rk_test_" + "a" * 40,
    "calendly": "eyJabc.eyJdef.ghi-123",
    "youtube": "AIzaabcdefghijklmnopqrstuvwxyz012345678",
}
ACCOUNTS = {"meta": "act_1001", "ga4": "123456789", "search_console": "sc-domain:example.com"}


def _save(
    workspace: Workspace, slug: str, *, with_secret: bool = True, account_id: str = "", **facts: Any
) -> IntegrationConnection:
    config = {"account_id": account_id or ACCOUNTS.get(slug)}
    if with_secret:
        config["access_token"] = TOKENS.get(slug, LONG_TOKEN)
    saving.change_connection(rows.unread(workspace, slug), Changes(config=config), by=None)
    connection = rows.find(workspace, slug)
    for name, value in facts.items():
        setattr(connection, name, value)
    connection.save()
    return connection


def _test(
    connection: IntegrationConnection, outcome: str, finished_at: datetime | None, **facts: Any
) -> ConnectionTest:
    return ConnectionTest.objects.create(
        connection=connection,
        revision=connection.revision,
        trigger="schedule",
        outcome=outcome,
        finished_at=finished_at,
        lease_until=timezone.now() + timedelta(minutes=5),
        duration_ms=245,
        **facts,
    )


def _steps(outcome: str) -> list[dict[str, Any]]:
    return [{"label": "Token is valid", "outcome": outcome, "detail": "", "duration_ms": 212}]


def _days(now: datetime, days: int) -> datetime:
    return now + timedelta(days=days)


def fill_ends(workspace: Workspace) -> None:
    """Broken, ending soon, probably ending later, and without a known end."""
    now = timezone.now()
    _save(workspace, "meta", failing_since=now, **EXPIRED)
    _save(workspace, "stripe", proven_at=now, expires_at=now + timedelta(days=4, hours=1))
    _save(
        workspace,
        "reddit",
        account_id="django",
        proven_at=now,
        expires_at=now + timedelta(days=59, hours=1),
        expires_is_estimate=True,
    )
    _save(workspace, "youtube", account_id="UCabcdefghijklmnopqrstuv", proven_at=now)
    notices.give_due(now)
