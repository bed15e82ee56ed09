"""Outcomes: what became of a message, and what its channel is known for since."""

import logging
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from integrations import queue
from integrations.models import Channel, Delivery, EventType
from integrations.services import events
from integrations.services.telling import threads, traces
from integrations.services.telling.kinds import NotTaken, Receipt
from integrations.services.telling.told import LASTS, MAY_MATTER, Moment

logger = logging.getLogger(__name__)

# Standard Webhooks' schedule: the first try is at once, the last 31 hours later.
DELAYS = (
    *(timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30)),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14)),
)
TRIES = len(DELAYS) + 1
LONGEST_DELAY = timedelta(days=1)
JITTER = 0.1  # of a delay, so that not all come back together
REMINDS = timedelta(days=1)
CONFIRMED = 3  # tries, after which others are told that a channel takes nothing
LONGEST_REFERENCE = 100

WAITING, DELIVERED = Delivery.Outcome.WAITING, Delivery.Outcome.DELIVERED
FAILED, LEFT_OUT = Delivery.Outcome.FAILED, Delivery.Outcome.LEFT_OUT

OUR_FAULT = "Something went wrong here while it was sent."
SENT_BEFORE = "It was sent again, and not taken: {}"


def delivered(delivery: Delivery, receipt: Receipt, now: datetime) -> None:
    """It was taken. What waited for its channel to work again goes out now."""
    with transaction.atomic():
        if not _write(
            delivery,
            outcome=DELIVERED,
            status_code=receipt.status,
            sentence="",
            reference=_printable(receipt.reference),
            delivered_at=now,
            due_at=None,
            lease_until=None,
            remind_at=now + REMINDS if delivery.moment in LASTS else None,
        ):
            return
        channel = _locked_channel(delivery)
        if channel:
            _praise(channel, delivery, now)
        traces.note(delivery, channel, DELIVERED, receipt.status)


def not_taken(delivery: Delivery, problem: NotTaken, now: datetime) -> None:
    """It was not, or nobody said so. It is tried again, unless that makes no sense."""
    is_last = delivery.tries >= TRIES or problem.is_gone or delivery.moment == Moment.TEST
    with transaction.atomic():
        wait = delay(delivery, problem.retry_after_seconds)
        ending = _last(delivery, problem.sentence) if is_last else {"outcome": WAITING}
        if not _write(
            delivery,
            **{"sentence": problem.sentence} | ending,
            status_code=problem.status,
            refusals=F("refusals") + int(problem.is_certain),
            due_at=None if is_last else now + wait,
            lease_until=None,
        ):
            return
        channel = _locked_channel(delivery)
        traces.note(delivery, channel, ending["outcome"], problem.status)
        if channel:
            _blame(channel, delivery, problem, now)
        if is_last or (channel and channel.is_problem_told):
            look_again([delivery], now)


def stumbled(delivery: Delivery, error: Exception, now: datetime) -> None:
    """It cannot even be written or taken up, which is no fault of its receiver: tried again."""
    logger.error("A message was not sent: %s", type(error).__name__)
    delivery.tries += 1
    is_last = delivery.tries >= TRIES
    with transaction.atomic():
        mine = Delivery.objects.filter(threads.free(now), pk=delivery.pk, outcome=WAITING)
        ending = _last(delivery, OUR_FAULT) if is_last else {"sentence": OUR_FAULT}
        values = {"refusals": F("refusals") + 1, "lease": F("lease") + 1, **ending}
        due_at = None if is_last else now + delay(delivery, None)
        if mine.update(tries=delivery.tries, due_at=due_at, lease_until=None, **values):
            traces.note(delivery, delivery.channel, ending.get("outcome", WAITING))
            look_again([delivery] if is_last else [], now)


def settle(delivery: Delivery, outcome: Delivery.Outcome, sentence: str) -> None:
    """It is not sent any more. Part of a transaction that holds it."""
    delivery.outcome, delivery.sentence = outcome, sentence
    delivery.due_at, delivery.lease_until = None, None
    delivery.save(update_fields=["outcome", "sentence", "due_at", "lease_until"])
    traces.note(delivery, delivery.channel, outcome)


def give_up(delivery: Delivery, sentence: str, now: datetime) -> None:
    """The same where its channel is to blame: others may have to hear of it."""
    ending = _last(delivery, sentence)
    settle(delivery, ending["outcome"], ending["sentence"])
    look_again([delivery], now)


def leave_out(delivery: Delivery, sentence: str, now: datetime) -> None:
    """The same where its channel cannot be sent it any more."""
    settle(delivery, LEFT_OUT, sentence)
    look_again([delivery], now)


def look_again(found: list[Delivery], now: datetime) -> None:
    """Have it looked at who has to hear of what these tell, if it lasts. Part of a transaction."""
    for one in found:
        if one.moment in MAY_MATTER:
            Delivery.objects.filter(pk=one.pk).update(remind_at=now)
            queue.enqueue("telling.remind", str(one.pk))


