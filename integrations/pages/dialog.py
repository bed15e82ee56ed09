"""The dialog of one platform: Test and save, the list of accounts, and typed values that wait."""

from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from integrations.models import Candidate, IntegrationConnection, Role, SignInAttempt
from integrations.pages import cards, sentences
from integrations.pages.forms import ConnectionForm
from integrations.pages.parts import (
    Request,
    at_public_url,
    dialog,
    find_connection,
    in_workspace,
    leave_for,
    session_key,
    updated,
)
from integrations.services.connecting import candidates, signing_in, trying
from integrations.services.connecting.candidates import CandidateGone
from integrations.services.connecting.changes import Changes
from integrations.services.proving import discovery
from integrations.services.proving.discovery import ACCOUNT_FIELD
from integrations.services.refusals import (
    InvalidChange,
    NothingToTest,
    TooManyTests,
    VersionConflict,
)
from integrations.work import tasks
from providers.declare import SIGN_IN
from providers.errors import ProviderError

DIALOG = "integrations/partials/connection_dialog.html"
SESSION_ENDED = (
    "Your session here ended while you were signing in, so nothing was changed. Sign in once more."
)
INTERRUPTED = "You came back from a sign-in, and nothing is known of how it ended."
LOOK_AGAIN = "Open this again in a moment, or sign in again."
CHOOSE = "Choose one of these accounts."
GONE = "Those values are no longer here: they are kept for 15 minutes. Enter them again."


@require_http_methods(["GET", "POST"])
@in_workspace(Role.EDITOR)
def connection(request: Request, slug: str) -> HttpResponse:
    """The dialog of one platform; POST is Test and save."""
    found = find_connection(request, slug)
    if request.method == "GET":
        return _form_dialog(request, ConnectionForm(found), **_last_sign_in(request, found))
    waiting, typed = _waiting(request, slug)
    if waiting is None and request.POST.get("candidate") and _is_sign_in(request):
        return _start_over(request, slug)  # never the saved sign-in in place of the one that waited
    form = ConnectionForm(found, request.POST, typed=typed, candidate=waiting)
    if not form.is_valid():
        return _form_dialog(request, form, status=422)
    return _prove(request, form, slug)


def _is_sign_in(request: Request) -> bool:
    return request.POST.get("auth_method") == SIGN_IN


def _last_sign_in(request: Request, connection: IntegrationConnection) -> dict[str, Any]:
    """What became of a sign-in that this session began and that gave nothing."""
    if request.GET.get("ended") == "session":
        return {"problem": SESSION_ENDED}
    attempt = signing_in.latest(connection, session_key=request.session.session_key or "")
    if attempt is None or attempt.candidate_id or _is_settled(attempt, connection):
        return {}
    if attempt.used_at is None:
        return {"unfinished": attempt}
    if attempt.problem:
        return {"problem": attempt.problem, "advice": attempt.action} if _is_new(attempt) else {}
    # What it needs is thrown away only when it has ended, in whatever way.
    return {"problem": INTERRUPTED, "advice": LOOK_AGAIN} if attempt.credential_id else {}


def _is_settled(attempt: SignInAttempt, connection: IntegrationConnection) -> bool:
    """Whether it was connected since, in whatever way."""
    since = attempt.used_at or attempt.begun_at
    return connection.edited_at is not None and connection.edited_at > since


def _is_new(attempt: SignInAttempt) -> bool:
    """Whether it began so lately that its end is news."""
    return timezone.now() - attempt.begun_at < signing_in.LIVES * 2


@require_POST
@in_workspace(Role.EDITOR)
def sign_in(request: Request, slug: str) -> HttpResponse:
    """Send the person to the platform, with what was typed for when they come back."""
    found = find_connection(request, slug)
    waiting, typed = _waiting(request, slug)
    form = ConnectionForm(found, request.POST, typed=typed, candidate=waiting)
    if not form.is_valid():
        return _form_dialog(request, form, status=422)
    if not at_public_url(request):
        return _form_dialog(request, form, status=422, problem=sentences.other_address())
    try:
        url = signing_in.begin(
            request.access.workspace,
            slug,
            form.changes(method=SIGN_IN),
            user=request.user,
            session_key=session_key(request),
            base_version=form.cleaned_data["version"],
        )
    except InvalidChange as invalid:
        form.show(invalid.errors)
    except NothingToTest:
        form.show_missing(but=ACCOUNT_FIELD, method=SIGN_IN)
    except VersionConflict as conflict:
        return _conflict(request, form, conflict.connection)
    except signing_in.NoApp as missing:
        problem = sentences.no_app(missing.declared)
        return _form_dialog(request, form, status=422, problem=problem)
    else:
        return leave_for(request, url, found.platform.for_values(request.POST.dict()).name)
    return _form_dialog(request, form, status=422)


@require_POST
@in_workspace(Role.EDITOR)
def choose_account(request: Request, slug: str, candidate_id: UUID) -> HttpResponse:
    """Go on with one of the accounts that a sign-in reaches."""
    try:
        kept = _own_candidate(request, slug, candidate_id)
        if "account" not in request.POST:  # unlike None of these, which sends an empty one
            return _candidate_dialog(request, slug, kept, problem=CHOOSE)
        candidates.choose_account(kept, request.POST["account"] or None)
        tasks.prove_again_in_background(kept)
    except CandidateGone:
        return _start_over(request, slug)
    except InvalidChange:
        return _candidate_dialog(request, slug, kept, problem=CHOOSE)
    return redirect("candidate", request.access.workspace.slug, slug, candidate_id)


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
        listed = trying.accounts(found, changes, on_renewed=renewed.update)
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
    except NothingToTest:
        form.show_missing(but=ACCOUNT_FIELD)
    except TooManyTests as many:
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
        return (found.pk, candidates.typed(found)) if found.credential_id else (None, None)
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
    except NothingToTest:
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
    return _candidate_dialog(request, slug, kept, typed=typed)


def _candidate_dialog(
    request: Request,
    slug: str,
    kept: Candidate,
    *,
    typed: Changes | None = None,
    problem: str = "",
) -> HttpResponse:
    connection = find_connection(request, slug)
    form = ConnectionForm(connection, typed=typed or candidates.typed(kept), candidate=kept.pk)
    context = {
        "form": form,
        "card": cards.card(connection),
        "candidate": kept,
        "hides_form": kept.sign_in_id is not None and kept.is_running,
        "account_is_required": connection.platform.field(ACCOUNT_FIELD).required,
    }
    if kept.is_running and request.headers.get("HX-Target") == "proof":
        return dialog(request, "integrations/partials/proof.html", context)
    if problem:
        context["problem"] = problem
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
