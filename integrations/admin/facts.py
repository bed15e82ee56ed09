"""What the admin shows of a connection."""

from django.contrib import admin
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from integrations import platforms
from integrations.admin import words
from integrations.admin.words import NOTHING
from integrations.models import IntegrationConnection
from integrations.pages.cards import Card
from integrations.services.connecting import changes
from integrations.templatetags.integrations_page import said

ATTENTION = {
    "failing": "The last test failed",
    "reported": "Another system reports an error",
    "unreadable": "The saved secrets cannot be read",
    "unanswered": "No answer for long",
    "expiring": "Ends soon",
    "unproven": "Not proven yet",
    "stale": "The proof is old",
    "taken_back": "Its lender took it back",
}
FACTS = (
    "state",
    "look",
    "failure",
    "account",
    "answered_by",
    "lent_by",
    "signed_in",
    "last_answer",
    "proven",
    "silent_since",
    "ends",
    "last_edit",
)


class Facts(admin.ModelAdmin):
    """Columns of the list, read-only facts of the page."""

    @admin.display(description="platform", ordering="provider")
    def platform_name(self, connection: IntegrationConnection) -> str:
        other = "" if connection.is_default else f" ({connection.title})"
        return f"{connection.platform.name}{other}"

    proven = words.time_of("proven_at", "proven")
    silent_since = words.time_of("unanswered_since", "no answer since")
    ends = words.time_of("expires_at", "ends")

    @admin.display(description="status", ordering="status")
    def state(self, connection: IntegrationConnection) -> SafeString:
        """As on its card."""
        return words.pill(Card(connection, timezone.now()).pill)

    @admin.display(description="answered by")
    def answered_by(self, connection: IntegrationConnection) -> str:
        answering = platforms.stand_in(connection.provider)
        return f"A stand-in at {answering}" if answering else connection.platform.name

    @admin.display(description="needs attention")
    def look(self, connection: IntegrationConnection) -> str:
        return ATTENTION.get(connection.attention(timezone.now()) or "", NOTHING)

    @admin.display
    def account(self, connection: IntegrationConnection) -> str:
        name = connection.platform_account_name or connection.platform_account_id
        return name or connection.config.get("account_id", NOTHING)

    @admin.display(description="lent by")
    def lent_by(self, connection: IntegrationConnection) -> str:
        lender = connection.lender
        return f"{lender.name}. {changes.LENT}" if lender else NOTHING

    @admin.display(description="sign-in")
    def signed_in(self, connection: IntegrationConnection) -> str:
        row = connection.sign_in
        if row is None:
            return NOTHING
        told = [format_html("Since {}.", words.time(row.obtained_at))]
        if row.is_ended:
            told.append(format_html("Ended: {}", said(row.failure_message)))
        elif row.failures:
            told.append(format_html("Not renewed: {}", said(row.failure_message)))
        if row.renew_at:
            told.append(format_html("Renews itself, next at {}.", words.time(row.renew_at)))
        if row.ends_at:
            ends = "Probably ends" if row.ends_is_estimate else "Ends"
            told.append(format_html("{} {}.", ends, words.time(row.ends_at)))
        return format_html_join(" ", "{}", ((one,) for one in told))

    @admin.display(description="last test")
    def last_answer(self, connection: IntegrationConnection) -> str:
        test = connection.last_test
        if test is None:
            return NOTHING
        return format_html("{} {}", test.get_outcome_display(), words.time(test.started_at))

    @admin.display(description="what is wrong")
    def failure(self, connection: IntegrationConnection) -> str:
        found = connection.failure()
        if not found:
            return NOTHING
        told, since = said(f"{found['message']} {found['action']}"), found["since"]
        return format_html("{} Since {}.", told, words.time(since)) if since else told

    @admin.display(description="last edit")
    def last_edit(self, connection: IntegrationConnection) -> str:
        if not connection.edited_at:
            return NOTHING
        who = connection.edited_by.get_username() if connection.edited_by else "A script"
        what, when = ", ".join(connection.edited_fields), words.time(connection.edited_at)
        return format_html("{}: {}, {}", who, what, when)
