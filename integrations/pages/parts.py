"""What the pages' views share: who may enter, and whether a part or a whole page is answered."""

import json
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from integrations import platforms
from integrations.models import IntegrationConnection, Role
from integrations.pages import listing, one, platform_cards, sections, sentences
from integrations.services import rows
from integrations.services.connecting import lending
from integrations.services.people import guesses, invitations, own, people, workspaces
from integrations.services.refusals import NoConnection
from providers.outbound.origins import Origin, origin_of

View = Callable[..., HttpResponse]
REMOVED = "This connection was removed meanwhile. Nothing was done."
GREETS = "greets"  # in the session of the first owner, until anything is connected


class Request(HttpRequest):
    """A signed-in person's request, in a workspace of theirs."""

    user: User
    access: people.Access
    connection_id: UUID | None  # where the address names a connection, not a platform


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
                return _archived(request, workspace)
            if not request.access.allows(role):
                return render(request, "403.html", {"needed": role.value}, status=403)
            with timezone.override(own.zone_of(request.user)):
                return _of_connection(view, request, **kwargs)

        return permitted

    return decorate


def _of_connection(
    view: View, request: Request, connection_id: UUID | None = None, **kwargs: Any
) -> HttpResponse:
    """Give a view the platform's slug, whether the address has that or a connection's id.

    What the view is about may have been removed, before or while it looks.
    """
    request.connection_id = connection_id
    try:
        if connection_id:
            kwargs["slug"] = find_connection(request, "").provider
        if "slug" in kwargs and kwargs["slug"] not in platforms.catalogue():
            raise Http404
        if "slug" in kwargs and request.method == "POST":
            request.connection_id = connection_id or _meant(request, kwargs["slug"])
        return view(request, **kwargs)
    except NoConnection:
        return _removed(request)


def _meant(request: Request, slug: str) -> UUID | None:
    """The connection that a form was drawn for, if another one is the default by now.

    Raises NoConnection for one of another platform, too.
    """
    try:
        meant = UUID(request.POST.get("connection", ""))
    except ValueError:
        return None
    workspace = request.access.workspace
    if rows.find(workspace, slug).pk == meant:
        return None
    if rows.find_by_id(workspace, meant, drafts=True).provider != slug:
        raise NoConnection
    return meant


def _removed(request: Request) -> HttpResponse:
    """That a connection is no longer there, where what was asked for would be."""
    if is_at_page_of_one(request):
        return _leave_page_of_one(request, REMOVED)
    slug = request.headers.get("HX-Target", "").removeprefix("card-")
    if is_partial(request) and slug in platforms.catalogue():
        return card_update(request, slug, REMOVED)
    status = 410 if is_partial(request) else 404
    response = dialog(request, "integrations/partials/removed_dialog.html", {}, status=status)
    if is_partial(request):
        response["HX-Retarget"], response["HX-Reswap"] = "#dialog-content", "innerHTML"
    return response


def _archived(request: Request, slug: str) -> HttpResponse:
    """Members read that it is archived; of anything else there is nothing here for this person.

    A part of an open page is told to it, which says so beside what it shows.
    """
    found = workspaces.archived_of(request.user, slug).first()
    if found is None:
        raise Http404
    told = workspaces.told_of(found, request.user)
    if is_partial(request):
        who = invitations.full_name(told.by) if told.by else "Somebody"
        event = {"said": f"{who} archived this workspace.", "url": reverse("overview", args=[slug])}
        return HttpResponse(
            status=404, headers={"HX-Trigger": json.dumps({"workspace-archived": event})}
        )
    with timezone.override(own.zone_of(request.user)):
        return render(request, "workspaces/archived.html", {"told": told}, status=404)


