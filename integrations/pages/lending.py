"""Lending: the lender's page of one connection, and what is taken back."""

from collections import Counter
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from integrations import platforms
from integrations.models import IntegrationConnection, Membership, Role, Workspace
from integrations.pages import answers, cards, sentences
from integrations.pages.choosing import found_source
from integrations.pages.members import refusing
from integrations.pages.parts import Request, in_workspace, is_partial, uuid_of
from integrations.pages.questions import Question, ask
from integrations.pages.searches import is_meant
from integrations.services.connecting import choosing, lending
from integrations.services.people import members, workspaces
from integrations.services.proving import discovery
from integrations.services.refusals import InvalidChange, NoConnection

PAGE = "integrations/lend.html"
MOST_SHOWN = 50  # of workspaces, of accounts and of what is lent; a search finds the others
SEARCHED = "lend-search"  # in the session: the connection's id, and what the form held
CHOOSE = "Choose the workspace to lend it to."
NOT_YOURS = "Only who owns both workspaces lends from one to the other."
LENT = "{} lent to {}, where you are now. Each is tested here."
ALL_THERE = "All of these are connected in {} already, so nothing was lent."
NOTHING_LEFT = "That was taken back already."


@require_http_methods(["GET", "POST"])
@in_workspace(Role.OWNER)
@refusing
def lend(request: Request, slug: str, source_id: UUID) -> HttpResponse:
    """To which workspace, for which accounts; and who uses it already."""
    connection = found_source(request, slug, source_id)
    if connection.is_lent:
        return answers.lent_dialog(request, connection, lending.NOT_YOURS)
    if request.method == "POST" and request.POST.get("act") == "lend":
        return _lend(request, connection)
    if request.method == "POST":  # a search, to whose page the way back leads, too
        request.session[SEARCHED] = [str(connection.pk), _sent(request)]
        return redirect(f"{request.path}?ask=1&search=1")
    is_asked = is_partial(request) or "ask" in request.GET
    asks = connection.platform.lists_accounts and connection.opened_by_id is not None
    if asks and not is_asked and discovery.kept(connection) is None:
        return _page(request, connection, is_asking=True)
    return _page(request, connection)


def _sent(request: Request) -> dict[str, Any]:
    """What the form holds."""
    held: dict[str, Any] = {name: request.POST.get(name, "") for name in ("where", "which", "to")}
    return held | {"account": request.POST.getlist("account")}


def _searched(request: Request, connection: IntegrationConnection) -> dict[str, Any]:
    """What the form held when somebody searched last; of an empty one, nothing."""
    if "search" not in request.GET:
        request.session.pop(SEARCHED, None)
    of, held = request.session.get(SEARCHED, ("", {}))
    return dict(held) if of == str(connection.pk) else {}


def _lend(request: Request, connection: IntegrationConnection) -> HttpResponse:
    to = _owned(request, "").filter(slug=request.POST.get("to", "")).first()
    if to is None:
        return _page(request, connection, refusal=CHOOSE)
    account_ids = request.POST.getlist("account")
    if "listed" in request.POST and not account_ids:
        return _page(request, connection, refusal=choosing.NONE_CHOSEN)
    try:
        run = lending.lend(connection, to, account_ids, by=request.user)
    except NoConnection:
        raise Http404 from None
    except members.NotAnOwner:
        return _page(request, connection, refusal=NOT_YOURS)
    except InvalidChange as invalid:
        [sentence] = next(iter(invalid.errors.values()))
        return _page(request, connection, refusal=sentence)
    except sentences.NOT_LISTED as error:
        return _page(request, connection, refusal=sentences.of_listing(error))
    if not run.total:
        messages.info(request, ALL_THERE.format(to.name))
        return redirect(request.path)
    messages.success(request, LENT.format(_counted(run.total), to.name))
    return redirect("chosen-run", to.slug, run.pk)


def _owned(request: Request, query: str) -> QuerySet[Workspace]:
    """The other workspaces that the person may lend to."""
    found = workspaces.search(request.user, query).exclude(pk=request.access.workspace.pk)
    if request.user.is_superuser:
        return found
    owned = Membership.objects.filter(user=request.user, role=Role.OWNER)
    return found.filter(pk__in=owned.values("workspace"))


def _page(
    request: Request,
    connection: IntegrationConnection,
    *,
    refusal: str = "",
    is_asking: bool = False,
) -> HttpResponse:
    sent = _sent(request) if request.method == "POST" else _searched(request, connection)
    where, which = sent.get("where", "").strip(), sent.get("which", "").strip()
    places = _owned(request, where)
    lent = lending.lent_with(connection)
    context: dict[str, Any] = {
        "page": "settings",
        "section": "integrations",
        "connection": connection,
        "provider": connection.platform,
        "asked": connection.platform.for_values(connection.config).name,
        "refusal": refusal,
        "is_asking": is_asking,
        "where": where,
        "which": which,
        "to": sent.get("to", ""),
        "places": places[:MOST_SHOWN],
        "places_total": places.count(),
        "has_places": bool(where) or places.exists(),
        "problem": "" if connection.opened_by_id else lending.NOTHING,
        **shown(lent, request.GET.get("lent", "")),
        "of": connection.pk,
    }
    if connection.opened_by_id and not is_asking:
        context |= _accounts(connection, which, sent.get("account", []))
    return render(request, PAGE, context, status=422 if refusal else 200)


