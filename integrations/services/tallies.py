"""Tallies: counts for monitoring, the same whoever is asked, and never less than before.

A counter in a process is forgotten with it, and one that is counted anew goes down when history is
pruned: so they are sums in the database. Tests are counted by the round, from their rows and
once they are a minute old: a test itself writes nothing for it and waits for nobody, however many
there are a second. Of rounds at the same time one counts. Messages are few, and counted where they
settle, in the same transaction.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

from django.db import transaction
from django.db.models import F

from integrations.models import ConnectionTest, Delivery, TalliedUntil, Tally, TestOutcome

CHECK, MESSAGE = "check", "message"
# Limits in milliseconds that the durations of tests are counted within.
LIMITS = (100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000)
COUNTED = (TestOutcome.PASSED, TestOutcome.FAILED, TestOutcome.INCONCLUSIVE)
SETTLED = (Delivery.Outcome.DELIVERED, Delivery.Outcome.FAILED, Delivery.Outcome.LEFT_OUT)
# PostgreSQL gives ids before it commits: whatever has a lower one is there by then.
SETTLES = timedelta(minutes=1)
AT_ONCE = 5_000
BATCHES = 10
MOST_WAITING = 5_000  # that were begun and not ended: more than all threads can be at

Row = tuple[int, datetime, str, str, str, int, bool]
COLUMNS = (
    *("pk", "started_at", "connection__provider", "outcome", "error_kind", "duration_ms"),
    "dry_run",
)


@dataclass(frozen=True)
class Key:
    """What is counted together."""

    subject: str
    outcome: str
    kind: str
    within_ms: int


def count_tests(now: datetime) -> None:
    """Count the tests of saved values that have ended since it was last done."""
    with transaction.atomic():
        until = _until()
        numbers: Counter[Key] = Counter()
        took_ms: Counter[Key] = Counter()
        for row in _ended(until, now):
            _, _, provider, outcome, kind, duration_ms, is_dry_run = row
            if outcome in COUNTED and not is_dry_run:
                key = Key(provider, outcome, kind, within(duration_ms))
                numbers[key] += 1
                took_ms[key] += duration_ms
        for key, number in numbers.items():
            _add(CHECK, key, number, took_ms[key])
        until.save()


def count_message(kind: str, outcome: str) -> None:
    """One more message that ended so, by a kind of channel."""
    with transaction.atomic():
        _add(MESSAGE, Key(kind, outcome, "", 0), 1, 0)


def of(what: str) -> list[Tally]:
    """All of them; few, however much was counted."""
    return list(Tally.objects.filter(what=what))


def within(duration_ms: int) -> int:
    """The least limit that it took no longer than; 0 beyond all."""
    return next((limit for limit in LIMITS if duration_ms <= limit), 0)


def _until() -> TalliedUntil:
    TalliedUntil.objects.get_or_create(pk=1, defaults={"test_id": 0})
    return TalliedUntil.objects.select_for_update().get(pk=1)


def _ended(until: TalliedUntil, now: datetime) -> Iterable[Row]:
    """Those to count, while `until` moves on past them."""
    earlier, until.waiting = until.waiting, []
    yield from _sorted_out(
        until, ConnectionTest.objects.filter(pk__in=earlier).values_list(*COLUMNS)
    )
    for _ in range(BATCHES):
        newer = ConnectionTest.objects.filter(pk__gt=until.test_id).order_by("pk")
        rows: list[Row] = list(newer.values_list(*COLUMNS)[:AT_ONCE])
        old = list(takewhile(lambda row: row[1] < now - SETTLES, rows))
        yield from _sorted_out(until, old)
        if len(old) < AT_ONCE:
            return


def _sorted_out(until: TalliedUntil, rows: Iterable[Row]) -> Iterable[Row]:
    for row in rows:
        until.test_id = max(until.test_id, row[0])
        if row[3] != TestOutcome.RUNNING:
            yield row
        elif len(until.waiting) < MOST_WAITING:
            until.waiting.append(row[0])


def _add(what: str, key: Key, number: int, took_ms: int) -> None:
    tally, _ = Tally.objects.get_or_create(what=what, **vars(key))
    more = {"number": F("number") + number, "took_ms": F("took_ms") + took_ms}
    Tally.objects.filter(pk=tally.pk).update(**more)
