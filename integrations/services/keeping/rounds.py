"""Rounds: what must happen though nobody asks.

Any number of processes may go round at once: leases and row locks keep them apart.
"""

from datetime import datetime

from django.db import transaction

from integrations.models import Credential, Heartbeat
from integrations.services import tallies, turns
from integrations.services.keeping.forgetting import forget, give_back
from integrations.services.keeping.renewals import tell_ends
from integrations.services.measuring import spending, standing
from integrations.services.telling import digests, ends, notices, owed
from integrations.services.trouble import apart
from integrations.services.watching import (
    days,
    engine,
    incidents,
    pruning,
    standings,
    stops,
    sweep,
)
from integrations.services.watching.drills import plans, staging
from integrations.services.watching.engine import KEEPER, LATE
from providers.declare import SIGN_IN

TURN = "look after"


def look_after(now: datetime) -> None:
    """All of it is harmless to repeat, and none is in the way of the others."""
    turns.begin(TURN)
    found = (begin, stops.close, sweep.look_after, tell_ends, incidents.reconcile)
    practised = (plans.start_due, staging.take_off_left)
    told = (notices.give_due, ends.keep, owed.look, digests.look)
    summed = (days.sum_due, tallies.count_tests, standing.renew, standings.renew, spending.renew)
    for what in (*found, *practised, *told, forget, give_back, *summed, pruning.prune):
        with apart(what.__name__):
            what(now)


def begin(now: datetime) -> None:
    """Somebody goes round. Where nobody did for a while, one of those who notice writes it down.

    The mark only goes forward, so a round that comes late to it takes none back; from one that is
    far ahead, left by a clock that was wrong, it starts anew.
    """
    Heartbeat.objects.get_or_create(name=KEEPER, defaults={"at": now})
    with transaction.atomic():
        beat = Heartbeat.objects.select_for_update().get(name=KEEPER)
        if now - beat.at > LATE:
            stops.note(beat.at, now)
        if beat.at < now or engine.is_late(beat.at, now):
            Heartbeat.objects.filter(name=KEEPER).update(at=now)


def is_late(now: datetime) -> bool:
    """Whether there are sign-ins that nobody has looked after for too long."""
    beat = Heartbeat.objects.filter(name=KEEPER).first()
    return (beat is None or engine.is_late(beat.at, now)) and Credential.objects.filter(
        method=SIGN_IN
    ).exists()
