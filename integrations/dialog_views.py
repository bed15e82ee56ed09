"""The dialog of one platform: Test and save, the list of accounts, and typed values that wait."""

from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from integrations import cards, sentences, tasks
from integrations.forms import ConnectionForm
from integrations.models import Candidate, IntegrationConnection, Role
from integrations.parts import (
    Request,
    dialog,
    find_connection,
    in_workspace,
    updated,
)
from integrations.services import candidates, discovery, testing
from integrations.services.candidates import CandidateGone
from integrations.services.connections import Changes, InvalidChange, VersionConflict
from integrations.services.discovery import ACCOUNT_FIELD
from providers.errors import ProviderError

DIALOG = "integrations/partials/connection_dialog.html"
GONE = "Those values are no longer here: they are kept for 15 minutes. Enter them again."


@require_http_methods(["GET", "POST"])
@in_workspace(Role.EDITOR)
def connection(request: Request, slug: str) -> HttpResponse:
    """The dialog of one platform; POST is Test and save."""
    found = find_connection(request, slug)
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
    found = find_connection(request, slug)
    waiting, typed = _waiting(request, slug)
    form = ConnectionForm(found, request.POST, typed=typed, candidate=waiting)
    if not form.is_valid():
        return _form_dialog(request, form, status=422)
    changes = form.changes(but=ACCOUNT_FIELD)
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
        problem = sentences.too_many_tests(many.retry_after_seconds)
        return _form_dialog(request, form, status=422, problem=problem)
    except VersionConflict as conflict:
        return _conflict(request, form, conflict.connection)
    except (discovery.CannotList, ProviderError) as error:
        return _form_dialog(request, form, status=422, problem=sentences.of_listing(error))
    else:
        shown = {**changes.config, ACCOUNT_FIELD: request.POST.get(ACCOUNT_FIELD, "")}
        again = ConnectionForm(
            found, typed=replace(changes, config=shown), candidate=kept.pk, accounts=listed
        )
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
    return dialog(request, DIALOG, context, status=status)


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
    connection = find_connection(request, slug)
    form = ConnectionForm(connection, typed=typed, candidate=kept.pk)
    context = {"form": form, "card": cards.card(connection), "candidate": kept}
    if kept.is_running and request.headers.get("HX-Target") == "proof":
        return dialog(request, "integrations/partials/proof.html", context)
    return _whole(dialog(request, DIALOG, context))


def _start_over(request: Request, slug: str) -> HttpResponse:
    form = ConnectionForm(find_connection(request, slug))
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
    return _whole(dialog(request, "integrations/partials/saved_dialog.html", context))


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
            request,
            ConnectionForm(find_connection(request, slug)),
            status=422,
            problem=str(invalid),
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
    return updated(request, slug, said)
