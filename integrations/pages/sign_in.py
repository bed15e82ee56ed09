"""Where platforms send people back to, the apps that sign-ins need, and fix links."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from integrations.models import Candidate, FixLink, IntegrationConnection, Role, SignInAttempt
from integrations.pages import cards, sentences
from integrations.pages.forms import AppForm, FixLinkForm
from integrations.pages.parts import (
    Request,
    at_public_url,
    dialog,
    find_connection,
    in_workspace,
    is_partial,
    leave_for,
    session_key,
)
from integrations.services.connecting import candidates, fix_links, signing_in
from integrations.services.connecting.candidates import CandidateGone
from integrations.services.connecting.changes import Changes
from integrations.services.credentials import apps
from integrations.services.people import people
from integrations.services.refusals import InvalidChange, NothingToTest, VersionConflict
from integrations.work import tasks

FIX_LINK = "fix_link"
FIX_PROOF = "fix/proof.html"


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
        return _without_referrer(_not_ours(request, foreign.attempt))
    if back.candidate and back.is_first:
        tasks.prove_again_in_background(back.candidate)
    if back.attempt.fix_link_id:
        return _without_referrer(redirect("fix-page"))
    if back.attempt.problem and not _opens_dialogs(request, back.attempt):
        messages.warning(request, f"{back.attempt.problem} {back.attempt.action}")
    found = {"candidate": str(back.candidate.pk)} if back.candidate else {}
    return _without_referrer(redirect(_dialog_url(back.attempt, **found)))


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


def _without_referrer(response: HttpResponse) -> HttpResponse:
    response["Referrer-Policy"] = "no-referrer"
    return response


# --- The apps that sign-ins need -----------------------------------------------------------------


@require_GET
@in_workspace(Role.OWNER)
def app_list(request: Request) -> HttpResponse:
    """Every app that a sign-in here can use, and how far each is set up."""
    listed = apps.listed(request.access.workspace)
    context = {"page": "settings", "section": "sign-in-apps", "apps": listed}
    return render(request, "integrations/sign_in_apps.html", context)


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@in_workspace(Role.OWNER)
def app(request: Request, app: str) -> HttpResponse:
    """One app: what to do at the platform, and what to paste from there."""
    listed = {one.facts.form.slug: one for one in apps.listed(request.access.workspace)}
    if app not in listed:
        raise Http404
    one = listed[app]
    given = {"client_id": one.saved.client_id} if one.saved else {}
    form = AppForm(request.POST or None, initial=given)
    form.fields["client_id"].label = one.facts.form.client_id_label
    form.fields["client_secret"].label = one.facts.form.client_secret_label
    if one.saved:
        kept = f" It ends in {one.saved.hint}." if one.saved.hint else ""
        form.fields["client_secret"].help_text = f"Saved.{kept} Leave empty to keep it."
    if request.method == "POST" and form.is_valid():
        try:
            row = apps.save(request.access.workspace, app, by=request.user, **form.cleaned_data)
        except InvalidChange as invalid:
            for name, told in invalid.errors.items():
                form.add_error(name, told)
        else:
            _say_how_it_went(request, one.facts.form.name, is_proven=apps.prove(row), row=row)
            return redirect("sign-in-app", request.access.workspace.slug, app)
    context = {
        "page": "settings",
        "section": "sign-in-apps",
        "app": one,
        "form": form,
        "others": one.sign_ins,
    }
    status = 422 if form.is_bound else 200
    return render(request, "integrations/sign_in_app.html", context, status=status)


def _say_how_it_went(request: Request, name: str, *, is_proven: bool, row: Any) -> None:
    if is_proven:
        messages.success(request, f"Saved, and proven: {name} accepts this app.")
    elif row.problem:
        messages.warning(request, f"Saved, but not proven. {row.problem}")
    else:
        messages.info(
            request, f"Saved. {name} tells only at the first sign-in whether it accepts the app."
        )


@require_POST
@in_workspace(Role.OWNER)
def remove_app(request: Request, app: str) -> HttpResponse:
    if app not in apps.catalogue():
        raise Http404
    apps.remove(request.access.workspace, app)
    messages.info(request, f"The {apps.catalogue()[app].form.name} app is removed here.")
    return redirect("sign-in-apps", request.access.workspace.slug)


# --- Fix links: sent by an owner, opened by whoever owns the platform's account ------------------


@require_http_methods(["GET", "POST"])
@in_workspace(Role.OWNER)
def send_fix_link(request: Request, slug: str) -> HttpResponse:
    """Make a link; it is shown once."""
    connection = find_connection(request, slug)
    form = FixLinkForm(request.POST or None)
    context: dict[str, Any] = {"card": cards.card(connection), "form": form}
    context["can_sign_in"] = _can_sign_in(connection)
    if request.method == "POST" and context["can_sign_in"] and form.is_valid():
        try:
            context["link"] = fix_links.send(
                request.access.workspace,
                slug,
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
    """Keep in this browser which link was opened, and go on without it in the address."""
    try:
        link = fix_links.find(token)
    except fix_links.LinkGone:
        return _without_referrer(render(request, "fix/gone.html", status=410))
    request.session[FIX_LINK] = str(link.pk)
    return _without_referrer(redirect("fix-page"))


FixView = Callable[[HttpRequest, FixLink], HttpResponse]


def _with_fix_link(view: FixView) -> Callable[[HttpRequest], HttpResponse]:
    """Let in whoever opened a link in this browser."""

    @wraps(view)
    @never_cache
    def permitted(request: HttpRequest) -> HttpResponse:
        try:
            link = fix_links.opened(UUID(request.session.get(FIX_LINK, "")))
        except (fix_links.LinkGone, ValueError):
            return render(request, "fix/gone.html", status=410)
        return view(request, link)

    return permitted


@require_GET
@_with_fix_link
def fix_page(request: HttpRequest, link: FixLink) -> HttpResponse:
    """Who asks and for what; then how the proof goes; then thanks. Nothing else of the site."""
    kept = _fix_candidate(request, link)
    if link.used_at and not (kept and kept.saved_at):  # by somebody else, or long ago
        return render(request, "fix/gone.html", status=410)
    context = _fix_context(link, kept)
    if kept and is_partial(request) and kept.is_running:
        return render(request, FIX_PROOF, context)
    context["attempt"] = signing_in.latest(
        link.connection, session_key=session_key(request), fix_link=link
    )
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
        return render(request, "fix/gone.html", status=410)
    if not at_public_url(request):
        context["problem"] = sentences.other_address()
        return render(request, "fix/page.html", context, status=422)
    try:
        url = signing_in.begin(
            connection.workspace,
            connection.provider,
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
            tasks.prove_again_in_background(kept)
        except (CandidateGone, InvalidChange):
            messages.warning(request, "Choose one of these accounts.")
    return redirect("fix-page")
