"""The strip of 90 days: when the credentials of each connection end."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from integrations.models import IntegrationConnection
from integrations.pages.cards import Card

STRIP_DAYS = 90
SOON_DAYS = 14
SLIVER = 0.5  # of a day: the least that can be seen


@dataclass(frozen=True)
class Bar:
    """How long one connection's credentials live, of the next 90 days."""

    card: Card
    ends_at: datetime | None
    is_estimate: bool
    day: float
    renews: bool

    @property
    def is_over(self) -> bool:
        return self.ends_at is not None and self.ends_at <= self.card.now

    @property
    def is_broken(self) -> bool:
        """Whether the platform refuses the credentials already."""
        return self.card.connection.needs_reauth

    @property
    def tone(self) -> str:
        if self.is_over or self.is_broken:
            return "bad"
        if self.ends_at is None:
            return "ok" if self.renews else "idle"
        return "ok" if self.day > SOON_DAYS else "warn"


def bars(shown: Iterable[Card]) -> list[Bar]:
    """A bar for all that is connected: what ends first comes first, what nobody knows last."""
    found = [_bar(card) for card in shown if card.connection.is_complete]
    return sorted(
        found, key=lambda bar: (not bar.is_broken, bar.ends_at is None, bar.day, not bar.renews)
    )


def _renews(connection: IntegrationConnection) -> bool:
    """Whether the sign-in that it uses is kept alive without anybody."""
    sign_in = connection.sign_in if connection.is_signed_in else None
    return sign_in is not None and sign_in.can_renew and not sign_in.is_ended


def _bar(card: Card) -> Bar:
    connection = card.connection
    ends_at = connection.expires_at
    left = (ends_at - card.now).total_seconds() / 86400 if ends_at else STRIP_DAYS
    return Bar(
        card,
        ends_at,
        connection.expires_is_estimate,
        0 if connection.needs_reauth else round(max(SLIVER, min(left, STRIP_DAYS)), 1),
        renews=ends_at is None and _renews(connection),
    )
