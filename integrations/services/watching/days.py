"""Days: sums up what tests and edits say of each day of each connection, by UTC.

A day that is over is summed once, a few minutes later, and kept when its tests are gone: to sum
it again gives the same. Of today there is no row; whoever asks is given it as it is by now.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from django.db.models import OuterRef, Q, Subquery

from integrations import platforms
from integrations.models import (
    ConnectionDay,
    ConnectionTest,
    Event,
    EventType,
    Heartbeat,
    IntegrationConnection,
    TestOutcome,
    Trigger,
)
from integrations.services import rows
from integrations.services.watching import states
from integrations.services.watching.states import Answer, Course, Edit, History, State
from providers.declare import Provider

NAME = "summed"
DAY = timedelta(days=1)
KEPT = timedelta(days=731)
SETTLES = timedelta(minutes=5)  # whatever began on a day has ended by then
QUEUED = timedelta(hours=1)  # how long a test may have waited for a worker
AT_ONCE = 100
BATCHES = 5
COUNTED = (TestOutcome.PASSED, TestOutcome.FAILED, TestOutcome.INCONCLUSIVE)
SUMS = (
    *("passed", "failed", "inconclusive", "took_ms", "slowest_ms", "steps", "has_tests"),
    *(f"{state}_seconds" for state in State),
)


def sum_due(now: datetime) -> None:
    """Sum the days that are over and have no sum yet, some at a time, the oldest of each first."""
    today = day_of(now - SETTLES)
    if are_summed(now):
        return
    for _ in range(BATCHES):
        if not _sum_some(today):
            Heartbeat.objects.update_or_create(name=NAME, defaults={"at": midnight(today)})
            return


def are_summed(now: datetime) -> bool:
    """Whether each day that is over has its sum."""
    today = day_of(now - SETTLES)
    return Heartbeat.objects.filter(name=NAME, at=midnight(today)).exists()


def of_today(connection: IntegrationConnection, now: datetime) -> ConnectionDay:
    """Today until now. Its row is not stored."""
    (found,) = _sums([connection], day_of(now), now)
    return found


def of(
    connections: Collection[IntegrationConnection], since: date
) -> Mapping[UUID, list[ConnectionDay]]:
    """Their sums since that day, the oldest first; one query."""
    found: dict[UUID, list[ConnectionDay]] = defaultdict(list)
    summed = ConnectionDay.objects.filter(
        connection__in=[one.pk for one in connections], day__gte=since
    )
    for day in summed.order_by("day"):
        found[day.connection_id].append(day)
    return found


def with_today(
    connection: IntegrationConnection, since: date, now: datetime
) -> list[ConnectionDay]:
    """Its sums since that day until now, the oldest first."""
    today = of_today(connection, now)
    before = of([connection], since)[connection.pk]
    return [*(one for one in before if one.day < today.day), today]


def day_of(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _sum_some(today: date) -> int:
    """How many were left to be summed."""
    by_day: dict[date, list[IntegrationConnection]] = defaultdict(list)
    for connection, day in _due(today):
        by_day[day].append(connection)
    for day, connections in by_day.items():
        ConnectionDay.objects.bulk_create(
            _sums(connections, day, midnight(day + DAY)),
            update_conflicts=True,
            unique_fields=["connection", "day"],
            update_fields=SUMS,
        )
    return len(by_day)


def _due(today: date) -> Iterable[tuple[IntegrationConnection, date]]:
    """Connections with the first day of theirs that has no sum."""
    summed = ConnectionDay.objects.filter(connection=OuterRef("pk")).order_by("-day").values("day")
    since = IntegrationConnection.objects.filter(~rows.DRAFT, created_at__lt=midnight(today))
    last = since.annotate(last_day=Subquery(summed[:1]))
    due = last.filter(Q(last_day=None) | Q(last_day__lt=today - DAY)).order_by("pk")
    for one in due[:AT_ONCE]:
        first = max(day_of(one.created_at), today - KEPT)
        yield one, one.last_day + DAY if one.last_day else first


def _sums(
    connections: Collection[IntegrationConnection], day: date, until: datetime
) -> list[ConnectionDay]:
    """Two queries, however many there are."""
    lasting = {one.pk: _lasts(one) for one in connections}
    since = midnight(day)
    told = _tests(lasting, since - max(lasting.values()), until)
    edits = _edits(lasting, since - max(lasting.values()))
    return [_sum(one, day, until, told[one.pk], edits[one.pk]) for one in connections]


def _lasts(connection: IntegrationConnection) -> timedelta:
    """Of a platform that is gone, what most of them say."""
    found = platforms.catalogue().get(connection.provider)
    return found.proof_budget if found else Provider.proof_budget


def _tests(
    ids: Collection[UUID], since: datetime, until: datetime
) -> Mapping[UUID, list[ConnectionTest]]:
    found = ConnectionTest.objects.filter(
        connection__in=ids,
        started_at__gte=since - QUEUED,  # which is what an index knows
        started_at__lt=until,
        finished_at__gte=since,
        finished_at__lt=until,
        dry_run=False,
        outcome__in=COUNTED,
    )
    answered = found.exclude(outcome=TestOutcome.INCONCLUSIVE, error_kind="")  # not cut short
    columns = ("connection", "started_at", "finished_at", "outcome", "trigger")
    by_connection: dict[UUID, list[ConnectionTest]] = defaultdict(list)
    for test in answered.only(*columns, "duration_ms", "steps"):
        by_connection[test.connection_id].append(test)
    return by_connection


def _edits(ids: Collection[UUID], since: datetime) -> Mapping[UUID, list[Edit]]:
    found = Event.objects.filter(connection__in=ids, type=EventType.CHANGED, at__gte=since)
    by_connection: dict[UUID, list[Edit]] = defaultdict(list)
    for connection_id, at, data in found.order_by("pk").values_list("connection", "at", "data"):
        if data.get("what") == "edited":
            fields = frozenset(data.get("fields", ()))
            by_connection[connection_id].append(Edit(at, fields, "is_first" in data))
    return by_connection


def _sum(
    connection: IntegrationConnection,
    day: date,
    until: datetime,
    tests: list[ConnectionTest],
    edits: list[Edit],
) -> ConnectionDay:
    since = midnight(day)
    made = ConnectionDay(connection=connection, day=day)
    history: list[Answer | Edit] = [*edits, *map(_answer, tests)]
    for state, seconds in _seconds(connection, history, since, until).items():
        setattr(made, f"{state}_seconds", seconds)
    _count(made, [test for test in tests if test.finished_at and test.finished_at >= since])
    return made


def _seconds(
    connection: IntegrationConnection, history: History, since: datetime, until: datetime
) -> Counter[State]:
    if connection.unprovable:
        return Counter({State.OFF: round((until - since).total_seconds())})
    is_on, is_connected = states.before(
        history, is_on=connection.is_enabled, is_connected=connection.is_complete
    )
    start = Course(_lasts(connection), is_on, is_connected)
    return states.seconds(history, since, until, start)


def _answer(test: ConnectionTest) -> Answer:
    at = test.finished_at or test.started_at
    return Answer(at, test.started_at, test.outcome, saves=test.trigger == Trigger.SAVE)


def _count(made: ConnectionDay, tests: Iterable[ConnectionTest]) -> None:
    steps: dict[str, list[int]] = {}
    for test in tests:
        setattr(made, test.outcome, getattr(made, test.outcome) + 1)
        if test.outcome != TestOutcome.PASSED:
            continue
        made.took_ms += test.duration_ms
        made.slowest_ms = max(made.slowest_ms, test.duration_ms)
        for step in test.steps:
            if step["outcome"] in ("passed", "warned"):
                _add(steps, step["label"], step["duration_ms"])
    made.steps = [[label, *sums] for label, sums in steps.items()]


def _add(steps: dict[str, list[int]], label: str, took: int) -> None:
    count, total, longest = steps.get(label, (0, 0, 0))
    steps[label] = [count + 1, total + took, max(longest, took)]