def posted(back: str) -> Callable[[View], View]:
    """For a form's own address. Whoever comes there otherwise is led back to the form's page:
    as after signing in anew, when the session had ended before the form was sent.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def led(request: Request, **kwargs: Any) -> HttpResponse:
            if request.method == "POST":
                return view(request, **kwargs)
            return redirect(back, *_workspace_of(request))

        return led

    return decorate


def _workspace_of(request: HttpRequest) -> list[str]:
    access = getattr(request, "access", None)
    return [access.workspace.slug] if access else []


def signed_in(view: View) -> View:
    """Let in whoever is signed in, whatever their workspaces are."""

    @wraps(view)
    @never_cache
    def permitted(request: Request, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            url = sign_in_url(request, _page_of(request, "/") or reverse("dashboard"))
            if is_partial(request):  # the whole page goes there, not the part
                return HttpResponse(headers={"HX-Redirect": url})
            return redirect(url)
        with timezone.override(own.zone_of(request.user)):
            return view(request, **kwargs)

    return permitted


def _to_sign_in(request: HttpRequest, workspace: str) -> HttpResponse:
    """Sign in, and come back. A part of a page is told where: what is typed there may stay."""
    page = _page_of(request, f"/w/{workspace}/") or reverse("settings", args=[workspace])
    url = sign_in_url(request, page)
    if not is_partial(request):
        return redirect(url)
    told = {"session-ended": {"url": url}}
    return HttpResponse(status=401, headers={"HX-Trigger": json.dumps(told)})


def _page_of(request: HttpRequest, under: str) -> str:
    """The page to come back to: for a part or a sent form the one that it was on, if known."""
    if request.method == "GET" and not is_partial(request):
        return request.get_full_path()
    header = "HX-Current-URL" if is_partial(request) else "Referer"
    here = _told(request, header)
    page = f"{here.path}?{here.query}" if here.query else here.path
    return page if here.path.startswith(under) else ""


def _told(request: HttpRequest, header: str) -> SplitResult:
    """The address that a browser says it stands at; an empty one for what is none."""
    try:
        return urlsplit(request.headers.get(header, ""))
    except ValueError:
        return urlsplit("")


def sign_in_url(request: HttpRequest, back: str) -> str:
    """Where one signs in and is led back, told why if one was signed in until now."""
    url = redirect_to_login(back).url
    # A form was sent from a page that somebody saw who was signed in.
    is_sent = is_partial(request) or request.method == "POST"
    was_in = is_sent or settings.SESSION_COOKIE_NAME in request.COOKIES
    return f"{url}&ended=session" if was_in else url


def count_link(request: HttpRequest) -> guesses.Guess:
    """Whoever opens links that nobody sent soon opens none any more."""
    return guesses.begin((guesses.LINK, guesses.network(request.META.get("REMOTE_ADDR", ""))))


def keep_link(
    request: HttpRequest, name: str, find: Callable[[], str | None], *, page: str, gone: str
) -> HttpResponse:
    """Keep in this browser which link was opened, and go on without it in the address.

    `find` says what is kept under the name; None where the link opens nothing, which is counted.
    """
    guess = count_link(request)
    found = find()
    if found is None:
        return without_referrer(render(request, gone, status=410))
    guess.was_right()
    request.session[name] = found
    return without_referrer(redirect(page))


def count_name(request: HttpRequest) -> guesses.Guess:
    """Whoever has an invitation cannot find out with it who has an account."""
    return guesses.begin((guesses.NAME, guesses.network(request.META.get("REMOTE_ADDR", ""))))


def find_connection(request: Request, slug: str) -> IntegrationConnection:
    """The one that the address names, or the platform's default one. Raises NoConnection."""
    workspace = request.access.workspace
    if request.connection_id:
        return rows.find_by_id(workspace, request.connection_id, drafts=True)
    return rows.find(workspace, slug)


def name_of(connection: IntegrationConnection) -> str:
    """ "Postbox", or "Postbox (North)" where its platform has several."""
    name = connection.platform.name
    return f"{name} ({connection.title})" if rows.siblings(connection).exists() else name


def connection_url(
    request: Request, name: str, connection: IntegrationConnection, *more: Any
) -> str:
    """The default one is found by its platform's name, except where it was found by its id."""
    workspace = request.access.workspace.slug
    if connection.is_default and request.connection_id != connection.pk:
        return reverse(name, args=[workspace, connection.provider, *more])
    return reverse(f"one:{name}", args=[workspace, connection.pk, *more])


def dialog_page(workspace: str, connection: IntegrationConnection, **query: str) -> str:
    """The settings page of the workspace with the connection's dialog open."""
    page = reverse("settings", args=[workspace])
    which = {} if connection.is_default else {"connection": str(connection.pk)}
    return f"{page}?{urlencode({'dialog': connection.provider, **which, **query})}"


def lead_to(request: Request, name: str, slug: str, *more: Any) -> HttpResponse:
    """To another address of the same connection."""
    workspace = request.access.workspace.slug
    if request.connection_id:
        return redirect(f"one:{name}", workspace, request.connection_id, *more)
    return redirect(name, workspace, slug, *more)


def uuid_of(text: str) -> UUID | None:
    """None for anything but the id of something."""
    with suppress(ValueError):
        return UUID(text)
    return None


