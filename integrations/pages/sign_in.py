"""Where platforms send people back to."""

from dataclasses import dataclass, replace
from typing import Any, Self

from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from integrations.models import SignInAttempt
from integrations.pages.parts import dialog_page, without_referrer
from integrations.services.connecting import background, begun, callbacks, signing_in
from integrations.services.credentials import apps
from integrations.services.people import people


@dataclass(frozen=True)
class Told:
    """What came back, and what to do."""

    title: str
    what: str
    do: str

    def of(self, platform: str) -> Self:
        return replace(self, title=self.title.format(platform), what=self.what.format(platform))


NOTHING = Told(
    "{} sent you back without an answer",
    "The address that you came back to says nothing of a sign-in. If it goes on after a #, the "
    "app at {} answers in a way that is meant for scripts.",
    "Begin the sign-in once more. If it ends here again, an owner sets the app up as Settings, "
    "Sign-in apps, says.",
)
NAMELESS = Told(
    "This answer belongs to no sign-in",
    "{} does not say which sign-in it answers, as when somebody begins at its own pages. So it "
    "was not used.",
    "Begin here instead: open the integration and press Continue.",
)
ELSEWHERE = Told(
    "This sign-in was begun in another browser",
    "It is for the browser in which somebody pressed Continue. A private window, a second "
    "browser or an app on your phone counts as another one. Nothing was changed.",
    "Go back there and begin once more. On a phone, stay in the browser: when an app opens "
    "instead, press the link for long and open it in the browser. If you came with a fix link, "
    "open that link in this browser.",
)
NO_COOKIES = Told(
    "This browser did not say who you are",
    "It sent no cookie of this site: it blocks them, or it is another browser than the one in "
    "which the sign-in was begun, such as the one inside an app. Nothing was changed.",
    "Allow cookies for this site, or go back to the browser in which you began, and begin once "
    "more. If you came with a fix link, open that link in this browser.",
)
FOREIGN = Told(
    "This sign-in was not begun here",
    "It belongs to another person, is long over, or was never begun here. Nothing was changed, "
    "and what came back was not used.",
    "Open the integration again and press Continue there. If you came with a fix link, open "
    "that link again.",
)


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
    except begun.NotOurs as foreign:
        return without_referrer(_not_ours(request, app, foreign))
    if back.candidate and back.is_first:
        background.go_on(back.candidate)
    if back.attempt.fix_link_id:
        return without_referrer(redirect("fix-page"))
    if back.attempt.problem and not _opens_dialogs(request, back.attempt):
        messages.warning(request, f"{back.attempt.problem} {back.attempt.action}")
    found = ("candidate", back.candidate) if back.candidate else ("attempt", back.attempt)
    return without_referrer(redirect(_dialog_url(back.attempt, **{found[0]: str(found[1].pk)})))


def _opens_dialogs(request: HttpRequest, attempt: SignInAttempt) -> bool:
    """Whether the page to which the callback leads will tell how the sign-in ended."""
    if not request.user.is_authenticated:
        return False
    try:
        return people.access(request.user, attempt.connection.workspace.slug).can_edit
    except people.NoWorkspace:
        return False


def _dialog_url(attempt: SignInAttempt, /, **query: str) -> str:
    """The settings page with the connection's dialog open."""
    return dialog_page(attempt.connection.workspace.slug, attempt.connection, **query)


def _not_ours(request: HttpRequest, app: str, foreign: begun.NotOurs) -> HttpResponse:
    """Nobody else's sign-in is ever taken. What came is told as what it is."""
    attempt = foreign.attempt
    if attempt and attempt.user and not begun.has_session(attempt):
        page = _dialog_url(attempt, ended="session")
        if not request.user.is_authenticated:
            return redirect_to_login(page)
        if request.user == attempt.user:
            return redirect(page)
    told = _told(request, apps.catalogue()[app].form.name, foreign)
    waiting = foreign.still_open
    context: dict[str, Any] = {"told": told, "waiting": waiting}
    if waiting:
        context["platform"] = waiting.connection.platform.asked_with(app)
        context["way_back"] = reverse("fix-page") if waiting.fix_link_id else _dialog_url(waiting)
    return render(request, "integrations/not_ours.html", context, status=400)


def _told(request: HttpRequest, platform: str, foreign: begun.NotOurs) -> Told:
    """What an answer is that belongs to no sign-in of this session."""
    if foreign.attempt and not _is_anothers(request, foreign.attempt):
        return ELSEWHERE if request.COOKIES else NO_COOKIES
    if not request.GET:
        return NOTHING.of(platform)
    if not request.GET.get("state"):
        return _nameless(request, platform, foreign.still_open)
    return FOREIGN


def _nameless(request: HttpRequest, platform: str, waiting: SignInAttempt | None) -> Told:
    """What a refusal without a state means, where a code says it: whoever wrote it is unknown."""
    told = NAMELESS.of(platform)
    if waiting is None:
        return told
    refusal = callbacks.refusal_by_code(waiting, request.GET.dict())
    return replace(told, what=f"{refusal.message} {told.what}") if refusal else told


def _is_anothers(request: HttpRequest, attempt: SignInAttempt) -> bool:
    return attempt.user is not None and request.user not in (attempt.user, AnonymousUser())
