"""The dialog of one platform, as it is opened and sent."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from integrations.models import IntegrationConnection, Role, SignInAttempt
from integrations.pages import answers, sentences
from integrations.pages.forms import ConnectionForm
from integrations.pages.parts import (
    Request,
    at_public_url,
    find_connection,
    in_workspace,
    leave_for,
    session_key,
)
from integrations.pages.waiting import own_candidate
from integrations.services.connecting import background, candidates, signing_in, trying
from integrations.services.connecting.candidates import CandidateGone
from integrations.services.connecting.changes import Changes
from integrations.services.proving import discovery
from integrations.services.proving.discovery import ACCOUNT_FIELD
from integrations.services.refusals import Busy, TooManyTests
from providers.declare import SIGN_IN
from providers.errors import ProviderError

SESSION_ENDED = (
    "Your session here ended while you were signing in, so nothing was changed. Sign in once more."
)
INTERRUPTED = "You came back from a sign-in, and nothing is known of how it ended."
LOOK_AGAIN = "Open this again in a moment, or sign in again."


@require_http_methods(["GET", "POST"])
@in_workspace(Role.EDITOR)
def connection(request: Request, slug: str) -> HttpResponse:
    """The dialog of one platform; POST is Test and save."""
    found = find_connection(request, slug)
    if request.method == "GET":
        return answers.form_dialog(request, ConnectionForm(found), **_last_sign_in(request, found))
    form = _typed_form(request, slug)
    is_gone = request.POST.get("candidate") and form.initial["candidate"] is None
    if is_gone and request.POST.get("auth_method") == SIGN_IN:
        # Never the saved sign-in in place of the one that waited.
        return answers.start_over(request, slug)
    if not form.is_valid():
        return answers.form_dialog(request, form, status=422)
    return _prove(request, form, slug)


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
    form = _typed_form(request, slug)
    if not form.is_valid():
        return answers.form_dialog(request, form, status=422)
    if not at_public_url(request):
        return answers.form_dialog(request, form, status=422, problem=sentences.other_address())
    try:
        url = signing_in.begin(
            request.access.workspace,
            slug,
            form.changes(method=SIGN_IN),
            user=request.user,
            session_key=session_key(request),
            base_version=form.cleaned_data["version"],
        )
    except answers.REFUSALS as refusal:
        return answers.refused(request, form, refusal, but=ACCOUNT_FIELD, method=SIGN_IN)
    except signing_in.NoApp as missing:
        problem = sentences.no_app(missing.declared)
        return answers.form_dialog(request, form, status=422, problem=problem)
    return leave_for(request, url, form.provider.for_values(request.POST.dict()).name)


@require_POST
@in_workspace(Role.EDITOR)
def accounts(request: Request, slug: str) -> HttpResponse:
    """The accounts that the typed values reach, to pick one instead of typing its id."""
    form = _typed_form(request, slug)
    if not form.is_valid():
        return answers.form_dialog(request, form, status=422)
    changes = form.changes(but=ACCOUNT_FIELD)
    renewed: dict[str, str | None] = {}
    try:
        listed = trying.accounts(form.connection, changes, on_renewed=renewed.update)
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
    except answers.REFUSALS as refusal:
        return answers.refused(request, form, refusal, but=ACCOUNT_FIELD)
    except TooManyTests as many:
        problem = sentences.too_many_tests(many.retry_after_seconds)
        return answers.form_dialog(request, form, status=422, problem=problem)
    except Busy as busy:
        problem = sentences.busy(busy.retry_after_seconds)
        return answers.form_dialog(request, form, status=422, problem=problem)
    except (discovery.CannotList, ProviderError) as error:
        return answers.form_dialog(request, form, status=422, problem=sentences.of_listing(error))
    shown = {**changes.config, ACCOUNT_FIELD: request.POST.get(ACCOUNT_FIELD, "")}
    typed = replace(changes, config=shown)
    again = ConnectionForm(form.connection, typed=typed, candidate=kept.pk, accounts=listed)
    return answers.form_dialog(request, again)


def _typed_form(request: Request, slug: str) -> ConnectionForm:
    """What was sent, laid over the candidate that the form came with if that is still here."""
    waiting, typed = _waiting(request, slug)
    found = find_connection(request, slug)
    return ConnectionForm(found, request.POST, typed=typed, candidate=waiting)


def _waiting(request: Request, slug: str) -> tuple[UUID | None, Changes | None]:
    """The candidate that the form came with and what was typed into it, if it is still here."""
    try:
        found = own_candidate(request, slug, UUID(request.POST.get("candidate", "")))
        return (found.pk, candidates.typed(found)) if found.credential_id else (None, None)
    except (CandidateGone, ValueError):
        return None, None


def _prove(request: Request, form: ConnectionForm, slug: str) -> HttpResponse:
    try:
        kept = background.start_proof(
            request.access.workspace,
            slug,
            form.changes(),
            user=request.user,
            session_key=request.session.session_key,
            base_version=form.cleaned_data["version"],
        )
    except answers.REFUSALS as refusal:
        return answers.refused(request, form, refusal)
    return redirect("candidate", request.access.workspace.slug, slug, kept.pk)
