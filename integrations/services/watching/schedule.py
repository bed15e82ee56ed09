"""When a connection is checked next. Pure: told the time, and by what chance.

Each connection has a point of its interval that its id decides, so checks stay spread however
often anything starts anew; a little chance beside keeps them off full seconds.
"""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random
from uuid import UUID

JITTER = 0.05  # of the interval, to either side
# A point nearer than this was just checked at, ahead of itself.
TOO_NEAR = 2 * JITTER
FARTHEST = 1 + TOO_NEAR + JITTER  # of the interval: what is due later, a wrong clock said
UNANSWERED = timedelta(minutes=1)
REFUSED = timedelta(minutes=5)
FLOOR = 0.5  # of these: no chance makes it sooner
RELEASE = timedelta(minutes=10)  # over which what waited for the same is spread
MINUTE = timedelta(minutes=1)
APART = timedelta(seconds=0.25)
MOST_BUNCHES = 600
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def phase(key: UUID, every: timedelta) -> timedelta:
    """How far into each interval the connection of this id is checked."""
    number = int.from_bytes(sha256(key.bytes).digest()[:8])
    return timedelta(microseconds=number % (every // timedelta(microseconds=1)))


def next_point(key: UUID, every: timedelta, now: datetime, chance: Random) -> datetime:
    """The next point of its phase, a little off. It is always after now."""
    offset = phase(key, every)
    after = now + TOO_NEAR * every
    point = EPOCH + offset + every * ((after - EPOCH - offset) // every + 1)
    return point + every * chance.uniform(-JITTER, JITTER)


def after_break(
    key: UUID, tries: int, base: timedelta, every: timedelta, now: datetime, chance: Random
) -> datetime:
    """Soon at first, then later and later, at last at its points as ever.

    `tries` is how often it was asked before since it broke.
    """
    most = base * 2 ** min(tries, 16)
    if most >= every:
        return next_point(key, every, now, chance)
    return now + max(base * FLOOR, most * chance.random())


def after_pause(until: datetime, every: timedelta, chance: Random) -> datetime:
    """Not before it ends, and not together with all others that waited for it."""
    return until + min(every, RELEASE) * chance.random()


def spread(
    keys: Collection[UUID], every: timedelta, now: datetime
) -> Iterator[tuple[datetime, list[UUID]]]:
    """One check each of what is overdue, in bunches: never all at once.

    A few are done within a minute; very many take as long as their interval.
    """
    window = min(every, max(MINUTE, APART * len(keys)))
    ordered = sorted(keys, key=lambda key: phase(key, every))
    bunches = min(len(ordered), MOST_BUNCHES)
    for number in range(bunches):
        begin, end = (len(ordered) * n // bunches for n in (number, number + 1))
        yield now + window * number / bunches, ordered[begin:end]
