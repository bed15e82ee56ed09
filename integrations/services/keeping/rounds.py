"""Rounds: what must happen though nobody asks.

Any number of processes may go round at once: leases and row locks keep them apart.
"""

from datetime import datetime, timedelta

from integrations.models import Credential, Heartbeat
from integrations.services.keeping.forgetting import forget, give_back
from integrations.services.keeping.renewals import tell_ends
from integrations.services.keeping.trouble import apart
from integrations.services.telling import ends, notices, owed
from integrations.services.watching import sweep
from providers.declare import SIGN_IN

NAME = "keeper"
LATE = timedelta(minutes=5)


def look_after(now: datetime) -> None:
    """Checks, ends, messages and forgetting: harmless to repeat, none in the way of the others."""
    checks = (sweep.look_after,)
    words = (tell_ends, notices.give_due, ends.keep, owed.look)
    for what in (*checks, *words, forget, give_back):
        with apart(what.__name__):
            what(now)
    Heartbeat.objects.update_or_create(name=NAME, defaults={"at": now})


def is_late(now: datetime) -> bool:
    """Whether there are sign-ins that nobody has looked after for too long."""
    beat = Heartbeat.objects.filter(name=NAME).first()
    return (beat is None or now - beat.at > LATE) and Credential.objects.filter(
        method=SIGN_IN
    ).exists()
