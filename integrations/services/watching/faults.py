"""Faults of the installation itself: its operators are told, once for all workspaces.

Whoever looks compares what is open with what was told, so that any number may look, and one that
dies leaves nothing undone.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from integrations.models import Cause, Channel, Delivery, IncidentConnection, Scope
from integrations.models.incidents import OURS
from integrations.services.telling import deliveries, failures, operators
from integrations.services.telling.told import LASTS, Moment, Told
from integrations.services.trouble import apart
from integrations.services.watching import channels, wording

KEPT = timedelta(days=1)  # an end that nobody could be told of so long is no news any more


def tell(now: datetime) -> None:
    """Have the operators told of what began, and of what is over."""
    lately = Q(closed_at=None) | Q(closed_at__gt=now - KEPT)
    ours = Cause.objects.filter(lately, kind=OURS).exclude(confirmed_at=None).order_by("pk")
    for cause in ours:
        if _is_news(cause, _last(cause)):
            with apart("Telling of a fault"):
                _tell(cause.pk, now)


def _tell(cause_id: int, now: datetime) -> None:
    with transaction.atomic():
        cause = Cause.objects.select_for_update().filter(pk=cause_id).first()
        last = _last(cause) if cause else None
        if cause is None or cause.confirmed_at is None or not _is_news(cause, last):
            return
        if last and cause.closed_at:
            began = Told.from_json(last.facts)
            lasted = cause.closed_at - began.since
            over = replace(began, moment=Moment.CLOSED, who_can_fix="", lasted=lasted)
            deliveries.owe(None, over, now)
        elif told := _broken(cause):
            deliveries.owe(None, told, now)


def _last(cause: Cause) -> Delivery | None:
    """What was told of it last, to anybody."""
    return _told(cause).order_by("-number", "-made_at").first()


def _told(cause: Cause) -> QuerySet[Delivery]:
    return Delivery.objects.filter(workspace=None, source=_source_of(cause))


def _source_of(cause: Cause) -> str:
    """Of a channel that takes nothing its own, since it hears nothing of that."""
    if cause.scope == Scope.CHANNEL:
        return f"{failures.SOURCE}-{channels.channel_of(cause)}"
    return operators.source_of(cause.pk)


def _is_news(cause: Cause, last: Delivery | None) -> bool:
    is_told = last is not None and last.moment in LASTS
    return cause.is_open != is_told


def _broken(cause: Cause) -> Told | None:
    number = _told(cause).values("thread").distinct().count() + 1
    key = f"{_source_of(cause)}/{number}"
    if cause.scope == Scope.CHANNEL:
        channel = Channel.objects.filter(pk=channels.channel_of(cause)).first()
        return failures.broken(channel, key) if channel else None
    inside = IncidentConnection.objects.filter(incident__cause=cause, left_at=None)
    places = inside.values("incident__workspace").distinct().count()
    message, action = wording.to_operators(cause.key)
    said = message, action, wording.concerns(inside.count(), places)
    title = wording.title_to_operators(cause)
    return operators.broken(cause, key, title=title, said=" ".join(filter(None, said)))
