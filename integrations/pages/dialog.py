"""The dialog of one platform, as it is opened and sent."""

from dataclasses import replace
from functools import wraps
from typing import Any
from urllib.parse import urljoin
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from integrations.models import IntegrationConnection, Role, SignInAttempt
from integrations.pages import answers, cards, sentences
from integrations.pages.forms import ConnectionForm
from integrations.pages.parts import (
    Request,
    View,
    at_public_url,
    dialog,
    dialog_page,
    find_connection,
    in_workspace,
    lead_to,
    leave_for,
    session_key,
)
from integrations.pages.waiting import own_candidate
from integrations.services.connecting import background, begun, candidates, signing_in, trying
from integrations.services.connecting.candidates import CandidateGone
from integrations.services.connecting.changes import LENT, Changes
from integrations.services.proving.discovery import ACCOUNT_FIELD
from providers.declare import SIGN_IN

SESSION_ENDED = (
    "Your session here ended while you were signing in, so nothing was changed. Sign in once more."
)


def _unless_lent(view: View) -> View:
    """To whom it is lent there is nothing to type, and a form that was open is answered so."""

    @wraps(view)
    def answered(request: Request, slug: str) -> HttpResponse:
        found = find_connection(request, slug)
        if found.is_lent:
            return answers.lent_dialog(request, found, LENT if request.method == "POST" else "")
        return view(request, slug)

    return answered


@require_http_methods(["GET", "POST"])
@in_workspace(Role.EDITOR)
@_unless_lent
def connection(request: Request, slug: str) -> HttpResponse:
    """The dialog of one platform; POST is Test and save."""
    found = find_connection(request, slug)
    if request.method == "GET":
        last = begun.latest(found, session_key=request.session.session_key or "")
        if last and last.is_under_way:
            return lead_to(request, "sign-in-attempt", slug, last.pk)
        said = _last_sign_in(request, found, last)
        first = request.GET.get("first")
        if said and first is None and last:
            first = found.platform.first_of(last.app)
        said["waiting"] = candidates.signed_in(
            found, user=request.user, session_key=request.session.session_key or ""
        )
        return answers.form_dialog(request, ConnectionForm(found, first=first), **said)
    form = _typed_form(request, slug)
    is_gone = request.POST.get("candidate") and form.initial["candidate"] is None
    if is_gone and request.POST.get("auth_method") == SIGN_IN:
        # Never the saved sign-in in place of the one that waited.
        return answers.start_over(request, slug)
    if not form.is_valid():
        return answers.form_dialog(request, form, status=422)
    return _prove(request, form, slug)


def _last_sign_in(
    request: Request, connection: IntegrationConnection, attempt: SignInAttempt | None
) -> dict[str, Any]:
    """What became of the sign-in that this session began last, if that gave nothing."""
    if request.GET.get("ended") == "session":
        return {"problem": SESSION_ENDED}
    if attempt is None or attempt.candidate_id or _is_settled(attempt, connection):
        return {}
    if attempt.used_at is None:
        return {"unfinished": attempt, "unfinished_at": connection.platform.asked_with(attempt.app)}
    if attempt.problem and not _is_new(attempt):
        return {}
    # What it needs is thrown away only when it has ended, in whatever way.
    return _what_became_of(attempt) if attempt.problem or attempt.credential_id else {}


def _what_became_of(attempt: SignInAttempt) -> dict[str, Any]:
    problem, advice = begun.became(attempt)
    return {"problem": problem, "advice": advice}


def _is_settled(attempt: SignInAttempt, connection: IntegrationConnection) -> bool:
    """Whether it was connected since, in whatever way."""
    since = attempt.used_at or attempt.begun_at
    return connection.edited_at is not None and connection.edited_at > since


def _is_new(attempt: SignInAttempt) -> bool:
    """Whether it began so lately that its end is news."""
    return timezone.now() - attempt.begun_at < begun.LIVES * 2


@require_GET
@in_workspace(Role.EDITOR)
def attempt(request: Request, slug: str, attempt_id: UUID) -> HttpResponse:
    """What became of a sign-in: asked for again and again while its code is exchanged."""
    found = find_connection(request, slug)
    mine = begun.of_session(found, attempt_id, session_key=request.session.session_key or "")
    if mine is None:
        return lead_to(request, "connection", slug)
    if mine.candidate_id:
        return lead_to(request, "candidate", slug, mine.candidate_id)
    if mine.is_under_way:
        context = {"card": cards.card(found), "attempt": mine}
        return dialog(request, "integrations/partials/sign_in_progress.html", context)
    form = ConnectionForm(found, first=found.platform.first_of(mine.app))
    return answers.form_dialog(request, form, **_what_became_of(mine))


@require_POST
@in_workspace(Role.EDITOR)
@_unless_lent
def sign_in(request: Request, slug: str) -> HttpResponse:
    """Send the person to the platform, with what was typed for when they come back."""
    form = _typed_form(request, slug)
    if not form.is_valid():
        return answers.form_dialog(request, form, status=422)
    if not at_public_url(request):
        there = urljoin(
            settings.PUBLIC_URL, dialog_page(request.access.workspace.slug, form.connection)
        )
        told = {"problem": sentences.other_address(), "there": there}
        return answers.form_dialog(request, form, status=422, **told)
    try:
        url = signing_in.begin(
            find_connection(request, slug),
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
    return leave_for(request, url, form.asked)


@require_POST
@in_workspace(Role.EDITOR)
@_unless_lent
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
            find_connection(request, slug),
            changes,
            user=request.user,
            session_key=request.session.session_key or "",
            base_version=form.cleaned_data["version"],
            is_draft=True,
        )
    except answers.REFUSALS as refusal:
        return answers.refused(request, form, refusal, but=ACCOUNT_FIELD)
    except CandidateGone:
        return answers.start_over(request, slug)
    except sentences.NOT_LISTED as error:
        form.point()  # what was said of a refused field stays
        problem = sentences.of_listing(error, str(form.fields[ACCOUNT_FIELD].label))
        return answers.form_dialog(request, form, status=422, problem=problem)
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
            find_connection(request, slug),
            form.changes(),
            user=request.user,
            session_key=request.session.session_key,
            base_version=form.cleaned_data["version"],
        )
    except answers.REFUSALS as refusal:
        return answers.refused(request, form, refusal)
    except CandidateGone:
        return answers.start_over(request, slug)
    return lead_to(request, "candidate", slug, kept.pk)
