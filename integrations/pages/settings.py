"""The settings page, and what happens on a card. A view finds, permits, calls, renders.

Every control works as a plain link or form; with htmx the same views answer with a part.
"""

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from integrations import clock, platforms
from integrations.models import ConnectionTest, Role, TestRun, Trigger
from integrations.pages import cards, parts, platform_cards, sections, sentences
from integrations.pages.parts import (
    GREETS,
    Request,
    View,
    card_update,
    dialog,
    find_connection,
    in_workspace,
    is_partial,
    posted,
    redrawn,
    updated,
    uuid_of,
)
from integrations.pages.platform_cards import MOST_ROWS, PlatformCard
from integrations.services import events
from integrations.services.connecting import disconnecting, saving
from integrations.services.connecting.changes import Changes
from integrations.services.proving import background, runs
from integrations.services.refusals import Busy, NothingToTest, TooManyTests
from integrations.services.watching import engine

TESTS_PER_PAGE = 20
NOT_COMPLETE = "Fill in everything that is required first."


@require_GET
@in_workspace(Role.VIEWER)
def settings_page(request: Request) -> HttpResponse:
    show, query = request.GET.get("show", ""), request.GET.get("q", "")
    latest = events.latest_id(request.access.workspace)  # before what it changed is read
    shown = platform_cards.of_workspace(request.access.workspace)
    for one in shown:
        one.is_hidden, one.sought = not one.matches(show, query), query
    context = sections.summary(shown, show) | {
        "page": "settings",
        "unchecked": engine.problem(clock.now()),
        "section": "integrations",
        "sections": sections.of(shown),
        "show": show,
        "query": query,
        "has_many": any(len(one.cards) > MOST_ROWS for one in shown),
        "finds_nothing": all(one.is_hidden for one in shown),
        "now": timezone.now(),
        "is_testing": any(one.is_busy for one in shown),
        "run": _running(request),
        "since": latest,
        "latest": latest,
        "until": sections.next_turn(shown),
        "opens": _dialog_to_open(request),
        "greets": _greets(request, shown),
    }
    return render(request, "integrations/settings.html", context)


def _greets(request: Request, shown: list[PlatformCard]) -> bool:
    """Whether to say what comes first. Once anything was saved, never again: versions stay."""
    return GREETS in request.session and not any(
        card.connection.version for one in shown for card in one.cards
    )


@in_workspace(Role.VIEWER)
@posted("settings")
def dismiss_greeting(request: Request) -> HttpResponse:
    request.session.pop(GREETS, None)
    return redirect("settings", request.access.workspace.slug)


def _dialog_to_open(request: Request) -> str:
    """The dialog that the address asks for: nowhere else can it lead. "" for none."""
    slug, workspace = request.GET.get("dialog", ""), request.access.workspace.slug
    of: str | UUID
    if slug not in platforms.catalogue() or not request.access.can_edit:
        return ""
    space, of = "", slug
    if asked_for := uuid_of(request.GET.get("connection", "")):
        space, of = "one:", asked_for
    for name, view in (("candidate", "candidate"), ("attempt", "sign-in-attempt")):
        if found := uuid_of(request.GET.get(name, "")):
            return reverse(space + view, args=[workspace, of, found])
    known = {"ended": ["session"], "first": [one.value for one in platforms.get(slug).vendors]}
    asked = {name: request.GET.get(name) for name in known}
    query = {name: value for name, value in asked.items() if value in known[name]}
    return reverse(f"{space}connection", args=[workspace, of], query=query or None)


def _running(request: Request) -> TestRun | None:
    run = runs.latest_run(request.access.workspace)
    return run if run and run.is_running else None


@require_POST
@in_workspace(Role.EDITOR)
def test_all(request: Request) -> HttpResponse:
    """Test all that is connected; a run that is under way is joined."""
    started = background.start_run(request.access.workspace, trigger=Trigger.PAGE, by=request.user)
    if started.problem and not is_partial(request):
        messages.warning(request, started.problem)
    return _run(request)


@require_POST
@in_workspace(Role.EDITOR)
def stop_all(request: Request) -> HttpResponse:
    runs.stop_run(request.access.workspace)
    return _run(request)


@require_GET
@in_workspace(Role.VIEWER)
def run(request: Request) -> HttpResponse:
    """How far the run is, with each card that has changed since `after`."""
    return _run(request)


