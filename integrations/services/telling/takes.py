"""Takes: who of several that find a message due sends it, and why nobody does yet.

A take is a lease: it ends by itself, so that what a dead worker held is taken over.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection as database
from django.db import transaction

from integrations.models import Channel, Delivery, Watch
from integrations.services.telling import audience, outcomes, sources, threads
from integrations.services.telling.outcomes import LEFT_OUT, TRIES, WAITING, leave_out, settle
from integrations.services.telling.quiet import quiet_until
from integrations.services.telling.told import Moment, Told

LEASE = timedelta(seconds=60)
LOOKS_AGAIN = timedelta(minutes=5)  # at what waits, as a mute may be taken back
HOUR, MOST_AN_HOUR = timedelta(hours=1), 2
# A receiver that says nothing holds whoever asks it. A worker has 32 threads for everybody.
MOST_OF_A_CHANNEL, MOST_OF_A_WORKSPACE, MOST_OF_FAILING = 2, 4, 8
TURN = timedelta(seconds=5)
TURNS = 0x7E11  # any number, as long as no other lock here has it

SWITCHED_OFF = "Left out: the channel was switched off."
ARCHIVED = "Left out: the workspace was archived."
OVERTAKEN = "Left out: a later message tells it."
WAS_OVER = "Left out: it began and was over before it was to be told."
NOT_TRUE = "Left out: it is not so any more."
NO_RECIPIENT = "Left out: this address is not told any more."
MUTED = "Waits: it is muted."
QUIET = "Waits for the end of the quiet hours."
FLAPS = "Waits: two messages about it within an hour are enough."
LIMITED = "Waits: the receiver asked for a pause."
CROWDED = "Waits: others are on their way there."
BUSY = "Waits: an earlier message about it is on its way."
GIVEN_UP = "It was tried {} times, and nobody said whether it arrived."


def take(delivery_id: UUID, now: datetime) -> Delivery | None:
    """Its lease, if it is to be sent now. Of two who ask, one gets it."""
    with transaction.atomic():
        found = Delivery.objects.filter(pk=delivery_id).first()
        if found is None:
            return None
        _take_turns(found.workspace_id)
        # All that waits of the same, so that who is about to tell of it is alone with that.
        same = Delivery.objects.filter(
            workspace=found.workspace_id,
            channel=found.channel_id,
            recipient=found.recipient,
            source=found.source,
        )
        waiting = list(same.filter(outcome=WAITING).select_for_update().order_by("pk"))
        delivery = next((one for one in waiting if one.pk == delivery_id), None)
        if delivery is None or not _is_due(delivery, now):
            return None
        thread = [one for one in waiting if one.thread == delivery.thread]
        if not _may_go(delivery, sorted(thread, key=threads.in_order), now):
            return None
        if delivery.tries >= TRIES:
            outcomes.give_up(delivery, GIVEN_UP.format(delivery.tries), now)
            return None
        hold(delivery, now + LEASE)
        delivery.save(update_fields=["lease", "lease_until", "tries", "sentence"])
    return delivery


def hold(delivery: Delivery, until: datetime) -> None:
    """Take its lease, to be saved by who holds its row."""
    delivery.lease += 1
    delivery.lease_until, delivery.sentence = until, ""
    delivery.tries += 1


def _take_turns(workspace_id: int | None) -> None:
    """One take of a workspace, or of operators, after the other: each counts those before it."""
    if database.vendor == "postgresql":
        with database.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [TURNS, workspace_id or 0])


def _is_due(delivery: Delivery, now: datetime) -> bool:
    is_free = not threads.is_held(delivery, now)
    return is_free and delivery.due_at is not None and delivery.due_at <= now


def _may_go(delivery: Delivery, thread: Sequence[Delivery], now: datetime) -> bool:
    """Whether it is sent now. Else it is written down why not, or until when it waits."""
    if delivery.moment == Moment.TEST or delivery.is_by_hand:
        return True
    if delivery.workspace and delivery.workspace.archived_at:
        settle(delivery, LEFT_OUT, ARCHIVED)
        return False
    if why := _never(delivery, now):
        leave_out(delivery, why, now)
        return False
    if waits := _waits(delivery, now):
        until, sentence = waits
        return _put_off(delivery, min(until, now + LOOKS_AGAIN), sentence)
    if not _is_the_newest(delivery, thread, now):
        return False
    return not _is_crowded(delivery, now) or _put_off(delivery, now + TURN, CROWDED)


def _never(delivery: Delivery, now: datetime) -> str:
    """Why it is not to be sent any more, or ""."""
    channel = delivery.channel
    if channel and not channel.is_enabled:
        return SWITCHED_OFF
    people = audience.people_of(delivery.workspace, channel)
    if delivery.recipient and delivery.recipient not in {one.recipient for one in people}:
        return NO_RECIPIENT
    # The end of a break is told by itself; of a channel that works again nobody needs to hear both.
    asks = delivery.moment == Moment.NOTICE or sources.is_of_channel(delivery)
    return NOT_TRUE if asks and not sources.is_true(_told(delivery), now) else ""


def _told(delivery: Delivery) -> Told:
    return Told.from_json(delivery.facts)


def _is_the_newest(delivery: Delivery, thread: Sequence[Delivery], now: datetime) -> bool:
    """Of what waits about one break only the last is sent, and of one that is over nothing, if
    nobody heard of it before.
    """
    at = thread.index(delivery)
    before, after = thread[:at], thread[at + 1 :]
    leases = [one.lease_until or now for one in before if threads.is_held(one, now)]
    if leases:
        return _put_off(delivery, max(leases), BUSY)
    last = thread[-1]
    if last.moment == Moment.CLOSED and not _may_be_known(delivery):
        for one in thread:
            settle(one, LEFT_OUT, WAS_OVER)
        return False
    for one in [*before, delivery] if after else before:
        settle(one, LEFT_OUT, OVERTAKEN)
    return not after


def _may_be_known(delivery: Delivery) -> bool:
    """Whether any message of its thread was sent, or may have been."""
    return threads.around(delivery).filter(threads.MAY_HAVE_ARRIVED).exists()


# --- Why it waits --------------------------------------------------------------------------------


def _waits(delivery: Delivery, now: datetime) -> tuple[datetime, str] | None:
    """Until when, and why."""
    if until := _muted_until(delivery, now):
        return until, MUTED
    channel = delivery.channel
    if until := _quiet_until(channel, now):
        return until, QUIET
    if until := _flaps_until(delivery, now):
        return until, FLAPS
    if channel and channel.not_before and channel.not_before > now:
        return channel.not_before, LIMITED
    return None


def _quiet_until(channel: Channel | None, now: datetime) -> datetime | None:
    if channel is None or channel.quiet_from is None or channel.quiet_until is None:
        return None
    return quiet_until(now, channel.zone, channel.quiet_from, channel.quiet_until)


def _muted_until(delivery: Delivery, now: datetime) -> datetime | None:
    """While the incident is muted and not over, or all that it is about is; until the first of
    these is not.
    """
    incident = sources.incident_of(delivery.source)
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
        recipient=delivery.recipient,
        source=delivery.source,
        delivered_at__gt=now - HOUR,
        delivered_at__lte=now,
    )
    moments = list(sent.order_by("-delivered_at").values_list("delivered_at", flat=True))
    if len(moments) < MOST_AN_HOUR:
        return None
    enough = moments[MOST_AN_HOUR - 1]
    return enough + HOUR if enough else None


def _is_crowded(delivery: Delivery, now: datetime) -> bool:
    """Whether as many are on their way as one channel, one workspace, or all that fail may hold."""
    # A test is waited for by whoever asked for it, and takes none of a worker's threads.
    taken = Delivery.objects.exclude(threads.free(now)).exclude(moment=Moment.TEST)
    theirs = list(taken.filter(workspace=delivery.workspace_id).values_list("channel", flat=True))
    channel = delivery.channel
    if len(theirs) >= MOST_OF_A_WORKSPACE:
        return True
    if channel is None or channel.failing_since is None:
        return channel is not None and theirs.count(channel.pk) >= MOST_OF_A_CHANNEL
    failing = taken.filter(channel__failing_since__isnull=False)
    return channel.pk in theirs or failing.count() >= MOST_OF_FAILING


def _put_off(delivery: Delivery, until: datetime, sentence: str) -> bool:
    delivery.due_at, delivery.sentence = until, sentence
    delivery.save(update_fields=["due_at", "sentence"])
    return False
