"""One connection on a page of its own: how it is, its last test, its record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from django.conf import settings

from integrations.models import (
    ConnectionDay,
    ConnectionTest,
    Incident,
    IntegrationConnection,
    Watch,
)
from integrations.pages import cards, paces, record
from integrations.pages.cards import Card
from integrations.pages.record import STRIP_DAYS, Figures, Step, Strip
from integrations.services.watching import budgets, days, handling, intervals
from integrations.services.watching.states import State

FASTNESS_DAYS = 30
MOST_INCIDENTS = 10
LONGER = {30: 7, STRIP_DAYS: 30}  # than so many days the record is, where figures of more say more
# Groups of cards whose connections can be asked.
ASKED = frozenset({"error", "unproven", "unanswered", "stand_in", "proven", "unprovable"})


@dataclass
class One:
    """What is read of it is read when it is first shown: while it is tested, its state alone."""

    card: Card
    latest: int = 0

    @property
    def connection(self) -> IntegrationConnection:
        return self.card.connection

    @property
    def now(self) -> datetime:
        return self.card.now

    @property
    def today(self) -> date:
        return days.day_of(self.now)

    @property
    def test(self) -> ConnectionTest | None:
        """Whose ladder is shown: the one that runs, or the last one."""
        return self.card.running or self.connection.last_test

    @cached_property
    def watch(self) -> Watch | None:
        return self.connection.watched

    @property
    def history_days(self) -> int:
        return int(settings.HISTORY_DAYS)

    @property
    def next_check_at(self) -> datetime | None:
        """When the schedule asks; None while it does not."""
        return self.watch.due_at if self.watch and self.card.group in ASKED else None

    @cached_property
    def pace(self) -> intervals.Pace | None:
        """How often the schedule asks; None while it does not."""
        return intervals.pace(self.connection) if self.card.group in ASKED else None

    @property
    def pace_words(self) -> str:
        return paces.told(self.pace, self.budget) if self.pace else ""

    @property
    def budget(self) -> budgets.Told | None:
        return budgets.told(self.connection, self.watch, self.now) if self.pace else None

    @cached_property
    def incidents(self) -> list[Incident]:
        """Those that it is in or was in, the newest first."""
        return [*handling.of_connection(self.connection)[:MOST_INCIDENTS]]

    @property
    def incident(self) -> Incident | None:
        """The one that it is in."""
        return next((one for one in self.incidents if one.is_open and self._is_in(one)), None)

    def _is_in(self, incident: Incident) -> bool:
        return self.connection in handling.connections_of(incident)

    @cached_property
    def days(self) -> list[ConnectionDay]:
        since = self.today - timedelta(days=STRIP_DAYS - 1)
        return days.with_today(self.connection, since, self.now)

    @property
    def has_record(self) -> bool:
        return record.is_any(self.days)

    @property
    def strip(self) -> Strip:
        return record.strip(self.days, self.today, STRIP_DAYS, now=self.card.state)

    @property
    def not_proven_all_day(self) -> list[tuple[ConnectionDay, State]]:
        """Days of which there is more to say, the newest first."""
        found = [(day, record.state_of(day)) for day in reversed(self.days)]
        return [(day, state) for day, state in found if state not in (State.PROVEN, State.OFF)]

    @property
    def figures(self) -> list[Figures]:
        """Of spans that say something else than the one before: a young record has one."""
        known_for = record.known_for(self.days, self.today)
        found = [7, *(days for days in (30, STRIP_DAYS) if known_for > LONGER[days])]
        return [Figures(self._span(days, known_for), self._last(days)) for days in found]

    def _span(self, days: int, known_for: int) -> str:
        if known_for >= days:
            return f"{days} days"
        begins = self.today - timedelta(days=known_for - 1)
        return "today" if known_for == 1 else f"since {record.short(begins)}"

    @property
    def steps(self) -> list[Step]:
        return record.steps(self._last(FASTNESS_DAYS))

    @property
    def whole_test(self) -> Step | None:
        return record.whole(self._last(FASTNESS_DAYS))

    def _last(self, count: int) -> Sequence[ConnectionDay]:
        since = self.today - timedelta(days=count - 1)
        return [day for day in self.days if day.day >= since]


def of(connection: IntegrationConnection, *, latest: int = 0) -> One:
    """`latest` is the last event that what is shown knows of."""
    made = cards.card(connection)
    return One(made, latest)
