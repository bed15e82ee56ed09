"""Incidents: what is wrong, compared with what is written down, and written down.

One process does it at a time. One that dies leaves nothing half done: each step is a small
transaction that looks again under its locks, and the next who takes its turn finds what is left.
"""

from datetime import datetime

from integrations.models import Event
from integrations.services import turns
from integrations.services.trouble import apart
from integrations.services.watching import (
    causes,
    channels,
    evidence,
    faults,
    judging,
    memberships,
    portions,
    troubles,
)
from integrations.services.watching.portions import Picture
from integrations.services.watching.settling import settle

TURN = "reconcile"


def reconcile(now: datetime) -> None:
    """Open, join, split, confirm and close until what is written down is what is.

    One does so at a time; who comes meanwhile leaves it to the next who is asked.
    """
    latest = Event.objects.order_by("-pk").values_list("pk", flat=True).first()
    with turns.alone(TURN, event_id=latest or 0) as mine:
        if mine:
            _reconcile(now, mine)


def _reconcile(now: datetime, mine: turns.Holder) -> None:
    picture = look()
    for portion in portions.portions(picture, now):
        if not mine.goes_on():
            return
        with apart("Settling incidents"):
            settle(portion, picture, now)
    causes.name(picture.wrong, picture.judged)
    causes.confirm(picture.wrong, now)
    causes.close_causes()
    channels.reconcile(now)
    faults.tell(now)


def look() -> Picture:
    """What is wrong now, judged beside what was written down before."""
    wrong = troubles.find()
    members = memberships.open_members()
    present = {one["connection_id"]: one["incident__cause__key"] for one in members}
    judged = judging.judge([*wrong.values()], present, evidence.known(wrong, members))
    return Picture(wrong, judged, members, present)
