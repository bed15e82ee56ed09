"""How the admin's lists and pages say what rows hold: times, outcomes, kinds of error."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString

from integrations.pages.cards import Pill
from integrations.templatetags.integrations_page import moment, sign

NOTHING = "–"
KINDS = {
    "auth_invalid": "Not accepted",
    "auth_expired": "Expired",
    "permission_missing": "May not read this",
    "account_not_found": "Account not found",
    "invalid_config": "A value is wrong",
    "credentials_unreadable": "Secrets cannot be read",
    "rate_limited": "Too many requests",
    "quota_exhausted": "Quota used up",
    "provider_unavailable": "Platform has a problem",
    "network": "No answer",
    "blocked": "Blocked on the way",
    "unexpected_reply": "Unexpected answer",
}
OUTCOMES = {
    "passed": Pill("ok", "Passed", "ok"),
    "warned": Pill("warn", "Warned", "bad"),
    "failed": Pill("bad", "Failed", "bad"),
    "inconclusive": Pill("warn", "No clear answer", "silent"),
    "running": Pill("idle", "Running", "none"),
    "waiting": Pill("idle", "Waits", "none"),
    "skipped": Pill("idle", "Not asked", "none"),
    "not_implemented": Pill("idle", "No test yet", "none"),
}


def time_of(field: str, label: str = "", style: str = "smart") -> Callable[[Any, Any], str]:
    """A column for a moment, in the reader's zone."""

    @admin.display(description=label or field.replace("_", " "), ordering=field)
    def shown(_: Any, row: Any) -> str:
        return time(getattr(row, field), style)

    return shown


def time(at: datetime | None, style: str = "smart") -> str:
    return moment(at, style) or NOTHING


def pill(state: Pill) -> SafeString:
    since = moment(state.since)
    drawn = '<span class="pill {}">{}<span>{}{}{}</span></span>'
    return format_html(drawn, state.tone, sign(state.sign), state.text, " " if since else "", since)


def outcome(value: str) -> SafeString:
    return pill(OUTCOMES[value])


def yes_or_no(value: bool) -> str:
    """A word rather than the admin's red cross, which looks like a failure."""
    return "Yes" if value else "No"