def _accounts(connection: IntegrationConnection, which: str, ticked: list[str]) -> dict[str, Any]:
    """Those to choose among, or why there are none but its own; those out of sight stay ticked."""
    if not connection.platform.lists_accounts:
        return {}
    try:
        every = discovery.accounts(connection)
    except discovery.CannotList:
        return {}
    except sentences.NOT_LISTED as error:
        return {"no_list": sentences.of_listing(error)}
    if not every:
        return {}
    found = [one for one in every if is_meant(one, which)]
    listed = found[:MOST_SHOWN]
    in_sight = {one.id for one in listed}
    return {
        "listed": listed,
        "found": len(found),
        "total": len(every),
        "ticked": ticked,
        "hidden_ticked": [one for one in dict.fromkeys(ticked) if one not in in_sight],
    }


def shown(lent: QuerySet[IntegrationConnection], page: str = "") -> dict[str, Any]:
    """For the list of who uses what is lent, by workspaces."""
    now = timezone.now()
    known = lent.filter(provider__in=platforms.catalogue())
    listed = Paginator(known, MOST_SHOWN).get_page(page)
    counted = Counter(known.order_by().values_list("workspace__slug", flat=True))
    slugs = [one.workspace.slug for one in listed]
    return {
        "lent": [
            (cards.Card(one, now), counted[slug] if slug not in slugs[:at] else 0)
            for at, (one, slug) in enumerate(zip(listed, slugs, strict=True))
        ],
        "lent_page": listed,
        "lent_total": lent.count(),
    }


@require_http_methods(["GET", "POST"])
@in_workspace(Role.OWNER)
@refusing
def take_back(request: Request) -> HttpResponse:
    """Say what stops there, then take it back."""
    here = request.access.workspace
    sent = request.POST if request.method == "POST" else request.GET
    every, back = _source(request, sent.get("of", ""))
    if request.method == "POST":
        ids = [pk for text in sent.get("connections", "").split(",") if (pk := uuid_of(text))]
        taken = lending.take_back(here, ids, by=request.user)
        if not taken:
            messages.info(request, NOTHING_LEFT)
            return redirect(back)
        number = f"{_counted(len(taken))} taken back" if len(taken) > 1 else "Taken back"
        messages.success(request, f"{number} from {sentences.places_of(taken)}.")
        return redirect(back)
    if asked := sent.get("connection"):
        known = uuid_of(asked)
        every = every.filter(pk=known) if known else every.none()
    if place := sent.get("workspace"):
        every = every.filter(workspace__slug=place)
    chosen = [*every]
    if not chosen:
        messages.info(request, NOTHING_LEFT)
        return redirect(back)
    it = "It is" if len(chosen) == 1 else "They are"
    stays = "its history stays" if len(chosen) == 1 else "their history stays"
    return ask(
        request,
        Question(
            title=f"Take back {_what(chosen)}?",
            sentences=[
                *_what_stops(chosen),
                f"{it} disconnected there, and {stays}. Here nothing changes.",
            ],
            action=reverse("take-back", args=[here.slug]),
            yes="Take it back" if len(chosen) == 1 else f"Take back all {len(chosen)}",
            no="Keep it lent",
            is_loss=True,
            back=back,
            section="integrations",
            hidden={
                "connections": ",".join(str(one.pk) for one in chosen),
                "of": sent.get("of", ""),
            },
        ),
    )


def _source(request: Request, of: str) -> tuple[QuerySet[IntegrationConnection], str]:
    """What is lent with one connection, or with all of the workspace; and where that is shown."""
    here = request.access.workspace
    known = uuid_of(of)
    mine = IntegrationConnection.objects.filter(workspace=here)
    found = mine.filter(pk=known).first() if known else None
    if found is None:
        every = lending.lent_by(here)  # of one that was removed meanwhile there is nothing to take
        return every.none() if of else every, reverse("workspace", args=[here.slug])
    page = reverse("lend", args=[here.slug, found.provider, found.pk])
    return lending.lent_with(found), page


def _counted(number: int) -> str:
    return f"{number} connection{'' if number == 1 else 's'}"


def _what(lent: list[IntegrationConnection]) -> str:
    """ "Postbox (Ana) from North", "12 connections of Postbox in North", or in how many."""
    names = {one.platform.name for one in lent if one.provider in platforms.catalogue()}
    of = f" of {names.pop()}" if len(names) == 1 else ""
    places = {one.workspace_id for one in lent}
    if len(lent) == 1:
        [one] = lent
        return f"{of.removeprefix(' of ')} ({one.title}) from {one.workspace.name}".strip()
    where = f"{len(places)} workspaces" if len(places) > 1 else lent[0].workspace.name
    return f"{_counted(len(lent))}{of} in {where}"


def _what_stops(lent: list[IntegrationConnection]) -> list[str]:
    """For each platform where it stops, and where others of it stay."""
    by_platform: dict[str, list[IntegrationConnection]] = {}
    for one in lent:
        by_platform.setdefault(one.provider, []).append(one)
    said = []
    for slug, its in by_platform.items():
        if slug not in platforms.catalogue():
            continue
        left = lending.left_without(its)
        stops = [one for one in its if one.workspace_id not in left]
        stays = [one for one in its if one.workspace_id in left]
        platform = platforms.get(slug)
        if stops:
            said.append(sentences.what_stops(platform, sentences.places_of(stops)))
        if stays:
            said.append(
                f"Other connections of {platform.name} stay in {sentences.places_of(stays)}."
            )
    return said
