"""The cards as a page orders them: in sections, counted by filter chips, under a headline."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from integrations.pages.cards import GROUPS, Card
from integrations.pages.platform_cards import PlatformCard

USUAL = ("", "error", "proven", "not_connected")  # shown with none in them, too
IN_WORDS = {
    "error": "in error",
    "taken_back": "taken back",
    "half": "half set up",
    "unproven": "not proven",
    "unanswered": "without a clear answer",
    "stand_in": "at a stand-in",
    "proven": "connected and proven",
    "unprovable": "that cannot be proven",
    "disabled": "disabled",
}


@dataclass(frozen=True)
class Section:
    """Cards that ask for as much, burning first."""

    slug: str
    title: str
    about: str


SECTIONS = (
    Section("now", "Needs someone now", "What stops most comes first"),
    Section(
        "soon",
        "Will need someone",
        "Nothing is known to be broken: half set up, not proven lately, proven by a stand-in "
        "alone, or about to end",
    ),
    Section("nothing", "Nothing to do", "Proven, tried again, or off on purpose"),
    Section("not_connected", "Not connected", "What each would be used for"),
)


@dataclass(frozen=True)
class Chip:
    value: str
    label: str
    count: int
    is_chosen: bool

    @property
    def words(self) -> str:
        """Behind a number: "2 in error"."""
        return IN_WORDS.get(self.value, self.label.lower())

    @property
    def is_hidden(self) -> bool:
        """A rare group is left out while none is in it."""
        return not self.count and not self.is_chosen and self.value not in USUAL


def chips(shown: Sequence[Card | PlatformCard], chosen: str) -> list[Chip]:
    """The filter chips with their counts."""
    counts = Counter(card.group for card in shown)
    return [
        Chip("", "All", len(shown), chosen not in dict(GROUPS)),
        *(Chip(*group, counts[group[0]], group[0] == chosen) for group in GROUPS),
    ]


def headline(shown: Sequence[Card | PlatformCard]) -> str:
    """The state of all of them in a sentence."""
    broken = sum(card.section == "now" for card in shown)
    if broken:
        needs = "needs" if broken == 1 else "need"
        return f"{broken} of {len(shown)} platforms {needs} someone now"
    asked = [card for card in shown if card.section == "soon"]
    if asked and all(card.group == "stand_in" for card in asked):
        return f"Stand-ins answer for {len(asked)} of {len(shown)} platforms"
    if soon := len(asked):
        return f"{soon} of {len(shown)} platforms will need someone"
    if all(card.section == "not_connected" for card in shown):
        return "Nothing is connected yet"
    if silent := sum(card.group == "unanswered" for card in shown):
        gives = "gives" if silent == 1 else "give"
        return f"{silent} of {len(shown)} platforms {gives} no clear answer, the others work"
    return "Everything that is connected works"


def behind(shown: Sequence[PlatformCard]) -> str:
    """How many connections there are behind platforms that are counted once; "" where as many."""
    if not any(one.is_several for one in shown):
        return ""
    counts = Counter(card.group for one in shown for card in one.cards)
    found = [f"{counts[group]:,} {said}" for group, said in IN_WORDS.items() if counts[group]]
    total = sum(counts[group] for group in IN_WORDS)
    if not total:
        return ""
    return f"Behind them {total:,} connection{'' if total == 1 else 's'}: {', '.join(found)}."


def summary(shown: Sequence[PlatformCard], chosen: str = "") -> dict[str, Any]:
    """What a page says of all cards at once."""
    return {
        "chips": chips(shown, chosen),
        "headline": headline(shown),
        "behind": behind(shown),
    }


def next_turn(shown: Sequence[Card | PlatformCard]) -> int:
    """When time alone changes one of them, in seconds of the epoch; 0 for never."""
    turns = [turn for card in shown if (turn := card.turns_at)]
    return math.ceil(min(turns).timestamp()) if turns else 0


def of[Shown: (Card, PlatformCard)](shown: list[Shown]) -> list[tuple[Section, list[Shown]]]:
    """The cards in the order in which somebody should look, those that stop most first."""
    found = []
    for section in SECTIONS:
        its = [card for card in shown if card.section == section.slug]
        its.sort(key=lambda card: -len(card.provider.used_by))
        if its:
            found.append((section, its))
    return found
