"""What the admin shows of a connection."""

from typing import Any

from django.contrib import admin
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html

from integrations import platforms
from integrations.models import IntegrationConnection, Status

NOTHING = "–"
ATTENTION = {
    "failing": "The last test failed",
    "reported": "Another system reports an error",
    "unreadable": "The saved secrets cannot be read",
    "unanswered": "No answer for long",
    "expiring": "Expires soon",
    "unproven": "Not proven yet",
    "stale": "The proof is old",
}
FACTS = (
    "state",
    "look",
    "failure",
    "account",
    "signed_in",
    "last_answer",
    "proven_at",
    "unanswered_since",
    "expires_at",
    "last_edit",
)


class Facts(admin.ModelAdmin):
    """Columns of the list, read-only facts of the page."""

    @admin.display(description="platform", ordering="provider")
    def platform_name(self, connection: IntegrationConnection) -> str:
        return connection.platform.name

    @admin.display(description="status", ordering="status")
    def state(self, connection: IntegrationConnection) -> str:
        light = connection.light(timezone.now())
        dot = '<span class="light light-{}" aria-hidden="true">●</span>\N{NO-BREAK SPACE}{}'
        label = Status(connection.status).label
        answering = platforms.stand_in(connection.provider)
        return format_html(
            dot, light, f"{label}, by a stand-in: {answering}" if answering else label
        )

    @admin.display(description="needs attention")
    def look(self, connection: IntegrationConnection) -> str:
        return ATTENTION.get(connection.attention(timezone.now()) or "", NOTHING)

    @admin.display
    def account(self, connection: IntegrationConnection) -> str:
        name = connection.platform_account_name or connection.platform_account_id
        return name or connection.config.get("account_id", NOTHING)

    @admin.display(description="sign-in")
    def signed_in(self, connection: IntegrationConnection) -> str:
        row = connection.sign_in
        if row is None:
            return NOTHING
        told = [f"Since {_at(row.obtained_at)}."]
        if row.is_ended:
            told.append(f"Ended: {row.failure_message}")
        elif row.failures:
            told.append(f"Not renewed: {row.failure_message}")
        if row.renew_at:
            told.append(f"Renews itself, next at {_at(row.renew_at)}.")
        if row.ends_at:
            ends = "Probably ends" if row.ends_is_estimate else "Ends"
            told.append(f"{ends} {_at(row.ends_at)}.")
        return " ".join(told)

    @admin.display(description="last test")
    def last_answer(self, connection: IntegrationConnection) -> str:
        test = connection.last_test
        return f"{test.get_outcome_display()}, {_at(test.started_at)}" if test else NOTHING

    @admin.display(description="what is wrong")
    def failure(self, connection: IntegrationConnection) -> str:
        found = connection.failure()
        return f"{found['message']} {found['action']}" if found else NOTHING

    @admin.display(description="last edit")
    def last_edit(self, connection: IntegrationConnection) -> str:
        if not connection.edited_at:
            return NOTHING
        who = connection.edited_by.get_username() if connection.edited_by else "A script"
        return f"{who}: {', '.join(connection.edited_fields)}, {_at(connection.edited_at)}"


def _at(moment: Any) -> str:
    return date_format(timezone.localtime(moment), "DATETIME_FORMAT")
