"""Monthly drills, where they are switched on: on the first Friday, at ten in somebody's zone."""

from datetime import datetime, time, timedelta
from itertools import cycle, islice
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.db import transaction

from integrations.models import Drill, DrillKind, DrillPlan, EventType, IntegrationConnection
from integrations.services import events
from integrations.services.people import own
from integrations.services.people.members import Archived
from integrations.services.refusals import NoConnection
from integrations.services.trouble import apart
from integrations.services.watching.drills import starting
from integrations.services.watching.drills.starting import NotPossible

FRIDAY, WEEK = 4, 7
AT = time(10)
AT_ONCE = 100
SWITCHED_ON, SWITCHED_OFF = "plan_on", "plan_off"


def of(connection: IntegrationConnection) -> DrillPlan | None:
    return DrillPlan.objects.filter(connection=connection).first()


def switch(
    connection: IntegrationConnection, *, is_on: bool, by: User, now: datetime
) -> DrillPlan | None:
    """Whether it is practised each month, from now on. Raises NotPossible."""
    why = starting.why_none(connection) if is_on else ""
    if why:
        raise NotPossible(why)
    zone = str(own.zone_of(by) or "UTC")
    with transaction.atomic():
        plans = DrillPlan.objects.filter(connection=connection)
        was_on = plans.exists()
        if is_on and not was_on:
            DrillPlan.objects.create(
                connection=connection, made_by=by, time_zone=zone, due_at=next_due(zone, now)
            )
        elif was_on and not is_on:
            plans.delete()
        if is_on != was_on:
            what = SWITCHED_ON if is_on else SWITCHED_OFF
            events.record(connection, EventType.DRILL_CHANGED, by_id=by.pk, at=now, what=what)
    return plans.first()


def next_due(zone: str, now: datetime) -> datetime:
    """The next first Friday at ten, of this month or the one after it."""
    there = ZoneInfo(zone)
    first = now.astimezone(there).date().replace(day=1)
    while True:
        friday = first + timedelta(days=(FRIDAY - first.weekday()) % WEEK)
        moment = datetime.combine(friday, AT, there)
        if moment > now:
            return moment
        first = (first + timedelta(days=31)).replace(day=1)


def start_due(now: datetime) -> None:
    """Start what is due, each once. Part of each round."""
    due = DrillPlan.objects.filter(due_at__lte=now).order_by("due_at")
    for plan in due.select_related("connection__workspace")[:AT_ONCE]:
        with apart("Starting a monthly drill"):
            _start(plan, now)


def _start(plan: DrillPlan, now: datetime) -> None:
    """Of several who find it due one moves it on, and starts it."""
    mine = DrillPlan.objects.filter(pk=plan.pk, due_at=plan.due_at)
    if not mine.update(due_at=next_due(plan.time_zone, now)):
        return
    kind = _next_kind(plan.connection)
    if kind is None:
        return
    try:
        starting.start(plan.connection, kind, by=None, now=now, is_planned=True)
    except (NotPossible, NoConnection, Archived):
        return  # one goes on already, or there is nothing to practise any more


def _next_kind(connection: IntegrationConnection) -> DrillKind | None:
    """In turn, so that each kind is practised."""
    possible = [one.kind for one in starting.choices(connection) if not one.why_not]
    last = Drill.objects.filter(connection=connection, is_planned=True).first()
    if not possible or last is None:
        return next(iter(possible), None)
    every = list(DrillKind)
    after = islice(cycle(every), every.index(DrillKind(last.kind)) + 1, None)
    return next(one for one in after if one in possible)
