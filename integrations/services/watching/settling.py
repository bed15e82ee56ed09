"""Settles one workspace: its incidents are brought in line with what is wrong in it.

In one transaction, which looks again at everything under its locks: connections by id, causes by
key, incidents.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from integrations import compiled
from integrations.models import (
    Cause,
    Ending,
    EventType,
    Incident,
    IncidentConnection,
    IntegrationConnection,
)
from integrations.services import events
from integrations.services.watching import judging, memberships, troubles, wording
from integrations.services.watching.judging import Key, Nature, Trouble

COMES_BACK = timedelta(hours=1)  # what breaks again so soon is the same incident
SETTLES = timedelta(minutes=30)  # one that came back is over when it has been right for so long


@dataclass
class _Settling:
    """A workspace's incidents, locked, while they are brought in line with what is wrong."""

    workspace_id: int
    now: datetime
    wrong: dict[UUID, Trouble]
    causes: dict[str, Cause]
    incidents: dict[int, Incident]  # the open ones, by their cause
    touched: set[int]  # those that lost or got a connection


def settle(
    workspace_id: int,
    judged: Mapping[UUID, Key],
    inside: Collection[UUID],
    wrong: Mapping[UUID, Trouble],
    now: datetime,
) -> None:
    """Write down what was judged of its connections; `inside` are those that were in incidents.

    What changed since then, or came meanwhile, is left to the next round.
    """
    with transaction.atomic():
        concerned = IntegrationConnection.objects.filter(pk__in={*judged, *inside})
        locked = concerned.select_for_update().order_by("pk")
        there = set(locked.values_list("pk", flat=True))
        current = troubles.find(there)
        keys = {
            pk: key
            for pk, key in judged.items()
            if pk in current and _alike(current[pk], wrong[pk])
        }
        here = _Settling(workspace_id, now, current, _lock_causes(keys, current, now), {}, set())
        open_ones = Incident.objects.select_for_update(of=("self",)).filter(
            workspace=workspace_id, closed_at=None
        )
        for one in open_ones.select_related("cause", "workspace").order_by("pk"):
            here.incidents[one.cause_id] = one
        members = [
            one
            for one in memberships.open_members(workspace_id)
            if one["connection_id"] is None or one["connection_id"] in there
        ]
        _put_right(here, keys, members)


def _alike(one: Trouble, other: Trouble) -> bool:
    return (one.kind, one.opens, one.asks) == (other.kind, other.opens, other.asks)


def _lock_causes(
    keys: Mapping[UUID, Key], current: Mapping[UUID, Trouble], now: datetime
) -> dict[str, Cause]:
    """The open cause of each key, made or opened again where there is none."""
    found = {}
    for key in sorted(set(keys.values()), key=str):
        of_key = [current[pk] for pk, wanted in keys.items() if wanted == key]
        found[str(key)] = _lock_cause(key, of_key, now)
    return found


def _lock_cause(key: Key, of_key: list[Trouble], now: datetime) -> Cause:
    open_ones = Cause.objects.select_for_update().filter(key=str(key), closed_at=None)
    if cause := open_ones.first():
        return cause
    lately = Cause.objects.select_for_update().filter(key=str(key), closed_at__gte=now - COMES_BACK)
    if cause := lately.order_by("-closed_at").first():
        cause.closed_at = None
        cause.confirmed_at = None if key.needs_time else now
        cause.save(update_fields=["closed_at", "confirmed_at"])
        return cause
    first = min(of_key, key=lambda one: (one.since, one.connection_id))
    made = Cause(
        key=str(key),
        kind=judging.kind_of(key, first),
        scope=key.scope,
        provider="" if key.nature == Nature.OURS else first.provider,
        title=wording.words(key, of_key).title,
        opened_at=first.since,
        confirmed_at=None if key.needs_time else now,
    )
    if compiled.insert(made):
        return made
    return open_ones.get()  # somebody else's, made at the same time


