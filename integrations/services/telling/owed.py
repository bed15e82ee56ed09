"""What is owed: events become messages, each once, however often and by however many it is looked.

A workspace's cursor moves in the transaction that writes its messages down. What is told is what
holds when it is looked: a break that is over by then is told neither as new nor as over.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, Max, OuterRef
from django.db.models.functions import Coalesce

from integrations import queue
from integrations.models import Channel, Delivery, Event, EventType, ToldUntil, Workspace
from integrations.services.telling import (
    deliveries,
    drills,
    failures,
    incidents,
    notices,
    outcomes,
    sources,
    threads,
)
from integrations.services.telling.told import Moment, Told

logger = logging.getLogger(__name__)

AT_ONCE = 500
# Of a workspace that nobody was told of yet, as after an upgrade: what is older is no news.
NEWS = timedelta(days=1)

TOLD_OF: Mapping[str, Callable[[Event], Told | None]] = {
    EventType.INCIDENT_OPENED: incidents.told_of,
    EventType.INCIDENT_UPDATED: incidents.told_of,
    EventType.INCIDENT_CLOSED: incidents.told_of,
    EventType.EXPIRY_NEAR: notices.told_of,
    EventType.CHANNEL_FAILING: failures.told_of,
    EventType.CHANNEL_RECOVERED: failures.told_of,
    EventType.DRILL_CHANGED: drills.told_of,
}


def told_of(event: Event) -> Told | None:
    """What people are told of an event; None of most."""
    make = TOLD_OF.get(event.type)
    told = make(event) if make else None
    return replace(told, event_id=event.pk, at=event.at) if told else None


def look(now: datetime) -> None:
    """Have everybody told who has not been: a job for each workspace and for each reminder."""
    for workspace_id in behind():
        queue.enqueue("telling.catch_up", workspace_id)
    reminding = Delivery.objects.filter(remind_at__lte=now).order_by("remind_at")
    for delivery_id in reminding.values_list("pk", flat=True)[:AT_ONCE]:
        queue.enqueue("telling.remind", str(delivery_id))


def behind() -> list[int]:
    """The workspaces with events that nobody looked at."""
    newer = Event.objects.filter(
        workspace=OuterRef("pk"), pk__gt=Coalesce(OuterRef("told_until__event_id"), 0)
    )
    return list(
        Workspace.objects.filter(Exists(newer), archived_at=None)
        .order_by("pk")
        .values_list("pk", flat=True)
    )


def catch_up(workspace_id: int, now: datetime) -> None:
    """Look at a workspace's new events, in their order."""
    with transaction.atomic():
        workspace = Workspace.objects.filter(pk=workspace_id, archived_at=None).first()
        if workspace is None:
            return
        cursor = _cursor(workspace, now)
        new = Event.objects.filter(workspace=workspace, pk__gt=cursor.event_id).order_by("pk")
        for event in new.select_related("connection__workspace")[:AT_ONCE]:
            if told := _told_or_none(event):
                deliveries.owe(workspace, told, now)
            cursor.event_id = event.pk
        cursor.save()


def _cursor(workspace: Workspace, now: datetime) -> ToldUntil:
    old = Event.objects.filter(workspace=workspace, at__lt=now - NEWS)
    ToldUntil.objects.get_or_create(
        workspace=workspace,
        defaults={"event_id": old.aggregate(last=Max("pk"))["last"] or 0},
    )
    return ToldUntil.objects.select_for_update().get(workspace=workspace)


def _told_or_none(event: Event) -> Told | None:
    """An event that cannot be told keeps nobody from hearing of the others."""
    try:
        return told_of(event)
    except Exception as error:  # noqa: BLE001 - its text may hold data
        logger.error("An event of type %s was not told: %s", event.type, type(error).__name__)
        return None


def remind(delivery_id: UUID, now: datetime) -> None:
    """If what it tells still lasts: tell who has to hear of that and has not, as when its channel
    takes nothing; and its own listener once more, a day after.
    """
    found = Delivery.objects.filter(pk=delivery_id, remind_at__lte=now)
    with transaction.atomic():
        first = found.select_related("workspace").first()
        if first is None:
            return
        if first.workspace:  # who writes a workspace's messages down is alone with that
            _cursor(first.workspace, now)
        delivery = found.select_for_update(of=("self",)).first()
        if delivery is None:
            return
        delivery.remind_at = _look(delivery, now)
        delivery.save(update_fields=["remind_at"])


def _look(delivery: Delivery, now: datetime) -> datetime | None:
    """When to look at it again."""
    if _has_later(delivery):
        return None  # that one is looked at
    tomorrow = now + outcomes.REMINDS
    if delivery.workspace and delivery.workspace.archived_at:
        return tomorrow
    told = Told.from_json(delivery.facts)
    lasting = sources.told_again(told, now)
    if lasting is None:
        return tomorrow if sources.may_last(told) else None
    workspace, channel = delivery.workspace, delivery.channel
    deliveries.owe_the_others(workspace, _as_new(lasting), now)
    is_one_time = delivery.moment == Moment.NOTICE
    if is_one_time or delivery.outcome == Delivery.Outcome.WAITING or _has_later(delivery):
        return None
    due_at = (delivery.delivered_at or delivery.made_at) + outcomes.REMINDS
    if due_at > now:
        return due_at
    again = replace(lasting, moment=Moment.REMINDER)
    to = delivery.recipient
    is_owed = deliveries.owe_one(workspace, channel, again, now, recipient=to)
    return None if is_owed else tomorrow


def _has_later(delivery: Delivery) -> bool:
    return threads.after(delivery).exclude(outcome=Delivery.Outcome.LEFT_OUT).exists()


def _as_new(told: Told) -> Told:
    return told if told.moment == Moment.NOTICE else replace(told, moment=Moment.OPENED)


def hand_over(channel: Channel, now: datetime) -> None:
    """Switch it off, for good: what it was told, or is to be told, of what lasts others hear who
    have not. For who is about to remove it with its messages; part of that transaction.
    """
    if channel.workspace:
        _cursor(channel.workspace, now)
    of_it = Delivery.objects.filter(channel=channel)
    # Before its channel, as everybody does: nobody writes on one of them after this.
    list(of_it.filter(outcome=Delivery.Outcome.WAITING).select_for_update().order_by("pk"))
    told = {one.thread: Told.from_json(one.facts) for one in threads.ask_again(of_it, now)}
    Channel.objects.filter(pk=channel.pk).update(is_enabled=False)
    for one in told.values():
        if lasting := sources.told_again(one, now):
            deliveries.owe_the_others(channel.workspace, _as_new(lasting), now)
