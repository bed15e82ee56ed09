"""Tests: a history to read, and nothing to change."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join

from integrations.admin import filters
from integrations.models import ConnectionTest


@admin.register(ConnectionTest)
class ConnectionTestAdmin(admin.ModelAdmin):
    list_display = ("started_at", "connection", "outcome", "kind", "message", "trigger", "took")
    list_filter = ("outcome", filters.ErrorKindFilter, "trigger")
    list_select_related = ("connection__workspace",)
    search_fields = ("connection__workspace__name", "connection__provider", "message")
    show_full_result_count = False
    fields = (
        "connection",
        "outcome",
        "kind",
        "message",
        "action",
        "ladder",
        "account_name",
        "account_id",
        "account_changed",
        "trigger",
        "dry_run",
        "started_by",
        "fix_link",
        "started_at",
        "finished_at",
        "took",
        "expires_at",
        "retry_at",
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="kind of error", ordering="error_kind")
    def kind(self, test: ConnectionTest) -> str:
        return test.error_kind.replace("_", " ").capitalize() or "–"

    @admin.display(ordering="duration_ms")
    def took(self, test: ConnectionTest) -> str:
        return "–" if test.is_running else f"{test.duration_ms} ms"

    @admin.display(description="steps")
    def ladder(self, test: ConnectionTest) -> str:
        line = "<li>{label}: <strong>{outcome}</strong>. {detail} ({duration_ms} ms)</li>"
        steps = format_html_join("", line, test.steps)
        return format_html("<ol>{}</ol>", steps) if test.steps else "–"
