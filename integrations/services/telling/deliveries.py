"""Deliveries: each message goes out by itself, is tried again, and stays to be read.

The due rows are the truth; a job only wakes. Of several who find one due, one takes its lease. It
is marked after it was sent: whoever dies in between leaves it to the next, and the receiver knows
it by its id.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import DatabaseError, transaction
from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber

from integrations import queue
from integrations.models import Channel, Delivery, Workspace
from integrations.services.telling import audience, outcomes, sending, takes, threads, traces
from integrations.services.telling.audience import Listener
from integrations.services.telling.outcomes import LEFT_OUT, WAITING
from integrations.services.telling.told import Moment, Told

AT_ONCE = 100
KEPT = timedelta(days=90)
NO_RECOVERIES = "Left out: this channel does not hear of recoveries."


# --- What is owed --------------------------------------------------------------------------------


def owe(workspace: Workspace | None, told: Told, now: datetime) -> None:
    """Write down who has to be told, in the transaction that knows of it; and wake somebody.

    Without a workspace the operators are told, by the channels of the installation.
    """
    _owe(workspace, audience.listeners(workspace, told), told, now)


def owe_one(
    workspace: Workspace | None,
    channel: Channel | None,
    told: Told,
    now: datetime,
    *,
    recipient: str | None = None,
) -> bool:
    """The same for one channel, or one of whom it writes to, if they still hear of such."""
    mine = [
        one
        for one in audience.listeners(workspace, told)
        if one.channel == channel and recipient in (None, one.recipient)
    ]
    _owe(workspace, mine, told, now)
    return bool(mine)


def owe_the_others(workspace: Workspace | None, told: Told, now: datetime) -> None:
    """The same for who hears of such now and has nothing of its thread: to them it is new."""
    new = [
        one
        for one in audience.listeners(workspace, told)
        if not threads.of_listener(workspace, one, told.key).exclude(outcome=LEFT_OUT).exists()
    ]
    _owe(workspace, new, told, now)


def owe_to(
    workspace: Workspace | None,
    channel: Channel | None,
    told: Told,
    now: datetime,
    left_out: str = "",
) -> None:
    """The same for who is known to hear of it, None for the owners by mail.

    With `left_out`, which says why, it is written down and not sent.
    """
    _owe(workspace, audience.people_of(workspace, channel), told, now, left_out)


def _owe(
    workspace: Workspace | None, to: list[Listener], told: Told, now: datetime, left_out: str = ""
) -> None:
    number = threads.next_number(workspace, told.source) if to else 0
    rows = [_delivery(workspace, one, told, number, now, left_out) for one in to]
    Delivery.objects.bulk_create(rows)
    for one in rows:
        if one.due_at:
            queue.enqueue("telling.deliver", str(one.pk))
        else:
            traces.note(one, one.channel, LEFT_OUT)


def _delivery(
    workspace: Workspace | None,
    to: Listener,
    told: Told,
    number: int,
    now: datetime,
    left_out: str = "",
) -> Delivery:
    delivery = Delivery(
        workspace=workspace,
        channel=to.channel,
        recipient=to.recipient,
        source=told.source,
        thread=told.key,
        number=number,
        moment=told.moment,
        facts=told.to_json(),
        made_at=now,
        due_at=now,
    )
    if told.moment == Moment.CLOSED and to.channel and not to.channel.tells_recovery:
        left_out = NO_RECOVERIES
    if left_out:
        delivery.due_at, delivery.outcome, delivery.sentence = None, LEFT_OUT, left_out
    return delivery


# --- One try -------------------------------------------------------------------------------------


def due(now: datetime) -> list[UUID]:
    """Those to try now, that nobody is at: the oldest of each workspace, then its second …"""
    waiting = Delivery.objects.filter(threads.free(now), outcome=WAITING, due_at__lte=now)
    in_turn = waiting.annotate(
        turn=Window(RowNumber(), partition_by=F("workspace"), order_by=("due_at", "id"))
    )
    return list(in_turn.order_by("turn", "due_at").values_list("pk", flat=True)[:AT_ONCE])


def deliver(delivery_id: UUID, now: datetime) -> None:
    """Send one that is still due, unless there is a reason to wait. No transaction is open.

    Who waited for a place is woken when this one gives it back.
    """
    try:
        taken = takes.take(delivery_id, now)
    except DatabaseError:  # says nothing of the message
        raise
    except Exception as error:  # noqa: BLE001 - one that cannot be taken up is not in others' way
        if delivery := Delivery.objects.filter(pk=delivery_id).first():
            outcomes.stumbled(delivery, error, now)
        return
    if taken:
        sending.perform(taken, now)
        _call_the_next(taken, now)


def _call_the_next(taken: Delivery, now: datetime) -> None:
    """Of those that found the channel or the workspace crowded, the one that waits longest."""
    crowd = Delivery.objects.filter(
        threads.free(now), workspace=taken.workspace_id, outcome=WAITING, sentence=takes.CROWDED
    ).order_by("made_at", "pk")
    if waiting := crowd.filter(channel=taken.channel_id).first() or crowd.first():
        crowd.filter(pk=waiting.pk).update(due_at=now, sentence="")
        queue.enqueue("telling.deliver", str(waiting.pk))


def at_once(
    workspace: Workspace | None, channel: Channel, told: Told, now: datetime
) -> list[Delivery]:
    """Rows that are taken already, for who sends one after the other and hands none to others.

    Part of a transaction.
    """
    people = audience.people_of(workspace, channel)
    found = [_delivery(workspace, one, told, 0, now) for one in people]
    for one in found:
        takes.hold(one, now + takes.LEASE * len(found))
    return Delivery.objects.bulk_create(found)


def hand_out(taken: list[Delivery], now: datetime) -> None:
    """What was taken and is left to whoever is free."""
    for one in taken:
        held = Delivery.objects.filter(pk=one.pk, lease=one.lease, outcome=WAITING)
        if held.update(lease_until=None, tries=F("tries") - 1, due_at=now):
            queue.enqueue("telling.deliver", str(one.pk))


# --- By hand -------------------------------------------------------------------------------------


class NotToSend(Exception):
    """Nothing is to be sent again: it is on its way, or its channel is switched off."""


def resend(delivery: Delivery, now: datetime) -> None:
    """The same message again, under its own id, as often as a new one. Raises NotToSend."""
    if delivery.channel is None or not delivery.channel.is_enabled:
        raise NotToSend
    settled = Delivery.objects.filter(pk=delivery.pk).exclude(outcome=WAITING)
    anew = {"tries": 0, "refusals": 0, "sentence": "", "is_by_hand": True}
    with transaction.atomic():
        if not settled.exclude(moment=Moment.TEST).update(
            outcome=WAITING, due_at=now, lease=F("lease") + 1, **anew
        ):
            raise NotToSend
        queue.enqueue("telling.deliver", str(delivery.pk))


def waiting(channel: Channel) -> int:
    """How many messages wait to be sent there."""
    return of_channel(channel).filter(outcome=WAITING).count()


def of_channel(channel: Channel) -> QuerySet[Delivery]:
    """The newest first."""
    return Delivery.objects.filter(channel=channel)


def wake(now: datetime) -> None:
    """Have those sent that are due: their own jobs may be done, or lost with a worker."""
    for delivery_id in due(now):
        queue.enqueue("telling.deliver", str(delivery_id))


def forget_old(now: datetime) -> None:
    """Those that are settled since long."""
    Delivery.objects.filter(made_at__lt=now - KEPT).exclude(outcome=WAITING).delete()
