"""The portfolio: all workspaces of a person in one table, and what broke in any of them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import Any

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.paginator import Page, Paginator
from django.db.models import F, Q, QuerySet
from django.http import HttpResponse, HttpResponseNotModified, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from integrations import clock, platforms
from integrations.models import Incident, Stands, Workspace
from integrations.models.incidents import OURS
from integrations.pages.cards import Pill
from integrations.pages.incidents import SILENT
from integrations.pages.parts import Request, signed_in
from integrations.pages.wall import WALL, on_a_wall, screens
from integrations.services.people import people, workspaces
from integrations.services.watching import abroad, engine, standings
from integrations.services.watching.abroad import Shared
from providers.declare import Provider

PER_PAGE = 50
MOST_CAUSES = 6
MOST_MARKS = 6
ON_A_SCREEN = 15
PILLS = {
    Stands.BROKEN: ("bad", "bad"),
    Stands.SILENT: ("warn", "silent"),
    Stands.SOON: ("warn", "soon"),
    Stands.WELL: ("ok", "ok"),
    Stands.NOTHING: ("idle", "none"),
}
WHY = {
    Stands.BROKEN: "Found just now",
    Stands.SILENT: "Found just now",
    Stands.SOON: "Not proven lately, half set up, or ends within 14 days",
}
SHOWN = {state.name.lower(): state for state in Stands}
WAITING = {*SILENT, OURS}  # kinds of causes in which there is nothing to do but wait
BY_DEFAULT = "worst"
SORTS: dict[str, tuple[Any, ...]] = {
    "worst": ("stands", F("standing__broken").desc(nulls_last=True), "name", "pk"),
    "name": ("name", "pk"),
    "broken": (F("standing__broken").desc(nulls_last=True), "stands", "name", "pk"),
    "since": (F("standing__since").asc(nulls_last=True), "stands", "name", "pk"),
}
SORTED_BY = {
    "worst": "burning first",
    "name": "by name",
    "broken": "those with most broken connections first",
    "since": "those broken for longest first",
}


@dataclass(frozen=True)
class Row:
    """A workspace as the table tells it, with its open incidents: what somebody must do first."""

    workspace: Workspace
    incidents: list[Incident]
    now: datetime

    @property
    def stands(self) -> Stands:
        return Stands(self.workspace.stands)  # type: ignore[attr-defined]

    @property
    def pill(self) -> Pill:
        tone, sign = PILLS[self.stands]
        return Pill(tone, self._said, sign)

    @property
    def _said(self) -> str:
        standing = getattr(self.workspace, "standing", None)
        if standing is None or self.stands == Stands.NOTHING:
            return Stands.NOTHING.label
        total = standing.broken + standing.silent + standing.soon + standing.well
        if self.stands == Stands.WELL:
            return f"All {total} work" if total > 1 else "It works"
        number = getattr(standing, self.stands.name.lower())
        return f"{number} of {total}"

    @property
    def why(self) -> str:
        """What is the matter where no incident tells it."""
        return WHY.get(self.stands, "")

    @property
    def first(self) -> Incident | None:
        return self.incidents[0] if self.incidents else None

    @property
    def others(self) -> int:
        return max(0, len(self.incidents) - 1)

    @property
    def marks(self) -> list[Provider]:
        """The platforms in which something is wrong, the first few."""
        slugs = dict.fromkeys(
            one.provider
            for incident in self.incidents
            for one in incident.all_members  # type: ignore[attr-defined]
        )
        known = [platforms.get(slug) for slug in slugs if slug in platforms.catalogue()]
        return known[:MOST_MARKS]


@dataclass(frozen=True)
class Chip:
    value: str
    label: str
    sign: str
    tone: str
    count: int
    is_chosen: bool


@dataclass
class Portfolio:
    """What a person asks of their workspaces, and what there is; a handful of queries."""

    user: User
    asked: QueryDict
    now: datetime
    is_operator: bool = field(init=False)

    def __post_init__(self) -> None:
        self.is_operator = bool(self.user.is_superuser)

    @cached_property
    def query(self) -> str:
        return self.asked.get("q", "").strip()

    @cached_property
    def show(self) -> str:
        found = self.asked.get("show", "")
        return found if found in SHOWN else ""

    @cached_property
    def platform(self) -> str:
        found = self.asked.get("platform", "")
        return found if found in platforms.catalogue() else ""

    @cached_property
    def cause(self) -> int | None:
        found = self.asked.get("cause", "")
        return int(found) if found.isascii() and found.isdecimal() and len(found) < 18 else None

    @cached_property
    def sort(self) -> str:
        found = self.asked.get("sort", "")
        return found if found in SORTS else BY_DEFAULT

    @property
    def is_narrowed(self) -> bool:
        return bool(self.query or self.show or self.platform or self.cause)

    @cached_property
    def every(self) -> QuerySet[Workspace]:
        return standings.of(self.user, self.now)

    @cached_property
    def counts(self) -> Counter[Stands]:
        """How many of all are how."""
        return standings.counts(self.every)

    @cached_property
    def total(self) -> int:
        return self.counts.total()

    @cached_property
    def _found(self) -> QuerySet[Workspace]:
        """What search, platform and cause leave."""
        found = workspaces.matching(self.every, self.query)
        return abroad.with_open(found, platform=self.platform, cause_id=self.cause)

    @cached_property
    def _found_counts(self) -> Counter[Stands]:
        is_all = not (self.query or self.platform or self.cause)
        return self.counts if is_all else standings.counts(self._found)

    @cached_property
    def page(self) -> "Page[Workspace]":
        state = SHOWN.get(self.show)
        found = self._found if state is None else self._found.filter(Q(stands=state))
        pages = Paginator(found.order_by(*SORTS[self.sort]), PER_PAGE)
        counted = self._found_counts
        pages.count = counted.total() if state is None else counted[state]
        return pages.get_page(self.asked.get("page"))

    @cached_property
    def rows(self) -> list[Row]:
        shown = list(self.page.object_list)
        return rows_of(shown, self.now)

    @cached_property
    def chips(self) -> list[Chip]:
        counted = self._found_counts
        every = Chip("", "All", "", "", counted.total(), is_chosen=not self.show)
        each = (self._chip(name, state) for name, state in SHOWN.items())
        return [*(one for one in each if one.count or one.is_chosen), every]

    def _chip(self, name: str, state: Stands) -> Chip:
        tone, sign = PILLS[state]
        count = self._found_counts[state]
        return Chip(name, state.label, sign, tone, count, is_chosen=name == self.show)

    @cached_property
    def causes(self) -> list[Shared]:
        return abroad.causes(self.user, MOST_CAUSES, waits=WAITING)

    @cached_property
    def more_causes(self) -> int:
        return max(0, abroad.count(self.user) - len(self.causes))

    @property
    def platforms(self) -> Iterable[Provider]:
        return platforms.catalogue().values()

    @property
    def headline(self) -> str:
        return headline(self.counts)

    def address(self, **other: Any) -> str:
        """The page's query with something else in it."""
        values = {"q": self.query, "show": self.show, "platform": self.platform}
        values |= {"cause": str(self.cause or ""), "sort": self.asked_sort}
        asked = QueryDict(mutable=True)
        asked.update({name: value for name, value in (values | other).items() if value})
        return f"?{asked.urlencode()}"

    @property
    def filters(self) -> list[tuple[Chip, str]]:
        return [(chip, self.address(show=chip.value)) for chip in self.chips]

    @property
    def sorts(self) -> dict[str, str]:
        return {name: self.address(sort=name) for name in SORTS}

    @property
    def asked_sort(self) -> str:
        return self.sort if self.sort != BY_DEFAULT else ""

    @property
    def sorted_by(self) -> str:
        return SORTED_BY[self.sort]

    @property
    def without_cause(self) -> str:
        return self.address(cause="")

    @property
    def newer(self) -> str:
        return self.address(page=self.page.previous_page_number())

    @property
    def older(self) -> str:
        return self.address(page=self.page.next_page_number())

    @property
    def chosen_cause(self) -> str:
        """The title of the cause that is asked for; "" for none of theirs."""
        return abroad.title_of(self.user, self.cause) if self.cause else ""

    @property
    def seen(self) -> str:
        """What changes with whatever the page says first."""
        said = [*sorted(self.counts.items()), abroad.newest(self.user)]
        return sha256(repr(said).encode()).hexdigest()[:16]


