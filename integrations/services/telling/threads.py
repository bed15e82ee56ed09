"""Threads: all that one listener was told, or is to be told, of one break."""

from datetime import datetime, timedelta

from django.db.models import F, Max, Q, QuerySet

from integrations.models import Delivery, Workspace
from integrations.services import held
from integrations.services.telling.audience import Listener
from integrations.services.telling.told import MAY_MATTER, Moment

LONGEST_LEASE = timedelta(hours=1)  # of a test that is sent to each of a list
# Also where nobody said so: whoever was asked may have died with the answer.
MAY_HAVE_ARRIVED = Q(delivered_at__isnull=False) | Q(tries__gt=F("refusals"))


def free(now: datetime) -> Q:
    """What nobody is at."""
    return held.by_nobody(now, far=now + LONGEST_LEASE)


def is_held(delivery: Delivery, now: datetime) -> bool:
    """Whether somebody is at it."""
    until = delivery.lease_until
    return until is not None and now < until <= now + LONGEST_LEASE


def of_listener(workspace: Workspace | None, listener: Listener, thread: str) -> QuerySet[Delivery]:
    """In no order."""
    return Delivery.objects.filter(
        workspace=workspace,
        channel=listener.channel,
        recipient=listener.recipient,
        source=thread.partition("/")[0],
        thread=thread,
    )


def around(delivery: Delivery) -> QuerySet[Delivery]:
    """All of the thread that it is part of."""
    listener = Listener(delivery.channel, delivery.recipient)
    return of_listener(delivery.workspace, listener, delivery.thread)


def before(delivery: Delivery) -> QuerySet[Delivery]:
    """Those of it that were written down earlier."""
    same = Q(number=delivery.number, made_at__lt=delivery.made_at)
    return around(delivery).filter(same | Q(number__lt=delivery.number))


def after(delivery: Delivery) -> QuerySet[Delivery]:
    """Those of it that were written down later."""
    same = Q(number=delivery.number, made_at__gt=delivery.made_at)
    return around(delivery).filter(same | Q(number__gt=delivery.number))


def in_order(delivery: Delivery) -> tuple[int, bool, datetime]:
    """By numbers, as machines disagree about the time. Of two at once an end is the last."""
    return delivery.number, delivery.moment == Moment.CLOSED, delivery.made_at


def next_number(workspace: Workspace | None, source: str) -> int:
    """The place of what is written down now among all that is told of one thing."""
    every = Delivery.objects.filter(workspace=workspace, source=source)
    return (every.aggregate(last=Max("number"))["last"] or 0) + 1


def ask_again(found: QuerySet[Delivery], now: datetime) -> list[Delivery]:
    """Of these, what tells of something that may last: it is to be looked at who has to hear of it.

    Part of a transaction. Those that somebody is at see to it themselves.
    """
    unsettled = Q(remind_at__isnull=False) | Q(outcome=Delivery.Outcome.WAITING)
    asked = found.filter(unsettled, moment__in=MAY_MATTER).select_for_update(
        skip_locked=True, of=("self",)
    )
    rows = list(asked.order_by("pk"))
    Delivery.objects.filter(pk__in=[one.pk for one in rows]).update(remind_at=now)
    return rows
