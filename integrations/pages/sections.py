"""The cards as a page orders them: in sections, counted by filter chips, under a headline."""

import math
from collections import Counter
from dataclasses import dataclass

from integrations.pages.cards import GROUPS, Card

USUAL = ("", "error", "proven", "not_connected")  # shown with none in them, too


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
        "Nothing is known to be broken, but it is half set up, was not proven lately or ends soon",
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
    def is_hidden(self) -> bool:
        """A rare group is left out while none is in it."""
        return not self.count and not self.is_chosen and self.value not in USUAL


def chips(shown: list[Card], chosen: str) -> list[Chip]:
    """The filter chips with their counts."""
    counts = Counter(card.group for card in shown)
    return [
        Chip("", "All", len(shown), chosen not in dict(GROUPS)),
        *(Chip(*group, counts[group[0]], group[0] == chosen) for group in GROUPS),
    ]


def headline(shown: list[Card]) -> str:
    """The state of all of them in a sentence."""
    broken = sum(card.section == "now" for card in shown)
    if broken:
        needs = "needs" if broken == 1 else "need"
        return f"{broken} of {len(shown)} platforms {needs} someone now"
    if soon := sum(card.section == "soon" for card in shown):
        return f"{soon} of {len(shown)} platforms will need someone"
    if all(card.section == "not_connected" for card in shown):
        return "Nothing is connected yet"
    return "Everything that is connected works"


def next_turn(shown: list[Card]) -> int:
    """When time alone changes one of them, in seconds of the epoch; 0 for never."""
    turns = [turn for card in shown if (turn := card.turns_at)]
    return math.ceil(min(turns).timestamp()) if turns else 0


def of(shown: list[Card]) -> list[tuple[Section, list[Card]]]:
    """The cards in the order in which somebody should look, those that stop most first."""
    found = []
    for section in SECTIONS:
        its = [card for card in shown if card.section == section.slug]
        its.sort(key=lambda card: -len(card.provider.used_by))
        if its:
            found.append((section, its))
    return found
