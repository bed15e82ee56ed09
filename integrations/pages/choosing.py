"""Choosing among all accounts that a connection's credentials reach, to take several at once."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.sessions.backends.base import SessionBase
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import get_text_list
from django.views.decorators.http import require_http_methods

from integrations.models import IntegrationConnection, Role, naming
from integrations.pages import answers, cards, chosen_runs, sentences
from integrations.pages.parts import Request, in_workspace, is_partial
from integrations.pages.searches import is_meant
from integrations.services import rows
from integrations.services.connecting import choosing
from integrations.services.connecting.choosing import Reachable
from integrations.services.proving import discovery, runs
from integrations.services.refusals import InvalidChange, NoConnection

PER_PAGE = 100
PAGE = "integrations/choose_accounts.html"
COUNT = "integrations/partials/chosen_count.html"
CHOSEN = "chosen-accounts"  # in the session: ids by connection
ALL_CONNECTED = "All of these are connected already, so nothing was added."
COUNTED_ANEW = "{} are chosen now, other than the button said. Press it again to add them."


class Chosen:
    """What a person has ticked on any page, kept in the session until it is added."""

    def __init__(self, session: SessionBase, connection: IntegrationConnection) -> None:
        self._session, self._key = session, str(connection.pk)
        self.ids: dict[str, None] = dict.fromkeys(session.get(CHOSEN, {}).get(self._key, ()))

    def take(self, ids: list[str]) -> None:
        self.ids |= dict.fromkeys(ids)
        self._keep()

    def leave(self, ids: list[str]) -> None:
        for one in ids:
            self.ids.pop(one, None)
        self._keep()

    def clear(self) -> None:
        self.ids.clear()
        self._keep()

    def _keep(self) -> None:
        others = {k: v for k, v in self._session.get(CHOSEN, {}).items() if k != self._key}
        mine = {self._key: [*self.ids]} if self.ids else {}
        self._session[CHOSEN] = others | mine


@require_http_methods(["GET", "POST"])
@in_workspace(Role.EDITOR)
def choose(request: Request, slug: str, source_id: UUID) -> HttpResponse:
    """The accounts, to tick any number of them. What is ticked here or elsewhere is kept."""
    connection = found_source(request, slug, source_id)
    if connection.is_lent:
        return answers.lent_dialog(request, connection, discovery.IsLent.sentence)
    chosen = Chosen(request.session, connection)
    if request.method == "POST":
        ticked = request.POST.getlist("account")
        chosen.leave([*set(request.POST.getlist("shown")).difference(ticked)])
        chosen.take(ticked)
        if is_partial(request):
            return render(request, COUNT, {"chosen": chosen.ids})
        return _acted(request, connection, chosen)
    is_asked = is_partial(request) or "ask" in request.GET
    if not is_asked and discovery.kept(connection) is None:
        return render(request, PAGE, _context(request, connection) | {"is_asking": True})
    return _list(request, connection, chosen)


def found_source(request: Request, slug: str, source_id: UUID) -> IntegrationConnection:
    try:
        found = rows.find_by_id(request.access.workspace, source_id)
    except NoConnection:
        raise Http404 from None
    if found.provider != slug:
        raise Http404
    return found


def _acted(request: Request, connection: IntegrationConnection, chosen: Chosen) -> HttpResponse:
    """One button of the form was pressed."""
    query, page = request.GET.get("q", ""), request.GET.get("page", "")
    act = request.POST.get("act", "search")
    if "add" in request.POST:
        return _add(request, connection, chosen)
    if act == "clear":
        chosen.clear()
    elif act in ("all", "none"):
        try:
            free = [
                one
                for one in choosing.reachable(connection)
                if is_meant(one.account, query) and is_free(one)
            ]
        except sentences.NOT_LISTED:
            pass  # the page that is shown next says why
        else:
            ids = [one.account.id for one in free]
            (chosen.take if act == "all" else chosen.leave)(ids)
    elif act == "search":
        query, page = request.POST.get("q", "").strip(), ""
    return redirect(_address(request, connection, q=query, page=request.POST.get("go", page)))


def _address(request: Request, connection: IntegrationConnection, **query: str) -> str:
    place = [request.access.workspace.slug, connection.provider, connection.pk]
    asked = {name: value for name, value in query.items() if value}
    return reverse("choose-accounts", args=place, query={**asked, "ask": "1"})


def _add(request: Request, connection: IntegrationConnection, chosen: Chosen) -> HttpResponse:
    counted = request.POST["add"]
    if counted and counted != str(len(chosen.ids)):  # without script the button cannot count
        messages.warning(request, COUNTED_ANEW.format(_accounts(len(chosen.ids))))
        return redirect(request.get_full_path())
    try:
        run = choosing.add_many(connection, [*chosen.ids], by=request.user)
    except NoConnection:
        raise Http404 from None
    except InvalidChange as invalid:
        [sentence] = invalid.errors[choosing.ACCOUNTS]
        return _list(request, rows.again(connection), chosen, refusal=sentence)
    except sentences.NOT_LISTED as error:
        return _list(request, connection, chosen, refusal=sentences.of_listing(error))
    chosen.clear()
    if not run.total:
        messages.info(request, ALL_CONNECTED)
        return redirect(_address(request, connection))
    return redirect("chosen-run", request.access.workspace.slug, run.pk)


def _accounts(number: int) -> str:
    return f"{number} account{'' if number == 1 else 's'}"


def is_free(one: Reachable) -> bool:
    return one.connection is None


def _named(chosen: list[Reachable], shown: "Page[Reachable]") -> str:
    """Those that were ticked on another page, or on an earlier visit."""
    in_sight = {one.account.id for one in shown}
    hidden = [one.account for one in chosen if one.account.id not in in_sight]
    names = [one.name or one.id for one in hidden[: naming.MOST_NAMED]]
    return get_text_list(naming.few(names, len(hidden)), "and")


def _card(one: Reachable, now: datetime) -> cards.Card | None:
    return cards.Card(one.connection, now) if one.connection else None


def _context(request: Request, connection: IntegrationConnection) -> dict[str, Any]:
    latest = runs.latest_chosen(request.access.workspace, connection.provider)
    told = chosen_runs.Told(latest, by_now=True) if latest else None
    return {
        "page": "settings",
        "section": "integrations",
        "connection": connection,
        "provider": connection.platform,
        "asked": connection.platform.for_values(connection.config).name,
        "query": request.GET.get("q", "").strip(),
        "again": _address(
            request,
            connection,
            q=request.GET.get("q", ""),
            page=request.GET.get("page", ""),
        ),
        "latest": told if told and (told.run.is_running or told.unproven) else None,
    }


def _list(
    request: Request, connection: IntegrationConnection, chosen: Chosen, *, refusal: str = ""
) -> HttpResponse:
    context = _context(request, connection) | {"refusal": refusal}
    status = 422 if refusal else 200
    try:
        every = choosing.reachable(connection)
    except sentences.NOT_LISTED as error:
        context |= {"refusal": "", "problem": refusal or sentences.of_listing(error)}
        return render(request, PAGE, context, status=status)
    free = {one.account.id for one in every if is_free(one)}
    if gone := [one for one in chosen.ids if one not in free]:
        chosen.leave(gone)
    found = [one for one in every if is_meant(one.account, context["query"])]
    matching = [one.account.id for one in found if is_free(one)]
    now = timezone.now()
    shown = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context |= {
        "found": shown,
        "lines": [(one.account, _card(one, now)) for one in shown],
        "total": len(every),
        "connected": len(every) - len(free),
        "matching": len(matching),
        "all_taken": bool(matching) and chosen.ids.keys() >= set(matching),
        "chosen": chosen.ids,
        "elsewhere": _named([one for one in every if one.account.id in chosen.ids], shown),
        "near": list(shown.paginator.get_elided_page_range(shown.number, on_each_side=2)),
    }
    return render(request, PAGE, context, status=status)
