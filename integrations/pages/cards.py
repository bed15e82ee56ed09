"""What a person reads on a card: words for a connection's facts."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from django.conf import settings
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
    naming,
)
from integrations.models.connections import EXPIRING_WITHIN
from integrations.pages import mending, record
from integrations.services import rows
from integrations.services.watching import days
from integrations.services.watching.states import State
from providers.declare import Provider
from providers.errors import AccountNotFound, InvalidConfig

TREND_LENGTH = 30
TREND_BARS = {
    TestOutcome.PASSED: "passed",
    TestOutcome.FAILED: "failed",
    TestOutcome.INCONCLUSIVE: "unanswered",
}
# Each platform is in one of these groups alone.
GROUPS = (
    ("error", "Error"),
    ("taken_back", "Taken back"),
    ("half", "Half set up"),
    ("unproven", "Not proven"),
    ("unanswered", "No clear answer"),
    ("stand_in", "Stand-in"),
    ("proven", "Connected"),
    ("unprovable", "Cannot be proven"),
    ("disabled", "Disabled"),
    ("not_connected", "Not connected"),
)
STATES = {
    "error": State.ERROR,
    "unproven": State.UNPROVEN,
    "unanswered": State.SILENT,
    "stand_in": State.PROVEN,
    "proven": State.PROVEN,
}
LIGHTS = ("red", "amber", "green", "grey")  # the worst first
IN_ORDER = ("now", "soon", "nothing", "not_connected")  # sections, burning first
GROUPS_IN_ORDER = [slug for slug, _ in GROUPS]


@dataclass(frozen=True)
class Pill:
    """A connection's state in a word, with its sign.

    `since` is shown behind the text, in the reader's zone.
    """

    tone: str
    text: str
    sign: str
    since: datetime | None = None


@dataclass(frozen=True)
class Click:
    """What a card asks for next: `does` is what its button does, in its `words`.

    "open" opens the dialog, "look" leads to the card where no click of its own would help.
    """

    does: Literal["open", "test", "clear", "enable", "look"]
    words: str
    is_first: bool = True


@dataclass
class Card:
    """One connection, as a page shows it: in a card of its own, or in a row of its platform's.

    Where what lets it in is broken, `mends` counts all that it lets in, and `mends_lent` those of
    them that are elsewhere.
    """

    connection: IntegrationConnection
    now: datetime
    trend: list[str] = field(default_factory=list)
    strip: record.Strip | None = None
    running: ConnectionTest | None = None
    in_run: bool = False
    is_one_of_several: bool = False
    mends: int = 1
    mends_lent: int = 0

    @property
    def key(self) -> str:
        """What the elements about it are called in a page."""
        return str(self.connection.pk) if self.is_one_of_several else self.slug

    @property
    def rank(self) -> tuple[int, int, bool, list[str | int]]:
        """Burning first; of those that ask for as much the default one, then by name."""
        connection = self.connection
        place = IN_ORDER.index(self.section), GROUPS_IN_ORDER.index(self.group)
        return *place, not connection.is_default, naming.natural(connection.title)

    @property
    def gloom(self) -> tuple[int, int]:
        """The worst light first, of those that are alike the one of the first group."""
        light = "red" if self.is_taken_back else self.connection.light(self.now)
        return LIGHTS.index(light), GROUPS_IN_ORDER.index(self.group)

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
        return self.connection.has_anything and not self.connection.is_complete

    @property
    def attention(self) -> str | None:
        return self.connection.attention(self.now)

    @property
    def group(self) -> str:
        connection = self.connection
        if self.is_red:
            return "error"
        if self.is_taken_back:
            return "taken_back"
        if self.is_half_filled:
            return "half"
        if connection.status != Status.CONNECTED:
            return connection.status
        if connection.unprovable:
            return "unprovable"
        if connection.unanswered_since:
            return "unanswered"
        if not connection.is_fresh(self.now):
            return "unproven"
        return "stand_in" if self.stand_in and not settings.DEMO else "proven"

    @property
    def is_taken_back(self) -> bool:
        """Whether its lender took back what let it in, and nobody has seen to it yet."""
        return self.connection.taken_back_at is not None

    @property
    def taken_back_by(self) -> str:
        by = self.connection.taken_back_by
        return by.name if by else "Its lender"

    @property
    def state(self) -> State:
        """As its record tells it, which knows nothing of reports."""
        if self.is_only_reported:
            is_fresh = self.connection.is_fresh(self.now)
            return State.PROVEN if is_fresh else State.UNPROVEN
        return STATES.get(self.group, State.OFF)

    @property
    def section(self) -> str:
        """An outage asks for nobody; what is half set up, what will end, and what only a
        stand-in proves, does soon.
        """
        group = self.group
        if group in ("error", "taken_back"):
            return "now"
        if group == "not_connected":
            return group
        if group in ("half", "unproven", "stand_in") or self.is_expiring:
            return "soon"
        return "nothing"

    @property
    def title(self) -> str:
        """The platform's name, with its vendor's where it is several; its own beside others."""
        name, asked = self.provider.name, self.asked
        title = f"{name}: {asked}" if asked != name else name
        is_named = self.is_one_of_several and not rows.is_draft(self.connection)
        return f"{title} ({self.connection.title})" if is_named else title

    @property
    def missing(self) -> list[str]:
        """What a half set-up connection lacks, in the words of whoever is asked."""
        connection = self.connection
        vendor = self.provider.vendor(connection.config.get(self.provider.asks_first, ""))
        fields = vendor.fields_of(self.provider.fields) if vendor else self.provider.fields
        return mending.of(connection).lacking(fields)

    @property
    def lender(self) -> str:
        """The workspace that lends what lets it in; "" where that is its own."""
        return self.connection.lender.name if self.connection.lender else ""

    @property
    def next_click(self) -> Click:
        """The same wherever the connection is shown."""
        if self.lender and self._is_up_to_the_lender:
            return Click("open", f"Ask the owners of {self.lender}", is_first=False)
        if self.is_half_filled:
            return Click("open", "Finish")
        if self.connection.status == Status.NOT_CONNECTED:
            return Click("open", "Connect")
        if self.connection.status == Status.DISABLED:
            return Click("enable", "Enable", is_first=False)
        if self.is_only_reported:
            return Click("clear", "Clear the report")
        if self.is_red:
            return Click("open", self._repair)
        if self.is_expiring:
            return Click("open", "Renew", is_first=False)
        if self.group == "stand_in":
            return Click("look", "Details", is_first=False)
        return Click("test", "Test", is_first=False)

    @property
    def _is_up_to_the_lender(self) -> bool:
        """Whether to whom it is lent can do nothing about what the card asks for."""
        if self.is_half_filled:
            return True
        if self.connection.status in (Status.DISABLED, Status.NOT_CONNECTED):
            return False
        return (self.is_red and not self.is_only_reported) or self.is_expiring

    @property
    def cause(self) -> UUID | None:
        """What let it in and does no more: whoever mends that mends all that it lets in."""
        is_broken = self.is_red and self.connection.needs_reauth and not self.is_only_reported
        return self.connection.opened_by_id if is_broken else None

    @property
    def mends_all(self) -> str:
        """ "One sign-in mends all 321, 12 of them lent to others."; "" where it mends one."""
        if self.mends < 2:
            return ""
        if self.connection.is_lent:
            return f"That mends all {self.mends:,} connections here that it lets in."
        one = "One sign-in" if self.connection.is_signed_in else "Entering new ones once"
        lent = f", {self.mends_lent:,} of them lent to other workspaces" if self.mends_lent else ""
        return f"{one} mends all {self.mends:,} connections that it lets in{lent}."

    @property
    def _repair(self) -> str:
        """How a broken connection is mended."""
        connection = self.connection
        if connection.is_signed_in:
            return f"Sign in to {self.asked} again"
        if connection.needs_reauth or connection.is_unreadable:
            return "Enter new credentials"
        kind = connection.error_kind
        if kind == AccountNotFound.kind:
            return "Correct the account"
        return "Correct the values" if kind == InvalidConfig.kind else "Change what is saved"

    @property
    def words(self) -> str:
        """What a search finds the card by."""
        return " ".join([*self.provider.aliases, self.used_by, *self.own_words])

    @property
    def own_words(self) -> list[str]:
        """Those that others of its platform do not have."""
        named = (self.title, self.connection.name, self.account_name, self.account_id)
        slug = self.connection.slug if self.is_one_of_several else ""
        return [*named, slug, self.pill.text, dict(GROUPS)[self.group]]

    @property
    def is_only_reported(self) -> bool:
        """Whether a report alone makes it red."""
        failure = self.failure
        return failure is not None and failure["kind"] == "reported"

    @property
    def reporter(self) -> str:
        person = self.connection.reported_by
        return (person.get_full_name() or person.get_username()) if person else "Another system"

    @property
    def has_passed_since_report(self) -> bool:
        proven_at, reported_at = self.connection.proof_at, self.connection.reported_at
        return proven_at is not None and reported_at is not None and proven_at > reported_at

    @property
    def failure(self) -> dict[str, Any] | None:
        return self.connection.failure()

    @property
    def is_red(self) -> bool:
        return self.connection.light(self.now) == "red"

    @property
    def pill(self) -> Pill:
        if self.is_red:
            return self._red_pill
        if self.connection.status == Status.CONNECTED:
            return self._connected_pill
        if self.connection.status == Status.DISABLED:
            return Pill("idle", "Disabled", "off")
        if self.is_half_filled:
            return Pill("idle", "Half set up", "half")
        if self.is_taken_back:
            return Pill("bad", "Taken back", "bad", self.connection.taken_back_at)
        return Pill("idle", "Not connected", "none")

    @property
    def _red_pill(self) -> Pill:
        connection = self.connection
        if connection.status != Status.ERROR:
            return Pill("bad", "Unreadable", "bad")
        return Pill("bad", "Error since", "bad", connection.failing_since or connection.reported_at)

    @property
    def _connected_pill(self) -> Pill:
        connection = self.connection
        if connection.unprovable:
            return Pill("idle", connection.unprovable, "page")
        if connection.unanswered_since:
            return Pill("warn", "No clear answer since", "silent", connection.unanswered_since)
        if connection.proof_at is None:
            return Pill("warn", "Not proven yet", "stale")
        if not connection.is_fresh(self.now):
            return Pill("warn", "Not proven since", "stale", connection.proof_at)
        if self.stand_in:
            return Pill("ok" if settings.DEMO else "warn", "Proven by a stand-in", "stand-in")
        return Pill("ok", "Connected", "ok")

    @property
    def stand_in(self) -> str | None:
        return platforms.stand_in(self.slug)

    @property
    def account_name(self) -> str:
        connection = self.connection
        former = connection.former_account_name if self.is_taken_back else ""
        return connection.platform_account_name or former or self.account_id

    @property
    def account_id(self) -> str:
        connection = self.connection
        former = connection.former_account_id if self.is_taken_back else ""
        return connection.platform_account_id or connection.config.get("account_id", "") or former

    @property
    def warnings(self) -> list[str]:
        """What the last test warned about."""
        test = self.connection.last_test
        return test.warnings if test and self.connection.is_complete else []

    @property
    def steps_passed(self) -> int:
        """How many steps the last test passed, if it did."""
        test = self.connection.last_test
        if test is None or test.outcome != TestOutcome.PASSED:
            return 0
        return sum(step["outcome"] in ("passed", "warned") for step in test.steps)

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
    def turns_at(self) -> datetime | None:
        """When time alone changes what the card says."""
        connection = self.connection
        proven_at, silent_since = connection.proof_at, connection.unanswered_since
        ends_at = connection.expires_at
        moments = [
            proven_at and proven_at + self.provider.proof_budget,
            silent_since and silent_since + timedelta(minutes=settings.OUTAGE_MINUTES),
            ends_at and ends_at - EXPIRING_WITHIN,
            ends_at,
            self.muted_until,
        ]
        return min((one for one in moments if one and one > self.now), default=None)

    @property
    def is_muted(self) -> bool:
        watch = self.connection.watched
        return watch is not None and watch.is_muted(self.now)

    @property
    def muted_until(self) -> datetime | None:
        """None where it is not muted, or until somebody changes that."""
        watch = self.connection.watched
        if watch is None or watch.is_quiet or not watch.is_muted(self.now):
            return None
        return watch.muted_until

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

    def is_shown_by(self, group: str) -> bool:
        """A group that is none shows all, as an empty one does."""
        return group == self.group or group not in dict(GROUPS)


def card(connection: IntegrationConnection) -> Card:
    """One card, with its trend and its running test."""
    made = _made([connection], _running(connection=connection.pk))
    made[0].is_one_of_several = rows.siblings(connection).exists()
    _count_causes(made)
    _add_records(made)
    return made[0]


def of_workspace(workspace: Workspace) -> list[list[Card]]:
    """Every platform's cards in catalogue order, each with the worst first; five queries at most.

    What is under way is read before what it changes: a card whose test ends in between is
    drawn as running and asked for again, never as idle and out of date.
    """
    waiting = _waiting(run__workspace=workspace)
    running = _running(connection__workspace=workspace)
    catalogue = rows.catalogue(workspace)
    rows.read_for_cards([one for every in catalogue for one in every])
    made = [_made(every, running, waiting) for every in catalogue]
    _count_causes([one for its in made for one in its])
    _add_records([its[0] for its in made if len(its) == 1])
    return made


def of_platform(workspace: Workspace, provider: str) -> list[Card]:
    """As `of_workspace`, for one of them."""
    place = {"connection__workspace": workspace, "connection__provider": provider}
    waiting, running = _waiting(**place), _running(**place)
    connections = rows.of_platform(workspace, provider)
    rows.read_for_cards(connections)
    made = _made(connections, running, waiting)
    _count_causes(made)
    _add_records(made if len(made) == 1 else [])
    return made


def read_again(found: list[Card]) -> list[Card]:
    """The same in their order, with their last tests and with what is under way."""
    ids = [one.connection.pk for one in found]
    waiting, running = _waiting(connection__in=ids), _running(connection__in=ids)
    read = rows.with_tests(ids)
    rows.read_for_cards(read)
    made = {one.connection.pk: one for one in _made(read, running, waiting)}
    _count_causes(made.values())
    for one in made.values():
        one.is_one_of_several = True
    return [made[pk] for pk in ids if pk in made]


def by_cause(found: Sequence[Card]) -> list[Card]:
    """The same in their order; of those that share a broken cause the first one, for all."""
    seen: set[UUID] = set()
    left: list[Card] = []
    for one in found:
        if one.cause is None or one.cause not in seen:
            left.append(one)
        if one.cause:
            seen.add(one.cause)
    return left


def _count_causes(made: Collection[Card]) -> None:
    """How many each broken cause concerns; two queries where there are any."""
    broken = [one for one in made if one.cause]
    let_in = rows.let_in_with([one.connection for one in broken])
    every = Counter(cause for cause, _ in let_in)
    own = Counter(let_in)
    for one in broken:
        if one.cause:
            one.mends = every[one.cause]
            one.mends_lent = one.mends - own[one.cause, one.connection.workspace_id]


def _running(**where: Any) -> dict[UUID, ConnectionTest]:
    tests = ConnectionTest.objects.filter(outcome=TestOutcome.RUNNING, dry_run=False, **where)
    now = timezone.now()
    return {test.connection_id: test for test in tests if test.is_leased(now)}


def _waiting(**where: Any) -> set[UUID]:
    """Whom a run of all has not come to yet."""
    items = RunItem.objects.select_related("run").filter(
        run__is_of_all=True, run__finished_at=None, ended_at=None, **where
    )
    now = timezone.now()
    return {item.connection_id for item in items if item.run.is_leased(now)}


def _made(
    connections: Collection[IntegrationConnection],
    running: Mapping[UUID, ConnectionTest],
    waiting: Collection[UUID] = (),
) -> list[Card]:
    now, several = timezone.now(), len(connections) > 1
    made = [
        Card(
            one,
            now,
            running=running.get(one.pk),
            in_run=one.pk in waiting,
            is_one_of_several=several,
        )
        for one in connections
    ]
    return sorted(made, key=lambda one: one.rank)


def _add_records(made: Collection[Card]) -> None:
    """The strip of the days that are summed; the trend of tests where none is yet."""
    if not made:
        return
    today = days.day_of(timezone.now())
    since = today - timedelta(days=record.CARD_DAYS - 1)
    summed = days.of([one.connection for one in made], since)
    for one in made:
        if record.is_any(its := summed[one.connection.pk]):
            one.strip = record.strip(its, today, record.CARD_DAYS, now=one.state)
    if without := [one for one in made if not one.strip]:
        _add_trends(without)


def _add_trends(made: Collection[Card]) -> None:
    by_connection = {one.connection.pk: one for one in made}
    newest_first = Window(RowNumber(), partition_by=F("connection"), order_by=F("id").desc())
    recent = (
        ConnectionTest.objects.filter(
            connection__in=by_connection, dry_run=False, outcome__in=list(TREND_BARS)
        )
        .annotate(place=newest_first)
        .filter(place__lte=TREND_LENGTH)
        .order_by("id")
        .values_list("connection_id", "outcome")
    )
    for connection_id, outcome in recent:
        by_connection[connection_id].trend.append(TREND_BARS[TestOutcome(outcome)])
