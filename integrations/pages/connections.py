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

from integrations import clock
from integrations.models import IntegrationConnection, Role
from integrations.pages import changes as change_views
from integrations.pages import mutes, one, paces, reports, sections
from integrations.pages.drill_records import Practised
from integrations.pages.parts import Request, find_connection, in_workspace, posted
from integrations.services import events, rows
from integrations.services.refusals import NoConnection
from integrations.services.watching import budgets, engine, intervals, wishes

PAGE = "integrations/connection.html"
MOST_EVENTS = 20
NO_LENGTH = "Choose for how long."
TWO_WISHES = "A length was chosen as well: choose Mute, or take the length away."
NO_MONTH = "There is no report of that month. Choose one of the list."


class WatchForm(forms.Form):
    """How often it is checked, and how its people hear of it. `keep` goes on with a mute.

    Whoever chooses a length means to mute it, whether they chose that, too, or left it as it was.
    """

    every = forms.TypedChoiceField(
        label="Check", required=False, coerce=int, empty_value=None, choices=()
    )
    tell = forms.ChoiceField(
        choices=[("usual", ""), ("keep", ""), ("mute", ""), ("quiet", "")],
        error_messages={"required": "Choose how it is told.", "invalid_choice": "Choose one."},
    )
    mute = forms.TypedChoiceField(
        widget=forms.Select({"aria-label": "Mute for how long"}),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", "for … (choose how long)"), *mutes.LENGTHS.items()],
    )

    def __init__(self, connection: IntegrationConnection, now: datetime, data: Any = None) -> None:
        self.watch, self.now = connection.watched, now
        every = self.watch.every_seconds if self.watch else None
        super().__init__(data, initial={"every": every or "", "tell": self._told})
        choices = ({every: paces.every(every)} if every else {}) | paces.INTERVALS
        usual = paces.usual(connection.platform.name, intervals.declared(connection))
        self.fields["every"].choices = [("", usual), *sorted(choices.items())]  # type: ignore[attr-defined]

    @property
    def _told(self) -> str:
        if self.watch is None or not self.watch.is_muted(self.now):
            return "usual"
        return "quiet" if self.watch.is_quiet else "keep"

    @property
    def tells(self) -> str:
        return str(self["tell"].value())

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        told, seconds = given.get("tell"), given.get("mute")
        if told == "mute" and not seconds and "mute" not in self.errors:
            self.add_error("mute", NO_LENGTH)
        if seconds and told not in ("mute", self._told, None):
            self.add_error("mute", TWO_WISHES)
        return given

    @property
    def wishes(self) -> dict[str, Any]:
        told, seconds = self.cleaned_data["tell"], self.cleaned_data["mute"]
        until = self.watch.muted_until if self.watch and told == "keep" else None
        if seconds:
            until = self.now + timedelta(seconds=seconds)
        is_quiet = told == "quiet" and not seconds
        every = self.cleaned_data["every"]
        return {"every_seconds": every, "muted_until": until, "is_quiet": is_quiet}


@require_GET
@in_workspace(Role.VIEWER)
def page(request: Request, slug: str) -> HttpResponse:
    return _page(request, _found(request))


@in_workspace(Role.EDITOR)
@posted("settings")
def watch(request: Request, slug: str) -> HttpResponse:
    """Keep how it is watched."""
    connection, now = _found(request), timezone.now()
    form = WatchForm(connection, now, request.POST)
    if not form.is_valid():
        return _page(request, connection, form)
    is_other = wishes.keep(connection, form.wishes, by=request.user, now=now)
    said = f"Saved. {_held(connection, now)}".rstrip()
    messages.info(request, said if is_other else "Nothing was different.")
    return redirect("connection-page", request.access.workspace.slug, connection.pk)


def _held(connection: IntegrationConnection, now: datetime) -> str:
    """Why it is not checked as often as was asked for; "" where it is."""
    pace = intervals.pace(connection)
    if pace is None or not pace.is_held:
        return ""
    return paces.told(pace, budgets.told(connection, connection.watched, now))


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
        "form": form or WatchForm(connection, shown.now),
        "history": change_views.history(happened),
        "unchecked": engine.problem(clock.now()),
        "months": reports.months(connection, shown.now),
        "since": latest,
        "latest": latest,
        "until": sections.next_turn([shown.card]),
    }
    return render(request, PAGE, context, status=422 if form else 200)
