"""Tests: a history to read, and nothing to change."""

from typing import Any

from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from integrations.admin import filters, words
from integrations.admin.reading import ReadOnly
from integrations.models import ConnectionTest
from integrations.templatetags.integrations_page import duration, said


@admin.register(ConnectionTest)
class ConnectionTestAdmin(ReadOnly):
    list_display = ("started", "connection", "result", "kind", "told", "asked_from", "took")
    list_filter = ("outcome", filters.ErrorKindFilter, ("trigger", filters.TriggerFilter))
    list_select_related = ("connection__workspace",)
    search_fields = ("connection__workspace__name", "connection__provider", "message")
    show_full_result_count = False
    fields = (
        "connection",
        "result",
        "kind",
        "told",
        "ladder",
        "account",
        "is_another",
        "asked_from",
        "asked_by",
        "only_tried",
        "started",
        "ended",
        "took",
        "ends",
        "again_after",
    )

    started = words.time_of("started_at", "asked at")
    ended = words.time_of("finished_at", "ended at")
    ends = words.time_of("expires_at", "credentials end")
    again_after = words.time_of("retry_at", "asked again after")

    @admin.display(ordering="outcome")
    def result(self, test: ConnectionTest) -> SafeString:
        return words.outcome(test.outcome)

    @admin.display(description="kind of error", ordering="error_kind")
    def kind(self, test: ConnectionTest) -> str:
        return words.KINDS.get(test.error_kind, words.NOTHING)

    @admin.display(description="what it said", ordering="message")
    def told(self, test: ConnectionTest) -> SafeString | str:
        return said(f"{test.message} {test.action}".strip()) if test.message else words.NOTHING

    @admin.display
    def account(self, test: ConnectionTest) -> str:
        return " · ".join(filter(None, (test.account_name, test.account_id))) or words.NOTHING

    @admin.display(description="another account than before")
    def is_another(self, test: ConnectionTest) -> str:
        return words.yes_or_no(test.account_changed)

    @admin.display(description="tried, not saved")
    def only_tried(self, test: ConnectionTest) -> str:
        return words.yes_or_no(test.dry_run)

    @admin.display(description="asked from", ordering="trigger")
    def asked_from(self, test: ConnectionTest) -> str:
        return test.get_trigger_display()

    @admin.display(description="asked by")
    def asked_by(self, test: ConnectionTest) -> str:
        who = [str(one) for one in (test.started_by, test.fix_link) if one]
        return ", ".join(who) or words.NOTHING

    @admin.display(ordering="duration_ms")
    def took(self, test: ConnectionTest) -> str:
        return words.NOTHING if test.is_running else duration(test.duration_ms)

    @admin.display(description="steps")
    def ladder(self, test: ConnectionTest) -> str:
        line = "<li>{}<span>{}<small>{}</small></span><span>{}</span></li>"
        steps = format_html_join("", line, (_told(step) for step in test.steps))
        return format_html('<ol class="ladder">{}</ol>', steps) if test.steps else words.NOTHING


def _told(step: dict[str, Any]) -> tuple[SafeString, str, SafeString, str]:
    took = duration(step["duration_ms"]) if step["duration_ms"] else ""
    return words.outcome(step["outcome"]), step["label"], said(step["detail"]), took