def headline(counts: Counter[Stands]) -> str:
    """The state of all of them in a sentence."""
    total = f"{counts.total():,}"
    if broken := counts[Stands.BROKEN]:
        needs = "needs" if broken == 1 else "need"
        return f"{broken:,} of {total} workspaces {needs} someone now"
    if silent := counts[Stands.SILENT]:
        waits = "waits" if silent == 1 else "wait"
        return f"Nobody is needed; {silent:,} of {total} workspaces {waits} for an answer"
    if soon := counts[Stands.SOON]:
        return f"{soon:,} of {total} workspaces will need someone"
    if counts[Stands.NOTHING] == counts.total():
        return f"Nothing is connected in {total} workspaces yet"
    return f"Everything that is connected works, in all {total} workspaces"


def rows_of(shown: list[Workspace], now: datetime) -> list[Row]:
    """With their open incidents, what somebody must act on first; two queries."""
    open_ones = abroad.open_in([one.pk for one in shown])
    for its in open_ones.values():
        its.sort(key=lambda one: (_waits(one), -len(one.stops), one.opened_at))
    return [Row(one, open_ones.get(one.pk, []), now) for one in shown]


def _waits(incident: Incident) -> bool:
    return incident.cause.kind in WAITING or incident.well_since is not None


def sign_of(kind: str) -> Pill:
    """The shape of a cause."""
    if kind == OURS:
        return Pill("warn", "Our side", "stale")
    return Pill("warn", "No answer", "silent") if kind in SILENT else Pill("bad", "Broken", "bad")


