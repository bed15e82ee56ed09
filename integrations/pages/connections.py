"""The page of one connection: what it shows, how it is watched, its record as a table."""

import re
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from integrations.models import IntegrationConnection, Role, Watch
from integrations.pages import changes as change_views
from integrations.pages import one, reports, sections
from integrations.pages.drill_records import Practised
from integrations.pages.parts import Request, find_connection, in_workspace, posted
from integrations.services import events, rows
from integrations.services.refusals import NoConnection
from integrations.services.watching import wishes

PAGE = "integrations/connection.html"
MOST_EVENTS = 20
MINUTE, HOUR, DAY = 60, 3600, 86400
INTERVALS = {
    5 * MINUTE: "every 5 minutes",
    15 * MINUTE: "every 15 minutes",
    30 * MINUTE: "every 30 minutes",
    HOUR: "every hour",
    3 * HOUR: "every 3 hours",
    8 * HOUR: "every 8 hours",
    DAY: "once a day",
}
MUTES = {
    HOUR: "for an hour",
    8 * HOUR: "for 8 hours",
    DAY: "for a day",
    3 * DAY: "for 3 days",
    7 * DAY: "for a week",
    30 * DAY: "for 30 days",
}
NO_MONTH = "There is no report of that month. Choose one of the list."


class WatchForm(forms.Form):
    """How often it is checked, and how its people hear of it. `keep` goes on with a mute."""

    every = forms.TypedChoiceField(
        label="Check", required=False, coerce=int, empty_value=None, choices=()
    )
    tell = forms.ChoiceField(
        choices=[("usual", ""), ("keep", ""), ("mute", ""), ("quiet", "")],
        error_messages={"required": "Choose how it is told.", "invalid_choice": "Choose one."},
    )
    mute = forms.TypedChoiceField(label="Mute", coerce=int, choices=[*MUTES.items()])

    def __init__(self, watch: Watch | None, now: datetime, data: Any = None) -> None:
        self.watch, self.now = watch, now
        every = watch.every_seconds if watch else None
        super().__init__(
            data, initial={"every": every or "", "tell": self._told(watch, now), "mute": DAY}
        )
        choices = ({every: f"every {every} seconds"} if every else {}) | INTERVALS
        field = self.fields["every"]
        field.choices = [("", "as often as its platform's own file says"), *sorted(choices.items())]  # type: ignore[attr-defined]

    @staticmethod
    def _told(watch: Watch | None, now: datetime) -> str:
        if watch and watch.muted_until and watch.muted_until > now:
            return "keep"
        return "quiet" if watch and watch.is_quiet else "usual"

    @property
    def interval(self) -> str:
        """How often it is checked, in words."""
        chosen = str(self["every"].value())
        choices = self.fields["every"].choices  # type: ignore[attr-defined]
        return next((str(words) for value, words in choices if str(value) == chosen), "")

    @property
    def tells(self) -> str:
        return str(self["tell"].value())

    @property
    def wishes(self) -> dict[str, Any]:
        told = self.cleaned_data["tell"]
        until = self.watch.muted_until if self.watch and told == "keep" else None
        if told == "mute":
            until = self.now + timedelta(seconds=self.cleaned_data["mute"])
        every = self.cleaned_data["every"]
        return {"every_seconds": every, "muted_until": until, "is_quiet": told == "quiet"}


@require_GET
@in_workspace(Role.VIEWER)
def page(request: Request, slug: str) -> HttpResponse:
    return _page(request, _found(request))


@in_workspace(Role.EDITOR)
@posted("settings")
def watch(request: Request, slug: str) -> HttpResponse:
    """Keep how it is watched."""
    connection, now = _found(request), timezone.now()
    form = WatchForm(wishes.of(connection), now, request.POST)
    if not form.is_valid():
        return _page(request, connection, form)
    is_other = wishes.keep(connection, form.wishes, by=request.user, now=now)
    messages.info(request, "Saved." if is_other else "Nothing was different.")
    return redirect("connection-page", request.access.workspace.slug, connection.pk)


@require_GET
@in_workspace(Role.VIEWER)
def changes(request: Request, slug: str) -> HttpResponse:
    """What happened to it while the page is open, as `changes` tells of all connections."""
    connection, workspace = _found(request), request.access.workspace
    latest = events.latest_id(workspace)
    since, after, until = (
        change_views.number(request.GET.get(name, "")) for name in ("since", "after", "until")
    )
    has_turned = 0 < until <= timezone.now().timestamp()
    if not has_turned and request.headers.get("If-None-Match") == f'"{latest}"':
        return HttpResponseNotModified()
    most = change_views.MOST_EVENTS
    happened = events.since(workspace, since, most=most, connection=connection)
    shown = one.of(connection)
    context = {
        "lines": change_views.lines(happened, request.user.pk),
        "one": shown,
        "is_redrawn": has_turned or any(event.pk > after for event in happened),
        "is_settled": True,
        "since": since,
        "latest": latest,
        "until": sections.next_turn([shown.card]),
    }
    return render(request, "integrations/partials/connection_changes.html", context)


@require_GET
@in_workspace(Role.VIEWER)
def report(request: Request, slug: str) -> HttpResponse:
    """A month of its record as CSV."""
    connection, now = _found(request), timezone.now()
    months = reports.months(connection, now)
    month = _month(request.GET.get("month", f"{months[0]:%Y-%m}"))
    if month not in months:
        messages.warning(request, NO_MONTH)
        return redirect("connection-page", request.access.workspace.slug, connection.pk)
    name = f"{connection.provider}-{connection.slug}-{month:%Y-%m}.csv"
    return HttpResponse(
        f"\ufeff{reports.written(connection, month, now)}",  # a spreadsheet takes it for UTF-8
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _month(text: str) -> date | None:
    """Its first day; None for what is no month."""
    found = re.fullmatch(r"([0-9]{4})-(0[1-9]|1[0-2])", text)
    return date(max(1, int(found[1])), int(found[2]), 1) if found else None


def _found(request: Request) -> IntegrationConnection:
    """Raises NoConnection, also for a draft, which is none yet."""
    found = find_connection(request, "")
    if rows.is_draft(found):
        raise NoConnection
    return found


def _page(
    request: Request, connection: IntegrationConnection, form: WatchForm | None = None
) -> HttpResponse:
    latest = events.latest_id(request.access.workspace)  # before what it changed is read
    shown = one.of(connection)
    happened = events.since(request.access.workspace, 0, most=MOST_EVENTS, connection=connection)
    context = {
        "page": "settings",
        "section": "integrations",
        "one": shown,
        "practised": Practised(connection, shown.now),
        "connection": connection,
        "form": form or WatchForm(shown.watch, shown.now),
        "history": change_views.history(happened),
        "months": reports.months(connection, shown.now),
        "since": latest,
        "latest": latest,
        "until": sections.next_turn([shown.card]),
    }
    return render(request, PAGE, context, status=422 if form else 200)
