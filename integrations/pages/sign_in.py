"""Where platforms send people back to."""

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from integrations.models import SignInAttempt
from integrations.pages.parts import without_referrer
from integrations.services.connecting import background, signing_in
from integrations.services.credentials import apps
from integrations.services.people import people


@never_cache
@require_GET
def callback(request: HttpRequest, app: str) -> HttpResponse:
    """The platform's answer: its code is exchanged at once, and the dialog shows the rest.

    The address held a code, so nothing is drawn here and no referrer leaves.
    """
    if app not in apps.catalogue():
        raise Http404
    try:
        back = signing_in.come_back(
            app, request.GET.dict(), session_key=request.session.session_key or ""
        )
    except signing_in.NotOurs as foreign:
        return without_referrer(_not_ours(request, foreign.attempt))
    if back.candidate and back.is_first:
        background.go_on(back.candidate)
    if back.attempt.fix_link_id:
        return without_referrer(redirect("fix-page"))
    if back.attempt.problem and not _opens_dialogs(request, back.attempt):
        messages.warning(request, f"{back.attempt.problem} {back.attempt.action}")
    found = {"candidate": str(back.candidate.pk)} if back.candidate else {}
    return without_referrer(redirect(_dialog_url(back.attempt, **found)))


def _opens_dialogs(request: HttpRequest, attempt: SignInAttempt) -> bool:
    """Whether the page to which the callback leads will tell how the sign-in ended."""
    if not request.user.is_authenticated:
        return False
    try:
        return people.access(request.user, attempt.connection.workspace.slug).can_edit
    except people.NoWorkspace:
        return False


def _dialog_url(attempt: SignInAttempt, **query: str) -> str:
    """The settings page with the connection's dialog open."""
    connection = attempt.connection
    page = reverse("settings", args=[connection.workspace.slug])
    return f"{page}?{urlencode({'dialog': connection.provider, **query})}"


def _not_ours(request: HttpRequest, attempt: SignInAttempt | None) -> HttpResponse:
    """Somebody else's sign-in is never taken; one's own is explained after a lost session."""
    if attempt and attempt.user:
        page = _dialog_url(attempt, ended="session")
        if not request.user.is_authenticated:
            return redirect_to_login(page)
        if request.user == attempt.user:
            return redirect(page)
    return render(request, "integrations/not_ours.html", status=400)