def look_again_at_channel(channel: Channel, now: datetime) -> None:
    """The same for all that it was told, or is to be told, of what may last."""
    for one in threads.ask_again(Delivery.objects.filter(channel=channel), now):
        queue.enqueue("telling.remind", str(one.pk))


def delay(delivery: Delivery, asked_for: float | None) -> timedelta:
    """Until the next try: by the schedule with a little more, or as long as the receiver asks."""
    usual = DELAYS[min(delivery.tries, len(DELAYS)) - 1]
    part = sha256(f"{delivery.pk}{delivery.tries}".encode()).digest()[0] / 255
    spread = usual * (1 + JITTER * part)
    return max(spread, _asked_for(asked_for))


def _asked_for(seconds: float | None) -> timedelta:
    return min(timedelta(seconds=seconds or 0), LONGEST_DELAY)


def _last(delivery: Delivery, sentence: str) -> dict[str, Any]:
    """What arrived once has arrived, whatever became of sending it again."""
    if delivery.delivered_at:
        return {"outcome": DELIVERED, "sentence": SENT_BEFORE.format(sentence)}
    return {"outcome": FAILED, "sentence": sentence}


def _write(delivery: Delivery, **values: Any) -> bool:
    """Whether it was still ours to write on: whoever took it over since is asked instead."""
    mine = Delivery.objects.filter(pk=delivery.pk, lease=delivery.lease, outcome=WAITING)
    return bool(mine.update(**values))


def _printable(reference: str) -> str:
    """A receiver's name for a message, if it is one that can be kept and sent back."""
    is_plain = reference.isascii() and reference.isprintable()
    return reference if is_plain and len(reference) <= LONGEST_REFERENCE else ""


def _locked_channel(delivery: Delivery) -> Channel | None:
    """After its delivery, as everybody does."""
    if delivery.channel_id is None:
        return None
    locked = Channel.objects.select_for_update(no_key=True)
    return locked.filter(pk=delivery.channel_id).first()


def _praise(channel: Channel, delivery: Delivery, now: datetime) -> None:
    was_failing = channel.failing_since is not None
    left = {who: why for who, why in channel.problems.items() if who != delivery.recipient}
    channel.problems, channel.delivered_at = left, now
    if left:
        channel.problem = " ".join(dict.fromkeys(left.values()))
    else:
        channel.failing_since, channel.problem = None, ""
        if channel.is_problem_told:
            channel.is_problem_told = False
            record(channel, EventType.CHANNEL_RECOVERED, now)
    if channel.is_gone:  # by a test: nothing else is sent to one that is switched off
        channel.is_gone, channel.is_enabled = False, True
    channel.save()
    if was_failing:
        _hasten(channel, delivery, now)


def _hasten(channel: Channel, delivery: Delivery, now: datetime) -> None:
    """What waits for it to work again goes out, but not before its receiver allows.

    To somebody else whom the receiver refused nothing is the better for it.
    """
    helped = Q(recipient=delivery.recipient) | Q(tries__gt=F("refusals"))
    of_it = Delivery.objects.filter(helped, channel=channel, outcome=WAITING, tries__gt=0)
    waiting = of_it.filter(threads.free(now)).select_for_update(skip_locked=True, of=("self",))
    ids = list(waiting.order_by("pk").values_list("pk", flat=True))
    Delivery.objects.filter(pk__in=ids).update(due_at=max(now, channel.not_before or now))


def _blame(channel: Channel, delivery: Delivery, problem: NotTaken, now: datetime) -> None:
    """A channel takes nothing: its page says so, and once it is sure, others are told."""
    channel.failing_since = channel.failing_since or now
    channel.problems = {**channel.problems, delivery.recipient: problem.sentence}
    channel.problem = " ".join(dict.fromkeys(channel.problems.values()))
    if problem.retry_after_seconds:
        until = now + _asked_for(problem.retry_after_seconds)
        channel.not_before = max(until, channel.not_before or until)
    if problem.is_gone:
        channel.is_gone, channel.is_enabled = True, False
    is_sure = problem.is_refused or delivery.tries >= CONFIRMED
    is_news = is_sure and not channel.is_problem_told and delivery.moment != Moment.TEST
    channel.is_problem_told = channel.is_problem_told or is_news
    channel.save()
    if is_news:
        record(channel, EventType.CHANNEL_FAILING, now)
    if is_news or problem.is_gone:
        look_again_at_channel(channel, now)


def record(channel: Channel, kind: EventType, now: datetime) -> None:
    """What became of a channel. Of one of the installation the cause alone is told."""
    if workspace := channel.workspace:
        events.record(workspace, kind, at=now, channel=str(channel.pk))
