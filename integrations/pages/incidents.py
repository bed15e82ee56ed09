"""What broke, by its causes: the page of a workspace, and the one of operators over all of them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import F, Min, Prefetch, Q
from django.http import Http404, HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from integrations import clock
from integrations.models import Ending, Incident, IntegrationConnection, Role, Workspace
from integrations.pages import cards, mutes
from integrations.pages import changes as change_views
from integrations.pages.cards import Card, Pill
from integrations.pages.parts import Request, in_workspace, posted, signed_in
from integrations.services import events
from integrations.services.people import members
from integrations.services.people.members import Archived
from integrations.services.refusals import InvalidChange
from integrations.services.telling import audience
from integrations.services.watching import engine, handling, stops, wording
from integrations.services.watching.handling import Handling, NoIncident
from providers.errors import Unanswered

PER_PAGE = 25
MOST_NAMED = 5  # workspaces of a cause, and connections of an incident
LATELY, MOST_LATELY = timedelta(days=7), 500
SILENT = {error.kind for error in Unanswered.__subclasses__()}
SAVED = "It is saved."
NOT_SAVED = "Nothing is saved yet."
SEEN = {"take": True, "seen": True, "unseen": False}
ARCHIVED = "The workspace was archived meanwhile. Nothing was changed."


@dataclass(frozen=True)
class Told:
    """An incident as a page tells it. `cards` are those of its connections, the first few."""

    incident: Incident
    cards: list[Card]
    more: int
    now: datetime
    is_muted: bool = False
    muted_until: datetime | None = None

    @property
    def stops(self) -> list[str]:
        return handling.stops_of(self.incident)

    @property
    def went_on(self) -> bool:
        """Whether it turned out to have another cause, and is told there."""
        return self.incident.ended_by == Ending.MOVED

    @property
    def length(self) -> str:
        ended = self.incident.closed_at or self.incident.well_since or self.now
        return wording.lasted(self.incident.opened_at, ended)

    @property
    def is_drill(self) -> bool:
        return self.incident.cause.is_drill

    @property
    def is_silence(self) -> bool:
        """Whether there is nothing to do but wait."""
        return self.incident.cause.kind in SILENT

    @property
    def needs_someone(self) -> bool:
        return not (self.is_silence or self.incident.is_ours or self.incident.well_since)

    @property
    def pill(self) -> Pill:
        """Its state, and that nobody is told of it, where that is so."""
        state = self._state
        if not self.is_muted or state.since:
            return state
        muted = "muted until" if self.muted_until else "muted"
        return replace(state, text=f"{state.text}, {muted}", since=self.muted_until)

    @property
    def _state(self) -> Pill:
        incident = self.incident
        if self.is_drill and incident.is_open:
            return Pill("idle", "Drill", "stand-in")
        if incident.well_since:
            return Pill("warn", "Works again since", "soon", incident.well_since)
        if incident.is_flapping:
            return Pill("warn", "Comes and goes", "stale")
        if incident.confirmed_at is None:
            return Pill("warn", "Not certain yet", "silent")
        if incident.is_ours:
            return Pill("warn", "Our side", "stale")
        return (
            Pill("warn", "No answer", "silent") if self.is_silence else Pill("bad", "Open", "bad")
        )

    @property
    def tone(self) -> str:
        return self.pill.tone

    @property
    def click(self) -> Card | None:
        """The connection whose dialog is the next click; none where people can do nothing."""
        if self.incident.is_ours or self.is_silence or self.is_drill:
            return None
        opens = (card for card in self.cards if card.next_click.does == "open")
        return next(opens, None)

    @property
    def report(self) -> Card | None:
        """The connection whose report is to be cleared, where that is all there is to do."""
        reported = (card for card in self.cards if card.next_click.does == "clear")
        return next(reported, None) if self.needs_someone and not self.click else None


def tell(incidents: Iterable[Incident], now: datetime) -> list[Told]:
    """Open ones, with the cards of their connections; a handful of queries."""
    of_each = [(one, handling.connections_of(one)) for one in incidents]
    named = {c.pk: c for _, all_of_it in of_each for c in all_of_it[:MOST_NAMED]}
    made = cards.read_again([Card(one, now) for one in named.values()]) if named else []
    by_pk = {card.connection.pk: card for card in made}
    return _in_order(_told(one, all_of_it, by_pk, now) for one, all_of_it in of_each)


@dataclass(frozen=True)
class Lately:
    """The incidents of a workspace that are open, and those that ended within a week."""

    open: list[Told]
    over: list[Told]

    @property
    def breaks(self) -> int:
        """How many of them people were told of."""
        return sum(one.incident.confirmed_at is not None for one in [*self.open, *self.over])

    @property
    def asks(self) -> list[Told]:
        return [one for one in self.open if one.needs_someone]

    @property
    def waits(self) -> list[Told]:
        """Those in which people can do nothing, or need not any more."""
        return [one for one in self.open if not one.needs_someone]


def lately_in(workspace: Workspace, known: Iterable[Card], now: datetime) -> Lately:
    """For a page that has all cards already: two queries. What is only practised needs nobody, and
    is not among them.
    """
    by_pk = {card.connection.pk: card for card in known}
    is_lately = Q(closed_at=None) | Q(closed_at__gt=now - LATELY)
    newest = F("closed_at").desc(nulls_first=True)
    found = handling.of(workspace).filter(is_lately, cause__is_drill=False)
    told = [
        _told(one, handling.connections_of(one), by_pk, now)
        for one in found.order_by(newest, "-pk")[:MOST_LATELY]
    ]
    return Lately(
        _in_order(one for one in told if one.incident.is_open),
        [one for one in told if not one.incident.is_open],
    )


def _in_order(told: Iterable[Told]) -> list[Told]:
    """What somebody must act on first, and of that what stops most."""

    def place(one: Told) -> tuple[bool, int, datetime]:
        return one.tone != "bad", -len(one.incident.stops), one.incident.opened_at

    return sorted(told, key=place)


def _told(
    incident: Incident,
    connections: list[IntegrationConnection],
    by_pk: dict[UUID, Card],
    now: datetime,
) -> Told:
    shown = [by_pk[one.pk] for one in connections[:MOST_NAMED] if one.pk in by_pk]
    more = len(connections) - len(shown)
    return Told(incident, shown, more, now, *_mute(incident, connections, now))


def _mute(
    incident: Incident, connections: list[IntegrationConnection], now: datetime
) -> tuple[bool, datetime | None]:
    """Whether nobody is told of it, and until when: it is muted itself, or all that is in it."""
    if incident.is_muted(now):
        return True, incident.muted_until
    watches = [one.watched for one in connections]
    if not watches or not all(one and one.is_muted(now) for one in watches):
        return False, None
    ends = [one.muted_until for one in watches if one and one.muted_until and not one.is_quiet]
    return True, min(ends, default=None)


@require_GET
@in_workspace(Role.VIEWER)
def page(request: Request) -> HttpResponse:
    """The open ones first, then those that are over; of both a page at a time."""
    return _page(request)


@require_GET
@in_workspace(Role.VIEWER)
def changes(request: Request) -> HttpResponse:
    """The list as it is by now, if anything has happened since `after`."""
    latest = events.latest_id(request.access.workspace)
    if change_views.number(request.GET.get("after", "")) >= latest:
        return HttpResponseNotModified()
    context = _listed(request) | {"latest": latest, "is_redrawn": True}
    return render(request, "integrations/partials/incident_changes.html", context)


def _page(request: Request, kept: dict[str, Any] | None = None) -> HttpResponse:
    """`kept` is what was typed and not taken."""
    latest = events.latest_id(request.access.workspace)  # before what it changed is read
    context = _listed(request) | {
        "page": "incidents",
        "latest": latest,
        "unchecked": engine.problem(clock.now()),
        "kept": kept,
    }
    return render(request, "integrations/incidents.html", context, status=422 if kept else 200)


def _listed(request: Request) -> dict[str, Any]:
    workspace, now = request.access.workspace, timezone.now()
    shown = request.GET.get("open") or request.POST.get("open")
    found = Paginator(handling.open_ones(workspace), PER_PAGE).get_page(shown)
    every = handling.of(workspace).exclude(closed_at=None)
    closed = Paginator(every, PER_PAGE).get_page(request.GET.get("page"))
    saved = IntegrationConnection.objects.filter(workspace=workspace, version__gt=0)
    real = Incident.objects.filter(workspace=workspace, cause__is_drill=False)
    over = real.exclude(closed_at=None).order_by("-pk").values_list("closed_at", flat=True)
    practised = handling.of(workspace).filter(closed_at=None, cause__is_drill=True)
    return {
        "found": found,
        "open": tell(found, now),
        "drills": tell(practised, now),
        "closed": closed,
        "over": [_told(one, [], {}, now) for one in closed],
        "quiet_since": over.first() or saved.aggregate(at=Min("created_at"))["at"],
        "members": [one.user for one in members.of(workspace) if one.user.is_active],
        "lengths": mutes.LENGTHS,
        "stops": stops.lately(now),
        "longest_note": handling.LONGEST_NOTE,
    }


@in_workspace(Role.EDITOR)
@posted("incidents")
def handle(request: Request, incident_id: int) -> HttpResponse:
    """What a person says about one: a button, and whatever the form beside it has."""
    workspace = request.access.workspace
    try:
        wanted = _handling(request)
        handling.handle(workspace, incident_id, wanted, by=request.user, now=timezone.now())
    except NoIncident:
        raise Http404 from None
    except Archived:
        messages.error(request, ARCHIVED)
        return redirect("dashboard")
    except InvalidChange as refused:
        said = [one for its in refused.errors.values() for one in its]
        messages.error(request, " ".join([*said, NOT_SAVED]))
        typed = {name: request.POST.get(name, "") for name in ("owner", "note", "mute")}
        return _page(request, typed | {"id": incident_id, "errors": said})
    messages.info(request, SAVED)
    there = reverse("incidents", args=[workspace.slug])
    shown = request.POST.get("open", "")
    which = f"?open={shown}" if shown.isdecimal() and shown != "1" else ""
    return redirect(f"{there}{which}#incident-{incident_id}")


def _handling(request: Request) -> Handling:
    """What was pressed, and what was typed: what stands as it was shown changes nothing, so that
    nobody takes back what another one wrote meanwhile.
    """
    sent = request.POST
    does = sent.get("do", "")
    given = {
        name: sent[name].strip()
        for name in ("owner", "note")
        if name in sent and sent[name].strip() != sent.get(f"{name}_was")
    }
    owners = {"take": request.user.get_username(), "give-back": ""}
    given |= {"owner": owners[does]} if does in owners else {}
    mute = sent.get("mute", "")
    seconds = next((one for one in mutes.LENGTHS if str(one) == mute), 0)
    cleared = {name for name, value in given.items() if not value}
    return Handling(
        acknowledged=SEEN.get(does),
        owner=given.get("owner") or None,
        note=given.get("note") or None,
        muted_until=timezone.now() + timedelta(seconds=seconds) if seconds else None,
        clears=frozenset(cleared | ({"muted_until"} if mute == "none" else set())),
    )


@require_GET
@signed_in
def operations(request: Request) -> HttpResponse:
    """The causes over all workspaces, for whoever runs the installation."""
    if not request.user.is_superuser:
        return render(request, "403.html", {"of_all": True}, status=403)
    now = timezone.now()
    first = Incident.objects.filter(closed_at=None).select_related("workspace").order_by("pk")
    read = Prefetch("incidents", queryset=first[:MOST_NAMED], to_attr="first")
    causes = handling.causes().filter(is_drill=False).prefetch_related(read)
    open_ones = causes.filter(closed_at=None).order_by(F("workspaces").desc(), "opened_at")
    context = {
        "page": "operations",
        "section": "causes",
        "is_heard": audience.is_heard(None),
        "open": _advised(Paginator(open_ones, PER_PAGE).get_page(request.GET.get("open"))),
        "closed": causes.exclude(closed_at=None)[:PER_PAGE],
        "now": now,
    }
    return render(request, "integrations/operations.html", context)


def _advised(causes: "Page[Any]") -> "Page[Any]":
    """With what operators read of those that they put right."""
    for one in causes:
        one.advice = wording.to_operators(one.key)
    return causes
