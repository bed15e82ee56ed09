"""The card of a platform: of its one connection, or of several by the worst of them.

The worst is the one that somebody has to see to first, and leads the rows. What is wrong now and
needs nobody, an outage, may still have the worse light: that one is the platform's.
"""

from dataclasses import dataclass
from datetime import datetime

from integrations.models import Workspace
from integrations.pages import cards
from integrations.pages.cards import Card, Pill
from providers.declare import Provider

MOST_ROWS = 5


@dataclass
class PlatformCard:
    """`cards` are its connections, the worst first; `sought` is what somebody searches for."""

    cards: list[Card]
    is_hidden: bool = False
    sought: str = ""

    @property
    def worst(self) -> Card:
        return self.cards[0]

    @property
    def lit(self) -> Card:
        """Whose light is the platform's."""
        return min(self.cards, key=lambda one: one.gloom)

    @property
    def is_several(self) -> bool:
        return len(self.cards) > 1

    @property
    def slug(self) -> str:
        return self.worst.slug

    @property
    def provider(self) -> Provider:
        return self.worst.provider

    @property
    def title(self) -> str:
        return self.provider.name if self.is_several else self.worst.title

    @property
    def used_by(self) -> str:
        return self.worst.used_by

    @property
    def group(self) -> str:
        return self.lit.group

    @property
    def section(self) -> str:
        return self.worst.section

    @property
    def pill(self) -> Pill:
        return self.lit.pill

    @property
    def rows(self) -> list[Card]:
        """The worst few, of each cause once; of those that are searched for if there are any."""
        found = [one for one in self.cards if self.sought and _has(one.words, self.sought)]
        return (found or cards.by_cause(self.cards))[:MOST_ROWS]

    @property
    def words(self) -> str:
        """What a search finds the card by: each word of each connection once."""
        if not self.is_several:
            return self.worst.words
        own = [word for one in self.cards for word in one.own_words if word]
        known = [self.title, *self.provider.aliases, self.used_by, *own]
        return " ".join(dict.fromkeys(known))

    @property
    def followed(self) -> Card | None:
        """Whose test the page follows: when it ended, the next one's."""
        return next((one for one in self.cards if one.running and not one.in_run), None)

    @property
    def is_busy(self) -> bool:
        return any(one.is_busy for one in self.cards)

    @property
    def turns_at(self) -> datetime | None:
        return min((turn for one in self.cards if (turn := one.turns_at)), default=None)

    def matches(self, show: str, query: str) -> bool:
        """Whether a filter chip and a search leave this card on the page."""
        return self.is_shown_by(show) and _has(self.words, query)

    def is_shown_by(self, group: str) -> bool:
        return self.lit.is_shown_by(group)


def _has(words: str, query: str) -> bool:
    return query.strip().lower() in words.lower()


def of_workspace(workspace: Workspace) -> list[PlatformCard]:
    """Every platform's in catalogue order."""
    return [PlatformCard(its) for its in cards.of_workspace(workspace)]


def of_platform(workspace: Workspace, provider: str) -> PlatformCard:
    return PlatformCard(cards.of_platform(workspace, provider))
