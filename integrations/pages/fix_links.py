"""Fix links: sent by an owner, opened by whoever owns the platform's account."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from integrations.models import Candidate, FixLink, IntegrationConnection, Role
from integrations.pages import answers, cards, searches, sentences
from integrations.pages.parts import (
    Request,
    at_public_url,
    dialog,
    find_connection,
    in_workspace,
    is_partial,
    keep_link,
    leave_for,
    session_key,
)
from integrations.services.connecting import background, begun, candidates, fix_links, signing_in
from integrations.services.connecting.candidates import CandidateGone
from integrations.services.connecting.changes import Changes
from integrations.services.credentials import apps
from integrations.services.refusals import (
    InvalidChange,
    NoConnection,
    NothingToTest,
    VersionConflict,
)

FIX_LINK = "fix_link"
FIX_PROOF = "fix/proof.html"
FIX_WAIT = "fix/wait.html"
FIX_GONE = "fix/gone.html"


class FixLinkForm(forms.Form):
    recipient = forms.CharField(
        required=False,
        label="Who is it for?",
        widget=forms.TextInput({"autofocus": True, "autocomplete": "off"}),
        help_text="A name, such as “Ben, who owns the ad account”. The history names them.",
    )


@require_http_methods(["GET", "POST"])
@in_workspace(Role.OWNER)
def send_fix_link(request: Request, slug: str) -> HttpResponse:
    """Make a link; it is shown once."""
    connection = find_connection(request, slug)
    if connection.is_lent:
        return answers.lent_dialog(request, connection, fix_links.LENT)
    form = FixLinkForm(request.POST or None)
    context: dict[str, Any] = {"card": cards.card(connection), "form": form}
    context["can_sign_in"] = _can_sign_in(connection)
    if request.method == "POST" and context["can_sign_in"] and form.is_valid():
        try:
            context["link"] = fix_links.send(
                connection,
                recipient=form.cleaned_data["recipient"],
                by=request.user,
            )
        except InvalidChange as invalid:
            form.add_error("recipient", invalid.errors["recipient"])
    status = 422 if form.errors else 200
    return dialog(request, "integrations/partials/fix_link_dialog.html", context, status=status)


def _can_sign_in(connection: IntegrationConnection) -> bool:
    """Whether there is a way to sign in with what is saved, and an app for it."""
    way = connection.platform.for_values(connection.config).oauth
    return way is not None and way.app.slug in apps.ready(connection.workspace)


@never_cache
@require_GET
def open_fix_link(request: HttpRequest, token: str) -> HttpResponse:
    return keep_link(request, FIX_LINK, lambda: _number(token), page="fix-page", gone=FIX_GONE)


def _number(token: str) -> str | None:
    try:
        return str(fix_links.find(token).pk)
    except fix_links.LinkGone:
        return None


FixView = Callable[[HttpRequest, FixLink], HttpResponse]


def _with_fix_link(view: FixView) -> Callable[[HttpRequest], HttpResponse]:
    """Let in whoever opened a link in this browser."""

    @wraps(view)
    @never_cache
    def permitted(request: HttpRequest) -> HttpResponse:
        try:
            link = fix_links.opened(UUID(request.session.get(FIX_LINK, "")))
        except (fix_links.LinkGone, ValueError):
            return render(request, FIX_GONE, status=410)
        try:
            return view(request, link)
        except NoConnection:
            return render(request, FIX_GONE, status=410)

    return permitted


@require_GET
@_with_fix_link
def fix_page(request: HttpRequest, link: FixLink) -> HttpResponse:
    """Who asks and for what; then how the proof goes; then thanks. Nothing else of the site."""
    kept = _fix_candidate(request, link)
    if link.used_at and not (kept and kept.saved_at):  # by somebody else, or long ago
        return render(request, FIX_GONE, status=410)
    context = _fix_context(link, kept)
    if kept and is_partial(request) and kept.is_running:
        return render(request, FIX_PROOF, context)
    attempt = begun.latest(link.connection, session_key=session_key(request), fix_link=link)
    context["attempt"] = attempt
    if kept:
        context |= searches.choices(kept, request.GET.get("q", "").strip())
    if attempt and attempt.is_under_way and is_partial(request):
        return render(request, FIX_WAIT, context)
    response = render(request, "fix/page.html", context)
    if is_partial(request):
        response["HX-Redirect"] = reverse("fix-page")
    return response


def _fix_context(link: FixLink, kept: Candidate | None) -> dict[str, Any]:
    connection = link.connection
    values = connection.config
    provider = connection.platform.for_values(values)
    return {
        "link": link,
        "provider": provider,
        "declared": provider.oauth,
        "card": cards.card(connection),
        "candidate": kept,
    }


def _fix_candidate(request: HttpRequest, link: FixLink) -> Candidate | None:
    return candidates.of_fix_link(link, session_key=session_key(request))


@require_POST
@_with_fix_link
def fix_sign_in(request: HttpRequest, link: FixLink) -> HttpResponse:
    """Send the person to the platform."""
    connection = link.connection
    context = _fix_context(link, None)
    if link.used_at:
        return render(request, FIX_GONE, status=410)
    if not at_public_url(request):
        context["problem"] = sentences.other_address()
        return render(request, "fix/page.html", context, status=422)
    try:
        url = signing_in.begin(
            connection,
            Changes(),
            user=None,
            session_key=session_key(request),
            base_version=connection.version,
            fix_link=link,
        )
    except (InvalidChange, NothingToTest, VersionConflict, signing_in.NoApp):
        context["problem"] = (
            f"{context['provider'].name} is not ready for this yet. "
            "Ask the person who sent you the link."
        )
        return render(request, "fix/page.html", context, status=422)
    return leave_for(request, url, context["provider"].name)


@require_POST
@_with_fix_link
def fix_account(request: HttpRequest, link: FixLink) -> HttpResponse:
    """Which of the reachable accounts it is about."""
    kept = _fix_candidate(request, link)
    if kept and "account" in request.POST:  # an empty one is None of these
        try:
            candidates.choose_account(kept, request.POST["account"] or None)
            background.go_on(kept)
        except (CandidateGone, InvalidChange):
            messages.warning(request, "Choose one of these accounts.")
    return redirect("fix-page")
