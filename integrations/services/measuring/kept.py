"""Numbers that are dear to count: counted ahead by the round, and kept for as long as they cost.

What takes no time is counted anew every few seconds, what takes most of a second each minute.
Where no round counts, whoever asks does, so that they are never older than a few minutes.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from integrations.models import Summary

TIMES = 100  # as long as counting took it lasts, so that counting takes a hundredth of the time
SHORTEST, LONGEST = timedelta(seconds=5), timedelta(minutes=1)
PATIENCE = 3  # times as long whoever asks waits for a round to count

Facts = list[Any]  # as JSON has them
Count = Callable[[datetime], Facts]


def read(name: str, now: datetime, count: Count) -> Facts:
    """As they were a moment ago: a quarter of a minute, or minutes where there is much to count."""
    found = Summary.objects.filter(name=name).first()
    if found and timedelta() <= now - found.at < PATIENCE * _lasts(found):
        return found.facts
    return _keep(name, now, count)


def renew(name: str, now: datetime, count: Count) -> None:
    """Count anew, unless what is kept is still as good as new."""
    found = Summary.objects.filter(name=name).defer("facts").first()
    if found is None or not timedelta() <= now - found.at < _lasts(found):
        _keep(name, now, count)


def _lasts(kept: Summary) -> timedelta:
    return min(max(TIMES * timedelta(milliseconds=kept.took_ms), SHORTEST), LONGEST)


def _keep(name: str, now: datetime, count: Count) -> Facts:
    began = time.perf_counter()
    facts = count(now)
    took_ms = round((time.perf_counter() - began) * 1000)
    kept = {"at": now, "facts": facts, "took_ms": took_ms}
    Summary.objects.update_or_create(name=name, defaults=kept)
    return facts
