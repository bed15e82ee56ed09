"""Connections: what is known about each, its values to replace, and what can be done to it."""

from collections.abc import Sequence
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html

from integrations import platforms
from integrations.admin import filters
from integrations.admin.forms import SWITCHES, AddConnectionForm, AdminConnectionForm
from integrations.models import IntegrationConnection, Status, TestOutcome, Trigger
from integrations.pages import sentences
from integrations.pages.forms import REMOVE
from integrations.services import rows
from integrations.services.connecting import disconnecting, saving
from integrations.services.connecting.changes import Changes
from integrations.services.proving import testing
from integrations.services.refusals import NothingToTest, TooManyTests
from providers.declare import Field, Provider

MOST_TESTS_AT_ONCE = 13
TOO_MANY_CHOSEN = f"Choose {MOST_TESTS_AT_ONCE} connections or fewer to test at once."
NOTHING = "–"
LEVELS = {TestOutcome.PASSED: messages.SUCCESS, TestOutcome.FAILED: messages.ERROR}
ATTENTION = {
    "failing": "The last test failed",
    "reported": "Another system reports an error",
    "unreadable": "The saved secrets cannot be read",
    "unanswered": "No answer for more than a day",
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
Queryset = QuerySet[IntegrationConnection]


class StaffRequest(HttpRequest):
    """The admin lets nobody else in."""

    user: User


@admin.register(IntegrationConnection)
class ConnectionAdmin(admin.ModelAdmin):
    list_display = (
        "platform_name",
        "workspace",
        "account",
        "state",
        "look",
        "last_answer",
        "proven_at",
    )
    list_filter = (filters.StatusFilter, "provider", filters.WorkspaceFilter, "is_enabled")
    list_select_related = ("workspace", "last_test", "edited_by", "sign_in")
    search_fields = (
        "workspace__name",
        "provider",
        "platform_account_id",
        "platform_account_name",
        "config__account_id__icontains",
        "last_error",
        "reported_error",
    )
    autocomplete_fields = ("workspace",)
    ordering = ("workspace", "provider")
    show_full_result_count = False
    actions = ("test", "enable", "disable", "disconnect")

    class Media:
        css = {"all": ["integrations/admin.css"]}

    def get_queryset(self, request: HttpRequest) -> Queryset:
        """Without those of platforms whose package was removed: nothing is known about them."""
        all_rows = super().get_queryset(request)
        known = all_rows.filter(provider__in=platforms.catalogue(), name="")
        return known.select_related(*self.list_select_related)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Disconnecting clears a connection; its history stays."""
        return False

    # --- What is shown -----------------------------------------------------------------------

    @admin.display(description="platform", ordering="provider")
    def platform_name(self, connection: IntegrationConnection) -> str:
        return connection.platform.name

    @admin.display(description="status", ordering="status")
    def state(self, connection: IntegrationConnection) -> str:
        light = connection.light(timezone.now())
        dot = '<span class="light light-{}" aria-hidden="true">●</span>\N{NO-BREAK SPACE}{}'
        return format_html(dot, light, Status(connection.status).label)

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

    # --- Its page ----------------------------------------------------------------------------

    def get_fieldsets(
        self, request: HttpRequest, obj: IntegrationConnection | None = None
    ) -> list[Any]:
        if obj is None:
            return [(None, {"fields": AddConnectionForm.Meta.fields})]
        facts = [("What is known", {"fields": FACTS})]
        if not self.has_change_permission(request, obj):
            return facts
        return [*facts, *_fieldsets(obj)]

    def get_readonly_fields(
        self, request: HttpRequest, obj: IntegrationConnection | None = None
    ) -> tuple[str, ...]:
        return FACTS if obj else ()

    def get_form(
        self,
        request: HttpRequest,
        obj: IntegrationConnection | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> Any:
        if obj is None:
            return super().get_form(request, obj, change, form=AddConnectionForm, **kwargs)

        class Form(AdminConnectionForm):
            by = cast(User, request.user)

        return Form

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> IntegrationConnection:
        if change:
            return form.saved.connection
        where = form.cleaned_data
        return rows.lock(where["workspace"].pk, where["provider"])

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Nothing is left to save; only to say what looks unusual."""
        for name, sentence in (form.saved.warnings if change else {}).items():
            messages.warning(request, f"{obj.platform.field(name).label}: {sentence}")

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """A connection has none."""

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        """Labels of what changed, never a value."""
        if add:
            return super().construct_change_message(request, form, formsets, add)
        saved = form.saved.connection
        edited = saved.edited_fields if saved.version > form.cleaned_data["version"] else []
        return [{"changed": {"fields": edited}}] if edited else []

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        messages.info(request, f"Enter the values of {obj} here.")
        return redirect("admin:integrations_integrationconnection_change", obj.pk)

    # --- Actions -----------------------------------------------------------------------------

    @admin.action(permissions=["change"], description="Test the selected connections")
    def test(self, request: StaffRequest, queryset: Queryset) -> None:
        chosen = list(queryset[: MOST_TESTS_AT_ONCE + 1])
        if len(chosen) > MOST_TESTS_AT_ONCE:
            messages.error(request, TOO_MANY_CHOSEN)
            return
        for connection in chosen:
            level, sentence = _test(connection, request.user)
            messages.add_message(request, level, f"{connection}: {sentence}")

    @admin.action(permissions=["change"], description="Enable the selected connections")
    def enable(self, request: StaffRequest, queryset: Queryset) -> None:
        self._switch(request, queryset, is_enabled=True)

    @admin.action(permissions=["change"], description="Disable the selected connections")
    def disable(self, request: StaffRequest, queryset: Queryset) -> None:
        self._switch(request, queryset, is_enabled=False)

    def _switch(self, request: StaffRequest, queryset: Queryset, *, is_enabled: bool) -> None:
        word = "Enabled" if is_enabled else "Disabled"
        changes = Changes(is_enabled=is_enabled)
        for connection in queryset:
            saved = saving.change_connection(
                connection.workspace, connection.provider, changes, by=request.user
            )
            if saved.connection.version > connection.version:
                self.log_change(request, connection, f"{word}.")
                messages.success(request, f"{word}: {connection}.")
            else:
                messages.info(request, f"{connection} was {word.lower()} already.")

    @admin.action(permissions=["change"], description="Disconnect the selected connections…")
    def disconnect(self, request: StaffRequest, queryset: Queryset) -> HttpResponse | None:
        """Say what stops working, then do it."""
        if "confirmed" not in request.POST:
            return self._ask_before_disconnecting(request, queryset)
        for connection in queryset:
            done = disconnecting.disconnect(
                connection.workspace, connection.provider, by=request.user
            )
            if done.warning:
                messages.warning(request, done.warning)
            self.log_change(request, connection, "Disconnected.")
            messages.success(
                request, f"Disconnected: {connection}. Its values are gone; its history stays."
            )
        return None

    def _ask_before_disconnecting(self, request: HttpRequest, queryset: Queryset) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "Disconnect",
            "opts": self.opts,
            "chosen": [(row, _what_happens(row)) for row in queryset],
            "list_url": reverse("admin:integrations_integrationconnection_changelist"),
        }
        return TemplateResponse(request, "admin/integrations/disconnect.html", context)