@require_GET
@signed_in
def portfolio(request: Request) -> HttpResponse:
    """Whoever has one workspace is led to it."""
    now = timezone.now()
    several = people.workspaces_of(request.user).order_by("pk")[:2]  # by name takes all of them
    if len(several) < 2:
        return home(request)
    told = Portfolio(request.user, request.GET, now)
    context = {
        "page": "portfolio",
        "portfolio": told,
        "now": now,
        "unchecked": engine.problem(clock.now()),
        "causes": [(one, sign_of(one.kind)) for one in told.causes],
    }
    if WALL in request.GET:
        return on_a_wall(request, "dashboard/portfolio_wall.html", context | _wall(told))
    return render(request, "dashboard/portfolio.html", context)


def _sign(counts: Counter[Stands]) -> Pill:
    """The shape of the state of all of them."""
    worst = next((one for one in Stands if counts[one]), Stands.NOTHING)
    tone, sign = PILLS[worst]
    return Pill(tone, worst.label, sign)


def _wall(told: Portfolio) -> dict[str, Any]:
    """Those that are not well, a screen after the other."""
    shown = told.every.filter(Q(stands__lte=Stands.SOON)).order_by(*SORTS[BY_DEFAULT])
    rows = rows_of(list(shown[: 8 * ON_A_SCREEN]), told.now)
    bad = told.counts[Stands.BROKEN] + told.counts[Stands.SILENT] + told.counts[Stands.SOON]
    return {
        "screens": screens(rows, ON_A_SCREEN),
        "more": max(0, bad - len(rows)),
        "wall_sign": _sign(told.counts),
    }


@require_GET
@signed_in
def changes(request: Request) -> HttpResponse:
    """Nothing, by 304, while the page still says what is; then a line that leads to what is."""
    told = Portfolio(request.user, request.GET, timezone.now())
    if request.GET.get("seen") == told.seen:
        return HttpResponseNotModified()
    return render(request, "dashboard/portfolio_changes.html", {"portfolio": told})


@never_cache
@login_required
def home(request: Request, page: str = "overview") -> HttpResponse:
    """Lead to a page of the person's default workspace."""
    try:
        access = people.access(request.user)
    except people.NoWorkspace:
        archived = workspaces.archived_of(request.user).exists()
        return render(request, "no_workspace.html", {"archived": archived}, status=403)
    asked = f"?{WALL}" if WALL in request.GET and page == "overview" else ""
    return redirect(f"{reverse(page, args=[access.workspace.slug])}{asked}")
