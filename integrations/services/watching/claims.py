"""Who checks what is due: each row by one process, a fair choice, for as long as a lease.

A killed process's leases run out, and others take over. Whoever was too slow writes nothing
back: the row's `lease` has moved on.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet

from integrations.compiled import Compiled
from integrations.models import Watch
from integrations.models.tests import LEASE as TEST_LEASE
from integrations.services import held

# Until then the test that the holder began has lost its own lease, so that one may go on with it.
LEASE = 2 * TEST_LEASE
LOOK = 40  # rows of a platform at a time: more than that are of a crowd
MOST_LOOKS = 4


@dataclass(frozen=True)
class Claimed:
    """A connection to check, and the lease under which that is written back."""

    connection_id: UUID
    provider: str
    lease: int


class _Due(NamedTuple):
    connection_id: UUID
    workspace_id: int
    due_at: datetime


def claim(now: datetime, places: Mapping[str, int], most: int) -> list[Claimed]:
    """Take up to so many that are due: of each platform as many as it has places.

    The platforms come in turn, and in each the workspaces: however much of one is overdue, the
    others do not wait for it.
    """
    if most < 1 or not ANY_DUE.raw(now, now + 2 * LEASE):
        return []
    free = {one: most for one, most in places.items() if most > 0}
    oldest = OLDEST.each([(now, now + 2 * LEASE, one) for one in free])
    by_platform = [
        _fairest(one, now, free[one], sorted((_Due(*row) for row in looked), key=_age))
        for one, looked in zip(free, oldest, strict=True)
        if looked
    ]
    chosen = [row.connection_id for row in _in_turn(by_platform)[:most]]
    return _take(chosen, now) if chosen else []


def write_back(claimed: Claimed, **values: object) -> bool:
    """What became of it, and that nobody is at it any more; whether it was still ours."""
    mine = Watch.objects.filter(pk=claimed.connection_id, lease=claimed.lease)
    return bool(mine.update(lease_until=None, **values))


def _due(now: datetime, far: datetime) -> QuerySet[Watch]:
    """What is due and nobody is at."""
    return Watch.objects.filter(held.by_nobody(now, far), due_at__lte=now)


def _oldest(now: datetime, far: datetime, provider: str) -> QuerySet[Watch, tuple[Any, ...]]:
    due = _due(now, far).filter(provider=provider).order_by("due_at")
    return due.values_list("connection_id", "workspace_id", "due_at")


MOMENTS = (datetime(2001, 1, 1, tzinfo=UTC), datetime(2002, 1, 1, tzinfo=UTC))
ANY_DUE = Compiled(lambda *now: _due(*now).values_list("lease")[:1], *MOMENTS)
OLDEST = Compiled(lambda *of: _oldest(*of)[:LOOK], *MOMENTS, "?")


def _fairest(provider: str, now: datetime, places: int, looked: list[_Due]) -> list[_Due]:
    """The oldest of each workspace, then the second of each, and so on.

    Where a few workspaces fill what is looked at, it is looked past them for others.
    """
    where = (now, now + 2 * LEASE, provider)
    found = looked
    for _ in range(MOST_LOOKS):
        seen = {row.workspace_id for row in found}
        if len(looked) < LOOK or len(seen) >= min(places, LOOK // 2):
            break
        looked = [_Due(*row) for row in _oldest(*where).exclude(workspace__in=seen)[:LOOK]]
        found = found + looked
    return _in_turn(_by_workspace(found))[:places]


def _age(row: _Due) -> datetime:
    return row.due_at


def _by_workspace(rows: Iterable[_Due]) -> list[list[_Due]]:
    grouped: dict[int, list[_Due]] = {}
    for row in rows:
        grouped.setdefault(row.workspace_id, []).append(row)
    return list(grouped.values())


def _in_turn(groups: Iterable[list[_Due]]) -> list[_Due]:
    """The first of every group, then the second of every one; of these the oldest first."""
    placed = [(place, row) for group in groups for place, row in enumerate(group)]
    placed.sort(key=lambda one: (one[0], one[1].due_at))
    return [row for _, row in placed]


def _take(chosen: list[UUID], now: datetime) -> list[Claimed]:
    with transaction.atomic():
        free = _due(now, now + 2 * LEASE).filter(pk__in=chosen)
        # Who looked at the same moment has locked some of them: these are theirs.
        locked = free.select_for_update(skip_locked=True)
        taken = [
            Claimed(pk, provider, lease + 1)
            for pk, provider, lease in locked.values_list("pk", "provider", "lease")
        ]
        ids = [one.connection_id for one in taken]
        Watch.objects.filter(pk__in=ids).update(lease=F("lease") + 1, lease_until=now + LEASE)
    place = {pk: number for number, pk in enumerate(chosen)}
    return sorted(taken, key=lambda one: place[one.connection_id])
