"""The overview of a workspace: what needs someone first, then what will, then what is.

What is broken is told once, by its cause: a connection that is part of an open incident stands in
no other list.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.text import get_text_list
from django.views.decorators.http import require_GET

from integrations import clock
from integrations.models import Role, Workspace, naming
from integrations.pages import cards, incidents, platform_cards, sections, strip, wall
from integrations.pages.cards import Card, Pill
from integrations.pages.incidents import Lately
from integrations.pages.parts import Request, in_workspace
from integrations.pages.platform_cards import MOST_ROWS, PlatformCard
from integrations.services import events, weeks
from integrations.services.people import hand_over
from integrations.services.telling import audience, notices
from integrations.services.watching import budgets, days, engine, handling

MOST_ASKS = 8
MOST_OVER = 5
ON_A_SCREEN = 3
MOST_BARS = 40  # of the strip
NEEDED = ("now", "soon")  # sections with rows of their own
OLD = 2 / 3  # of what a proof lasts: checks renew it before it is so old
LOW = 0.9  # of a budget: checks at their usual points never spend so much


@dataclass(frozen=True)
class Fading:
    """A connection that works and may soon not be proven any more, or not be checked as often."""

    card: Card
    proof_ends_at: datetime | None = None
    budget: budgets.Told | None = None


@dataclass(frozen=True)
class Needed:
    """Connections that ask for as much: the worst few, and how many more of which platform."""

    section: sections.Section
    cards: list[Card]
    more: list[tuple[Card, int]]


@require_GET
@in_workspace(Role.VIEWER)
def overview(request: Request) -> HttpResponse:
    workspace, now = request.access.workspace, timezone.now()
    latest = events.latest_id(workspace)  # before what it changed is read
    shown = platform_cards.of_workspace(workspace)
    every = [card for one in shown for card in one.cards]
    lately = incidents.lately_in(workspace, every, now)
    asked = [(one, its) for one, its in sections.of(_untold(every, lately)) if one.slug in NEEDED]
    told = {card.connection.pk for _, its in asked for card in its}
    noticed = notices.current([card.connection for card in every], workspace)
    bars = strip.bars(every)
    context = _state(shown, every, lately, now) | {
        "page": "overview",
        "lately": lately,
        "asks": lately.asks[:MOST_ASKS],
        "more_asks": len(lately.asks[MOST_ASKS:]),
        "over": lately.over[:MOST_OVER],
        "needed": [Needed(one, *_first_few(its)) for one, its in asked],
        "fading": [
            one for card in every if card.connection.pk not in told for one in _fading(card)
        ],
        "notices": [one for one in noticed if one.connection.pk not in told],
        "platforms": sorted(shown, key=lambda one: one.lit.gloom),
        "nothing": not any(one.connection.has_anything or one.is_taken_back for one in every),
        "stand_ins": [one.worst for one in shown if one.worst.stand_in],
        "week": weeks.until(workspace, days.day_of(now) - days.DAY),
        "strip": bars[:MOST_BARS],
        "later": len(bars[MOST_BARS:]),
        **_lenders(every),
        "hand_over": hand_over.pending(workspace),
        **_nobody_hears(workspace, shown),
        "since": latest,
        "latest": latest,
    }
    if wall.WALL in request.GET:
        return wall.on_a_wall(
            request, "dashboard/overview_wall.html", context | _wall(context, now)
        )
    return render(request, "dashboard/overview.html", context)


def _nobody_hears(workspace: Workspace, shown: list[PlatformCard]) -> dict[str, Any]:
    """Whether anybody would hear of any platform, and of which of those in use nobody would."""
    slugs = [one.slug for one in shown]
    unheard = audience.unheard(workspace, slugs)
    silent = [one for one in shown if one.slug in unheard]
    used = [one for one in silent if any(card.connection.has_anything for card in one.cards)]
    names = [one.provider.name for one in used]
    few = naming.few(names[: naming.MOST_NAMED], len(names))
    return {"is_heard": unheard != slugs, "unheard": get_text_list(few, "and")}


def _wall(context: dict[str, Any], now: datetime) -> dict[str, Any]:
    """What is broken, a screen after the other."""
    ahead = (bar for bar in context["strip"] if bar.ends_at and bar.ends_at > now)
    return {
        "now": now,
        "fires": wall.screens(context["lately"].open, ON_A_SCREEN),
        "next_end": next(ahead, None),
        "wall_sign": _sign(context),
    }


def _sign(context: dict[str, Any]) -> Pill:
    """The shape of the state of all of them."""
    sections_needed = {one.section.slug for one in context["needed"]}
    lately: Lately = context["lately"]
    if context["unchecked"] or lately.asks or "now" in sections_needed:
        return Pill("bad", "Needs someone", "bad")
    if lately.waits:
        return Pill("warn", "No answer", "silent")
    if sections_needed:
        return Pill("warn", "Will need someone", "soon")
    return Pill("idle", "", "none") if context["nothing"] else Pill("ok", "Works", "ok")


def _state(
    shown: Sequence[PlatformCard], every: Iterable[Card], lately: Lately, now: datetime
) -> dict[str, Any]:
    """The page's first words. While nothing is checked, that comes before what was found."""
    said = sections.summary(shown)
    if causes := len(lately.asks):
        said["headline"] += f", by {causes} cause{'' if causes == 1 else 's'}"
    ends = [(_proof_ends_at(card), card.title) for card in every if card.group == "proven"]
    unchecked = engine.problem(clock.now())
    return said | {"unchecked": unchecked, "first_end": min(ends, default=None)}


def _untold(every: Sequence[Card], lately: Lately) -> list[Card]:
    """Those that no incident tells of already."""
    told = _of_incidents(lately)
    return [card for card in every if card.connection.pk not in told]


def _of_incidents(lately: Lately) -> set[UUID]:
    """The connections of open incidents. That one is silent does not tell that it is refused, which
    may be known a moment before it is judged.
    """
    return {
        connection.pk
        for told in lately.open
        for connection in handling.connections_of(told.incident)
        if not (told.is_silence and connection.light(told.now) == "red")
    }


def _fading(card: Card) -> Iterable[Fading]:
    ends_at = _proof_ends_at(card)
    if card.group == "proven" and ends_at:
        lasts = card.provider.proof_budget
        if ends_at - card.now < (1 - OLD) * lasts:
            yield Fading(card, proof_ends_at=ends_at)
    watch = card.connection.watched
    budget = budgets.told(card.connection, watch, card.now) if watch else None
    if budget and budget.used >= LOW * budget.limit:
        yield Fading(card, budget=budget)


def _proof_ends_at(card: Card) -> datetime:
    proven_at = card.connection.proof_at
    return (proven_at or card.now) + card.provider.proof_budget


def _lenders(every: list[Card]) -> dict[str, Any]:
    """Who lends what lets any of these in."""
    names = sorted({card.lender for card in every} - {""})
    told = naming.few(names[: naming.MOST_NAMED], len(names))
    return {"lenders": get_text_list(told, "and"), "lenders_count": len(names)}


def _first_few(its: list[Card]) -> tuple[list[Card], list[tuple[Card, int]]]:
    """The worst few of each platform, each cause once, and how many more of it there are."""
    by_platform: dict[str, list[Card]] = {}
    for card in its:
        by_platform.setdefault(card.slug, []).append(card)
    each = [cards.by_cause(own) for own in by_platform.values()]
    few = [card for own in each for card in own[:MOST_ROWS]]
    more = [(own[0], len(own) - MOST_ROWS) for own in each]
    return few, [(card, count) for card, count in more if count > 0]