def _put_right(here: _Settling, keys: Mapping[UUID, Key], members: list[dict[str, Any]]) -> None:
    moving: dict[int, list[dict[str, Any]]] = defaultdict(list)
    staying: dict[int, int] = defaultdict(int)
    joining = set(keys)
    left: dict[int, tuple[datetime, Ending]] = {}
    for one in members:
        pk = one["connection_id"]
        joining.discard(pk)
        if pk in keys and str(keys[pk]) != one["incident__cause__key"]:
            moving[one["incident_id"]].append(one)
        elif pk in here.wrong or (why := memberships.ending(one)) is None:
            staying[one["incident_id"]] += 1
        else:
            at = _leave(here, one, why)
            left[one["incident_id"]] = max(
                left.get(one["incident_id"], (at, why)), (at, why), key=lambda it: it[0]
            )
    for incident_id, those in moving.items():
        _move(here, incident_id, those, keys, is_whole=not staying[incident_id])
        left.setdefault(incident_id, (here.now, Ending.MOVED))
    for pk in sorted(joining, key=lambda pk: (here.wrong[pk].since, pk)):
        _join(here, here.wrong[pk], keys[pk])
    _finish(here, left)


def _leave(here: _Settling, member: Mapping[str, Any], why: Ending) -> datetime:
    """When it came right: for one that was proven the time of that."""
    here.touched.add(member["incident_id"])
    now = here.now
    at = min(now, member["connection__proven_at"]) if why == Ending.PROVEN else now
    left_at: datetime = max(at, member["joined_at"])
    IncidentConnection.objects.filter(pk=member["id"]).update(left_at=left_at, left_by=why)
    return left_at


def _move(
    here: _Settling,
    incident_id: int,
    those: list[dict[str, Any]],
    keys: Mapping[UUID, Key],
    *,
    is_whole: bool,
) -> None:
    """An incident that turns out to be of another cause goes there as it is, where it is the
    same to whoever was told; else its connections leave it for another one.
    """
    incident = next(one for one in here.incidents.values() if one.pk == incident_id)
    wanted = {keys[one["connection_id"]] for one in those}
    before = Key.parsed(those[0]["incident__cause__key"])
    target = here.causes[str(next(iter(wanted)))]
    is_same = is_whole and len(wanted) == 1 and next(iter(wanted)).nature == before.nature
    if is_same and target.pk not in here.incidents:
        del here.incidents[incident.cause_id]
        incident.cause = target
        incident.save(update_fields=["cause"])
        here.incidents[target.pk] = incident
        here.touched.add(incident.pk)
        if incident.opened_at < target.opened_at:
            target.opened_at = incident.opened_at
            target.save(update_fields=["opened_at"])
        return
    for one in those:
        _leave(here, one, Ending.MOVED)
        _join(here, here.wrong[one["connection_id"]], keys[one["connection_id"]])


def _join(here: _Settling, trouble: Trouble, key: Key) -> None:
    cause = here.causes[str(key)]
    if incident := here.incidents.get(cause.pk):
        here.touched.add(incident.pk)
    else:
        incident = here.incidents[cause.pk] = _open(here, cause, trouble)
    IncidentConnection.objects.create(
        incident=incident,
        connection_id=trouble.connection_id,
        provider=trouble.provider,
        joined_at=here.now,
    )


def _open(here: _Settling, cause: Cause, trouble: Trouble) -> Incident:
    """A new one, or the last one of the same cause if it is not over for long."""
    lately = Incident.objects.select_for_update(of=("self",)).filter(
        workspace_id=here.workspace_id,
        cause__key=cause.key,
        closed_at__gte=here.now - COMES_BACK,
        ended_by=Ending.PROVEN,
    )
    if incident := lately.order_by("-closed_at").first():
        incident.cause, incident.closed_at, incident.ended_by = cause, None, ""
        if Key.parsed(cause.key).needs_time:
            incident.confirmed_at = None
        _come_back(incident, cause)
        incident.save(
            update_fields=[
                *("cause", "closed_at", "ended_by", "confirmed_at", "well_since", "returns"),
            ]
        )
        if incident.confirmed_at:
            record(incident, EventType.INCIDENT_OPENED, here.now, what="again")
        return incident
    return Incident.objects.create(
        cause=cause,
        workspace_id=here.workspace_id,
        title=cause.title,
        opened_at=min(trouble.since, here.now),
    )


