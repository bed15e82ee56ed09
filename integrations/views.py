"""The settings page and its partials. A view finds, permits, calls, renders.

Every control works as a plain link or form; with htmx the same views answer with a part.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from integrations import cards, platforms, sentences, tasks
from integrations.forms import ConnectionForm
from integrations.models import (
    Candidate,
    ConnectionTest,
    IntegrationConnection,
    Role,
    TestRun,
    Trigger,
)
from integrations.services import candidates, connections, discovery, people, runs, testing
from integrations.services.candidates import CandidateGone
from integrations.services.connections import Changes, InvalidChange, VersionConflict
from integrations.services.discovery import ACCOUNT_FIELD
from providers.errors import ProviderError

View = Callable[..., HttpResponse]


class Request(HttpRequest):
    """A signed-in person's request, in a workspace of theirs."""

    user: User
    access: people.Access


DIALOG = "integrations/partials/connection_dialog.html"
TESTS_PER_PAGE = 20
NOT_COMPLETE = "Fill in everything that is required first."
TOO_MANY = "This was tested as often as a minute allows. Try again in {} seconds."
GONE = "Those values are no longer here: they are kept for 15 minutes. Enter them again."


def in_workspace(role: Role) -> Callable[[View], View]:
    """Let in members of the workspace in the URL, with this role or more.

    Puts `access` on the request. Somebody else's workspace is a 404.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        @never_cache
        def permitted(request: Request, workspace: str, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return _to_sign_in(request, workspace)
            try:
                request.access = people.access(request.user, workspace)
            except people.NoWorkspace:
                raise Http404 from None
            if not request.access.allows(role):
                return render(request, "403.html", {"needed": role.value}, status=403)
            if "slug" in kwargs and kwargs["slug"] not in platforms.catalogue():
                raise Http404
            return view(request, **kwargs)

        return permitted

    return decorate


def _to_sign_in(request: HttpRequest, workspace: str) -> HttpResponse:
    """Sign in, and come back: a part of a page leads to the whole page."""
    if not _is_partial(request):
        return redirect_to_login(request.get_full_path())
    page = redirect_to_login(reverse("settings", args=[workspace]))
    return HttpResponse(headers={"HX-Redirect": page.url})


@never_cache
@login_required
def home(request: Request) -> HttpResponse:
    return _to_default_workspace(request, "overview")


@never_cache
@login_required
def home_settings(request: Request) -> HttpResponse:
    return _to_default_workspace(request, "settings")


def _to_default_workspace(request: Request, page: str) -> HttpResponse:
    try:
        access = people.access(request.user)
    except people.NoWorkspace:
        return render(request, "no_workspace.html", status=403)
    return redirect(page, access.workspace.slug)


@require_GET
@in_workspace(Role.VIEWER)
def overview(request: Request) -> HttpResponse:
    shown = cards.cards(request.access.workspace)
    context = {
        "page": "overview",
        "cards": shown,
        "chips": cards.chips(shown, ""),
        "attention": [card for card in shown if card.attention],
        "proven": sum(card.connection.light(card.now) == "green" for card in shown),
        "nothing": not any(card.connection.saved_names for card in shown),
    }
    return render(request, "dashboard/overview.html", context)


@require_GET
@in_workspace(Role.VIEWER)
def settings_page(request: Request) -> HttpResponse:
    show, query = request.GET.get("show", ""), request.GET.get("q", "")
    shown = cards.cards(request.access.workspace)
    for card in shown:
        card.is_hidden = not card.matches(show, query)
    context = {
        "page": "settings",
        "section": "integrations",
        "cards": shown,
        "chips": cards.chips(shown, show),
        "show": show,
        "query": query,
        "finds_nothing": all(card.is_hidden for card in shown),
        "now": timezone.now(),
        "is_testing": any(card.is_busy for card in shown),
        "run": _running(request),
    }
    return render(request, "integrations/settings.html", context)


def _running(request: Request) -> TestRun | None:
    run = runs.latest_run(request.access.workspace)
    return run if run and run.is_running else None


@require_POST
@in_workspace(Role.EDITOR)
def test_all(request: Request) -> HttpResponse:
    """Test all that is connected; a run that is under way is joined."""
    tasks.test_all_in_background(request.access.workspace, trigger=Trigger.PAGE, by=request.user)
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
    if not _is_partial(request):
        return redirect("settings", workspace.slug)
    now = timezone.now()
    latest = runs.latest_run(workspace)
    after = _moment(request.GET.get("after", ""))
    changed = {
        item.connection.provider
        for item in (latest.items.all() if latest else [])
        if after is None or (item.ended_at and item.ended_at > after)
    }
    shown = cards.cards(workspace)
    context = {
        "run": latest,
        "now": now,
        "changed": [card for card in shown if card.slug in changed],
        "chips": cards.chips(shown, ""),
    }
    return render(request, "integrations/partials/run_update.html", context)


def _moment(text: str) -> datetime | None:
    """None for anything but a moment with its zone."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None


