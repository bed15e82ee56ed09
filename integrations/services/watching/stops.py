"""Stops: times in which no worker checked anything. They are ours, and for operators.

Whoever looks opens the cause while it lasts, also a process that only serves pages, since a
worker that is dead cannot; it is over once somebody checks again. No workspace has an incident
of it.
"""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from integrations import compiled
from integrations.models import Cause, IntegrationConnection
from integrations.models.incidents import OURS
from integrations.services.watching import engine, wording
from integrations.services.watching.keys import OUR_WORKER

LATELY, SHOWN = timedelta(days=7), 3


def look(now: datetime) -> Cause | None:
    """The stop that lasts, which is written down as soon as somebody sees it; None without one.

    For processes that serve pages: cheap, and harmless to repeat from any number of them.
    """
    since = engine.stopped_since(now)
    if since is None:
        close(now)
        return None
    if _lasting().first() is None:
        compiled.insert(_cause(since, now))  # unless somebody else did meanwhile
    return _lasting().first()


def close(now: datetime) -> None:
    """Where somebody checks again it is over."""
    if _lasting().exists() and engine.goes_on(now):
        _lasting().update(closed_at=now)


def note(began: datetime, now: datetime) -> None:
    """Write down afterwards a stop that nobody saw while it lasted."""
    checked = IntegrationConnection.objects.filter(is_complete=True, is_enabled=True)
    if not _lasting().exists() and checked.exists():
        made = _cause(began, now)
        made.closed_at = now
        made.save()


def lately(now: datetime) -> list[Cause]:
    """Those of the last week for whoever wonders what was not noticed, the newest first."""
    found = Cause.objects.filter(key=str(OUR_WORKER))
    return list(found.filter(Q(closed_at=None) | Q(closed_at__gt=now - LATELY))[:SHOWN])


def _lasting() -> QuerySet[Cause]:
    return Cause.objects.filter(key=str(OUR_WORKER), closed_at=None)


def _cause(began: datetime, now: datetime) -> Cause:
    key, title = wording.of_gap()
    return Cause(
        key=str(key),
        kind=OURS,
        scope=key.scope,
        title=title,
        opened_at=began,
        confirmed_at=now,
    )