def _come_back(incident: Incident, cause: Cause) -> None:
    incident.well_since = None
    incident.returns += 1
    if incident.is_flapping and not cause.is_flapping:
        cause.is_flapping = True
        cause.save(update_fields=["is_flapping"])


def _finish(here: _Settling, left: Mapping[int, tuple[datetime, Ending]]) -> None:
    """Words, and what became of each of the workspace's open incidents."""
    inside: dict[int, list[Trouble]] = defaultdict(list)
    rows = IncidentConnection.objects.filter(incident__in=here.incidents.values(), left_at=None)
    waiting: dict[int, int] = defaultdict(int)
    for incident_id, connection_id in rows.values_list("incident_id", "connection_id"):
        waiting[incident_id] += 1
        if connection_id in here.wrong:
            inside[incident_id].append(here.wrong[connection_id])
    for incident in here.incidents.values():
        if not waiting[incident.pk]:
            _end(here, incident, *left.get(incident.pk, _last_left(incident)))
        elif members := inside[incident.pk]:
            members.sort(key=lambda one: (one.since, one.connection_id))
            _go_on(here, incident, members)


def _last_left(incident: Incident) -> tuple[datetime, Ending]:
    last = incident.members.exclude(left_at=None).order_by("-left_at", "-pk").first()
    if last is None:  # its only connections went with it
        return incident.opened_at, Ending.REMOVED
    return last.left_at or incident.opened_at, Ending(last.left_by)


def _end(here: _Settling, incident: Incident, at: datetime, why: Ending) -> None:
    """It is over: at once, or where it came back before, when it has been right for a while."""
    if incident.well_since is None:
        incident.well_since = at
    is_proven = why == Ending.PROVEN
    if is_proven and incident.returns and here.now < incident.well_since + SETTLES:
        incident.save(update_fields=["well_since"])
        return
    incident.closed_at, incident.ended_by = max(incident.well_since, incident.opened_at), why
    incident.save(update_fields=["well_since", "closed_at", "ended_by"])
    if incident.confirmed_at:
        seconds = int((incident.closed_at - incident.opened_at).total_seconds())
        record(incident, EventType.INCIDENT_CLOSED, here.now, what=why.value, seconds=seconds)


def _go_on(here: _Settling, incident: Incident, members: list[Trouble]) -> None:
    cause = incident.cause
    changed = set()
    was_flapping = incident.is_flapping
    if incident.well_since:
        _come_back(incident, cause)
        changed |= {"well_since", "returns"}
    key = Key.parsed(cause.key)
    for name, value in wording.words(key, members)._asdict().items():
        if getattr(incident, name) != value:
            setattr(incident, name, value)
            changed.add(name)
    is_told = incident.confirmed_at is not None
    if cause.confirmed_at and not is_told and not key.needs_time:
        incident.confirmed_at = here.now
        changed.add("confirmed_at")
    if changed:
        incident.save(update_fields=changed)
    if not is_told and incident.confirmed_at:
        record(incident, EventType.INCIDENT_OPENED, here.now, what="opened")
    elif is_told and incident.is_flapping and not was_flapping:
        record(incident, EventType.INCIDENT_UPDATED, here.now, what="flapping")
    elif is_told and incident.pk in here.touched and "returns" not in changed:
        record(incident, EventType.INCIDENT_UPDATED, here.now, what="connections")


def record(
    incident: Incident, kind: EventType, now: datetime, *, by: User | None = None, **data: Any
) -> None:
    """Part of the transaction that made it so."""
    data |= {"incident": incident.pk, "cause": incident.cause.kind, "title": incident.title}
    events.record(incident.workspace, kind, by_id=by.pk if by else None, at=now, **data)
