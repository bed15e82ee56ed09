"""Typed values that wait: how their proof goes, and what is made of them."""

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_GET, require_POST

from integrations.models import Candidate, Role
from integrations.pages import answers
from integrations.pages.forms import ConnectionForm
from integrations.pages.parts import Request, find_connection, in_workspace, lead_to, updated
from integrations.services.connecting import background, candidates, disconnecting, several
from integrations.services.connecting.candidates import CandidateGone
from integrations.services.refusals import InvalidChange, VersionConflict

CHOOSE = "Choose one of these accounts."


def own_candidate(request: Request, slug: str, candidate_id: UUID) -> Candidate:
    """The person's own, of the connection that it is for, whichever is the default by now."""
    named = find_connection(request, slug)
    kept = candidates.find(
        named, candidate_id, user=request.user, session_key=request.session.session_key or ""
    )
    if kept.connection_id != named.pk:
        request.connection_id = kept.connection_id
    return kept


def _while_it_waits(
    view: Callable[[Request, str, Candidate], HttpResponse],
) -> Callable[[Request, str, UUID], HttpResponse]:
    """Give the view the person's own candidate; start over when that is gone."""

    @wraps(view)
    def found(request: Request, slug: str, candidate_id: UUID) -> HttpResponse:
        try:
            return view(request, slug, own_candidate(request, slug, candidate_id))
        except CandidateGone:
            return answers.start_over(request, slug)

    return found


@require_GET
@in_workspace(Role.EDITOR)
@_while_it_waits
def candidate(request: Request, slug: str, kept: Candidate) -> HttpResponse:
    """How the proof of typed values goes: asked for again and again until it has ended."""
    if kept.saved_at:
        return answers.saved_dialog(request, slug, kept)
    return answers.candidate_dialog(request, slug, kept)


@require_POST
@in_workspace(Role.EDITOR)
@_while_it_waits
def choose_account(request: Request, slug: str, kept: Candidate) -> HttpResponse:
    """Go on with one of the accounts that a sign-in reaches."""
    if "account" not in request.POST:  # unlike None of these, which sends an empty one
        return answers.candidate_dialog(request, slug, kept, problem=CHOOSE)
    try:
        candidates.choose_account(kept, request.POST["account"] or None)
    except InvalidChange:
        return answers.candidate_dialog(request, slug, kept, problem=CHOOSE)
    background.go_on(kept)
    return lead_to(request, "candidate", slug, kept.pk)


@require_POST
@in_workspace(Role.EDITOR)
@_while_it_waits
def save_candidate(request: Request, slug: str, kept: Candidate) -> HttpResponse:
    """Save anyway, or switch to the other account."""
    try:
        candidates.save_candidate(kept)
    except VersionConflict as conflict:
        form = ConnectionForm(conflict.connection, typed=candidates.typed(kept), candidate=kept.pk)
        return answers.form_dialog(request, form, status=409, theirs=conflict.connection)
    except InvalidChange as invalid:
        form = ConnectionForm(find_connection(request, slug))
        return answers.form_dialog(request, form, status=422, problem=str(invalid))
    return lead_to(request, "candidate", slug, kept.pk)


@require_POST
@in_workspace(Role.EDITOR)
def discard_candidate(request: Request, slug: str, candidate_id: UUID) -> HttpResponse:
    """Forget typed values and go back to the page."""
    said = "Cancelled. Nothing was saved."
    with suppress(CandidateGone):  # forgotten already is what was asked for
        kept = own_candidate(request, slug, candidate_id)
        if kept.saved_at:
            said = "The test had passed already, so your values are saved."
        else:
            said = f"{said} {disconnecting.farewell(kept)}".strip()
        candidates.discard(kept)
    several.discard(find_connection(request, slug))
    return updated(request, slug, said)
