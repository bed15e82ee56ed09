"""What the admin does to the connections that were chosen."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from integrations.models import IntegrationConnection, TestOutcome, Trigger
from integrations.pages import sentences
from integrations.services.connecting import disconnecting, saving
from integrations.services.connecting.changes import Changes
from integrations.services.proving import testing
from integrations.services.refusals import Busy, NothingToTest, TooManyTests

MOST_TESTS_AT_ONCE = 13
TOO_MANY_CHOSEN = f"Choose {MOST_TESTS_AT_ONCE} connections or fewer to test at once."
LEVELS = {TestOutcome.PASSED: messages.SUCCESS, TestOutcome.FAILED: messages.ERROR}
Queryset = QuerySet[IntegrationConnection]


class StaffRequest(HttpRequest):
    """The admin lets nobody else in."""

    user: User


class Actions(admin.ModelAdmin):
    """Each calls the service that page and API call."""

    actions = ("test", "enable", "disable", "disconnect")

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
            saved = saving.change_connection(connection, changes, by=request.user)
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
            done = disconnecting.disconnect(connection, by=request.user)
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
    if connection.lender:
        return f"{told} What lets it in is lent by {connection.lender.name} and stays there."
    if used := disconnecting.used_too(connection):
        return f"{told} What lets it in is kept: {used}."
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
        return messages.WARNING, sentences.too_many_tests(many)
    except Busy as busy:
        return messages.WARNING, sentences.busy(busy.retry_after_seconds)
    return LEVELS.get(TestOutcome(test.outcome), messages.WARNING), sentences.of_test(test)
