"""What a round finds in the rows: missing, too late, or of a clock that was wrong.

It compares what is with what is written down: whatever was killed meanwhile, the next one puts it
right.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from random import Random, SystemRandom
from uuid import UUID

from django.db.models import Q, QuerySet

from integrations import platforms
from integrations.models import IntegrationConnection, Watch
from integrations.services.watching import budgets, schedule
from integrations.services.watching.intervals import interval, is_checked, soonest, usual

BATCH = 1000
IN_TROUBLE = Q(connection__failing_since__isnull=False) | Q(
    connection__unanswered_since__isnull=False
)
LATE = timedelta(minutes=1)
# By which something may be due later than its interval says: after a pause, or a day's budget.
PAUSED = timedelta(minutes=70)
SPENT = timedelta(hours=26)


def look_after(now: datetime) -> None:
    """Part of each round."""
    chance = SystemRandom()
    make(now, chance)
    bring_back(now, chance)
    hasten(now, chance)
    settle(now, chance)


def make(now: datetime, chance: Random) -> None:
    """A row for each connection that is complete: at its phase if it is proven now, else soon."""
    complete = IntegrationConnection.objects.filter(is_complete=True, watch=None)
    missing = complete.filter(provider__in=platforms.catalogue())
    while found := list(missing[:BATCH]):
        made = {one.pk: _new(one, now, chance) for one in found}
        unproven = [made[one.pk] for one in found if not one.is_fresh(now)]
        for due_at, ids in _spread(unproven, now):
            for pk in ids:
                made[pk].due_at = due_at
        Watch.objects.bulk_create(made.values(), ignore_conflicts=True)


def _new(connection: IntegrationConnection, now: datetime, chance: Random) -> Watch:
    watch = Watch(
        connection=connection, workspace_id=connection.workspace_id, provider=connection.provider
    )
    watch.due_at = schedule.next_point(connection.pk, usual(watch), now, chance)
    return watch


def spread_overdue(now: datetime) -> None:
    """After a long stop: one check each of what is overdue, none of what was missed."""
    overdue = _free(Watch.objects.filter(due_at__lt=now - LATE))
    known = overdue.filter(provider__in=platforms.catalogue())
    for due_at, ids in _spread(known.select_related("connection"), now):
        overdue.filter(pk__in=ids).update(due_at=due_at)


def _spread(watches: Iterable[Watch], now: datetime) -> Iterator[tuple[datetime, list[UUID]]]:
    by_interval: dict[timedelta, list[UUID]] = {}
    for watch in watches:
        by_interval.setdefault(usual(watch), []).append(watch.connection_id)
    for every, ids in by_interval.items():
        yield from schedule.spread(ids, every, now)


def bring_back(now: datetime, chance: Random) -> None:
    """What a clock that was ahead left far in the future."""
    for slug, provider in platforms.catalogue().items():
        usual = now + schedule.FARTHEST * provider.checks.every + PAUSED
        far = Watch.objects.filter(provider=slug, due_at__gt=usual).order_by("-due_at")
        for watch, every in _with_intervals(far.select_related("connection")[:BATCH]):
            allowed = SPENT if watch.budget_id else PAUSED
            if watch.due_at > now + schedule.FARTHEST * every + allowed:
                _set(watch, due_at=schedule.next_point(watch.pk, every, now, chance))


def hasten(now: datetime, chance: Random) -> None:
    """What somebody else's test found broken is checked again as soon as after a check.

    Each is looked at once: a row that has a try waits for a moment that somebody chose.
    """
    on = Q(connection__is_enabled=True, connection__is_complete=True)
    untried = _watched().filter(IN_TROUBLE, on, tries=0)
    for watch in untried.order_by("due_at")[:BATCH]:
        due_at = watch.due_at
        if is_checked(watch.connection):
            base = soonest(watch, refused=bool(watch.connection.last_error))
            soon = schedule.after_break(watch.pk, 0, base, interval(watch), now, chance)
            due_at = min(due_at, soon)
        _set(watch, due_at=due_at, tries=1)


def settle(now: datetime, chance: Random) -> None:
    """What was mended meanwhile goes back to its interval."""
    mended = _watched().filter(~IN_TROUBLE, tries__gt=0)
    for watch, every in _with_intervals(mended[:BATCH]):
        _set(watch, due_at=schedule.next_point(watch.pk, every, now, chance), tries=0)


def _with_intervals(watches: Iterable[Watch]) -> Iterator[tuple[Watch, timedelta]]:
    """How many share a budget is counted once for each budget."""
    sharing: dict[int, int] = {}
    for watch in watches:
        if watch.budget_id and watch.budget_id not in sharing:
            sharing[watch.budget_id] = budgets.sharing(watch.budget_id)
        yield watch, interval(watch, sharing.get(watch.budget_id or 0))


def _watched() -> QuerySet[Watch]:
    known: Collection[str] = platforms.catalogue()
    of_the_living = Watch.objects.filter(provider__in=known, workspace__archived_at=None)
    return _free(of_the_living).select_related("connection")


def _free(watches: QuerySet[Watch]) -> QuerySet[Watch]:
    """Nobody is at it: whoever is writes back what holds then."""
    return watches.filter(lease_until=None)


def _set(watch: Watch, **values: object) -> None:
    """Unless somebody took it meanwhile."""
    _free(Watch.objects.filter(pk=watch.pk, lease=watch.lease)).update(**values)
