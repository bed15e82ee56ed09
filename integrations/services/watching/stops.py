"""Stops: times in which no worker checked anything, or none kept up. They are ours, and for
operators.

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
from integrations.services.watching.causes import COMES_BACK
from integrations.services.watching.keys import OUR_PACE, OUR_WORKER, Key

LATELY, SHOWN = timedelta(days=7), 3


def look(now: datetime) -> Cause | None:
    """The stop that lasts, which is written down as soon as somebody sees it; None without one.

    For processes that serve pages: cheap, and harmless to repeat from any number of them.
    """
    close(now)
    for key, since in ((OUR_WORKER, engine.stopped_since), (OUR_PACE, engine.behind_since)):
        began = since(now)
        if began and not _lasting(key).exists():
            _open(key, began, now)
    return _lasting(OUR_WORKER).first()


def close(now: datetime) -> None:
    """Where somebody checks again, or what was late was done, it is over."""
    if _lasting(OUR_WORKER).exists() and engine.goes_on(now):
        _lasting(OUR_WORKER).update(closed_at=now)
    if _lasting(OUR_PACE).exists() and engine.behind_since(now) is None:
        _lasting(OUR_PACE).update(closed_at=now)


def note(began: datetime, now: datetime) -> None:
    """Write down afterwards a stop that nobody saw while it lasted."""
    checked = IntegrationConnection.objects.filter(is_complete=True, is_enabled=True)
    if not _lasting(OUR_WORKER).exists() and checked.exists():
        made = _cause(OUR_WORKER, began, now)
        made.closed_at = now
        made.save()


def lately(now: datetime) -> list[Cause]:
    """Those of the last week for whoever wonders what was not noticed, the newest first."""
    found = _all_of(OUR_WORKER)
    return list(found.filter(Q(closed_at=None) | Q(closed_at__gt=now - LATELY))[:SHOWN])


def _open(key: Key, since: datetime, now: datetime) -> None:
    """What comes back so soon is the same again: who comes and goes is told so."""
    recent = _all_of(key).filter(closed_at__gt=now - COMES_BACK).order_by("-closed_at")
    if again := recent.first():
        Cause.objects.filter(pk=again.pk).update(closed_at=None)
    else:
        compiled.insert(_cause(key, since, now))  # unless somebody else did meanwhile


def _all_of(key: Key) -> QuerySet[Cause]:
    return Cause.objects.filter(key=str(key))


def _lasting(key: Key) -> QuerySet[Cause]:
    return _all_of(key).filter(closed_at=None)


def _cause(key: Key, began: datetime, now: datetime) -> Cause:
    return Cause(
        key=str(key),
        kind=OURS,
        scope=key.scope,
        title=wording.of_worker(key),
        opened_at=began,
        confirmed_at=now,
    )
