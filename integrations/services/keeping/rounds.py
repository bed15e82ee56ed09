"""Rounds: what must happen though nobody asks.

Any number of processes may go round at once: leases and row locks keep them apart.
"""

from datetime import datetime, timedelta

from django.db import transaction

from integrations.models import Credential, Heartbeat
from integrations.services import tallies
from integrations.services.keeping.forgetting import forget, give_back
from integrations.services.keeping.renewals import tell_ends
from integrations.services.measuring import spending, standing
from integrations.services.measuring.moments import ROUND
from integrations.services.telling import digests, ends, notices, owed
from integrations.services.trouble import apart
from integrations.services.watching import causes, days, incidents, pruning, standings, sweep
from providers.declare import SIGN_IN

LATE = timedelta(minutes=5)


def look_after(now: datetime) -> None:
    """All of it is harmless to repeat, and none is in the way of the others."""
    found = (notice_gap, sweep.look_after, tell_ends, incidents.reconcile)
    told = (notices.give_due, ends.keep, owed.look, digests.look)
    summed = (days.sum_due, tallies.count_tests, standing.renew, standings.renew, spending.renew)
    for what in (*found, *told, forget, give_back, *summed, pruning.prune):
        with apart(what.__name__):
            what(now)
    Heartbeat.objects.update_or_create(name=ROUND, defaults={"at": now})


def notice_gap(now: datetime) -> None:
    """Where nobody went round for a while that is written down, by one of those who notice."""
    with transaction.atomic():
        beat = Heartbeat.objects.select_for_update().filter(name=ROUND).first()
        if beat and now - beat.at > LATE:
            causes.note_gap(beat.at, now)
            beat.at = now
            beat.save(update_fields=["at"])


def is_late(now: datetime) -> bool:
    """Whether there are sign-ins that nobody has looked after for too long."""
    beat = Heartbeat.objects.filter(name=ROUND).first()
    return (beat is None or now - beat.at > LATE) and Credential.objects.filter(
        method=SIGN_IN
    ).exists()
