"""Sending: a message that was taken is written for its channel, and goes out."""

import logging
from dataclasses import replace
from datetime import datetime
from typing import Any

from integrations import crypto
from integrations.database import release_connection
from integrations.models import Delivery
from integrations.services.telling import (
    audience,
    catalogue,
    messages,
    operators,
    outcomes,
    threads,
    zones,
)
from integrations.services.telling.kinds import Kind, NotTaken, Parcel, Receipt
from integrations.services.telling.told import Moment, Told
from integrations_center import public_url

logger = logging.getLogger(__name__)

UNREADABLE = "What is saved of this channel cannot be read: enter its secrets again."
NO_KIND = "Nothing here knows this kind of channel any more."
NOBODY = "Nobody who would be mailed has an e-mail address and wants to be told."


def perform(delivery: Delivery, now: datetime) -> Delivery:
    """Send it, then write down what became of it. No transaction is open. Returns it as it is, or
    was where its channel was removed meanwhile.
    """
    try:
        receipt = _sent(delivery, now)
    except NotTaken as problem:
        outcomes.not_taken(delivery, problem, now)
    except Exception as error:  # noqa: BLE001 - whatever it is must not take up all its tries at once
        logger.error("A message was not sent: %s", type(error).__name__)
        outcomes.not_taken(delivery, NotTaken(outcomes.OUR_FAULT), now)
    else:
        outcomes.delivered(delivery, receipt, now)
    return Delivery.objects.filter(pk=delivery.pk).first() or delivery


def _sent(delivery: Delivery, now: datetime) -> Receipt:
    """Raises NotTaken, and what nobody thought of."""
    kind, values = _opened(delivery)
    parcel = _parcel(delivery, values, now)
    release_connection()
    return kind.send(parcel)


def _opened(delivery: Delivery) -> tuple[Kind, dict[str, Any]]:
    """By what it is sent, and whereto. Raises NotTaken."""
    channel = delivery.channel
    kind = catalogue.kinds().get(channel.kind if channel else catalogue.MAIL)
    if kind is None:
        raise NotTaken(NO_KIND, is_refused=True)
    try:
        values = channel.opened() if channel else _to_owners(delivery)
    except crypto.Unreadable:
        raise NotTaken(UNREADABLE, is_refused=True) from None
    return kind, values | ({kind.recipients_at: delivery.recipient} if delivery.recipient else {})


def _to_owners(delivery: Delivery) -> dict[str, Any]:
    owners = audience.owners_addresses(delivery.workspace)
    if not owners:
        raise NotTaken(NOBODY, is_refused=True)
    return {"to": ", ".join(owners)}


def _parcel(delivery: Delivery, values: dict[str, Any], now: datetime) -> Parcel:
    told = Told.from_json(delivery.facts)
    before = threads.before(delivery).filter(threads.MAY_HAVE_ARRIVED)
    first = before.order_by("number", "made_at").first()
    if first is None and told.moment == Moment.UPDATED:  # to whom it was never told, it is new
        told = replace(told, moment=Moment.OPENED)
    zone = zones.of_readers(delivery)
    letter = messages.letter_of(told, zone, now)
    if first and delivery.moment != Moment.TEST:
        begun = messages.letter_of(Told.from_json(first.facts), zone, now)
        letter = messages.answering(letter, begun)
    return Parcel(
        id=delivery.pk,
        told=told,
        letter=replace(letter, why=_why(delivery)),
        thread=f"{delivery.workspace_id}/{delivery.channel_id}/{delivery.thread}",
        is_first=first is None,
        answers=first.pk if first else None,
        channel_id=delivery.channel_id,
        root=_root(delivery),
        sent_at=now,
        values=values,
    )


def _root(delivery: Delivery) -> str:
    """What its receiver calls the first of its thread; of another receiver's it knows nothing."""
    named = threads.around(delivery).exclude(reference="").exclude(pk=delivery.pk)
    moved_at = delivery.channel.moved_at if delivery.channel else None
    here = named.filter(delivered_at__gte=moved_at) if moved_at else named
    return here.order_by("number", "made_at").values_list("reference", flat=True).first() or ""


def _why(delivery: Delivery) -> str:
    """Why one gets it, and where that is changed."""
    if delivery.workspace is None:
        return operators.why(delivery.channel)
    where = delivery.workspace.name
    page = public_url.link("channels", delivery.workspace.slug)
    if delivery.channel is None:
        if audience.has_channel(delivery.workspace):
            return (
                f"You get this as an owner of {where}: no channel tells anybody of it. Look: {page}"
            )
        return f"You get this as an owner of {where}, which has no channel yet. Add one: {page}"
    return f"You get this by the channel {delivery.channel.name} of {where}. Change it: {page}"
