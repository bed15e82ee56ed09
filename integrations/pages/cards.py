"""What a person reads on a card and in the overview: words for a connection's facts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Window
from django.db.models.functions import RowNumber
from django.utils import timezone
from django.utils.text import get_text_list

from integrations import platforms
from integrations.models import (
    ConnectionTest,
    Credential,
    IntegrationConnection,
    RunItem,
    Status,
    TestOutcome,
    Workspace,
)
from integrations.services import rows
from providers.declare import Provider

TREND_LENGTH = 30
TREND_BARS = {
    TestOutcome.PASSED: "passed",
    TestOutcome.FAILED: "failed",
    TestOutcome.INCONCLUSIVE: "unanswered",
}
FILTERS = (
    ("", "All"),
    ("attention", "Needs attention"),
    ("connected", "Connected"),
    ("not_connected", "Not connected"),
    ("disabled", "Disabled"),
)


@dataclass(frozen=True)
class Pill:
    """A connection's state in a word. `since` is shown behind the text, in the reader's zone."""

    tone: str
    text: str
    since: datetime | None = None


@dataclass
class Card:
    """One platform on the settings page."""

    connection: IntegrationConnection
    now: datetime
    trend: list[str] = field(default_factory=list)
    running: ConnectionTest | None = None
    in_run: bool = False
    is_hidden: bool = False

    @property
    def provider(self) -> Provider:
        return self.connection.platform

    @property
    def asked(self) -> str:
        """The name of who is asked: the platform, or the vendor that was chosen of it."""
        return self.provider.for_values(self.connection.config).name

    @property
    def slug(self) -> str:
        return self.connection.provider

    @property
    def used_by(self) -> str:
        return " · ".join(self.provider.used_by)

    @property
    def used_by_sentence(self) -> str:
        """ "Ads monitor and Pixel/CAPI lead tracking"."""
        return get_text_list([*self.provider.used_by], "and")

    @property
    def is_half_filled(self) -> bool:
        return bool(self.connection.saved_names) and not self.connection.is_complete

    @property
    def attention(self) -> str | None:
        return self.connection.attention(self.now)

    @property
    def failure(self) -> dict[str, Any] | None:
        return self.connection.failure()

    @property
    def is_green(self) -> bool:
        return self.connection.light(self.now) == "green"

    @property
    def is_red(self) -> bool:
        return self.connection.light(self.now) == "red"

    @property
    def pill(self) -> Pill:
        connection = self.connection
        if connection.status == Status.NOT_CONNECTED:
            return Pill("idle", "Half set up" if self.is_half_filled else "Not connected")
        if connection.status == Status.DISABLED:
            return Pill("off", "Disabled")
        if self.is_red:
            return Pill("bad", "Error" if connection.status == Status.ERROR else "Unreadable")
        if connection.unprovable:
            return Pill("idle", connection.unprovable)
        if connection.unanswered_since:
            return Pill("warn", "No clear answer since", connection.unanswered_since)
        if connection.proven_at is None:
            return Pill("warn", "Not proven yet")
        if not connection.is_fresh(self.now):
            return Pill("warn", "Not proven since", connection.proven_at)
        return Pill("ok", "Proven by a stand-in" if self.stand_in else "Connected")

    @property
    def stand_in(self) -> str | None:
        return platforms.stand_in(self.slug)

    @property
    def account_name(self) -> str:
        return self.connection.platform_account_name or self.account_id

    @property
    def account_id(self) -> str:
        return self.connection.platform_account_id or self.connection.config.get("account_id", "")

    @property
    def warnings(self) -> list[str]:
        """What the last test warned about."""
        test = self.connection.last_test
        return test.warnings if test and self.connection.is_complete else []

    @property
    def is_unanswered(self) -> bool:
        return self.connection.unanswered_since is not None and not self.connection.unprovable

    @property
    def is_expiring(self) -> bool:
        return self.attention == "expiring"

    @property
    def renewal_problem(self) -> Credential | None:
        """The sign-in, while its renewals do not work and it has not ended."""
        sign_in = self.connection.sign_in if self.connection.is_signed_in else None
        return sign_in if sign_in and sign_in.failures and not sign_in.is_ended else None

    @property
    def is_busy(self) -> bool:
        return self.running is not None or self.in_run

    @property
    def steps_done(self) -> int:
        steps = self.running.steps if self.running else []
        return sum(step["outcome"] not in ("running", "waiting") for step in steps)

    @property
    def running_step(self) -> str:
        steps = self.running.steps if self.running else []
        return next((step["label"] for step in steps if step["outcome"] == "running"), "")

    @property
    def bars(self) -> list[str]:
        """Thirty bars, oldest first; those before the first test are empty."""
        return ["none"] * (TREND_LENGTH - len(self.trend)) + self.trend

    @property
    def trend_label(self) -> str:
        bad = sum(bar != "passed" for bar in self.trend)
        return f"Last {len(self.trend)} tests, {bad} without success"

    def matches(self, show: str, query: str) -> bool:
        """Whether a filter chip and a search leave this card on the page."""
        words = f"{self.provider.name} {self.used_by} {self.account_name}".lower()
        return self.is_shown_by(show) and query.strip().lower() in words

    def is_shown_by(self, show: str) -> bool:
        if show == "attention":
            return self.attention is not None
        if show == "proven":
            return self.is_green
        return show in ("", self.connection.status)


def card(connection: IntegrationConnection) -> Card:
    """One card, with its trend and its running test."""
    return _cards([connection], _running(connection=connection.pk))[0]


def cards(workspace: Workspace) -> list[Card]:
    """Every platform's card in catalogue order; four queries at most.

    What is under way is read before what it changes: a card whose test ends in between is
    drawn as running and asked for again, never as idle and out of date.
    """
    items = RunItem.objects.select_related("run").filter(
        run__workspace=workspace, run__finished_at=None, ended_at=None
    )
    now = timezone.now()
    waiting = {item.connection_id for item in items if item.run.is_leased(now)}
    running = _running(connection__workspace=workspace)
    connections = rows.catalogue(workspace)
    rows.read_sign_ins(connections)
    made = _cards(connections, running)
    for one in made:
        one.in_run = one.connection.pk in waiting
    return made


def _running(**where: Any) -> dict[UUID, ConnectionTest]:
    tests = ConnectionTest.objects.filter(outcome=TestOutcome.RUNNING, dry_run=False, **where)
    now = timezone.now()
    return {test.connection_id: test for test in tests if test.is_leased(now)}


def _cards(
    rows: Iterable[IntegrationConnection], running: Mapping[UUID, ConnectionTest]
) -> list[Card]:
    now = timezone.now()
    made = {row.pk: Card(row, now, running=running.get(row.pk)) for row in rows}
    newest_first = Window(RowNumber(), partition_by=F("connection"), order_by=F("id").desc())
    recent = (
        ConnectionTest.objects.filter(
            connection__in=made, dry_run=False, outcome__in=list(TREND_BARS)
        )
        .annotate(place=newest_first)
        .filter(place__lte=TREND_LENGTH)
        .order_by("id")
        .values_list("connection_id", "outcome")
    )
    for connection_id, outcome in recent:
        made[connection_id].trend.append(TREND_BARS[TestOutcome(outcome)])
    return list(made.values())


@dataclass(frozen=True)
class Chip:
    value: str
    label: str
    count: int
    is_chosen: bool


def chips(shown: list[Card], chosen: str) -> list[Chip]:
    """The filter chips with their counts."""
    return [
        Chip(value, label, sum(card.is_shown_by(value) for card in shown), value == chosen)
        for value, label in FILTERS
    ]