def _run(request: Request) -> HttpResponse:
    workspace = request.access.workspace
    if not is_partial(request):
        return redirect("settings", workspace.slug)
    now = timezone.now()
    latest = runs.latest_run(workspace)
    after = _moment(request.GET.get("after", ""))
    changed = {
        item.connection.provider
        for item in (latest.items.all() if latest else [])
        if after is None or (item.ended_at and item.ended_at > after)
    }
    shown = platform_cards.of_workspace(workspace)
    context = sections.summary(shown) | {
        "run": latest,
        "now": now,
        "changed": [one for one in shown if one.slug in changed],
    }
    return render(request, "integrations/partials/run_update.html", context)


def _moment(text: str) -> datetime | None:
    """None for anything but a moment with its zone."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None


@require_GET
@in_workspace(Role.VIEWER)
def card(request: Request, slug: str) -> HttpResponse:
    """The card as it is now: asked for again and again while a test runs."""
    one = cards.card(find_connection(request, slug))
    if not is_partial(request):
        return redirect("settings", request.access.workspace.slug)
    if one.running:
        context = redrawn(request, slug)
        return render(request, "integrations/partials/platform_card.html", context)
    return card_update(request, slug, f"{one.title}: {_said_of(one.connection.last_test)}")


def _said_of(test: ConnectionTest | None) -> str:
    if not test:
        return "not tested yet."
    return test.message or "the test passed."


@require_POST
@in_workspace(Role.EDITOR)
def test(request: Request, slug: str) -> HttpResponse:
    connection = find_connection(request, slug)
    try:
        started = background.start_test(connection, trigger=Trigger.PAGE, by=request.user)
    except NothingToTest:
        return updated(request, slug, NOT_COMPLETE)
    except TooManyTests as many:
        return updated(request, slug, sentences.too_many_tests(many))
    except Busy as busy:
        return updated(request, slug, sentences.busy(busy.retry_after_seconds))
    name = parts.name_of(connection)
    said = f"Testing {name}…" if started.is_running else f"{name}: {_said_of(started)}"
    return updated(request, slug, said)


def _switch(changes: Changes, said: str) -> View:
    """A view of a button that always changes the same."""

    @require_POST
    @in_workspace(Role.EDITOR)
    def switch(request: Request, slug: str) -> HttpResponse:
        done = saving.change_connection(find_connection(request, slug), changes, by=request.user)
        return updated(request, slug, f"{parts.name_of(done.connection)} {said}")

    return switch


enable = _switch(Changes(is_enabled=True), "is enabled.")
disable = _switch(Changes(is_enabled=False), "is disabled. Its values stay saved.")
clear_report = _switch(Changes(clears_reported_error=True), "report cleared.")


@require_http_methods(["GET", "POST"])
@in_workspace(Role.EDITOR)
def disconnect(request: Request, slug: str) -> HttpResponse:
    """Say what stops working, then do it."""
    if request.method == "POST":
        choice = {"yes": True, "no": False}.get(request.POST.get("revoke", ""))
        connection = find_connection(request, slug)
        name = parts.name_of(connection)
        takes_back = parts.takes_back(request)
        done = disconnecting.disconnect(
            connection, by=request.user, revokes=choice, takes_back=takes_back
        )
        said = f"{name} is disconnected. {done.warning}"
        return updated(request, slug, said.strip())
    connection = find_connection(request, slug)
    others = disconnecting.siblings(connection)
    context = {
        "card": cards.card(connection),
        "used_too": disconnecting.used_too(connection),
        "lent_to": parts.lent_to(request, connection),
        "siblings": others,
        "may_end": not others.elsewhere or disconnecting.may_end_elsewhere(request.user),
    }
    return dialog(request, "integrations/partials/disconnect_dialog.html", context)


@require_GET
@in_workspace(Role.VIEWER)
def history(request: Request, slug: str) -> HttpResponse:
    connection = find_connection(request, slug)
    tests = ConnectionTest.objects.filter(connection=connection.pk)
    page = Paginator(tests.select_related("started_by", "fix_link__sent_by"), TESTS_PER_PAGE)
    context = {
        "provider": connection.platform,
        "card": cards.Card(connection, timezone.now()),
        "tests": page.get_page(request.GET.get("page")),
    }
    return dialog(request, "integrations/partials/history_dialog.html", context)
