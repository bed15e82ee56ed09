"""Deliveries: each message goes out by itself, is tried again, and stays to be read.

The due rows are the truth; a job only wakes. Of several who find one due, one takes its lease. It
is marked after it was sent: whoever dies in between leaves it to the next, and the receiver knows
it by its id.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet

from integrations import crypto, queue
from integrations.database import release_connection
from integrations.models import Channel, Delivery, EventType, Membership, Role, Watch, Workspace
from integrations.services import events
from integrations.services.telling import catalogue, incidents, messages, outcomes
from integrations.services.telling.kinds import Kind, NotTaken, Parcel, Receipt
from integrations.services.telling.quiet import quiet_until
from integrations.services.telling.told import LASTS, Moment, Severity, Told
from integrations_center import public_url

LEASE = timedelta(seconds=60)
AT_ONCE = 100
# Standard Webhooks' schedule: the first try is at once, the last 31 hours later.
DELAYS = (
    *(timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30)),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14)),
)
TRIES = len(DELAYS) + 1
LONGEST_DELAY = timedelta(days=1)
JITTER = 0.1  # of a delay, so that not all come back together
LOOKS_AGAIN = timedelta(minutes=5)  # at what waits, in case nobody was woken
REMINDS = timedelta(days=1)
HOUR, MOST_AN_HOUR = timedelta(hours=1), 2
CONFIRMED = 3  # tries, after which others are told that a channel takes nothing
KEPT = timedelta(days=90)

WAITING, DELIVERED = Delivery.Outcome.WAITING, Delivery.Outcome.DELIVERED
FAILED, LEFT_OUT = Delivery.Outcome.FAILED, Delivery.Outcome.LEFT_OUT

SWITCHED_OFF = "Left out: the channel was switched off."
ARCHIVED = "Left out: the workspace was archived."
OVERTAKEN = "Left out: a later message tells it."
WAS_OVER = "Left out: it began and was over before it was to be told."
MUTED = "Waits: it is muted."
QUIET = "Waits for the end of the quiet hours."
FLAPS = "Waits: two messages about it within an hour are enough."
NO_RECOVERIES = "Left out: this channel does not hear of recoveries."
BUSY = "Waits: an earlier message about it is on its way."
UNREADABLE = "What is saved of this channel cannot be read: enter its secrets again."
NO_KIND = "Nothing here knows this kind of channel any more."
GIVEN_UP = "It was tried {} times, and nobody said whether it arrived."
NOBODY = "No owner has an e-mail address and wants to be told."


# --- What is owed --------------------------------------------------------------------------------


def owe(workspace: Workspace, told: Told, now: datetime) -> None:
    """Write down who has to be told, in the transaction that knows of it; and wake somebody."""
    for channel in audience(workspace, told):
        owe_to(workspace, channel, told, now)


def owe_one(workspace: Workspace, channel: Channel | None, told: Told, now: datetime) -> None:
    """The same for one channel, if it still hears of such."""
    if channel in audience(workspace, told):
        owe_to(workspace, channel, told, now)


def owe_to(
    workspace: Workspace, channel: Channel | None, told: Told, now: datetime, left_out: str = ""
) -> None:
    """The same for who is known to hear of it, None for the owners by mail.

    With `left_out`, which says why, it is written down and not sent.
    """
    is_end = told.moment == Moment.CLOSED
    if is_end and not _knows(workspace, channel, told):
        return
    delivery = Delivery(
        workspace=workspace,
        channel=channel,
        source=told.source,
        thread=told.key,
        moment=told.moment,
        facts=told.to_json(),
        made_at=now,
        due_at=now,
    )
    if is_end and channel and not channel.tells_recovery:
        left_out = NO_RECOVERIES
    if left_out:
        delivery.due_at, delivery.outcome, delivery.sentence = None, LEFT_OUT, left_out
    delivery.save(force_insert=True)
    if delivery.due_at:
        queue.enqueue("telling.deliver", str(delivery.pk))
    else:
        outcomes.note(delivery, channel, LEFT_OUT)


def audience(workspace: Workspace, told: Told) -> list[Channel | None]:
    """The channels that hear of it; None for the owners by mail, where there is no channel.

    Of a channel that takes nothing the others are told, and without another one the owners.
    """
    on = Channel.objects.filter(workspace=workspace, is_enabled=True)
    others = [one for one in on if told.source != source_of(one)]
    return _of(others, workspace, told.severity, told.platforms)


def audience_of(workspace: Workspace, platforms: Sequence[str]) -> list[Channel | None]:
    """The same when something of these platforms breaks."""
    on = Channel.objects.filter(workspace=workspace, is_enabled=True)
    return _of(list(on), workspace, Severity.BREAK, platforms)


def _of(
    channels: Sequence[Channel], workspace: Workspace, severity: Severity, platforms: Sequence[str]
) -> list[Channel | None]:
    if channels:
        return [one for one in channels if _hears(one, severity, platforms)]
    return [None] if owners_are_mailed(workspace) else []


def source_of(channel: Channel) -> str:
    return f"channel-{channel.pk}"


def is_heard(workspace: Workspace) -> bool:
    """Whether anybody hears when something breaks."""
    on = Channel.objects.filter(workspace=workspace, is_enabled=True)
    return on.exists() or owners_are_mailed(workspace)


def owners_are_mailed(workspace: Workspace) -> bool:
    return settings.EMAIL_IS_CONFIGURED and bool(owners_addresses(workspace))


def owners_addresses(workspace: Workspace) -> list[str]:
    owners = mailed_owners().filter(workspace=workspace)
    return sorted(set(owners.values_list("user__email", flat=True)))


def mailed_owners() -> QuerySet[Membership]:
    """Of all workspaces those who can be mailed and want to be."""
    owners = Membership.objects.filter(role=Role.OWNER, user__is_active=True)
    return owners.exclude(Q(user__email="") | Q(user__person__wants_notices=False))


def _hears(channel: Channel, severity: Severity, platforms: Sequence[str]) -> bool:
    if channel.hears == Channel.Hears.BREAKS and severity != Severity.BREAK:
        return False
    concerns = not platforms or {*channel.platforms} & {*platforms}
    return not channel.platforms or bool(concerns)


def _knows(workspace: Workspace, channel: Channel | None, told: Told) -> bool:
    """Whether it was told of the break, or is about to be: else there is no end to tell."""
    return of_thread(workspace.pk, channel, told.key).exclude(outcome=LEFT_OUT).exists()


def of_thread(workspace_id: int, channel: Channel | None, thread: str) -> QuerySet[Delivery]:
    source = thread.partition("/")[0]
    return Delivery.objects.filter(
        workspace=workspace_id, channel=channel, source=source, thread=thread
    )


# --- One try -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Taken:
    """A message whose lease is held, with all that sending it needs."""

    delivery: Delivery
    kind: Kind
    parcel: Parcel


def due(now: datetime) -> list[UUID]:
    """Those to try now, that nobody is at; the oldest first."""
    waiting = Delivery.objects.filter(_free(now), outcome=WAITING, due_at__lte=now)
    return list(waiting.order_by("due_at").values_list("pk", flat=True)[:AT_ONCE])


def deliver(delivery_id: UUID, now: datetime) -> None:
    """Send one that is still due, unless there is a reason to wait. No transaction is open."""
    if taken := take(delivery_id, now):
        perform(taken, now)


def take(delivery_id: UUID, now: datetime) -> Taken | None:
    """Its lease, if it is to be sent now. Of two who ask, one gets it."""
    with transaction.atomic():
        found = Delivery.objects.filter(pk=delivery_id).first()
        if found is None:
            return None
        # All that waits of the same, so that who is about to tell of it is alone with that.
        same = Delivery.objects.filter(
            workspace=found.workspace_id, channel=found.channel_id, source=found.source
        )
        waiting = list(same.filter(outcome=WAITING).select_for_update().order_by("pk"))
        delivery = next((one for one in waiting if one.pk == delivery_id), None)
        if delivery is None or not _is_due(delivery, now):
            return None
        of_it = sorted((one for one in waiting if one.thread == delivery.thread), key=_in_order)
        if not _may_go(delivery, of_it, now):
            return None
        if delivery.tries >= TRIES:
            _settle(delivery, FAILED, GIVEN_UP.format(delivery.tries))
            return None
        delivery.lease += 1
        delivery.lease_until, delivery.sentence = now + LEASE, ""
        delivery.tries += 1
        delivery.save(update_fields=["lease", "lease_until", "tries", "sentence"])
    return _prepared(delivery, now)


def perform(taken: Taken, now: datetime) -> Delivery:
    """Send it, then write down what became of it. Returns it as it is then."""
    release_connection()
    try:
        receipt = taken.kind.send(taken.parcel)
    except NotTaken as problem:
        _not_taken(taken.delivery, problem, now)
    else:
        _delivered(taken.delivery, receipt, now)
    return Delivery.objects.get(pk=taken.delivery.pk)


def _is_due(delivery: Delivery, now: datetime) -> bool:
    is_free = delivery.lease_until is None or delivery.lease_until <= now
    return is_free and delivery.due_at is not None and delivery.due_at <= now


def _free(now: datetime) -> Q:
    return Q(lease_until=None) | Q(lease_until__lte=now)


def _in_order(delivery: Delivery) -> tuple[datetime, bool]:
    return delivery.made_at, delivery.moment == Moment.CLOSED


def _may_go(delivery: Delivery, of_thread: Sequence[Delivery], now: datetime) -> bool:
    """Whether it is sent now. Else it is written down why not, or until when it waits."""
    if delivery.moment == Moment.TEST or delivery.is_by_hand:
        return True
    channel, workspace = delivery.channel, delivery.workspace
    if workspace.archived_at:
        return _settle(delivery, LEFT_OUT, ARCHIVED)
    if channel and not channel.is_enabled:
        return _settle(delivery, LEFT_OUT, SWITCHED_OFF)
    if waits := _waits(delivery, now):
        until, sentence = waits
        return _put_off(delivery, min(until, now + LOOKS_AGAIN), sentence)
    return _is_the_newest(delivery, of_thread, now)


def _is_the_newest(delivery: Delivery, of_thread: Sequence[Delivery], now: datetime) -> bool:
    """Of what waits about one break only the last is sent, and of one that is over nothing, if
    nobody heard of it before.
    """
    at = of_thread.index(delivery)
    before, after = of_thread[:at], of_thread[at + 1 :]
    leases = [one.lease_until for one in before if one.lease_until and one.lease_until > now]
    if leases:
        return _put_off(delivery, max(leases), BUSY)
    last = of_thread[-1]
    if last.moment == Moment.CLOSED and not _was_tried(delivery):
        for one in of_thread:
            _settle(one, LEFT_OUT, WAS_OVER)
        return False
    for one in before:
        _settle(one, LEFT_OUT, OVERTAKEN)
    return _settle(delivery, LEFT_OUT, OVERTAKEN) if after else True


def _was_tried(delivery: Delivery) -> bool:
    """Whether any message of its thread was sent, or may have been."""
    every = of_thread(delivery.workspace_id, delivery.channel, delivery.thread)
    return every.filter(tries__gt=0).exists()


def _waits(delivery: Delivery, now: datetime) -> tuple[datetime, str] | None:
    """Until when, and why: a mute, quiet hours, or too many messages about the same."""
    if until := _muted_until(delivery, now):
        return until, MUTED
    channel = delivery.channel
    if channel and channel.quiet_from and channel.quiet_until:
        zone = ZoneInfo(channel.time_zone)
        if until := quiet_until(now, zone, channel.quiet_from, channel.quiet_until):
            return until, QUIET
    if until := _flaps_until(delivery, now):
        return until, FLAPS
    return None


def _muted_until(delivery: Delivery, now: datetime) -> datetime | None:
    """While the incident is muted and not over, or all that it is about is; until the first of
    these is not.
    """
    incident = incidents.of_source(delivery.source)
    if incident and incident.is_open and incident.is_muted(now):
        return incident.muted_until
    ids = [UUID(one) for one in delivery.facts.get("connections", ())]
    ends = Watch.objects.filter(connection__in=ids, muted_until__gt=now)
    until = list(ends.values_list("muted_until", flat=True))
    return min(until) if ids and len(until) == len(ids) else None  # type: ignore[type-var]


def _flaps_until(delivery: Delivery, now: datetime) -> datetime | None:
    sent = Delivery.objects.filter(
        workspace=delivery.workspace_id,
        channel=delivery.channel_id,
        source=delivery.source,
        delivered_at__gt=now - HOUR,
        delivered_at__lte=now,
    )
    moments = list(sent.order_by("-delivered_at").values_list("delivered_at", flat=True))
    if len(moments) < MOST_AN_HOUR:
        return None
    enough = moments[MOST_AN_HOUR - 1]
    return enough + HOUR if enough else None


def _put_off(delivery: Delivery, until: datetime, sentence: str) -> bool:
    delivery.due_at, delivery.sentence = until, sentence
    delivery.save(update_fields=["due_at", "sentence"])
    return False


def _settle(delivery: Delivery, outcome: Delivery.Outcome, sentence: str) -> bool:
    delivery.outcome, delivery.sentence = outcome, sentence
    delivery.due_at, delivery.lease_until = None, None
    delivery.save(update_fields=["outcome", "sentence", "due_at", "lease_until"])
    outcomes.note(delivery, delivery.channel, outcome)
    return False


# --- How it ended --------------------------------------------------------------------------------


def _prepared(delivery: Delivery, now: datetime) -> Taken | None:
    """What is sent, and by what. What keeps it from being sent counts as a try."""
    channel = delivery.channel
    try:
        values: dict[str, Any] = (
            channel.opened() if channel else {"to": ", ".join(owners_addresses(delivery.workspace))}
        )
        kind = catalogue.kinds()[channel.kind if channel else outcomes.MAIL]
    except crypto.Unreadable:
        _not_taken(delivery, NotTaken(UNREADABLE, is_refused=True), now)
        return None
    except KeyError:
        _not_taken(delivery, NotTaken(NO_KIND, is_refused=True), now)
        return None
    if not channel and not values["to"]:
        _not_taken(delivery, NotTaken(NOBODY, is_refused=True), now)
        return None
    return Taken(delivery, kind, _parcel(delivery, values, now))


def _parcel(delivery: Delivery, values: dict[str, Any], now: datetime) -> Parcel:
    told = Told.from_json(delivery.facts)
    every = of_thread(delivery.workspace_id, delivery.channel, delivery.thread)
    first = every.filter(made_at__lt=delivery.made_at, tries__gt=0).order_by("made_at").first()
    if first is None and told.moment == Moment.UPDATED:  # to whom it was never told, it is new
        told = replace(told, moment=Moment.OPENED)
    zone = ZoneInfo(delivery.channel.time_zone if delivery.channel else "UTC")
    letter = messages.letter_of(told, zone, now)
    if first and delivery.moment != Moment.TEST:
        begun = messages.letter_of(Told.from_json(first.facts), zone, now)
        letter = messages.answering(letter, begun)
    letter = replace(letter, why=_why(delivery))
    named = every.exclude(reference="").exclude(pk=delivery.pk).order_by("made_at").first()
    return Parcel(
        id=delivery.pk,
        told=told,
        letter=letter,
        thread=f"{delivery.workspace_id}/{delivery.channel_id}/{delivery.thread}",
        is_first=first is None,
        root=named.reference if named else "",
        sent_at=now,
        values=values,
    )


def _why(delivery: Delivery) -> str:
    """Why one gets it, and where that is changed."""
    where = delivery.workspace.name
    page = public_url.link("channels", delivery.workspace.slug)
    if delivery.channel is None:
        return f"You get this as an owner of {where}, which has no channel yet. Add one: {page}"
    return f"You get this by the channel {delivery.channel.name} of {where}. Change it: {page}"


def _delivered(delivery: Delivery, receipt: Receipt, now: datetime) -> None:
    lasts = delivery.moment in LASTS
    with transaction.atomic():
        if not _write(
            delivery,
            outcome=DELIVERED,
            status_code=receipt.status,
            sentence="",
            reference=receipt.reference,
            delivered_at=now,
            due_at=None,
            lease_until=None,
            remind_at=now + REMINDS if lasts else None,
        ):
            return
        channel = _locked_channel(delivery)
        outcomes.note(delivery, channel, DELIVERED, receipt.status)
        if channel is None:
            return
        was_failing = channel.failing_since is not None
        channel.delivered_at, channel.failing_since, channel.problem = now, None, ""
        channel.is_problem_told = False
        if channel.is_gone:  # by a test: nothing else is sent to one that is switched off
            channel.is_gone, channel.is_enabled = False, True
        channel.save()
        if was_failing:
            waiting = Delivery.objects.filter(channel=channel, outcome=WAITING, tries__gt=0)
            waiting.filter(_free(now)).update(due_at=now)


def _not_taken(delivery: Delivery, problem: NotTaken, now: datetime) -> None:
    is_last = delivery.tries >= TRIES or problem.is_gone or delivery.moment == Moment.TEST
    outcome = FAILED if is_last else WAITING
    with transaction.atomic():
        if not _write(
            delivery,
            outcome=outcome,
            status_code=problem.status,
            sentence=problem.sentence,
            due_at=None if is_last else now + delay(delivery, problem.retry_after_seconds),
            lease_until=None,
        ):
            return
        channel = _locked_channel(delivery)
        outcomes.note(delivery, channel, outcome, problem.status)
        if channel:
            _blame(channel, delivery, problem, now)


def _locked_channel(delivery: Delivery) -> Channel | None:
    if delivery.channel_id is None:
        return None
    return Channel.objects.select_for_update().filter(pk=delivery.channel_id).first()


def _blame(channel: Channel, delivery: Delivery, problem: NotTaken, now: datetime) -> None:
    """A channel takes nothing: its page says so, and once it is sure, others are told."""
    channel.failing_since = channel.failing_since or now
    channel.problem = problem.sentence
    if problem.is_gone:
        channel.is_gone, channel.is_enabled = True, False
    is_sure = problem.is_refused or delivery.tries >= CONFIRMED
    if is_sure and not channel.is_problem_told and delivery.moment != Moment.TEST:
        channel.is_problem_told = True
        events.record(
            delivery.workspace, EventType.CHANNEL_FAILING, at=now, channel=str(channel.pk)
        )
    channel.save()


def _write(delivery: Delivery, **values: Any) -> bool:
    """Whether it was still ours to write on: whoever took it over since is asked instead."""
    mine = Delivery.objects.filter(pk=delivery.pk, lease=delivery.lease, outcome=WAITING)
    return bool(mine.update(**values))


def delay(delivery: Delivery, asked_for: float | None) -> timedelta:
    """Until the next try: by the schedule with a little more, or as long as the receiver asks."""
    usual = DELAYS[min(delivery.tries, len(DELAYS)) - 1]
    part = sha256(f"{delivery.pk}{delivery.tries}".encode()).digest()[0] / 255
    spread = usual * (1 + JITTER * part)
    wanted = timedelta(seconds=asked_for or 0)
    return max(spread, min(wanted, LONGEST_DELAY))


# --- By hand -------------------------------------------------------------------------------------


class NotToSend(Exception):
    """Nothing is to be sent again: it is on its way, or its channel is switched off."""


def resend(delivery: Delivery, now: datetime) -> None:
    """The same message again, under its own id, as often as a new one. Raises NotToSend."""
    if delivery.channel is None or not delivery.channel.is_enabled:
        raise NotToSend
    settled = Delivery.objects.filter(pk=delivery.pk).exclude(outcome=WAITING)
    with transaction.atomic():
        if not settled.exclude(moment=Moment.TEST).update(
            outcome=WAITING, due_at=now, tries=0, sentence="", lease=F("lease") + 1, is_by_hand=True
        ):
            raise NotToSend
        queue.enqueue("telling.deliver", str(delivery.pk))


def of_channel(channel: Channel) -> QuerySet[Delivery]:
    """The newest first."""
    return Delivery.objects.filter(channel=channel)


def wake(now: datetime) -> None:
    """Have those sent that are due: their own jobs may be done, or lost with a worker."""
    for delivery_id in due(now):
        queue.enqueue("telling.deliver", str(delivery_id))


def forget_old(now: datetime) -> None:
    Delivery.objects.filter(made_at__lt=now - KEPT).exclude(outcome=WAITING).delete()