def _find(request: Request, slug: str) -> IntegrationConnection:
    return connections.find(request.access.workspace, slug)


def _is_partial(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def _updated(request: Request, slug: str, said: str) -> HttpResponse:
    """One card and the counts, in place; without script, the page again with a message."""
    if not _is_partial(request):
        messages.info(request, said)
        return redirect(reverse("settings", args=[request.access.workspace.slug]) + f"#card-{slug}")
    return _card(request, slug, said)


def _card(request: Request, slug: str, said: str) -> HttpResponse:
    shown = cards.cards(request.access.workspace)
    context = {
        "card": next(card for card in shown if card.slug == slug),
        "chips": cards.chips(shown, ""),
    }
    response = render(request, "integrations/partials/card_update.html", context)
    response["HX-Trigger-After-Settle"] = json.dumps({"said": said})
    return response


@require_GET
@in_workspace(Role.VIEWER)
def card(request: Request, slug: str) -> HttpResponse:
    """The card as it is now: asked for again and again while a test runs."""
    one = cards.card(_find(request, slug))
    if not _is_partial(request):
        return redirect("settings", request.access.workspace.slug)
    if one.running:
        context = {"card": one, "is_poll": True}
        return render(request, "integrations/partials/connection_card.html", context)
    return _card(request, slug, f"{one.provider.name}: {_said_of(one.connection)}")


def _said_of(connection: IntegrationConnection) -> str:
    test = connection.last_test
    if not test:
        return "not tested yet."
    return test.message or "the test passed."


@require_POST
@in_workspace(Role.EDITOR)
def test(request: Request, slug: str) -> HttpResponse:
    connection = _find(request, slug)
    try:
        tasks.test_in_background(connection, trigger=Trigger.PAGE, by=request.user)
    except testing.NothingToTest:
        return _updated(request, slug, NOT_COMPLETE)
    except testing.TooManyTests as many:
        return _updated(request, slug, TOO_MANY.format(many.retry_after_seconds))
    return _updated(request, slug, f"Testing {connection.platform.name}…")


@require_POST
@in_workspace(Role.EDITOR)
def enable(request: Request, slug: str) -> HttpResponse:
    return _switch(request, slug, Changes(is_enabled=True), "is enabled.")


@require_POST
@in_workspace(Role.EDITOR)
def disable(request: Request, slug: str) -> HttpResponse:
    return _switch(request, slug, Changes(is_enabled=False), "is disabled. Its values stay saved.")


@require_POST
@in_workspace(Role.EDITOR)
def clear_report(request: Request, slug: str) -> HttpResponse:
    return _switch(request, slug, Changes(clears_reported_error=True), "report cleared.")


def _switch(request: Request, slug: str, changes: Changes, said: str) -> HttpResponse:
    connections.change_connection(request.access.workspace, slug, changes, by=request.user)
    return _updated(request, slug, f"{platforms.get(slug).name} {said}")


@require_http_methods(["GET", "POST"])
@in_workspace(Role.EDITOR)
def disconnect(request: Request, slug: str) -> HttpResponse:
    """Say what stops working, then do it."""
    if request.method == "POST":
        connections.disconnect(request.access.workspace, slug, by=request.user)
        return _updated(request, slug, f"{platforms.get(slug).name} is disconnected.")
    card = cards.card(_find(request, slug))
    return _dialog(request, "integrations/partials/disconnect_dialog.html", {"card": card})


@require_GET
@in_workspace(Role.VIEWER)
def history(request: Request, slug: str) -> HttpResponse:
    tests = ConnectionTest.objects.filter(connection=_find(request, slug).pk)
    page = Paginator(tests.select_related("started_by"), TESTS_PER_PAGE)
    context = {
        "provider": platforms.get(slug),
        "tests": page.get_page(request.GET.get("page")),
    }
    return _dialog(request, "integrations/partials/history_dialog.html", context)


@require_http_methods(["GET", "POST"])
@in_workspace(Role.EDITOR)
def connection(request: Request, slug: str) -> HttpResponse:
    """The dialog of one platform; POST is Test and save."""
    found = _find(request, slug)
    if request.method == "GET":
        return _form_dialog(request, ConnectionForm(found))
    waiting, typed = _waiting(request, slug)
    form = ConnectionForm(found, request.POST, typed=typed, candidate=waiting)
    if not form.is_valid():
        return _form_dialog(request, form, status=422)
    return _prove(request, form, slug)


@require_POST
@in_workspace(Role.EDITOR)
def accounts(request: Request, slug: str) -> HttpResponse:
    """The accounts that the typed values reach, to pick one instead of typing its id."""
    found = _find(request, slug)
    waiting, typed = _waiting(request, slug)
    data = request.POST.copy()
    data[ACCOUNT_FIELD] = ""
    form = ConnectionForm(found, data, typed=typed, candidate=waiting)
    if not form.is_valid():
        return _form_dialog(request, form, status=422)
    changes = form.changes()
    renewed: dict[str, str | None] = {}
    try:
        listed = discovery.accounts(found, changes, on_renewed=renewed.update)
        changes = replace(changes, config={**changes.config, **renewed})
        kept = candidates.keep_candidate(
            request.access.workspace,
            slug,
            changes,
            user=request.user,
            session_key=request.session.session_key or "",
            base_version=form.cleaned_data["version"],
            is_draft=True,
        )
    except InvalidChange as invalid:
        form.show(invalid.errors)
    except testing.NothingToTest:
        form.show_missing(but=ACCOUNT_FIELD)
    except testing.TooManyTests as many:
        problem = TOO_MANY.format(many.retry_after_seconds)
        return _form_dialog(request, form, status=429, problem=problem)
    except VersionConflict as conflict:
        return _conflict(request, form, conflict.connection)
    except (discovery.CannotList, ProviderError) as error:
        return _form_dialog(request, form, status=422, problem=sentences.of_listing(error))
    else:
        again = ConnectionForm(found, typed=changes, candidate=kept.pk, accounts=listed)
        return _form_dialog(request, again)
    return _form_dialog(request, form, status=422)


def _waiting(request: Request, slug: str) -> tuple[UUID | None, Changes | None]:
    """The candidate that the form came with and what was typed into it, if it is still here."""
    try:
        found = _own_candidate(request, slug, UUID(request.POST.get("candidate", "")))
        return (found.pk, candidates.typed(found)) if found.payload else (None, None)
    except (CandidateGone, ValueError):
        return None, None


def _prove(request: Request, form: ConnectionForm, slug: str) -> HttpResponse:
    try:
        kept = tasks.prove_in_background(
            request.access.workspace,
            slug,
            form.changes(),
            user=request.user,
            session_key=request.session.session_key,
            base_version=form.cleaned_data["version"],
        )
    except InvalidChange as invalid:
        form.show(invalid.errors)
    except testing.NothingToTest:
        form.show_missing()
    except VersionConflict as conflict:
        return _conflict(request, form, conflict.connection)
    else:
        return redirect("candidate", request.access.workspace.slug, slug, kept.pk)
    return _form_dialog(request, form, status=422)


def _conflict(
    request: Request, form: ConnectionForm, theirs: IntegrationConnection
) -> HttpResponse:
    """Two people edited: the second is told who saved what, and keeps what was typed."""
    data = request.POST.copy()
    data["version"] = str(theirs.version)
    again = ConnectionForm(theirs, data, typed=form.typed, candidate=data.get("candidate"))
    return _form_dialog(request, again, status=409, theirs=theirs)


def _form_dialog(
    request: Request, form: ConnectionForm, *, status: int = 200, **context: Any
) -> HttpResponse:
    context |= {"form": form, "card": cards.card(form.connection)}
    return _dialog(request, DIALOG, context, status=status)


def _dialog(
    request: Request, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """The content of the dialog; without script, the same as a page of its own."""
    if _is_partial(request):
        return render(request, template, context, status=status)
    context |= {"page": "settings", "section": "integrations", "content": template}
    return render(request, "integrations/dialog_page.html", context, status=status)


def _own_candidate(request: Request, slug: str, candidate_id: UUID) -> Candidate:
    return candidates.find(
        request.access.workspace,
        slug,
        candidate_id,
        user=request.user,
        session_key=request.session.session_key or "",
    )


@require_GET
@in_workspace(Role.EDITOR)
def candidate(request: Request, slug: str, candidate_id: UUID) -> HttpResponse:
    """How the proof of typed values goes: asked for again and again until it has ended."""
    try:
        kept = _own_candidate(request, slug, candidate_id)
        if kept.saved_at:
            return _saved(request, slug, kept)
        typed = candidates.typed(kept)
    except CandidateGone:
        return _start_over(request, slug)
    connection = _find(request, slug)
    form = ConnectionForm(connection, typed=typed, candidate=kept.pk)
    context = {"form": form, "card": cards.card(connection), "candidate": kept}
    if kept.is_running and request.headers.get("HX-Target") == "proof":
        return _dialog(request, "integrations/partials/proof.html", context)
    return _whole(_dialog(request, DIALOG, context))


def _start_over(request: Request, slug: str) -> HttpResponse:
    form = ConnectionForm(_find(request, slug))
    return _whole(_form_dialog(request, form, problem=GONE))


def _whole(response: HttpResponse) -> HttpResponse:
    """Replaces the whole dialog, whichever part of it asked."""
    response["HX-Retarget"], response["HX-Reswap"] = "#dialog-content", "innerHTML"
    return response


def _saved(request: Request, slug: str, kept: Candidate) -> HttpResponse:
    shown = cards.cards(request.access.workspace)
    context = {
        "card": next(card for card in shown if card.slug == slug),
        "chips": cards.chips(shown, ""),
        "test": kept.test,
    }
    return _whole(_dialog(request, "integrations/partials/saved_dialog.html", context))


@require_POST
@in_workspace(Role.EDITOR)
def save_candidate(request: Request, slug: str, candidate_id: UUID) -> HttpResponse:
    """Save anyway, or switch to the other account."""
    try:
        kept = _own_candidate(request, slug, candidate_id)
        candidates.save_candidate(kept)
    except CandidateGone:
        return _start_over(request, slug)
    except VersionConflict as conflict:
        form = ConnectionForm(conflict.connection, typed=candidates.typed(kept), candidate=kept.pk)
        return _form_dialog(request, form, status=409, theirs=conflict.connection)
    except InvalidChange as invalid:
        return _form_dialog(
            request, ConnectionForm(_find(request, slug)), status=422, problem=str(invalid)
        )
    return redirect("candidate", request.access.workspace.slug, slug, candidate_id)


@require_POST
@in_workspace(Role.EDITOR)
def discard_candidate(request: Request, slug: str, candidate_id: UUID) -> HttpResponse:
    """Forget typed values and go back to the page."""
    said = "Cancelled. Nothing was saved."
    with suppress(CandidateGone):  # forgotten already is what was asked for
        kept = _own_candidate(request, slug, candidate_id)
        if kept.saved_at:
            said = "The test had passed already, so your values are saved."
        candidates.discard(kept)
    return _updated(request, slug, said)