def is_partial(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def session_key(request: HttpRequest) -> str:
    """The key of the browser's session, which is begun if need be."""
    if not request.session.session_key:
        request.session.save()
    return request.session.session_key or ""


def leave_for(request: HttpRequest, url: str, platform: str) -> HttpResponse:
    """Send the browser to a platform.

    Never as the answer to a posted form: the policy that keeps forms to this site would stop
    it. With script the page goes there by itself, without it a link does.
    """
    if is_partial(request):
        return HttpResponse(headers={"HX-Redirect": url})
    return render(request, "integrations/leave.html", {"url": url, "platform": platform})


def at_public_url(request: HttpRequest) -> bool:
    """Whether the browser is where a platform will send it back to.

    The browser knows: a proxy may pass another Host on than the one that it was asked for.
    """
    scheme = urlsplit(settings.PUBLIC_URL).scheme
    said = (
        request.headers.get("Origin"),
        request.headers.get("HX-Current-URL"),
        request.headers.get("Referer"),
        f"{scheme}://{request.get_host()}",
    )
    stands = (found for url in said if (found := _origin_or_none(url)))
    return next(stands, None) == origin_of(settings.PUBLIC_URL)


def _origin_or_none(url: str | None) -> Origin | None:
    """None for `null`, which a browser says that may not tell."""
    with suppress(ValueError):
        origin = origin_of(url or "")
        return origin if all(origin) else None
    return None


def without_referrer(response: HttpResponse) -> HttpResponse:
    """For an address that holds a secret, which no other page is told."""
    response["Referrer-Policy"] = "no-referrer"
    return response


def updated(request: Request, slug: str, said: str) -> HttpResponse:
    """One card and the counts, in place; without script, the page again with a message."""
    if not is_partial(request):
        messages.info(request, said)
        workspace = request.access.workspace.slug
        pages = [_all_of(request, slug), *_own_pages(request)]
        if back := next(filter(None, (_page_of(request, one) for one in pages)), ""):
            return redirect(back)
        return redirect(reverse("settings", args=[workspace]) + f"#card-{slug}")
    return card_update(request, slug, said)


def _all_of(request: Request, slug: str) -> str:
    """The page of all of a platform's connections."""
    return reverse("platform", args=[request.access.workspace.slug, slug])


def _is_at_all_of(request: Request, slug: str) -> bool:
    return _told(request, "HX-Current-URL").path == _all_of(request, slug)


def _sought(request: Request) -> str:
    """What the page that asks searches for."""
    return dict(parse_qsl(_told(request, "HX-Current-URL").query)).get("q", "")


def page_of_one(workspace: str, connection_id: UUID) -> str:
    """The page of one connection."""
    return reverse("connection-page", args=[workspace, connection_id])


def _own_pages(request: Request) -> list[str]:
    """The page of the connection that the address names."""
    if request.connection_id is None:
        return []
    return [page_of_one(request.access.workspace.slug, request.connection_id)]


def is_at_page_of_one(request: Request) -> bool:
    """Whether what is asked for is a part of the page of one connection."""
    return _told(request, "HX-Current-URL").path in _own_pages(request)


def redrawn(request: Request, slug: str) -> dict[str, Any]:
    """What stands for a platform on the page that asks: its card, all its connections, or one."""
    workspace = request.access.workspace
    if is_at_page_of_one(request):
        return {"one": one.of(find_connection(request, slug))}
    if _is_at_all_of(request, slug):
        asked = _told(request, "HX-Current-URL").query
        return {"listing": listing.of(workspace, slug, dict(parse_qsl(asked)))}
    platform = platform_cards.of_platform(workspace, slug)
    platform.sought = _sought(request)
    return {"platform": platform}


def settled_card(request: Request, slug: str) -> dict[str, Any]:
    """What stands for a platform, drawn anew, with the counts that may have changed with it."""
    if is_at_page_of_one(request):
        return redrawn(request, slug) | {"is_settled": True}
    if _is_at_all_of(request, slug):
        return redrawn(request, slug)
    shown = platform_cards.of_workspace(request.access.workspace)
    platform = next(one for one in shown if one.slug == slug)
    platform.sought = _sought(request)
    return {"platform": platform} | sections.summary(shown)


def _leave_page_of_one(request: Request, said: str) -> HttpResponse:
    """For an open page whose connection is gone."""
    messages.info(request, said)
    place = reverse("settings", args=[request.access.workspace.slug])
    return HttpResponse(headers={"HX-Redirect": place})


def card_update(request: Request, slug: str, said: str) -> HttpResponse:
    try:
        context = settled_card(request, slug)
    except NoConnection:
        return _leave_page_of_one(request, said)
    response = render(request, "integrations/partials/card_update.html", context)
    response["HX-Trigger-After-Settle"] = json.dumps({"said": said})
    return response


def _is_page_of_its_own(request: Request) -> bool:
    """Whether a part is for a dialog that is a page, where there are no cards to draw anew."""
    here = _told(request, "HX-Current-URL").path
    workspace = request.access.workspace.slug
    all_of = {_all_of(request, slug) for slug in platforms.catalogue()}
    own = _own_pages(request)
    return here not in {"", reverse("settings", args=[workspace]), *all_of, *own}


def dialog(
    request: Request, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """The content of the dialog; without script, the same as a page of its own."""
    if is_partial(request):
        context["alone"] = _is_page_of_its_own(request)
        return render(request, template, context, status=status)
    context |= {"page": "settings", "section": "integrations", "content": template}
    return render(request, "integrations/dialog_page.html", context, status=status)


def lent_to(request: Request, connection: IntegrationConnection) -> str:
    """To which workspaces what lets it in is lent, for who may take that back; else ""."""
    return sentences.places_of(lending.lent_with(connection)) if request.access.is_owner else ""


def takes_back(request: Request) -> bool:
    """Whether an owner chose to take back what is lent, too."""
    return request.POST.get("take_back") == "yes" and request.access.is_owner
