"""Numbers that are dear to count: counted each minute by the round, and kept.

Where no round counts, whoever asks does, so that they are never older than a few minutes.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from integrations.models import Summary

EVERY = timedelta(minutes=1)
OLD = timedelta(minutes=3)

Facts = list[Any]  # as JSON has them
Count = Callable[[datetime], Facts]


def read(name: str, now: datetime, count: Count) -> Facts:
    """As of a few minutes ago at most."""
    found = Summary.objects.filter(name=name).first()
    if found and timedelta() <= now - found.at < OLD:
        return found.facts
    return _keep(name, now, count)


def renew(name: str, now: datetime, count: Count) -> None:
    """Count anew, unless somebody has just done so."""
    if not Summary.objects.filter(name=name, at__gt=now - EVERY, at__lte=now).exists():
        _keep(name, now, count)


def _keep(name: str, now: datetime, count: Count) -> Facts:
    facts = count(now)
    Summary.objects.update_or_create(name=name, defaults={"at": now, "facts": facts})
    return facts