def _what_happens(connection: IntegrationConnection) -> str:
    """What stops working, and what becomes of a sign-in."""
    told = sentences.what_stops(connection.platform)
    if connection.sign_in is None:
        return told
    name = connection.platform.name
    if others := disconnecting.siblings(connection):
        return (
            f"{told} The approval at {name} is left in place: "
            f"ending it may also end the sign-in of {others}."
        )
    return f"{told} What the sign-in obtained at {name} is ended there too, where it can be."


def _test(connection: IntegrationConnection, by: Any) -> tuple[int, str]:
    """The level and the sentence of the message that says how a test went."""
    try:
        test = testing.test_connection(connection, trigger=Trigger.ADMIN, by=by)
    except NothingToTest:
        return messages.WARNING, sentences.NOTHING_TO_TEST
    except TooManyTests as many:
        return messages.WARNING, sentences.too_many_tests(many.retry_after_seconds)
    return LEVELS.get(TestOutcome(test.outcome), messages.WARNING), sentences.of_test(test)


def _fieldsets(connection: IntegrationConnection) -> list[Any]:
    """The switches, then the platform's fields grouped by the methods that use them."""
    provider = connection.platform
    every = tuple(method.slug for method in provider.methods)
    groups: dict[tuple[str, ...], list[str]] = {}
    for field in provider.fields:
        names = [field.name, *_remove(field, connection)]
        groups.setdefault(field.methods or every, []).extend(names)
    titled = [(_title(provider, methods), {"fields": names}) for methods, names in groups.items()]
    return [("How to connect", {"fields": SWITCHES}), *titled]


def _title(provider: Provider, methods: Sequence[str]) -> str:
    if len(methods) == len(provider.methods):
        return provider.name
    return "Only for: " + ", ".join(provider.method(slug).label for slug in methods)


def _remove(field: Field, connection: IntegrationConnection) -> list[str]:
    is_removable = field.secret and not field.required and field.name in connection.hints
    return [REMOVE + field.name] if is_removable else []


def _at(moment: Any) -> str:
    return date_format(timezone.localtime(moment), "DATETIME_FORMAT")
