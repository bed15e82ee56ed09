"""Settles a portion: its incidents are brought in line with what is wrong.

In one transaction, which looks again at everything under its locks: connections by id, causes by
key, incidents; then it writes in a few statements, however many there are.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from integrations.models import (
    Cause,
    Ending,
    EventType,
    Incident,
    IncidentConnection,
    IntegrationConnection,
)
from integrations.services.watching import causes, drafts, memberships, troubles, wording
from integrations.services.watching.causes import COMES_BACK
from integrations.services.watching.drafts import Draft, Sheet
from integrations.services.watching.judging import Trouble
from integrations.services.watching.keys import Key
from integrations.services.watching.memberships import Member
from integrations.services.watching.portions import SETTLES, Picture, Portion

Closed = dict[tuple[int, str], Incident]


@dataclass
class _Settling:
    """A portion while it is brought in line. `wrong` is what was seen under the locks, and of
    connections beyond the portion what was seen before.
    """

    now: datetime
    wrong: Mapping[UUID, Trouble]
    keys: dict[UUID, Key]
    causes: Mapping[str, Cause]
    sheet: Sheet
    closed: Closed  # lately, of the same causes


def settle(portion: Portion, picture: Picture, now: datetime) -> None:
    """Write down what was judged. What changed since then, or came meanwhile, is left to the
    next round.
    """
    with transaction.atomic():
        concerned = IntegrationConnection.objects.filter(pk__in=portion.connections)
        locked = concerned.select_for_update().order_by("pk").values_list("pk", flat=True)
        there = set(locked)
        current = troubles.find(there)
        members = memberships.open_members(
            Q(connection__in=there) | Q(connection=None, incident__in=portion.incidents)
        )
        keys = _still_judged(picture, current, members)
        by_key = defaultdict(list)
        for pk, key in keys.items():
            by_key[key].append(current[pk])
        lock = causes.lock(by_key, now)
        beyond = {pk: one for pk, one in picture.wrong.items() if pk not in there}
        here = _Settling(
            now,
            beyond | current,
            keys,
            lock,
            _locked_incidents(portion, members, lock, now),
            _closed_lately(portion, keys, now),
        )
        _put_right(here, members)
        _finish(here)
        here.sheet.write()


def _still_judged(
    picture: Picture, current: Mapping[UUID, Trouble], members: list[Member]
) -> dict[UUID, Key]:
    """What was judged of those that fail as they did, and are where they were then."""
    placed = {one["connection_id"]: one["incident__cause__key"] for one in members}
    return {
        pk: picture.judged[pk]
        for pk, trouble in current.items()
        if pk in picture.judged
        and _alike(trouble, picture.wrong[pk])
        and placed.get(pk) == picture.present.get(pk)
    }


def _alike(one: Trouble, other: Trouble) -> bool:
    return (one.kind, one.opens, one.asks) == (other.kind, other.opens, other.asks)


def _locked_incidents(
    portion: Portion, members: list[Member], lock: Mapping[str, Cause], now: datetime
) -> Sheet:
    ids = portion.incidents | {one["incident_id"] for one in members}
    wanted = {one.pk for one in lock.values()}
    concerned = Q(pk__in=ids) | Q(workspace__in=portion.workspaces, cause__in=wanted)
    found = Incident.objects.select_for_update(of=("self",)).filter(
        concerned, closed_at=None, cause__is_drill=False
    )
    return drafts.read([*found.select_related("cause").order_by("pk")], now)


def _closed_lately(portion: Portion, keys: Mapping[UUID, Key], now: datetime) -> Closed:
    """The last one of each cause in a workspace that came right and may come back."""
    if not keys:
        return {}
    lately = Incident.objects.select_for_update(of=("self",)).filter(
        workspace__in=portion.workspaces,
        cause__key__in={str(key) for key in keys.values()},
        closed_at__gte=now - COMES_BACK,
        ended_by=Ending.PROVEN,
    )
    found = lately.select_related("cause").order_by("closed_at", "pk")
    return {(one.workspace_id, one.cause.key): one for one in found}


def _put_right(here: _Settling, members: list[Member]) -> None:
    of_incident = {one.incident.pk: one for one in here.sheet.drafts.values()}
    joining, moving = set(here.keys), defaultdict[int, list[Member]](list)
    for one in members:
        pk, draft = one["connection_id"], of_incident.get(one["incident_id"])
        joining.discard(pk)
        if draft is None:  # it is over, and this one had no connection any more
            here.sheet.forget(one["id"])
        elif pk in here.keys and str(here.keys[pk]) != one["incident__cause__key"]:
            moving[one["incident_id"]].append(one)
        elif pk not in here.wrong and (why := memberships.ending(one)):
            _leave(here, draft, one, why)
    for incident_id, those in moving.items():
        _move(here, of_incident[incident_id], those)
    for pk in sorted(joining, key=lambda pk: (here.wrong[pk].since, pk)):
        _join(here, here.wrong[pk])


def _leave(here: _Settling, draft: Draft, member: Member, why: Ending) -> None:
    """When it came right: for one that was proven the time of that."""
    now = here.now
    at = min(now, member["connection__proven_at"]) if why == Ending.PROVEN else now
    here.sheet.leave(draft, member, max(at, member["joined_at"]), why)


def _move(here: _Settling, draft: Draft, those: list[Member]) -> None:
    """An incident that turns out to be of another cause goes there as it is, where it is the
    same to whoever was told; else its connections leave it for another one.
    """
    incident = draft.incident
    wanted = {here.keys[one["connection_id"]] for one in those}
    first, before = next(iter(wanted)), Key.parsed(incident.cause.key)
    target = here.causes[str(first)]
    is_whole = draft.inside == {one["connection_id"] for one in those}
    is_same = is_whole and len(wanted) == 1 and first.nature == before.nature
    if is_same and here.sheet.of(incident.workspace_id, target) is None:
        here.sheet.move(draft, target)
        draft.is_touched = True
        if incident.opened_at < target.opened_at:
            target.opened_at = incident.opened_at
            target.save(update_fields=["opened_at"])
        return
    for one in those:
        _leave(here, draft, one, Ending.MOVED)
        _join(here, here.wrong[one["connection_id"]])


def _join(here: _Settling, trouble: Trouble) -> None:
    cause = here.causes[str(here.keys[trouble.connection_id])]
    draft = here.sheet.of(trouble.workspace_id, cause)
    if draft is None:
        draft = _open(here, cause, trouble)
        here.sheet.add(draft)
    else:
        draft.is_touched = True
    here.sheet.join(draft, trouble)


def _open(here: _Settling, cause: Cause, trouble: Trouble) -> Draft:
    """A new one, or the last one of the same cause if it is not over for long."""
    again = here.closed.pop((trouble.workspace_id, cause.key), None)
    if again is None:
        made = Incident(
            cause=cause,
            workspace_id=trouble.workspace_id,
            title=cause.title,
            opened_at=min(trouble.since, here.now),
        )
        return Draft(made, is_new=True)
    draft = Draft(again, is_back=True)
    draft.set(cause=cause, closed_at=None, ended_by="")
    if Key.parsed(cause.key).needs_time:
        draft.set(confirmed_at=None)
    _come_back(draft)
    if again.confirmed_at:
        here.sheet.tell(draft, EventType.INCIDENT_OPENED, what="again")
    return draft


def _come_back(draft: Draft) -> None:
    incident = draft.incident
    draft.set(well_since=None, returns=incident.returns + 1)
    if incident.is_flapping and not incident.cause.is_flapping:
        incident.cause.is_flapping = True
        incident.cause.save(update_fields=["is_flapping"])


def _finish(here: _Settling) -> None:
    """Words, and what became of each incident."""
    every = list(here.sheet.drafts.values())
    known = _last_left([one.incident for one in every if not one.inside and one.left is None])
    for draft in every:
        inside = [here.wrong[pk] for pk in draft.inside if pk in here.wrong]
        if not draft.inside:
            removed = draft.incident.opened_at, Ending.REMOVED  # its connections went with it
            _end(here, draft, *(draft.left or known.get(draft.incident.pk, removed)))
        elif inside:
            inside.sort(key=lambda one: (one.since, one.connection_id))
            _go_on(here, draft, inside)


def _last_left(empty: list[Incident]) -> dict[int, tuple[datetime, Ending]]:
    if not empty:
        return {}
    left = IncidentConnection.objects.filter(incident__in=empty).exclude(left_at=None)
    rows = left.order_by("left_at", "pk").values_list("incident", "left_at", "left_by")
    return {pk: (at, Ending(why)) for pk, at, why in rows if at}


def _end(here: _Settling, draft: Draft, at: datetime, why: Ending) -> None:
    """It is over: at once, or where it came back before, when it has been right for a while."""
    incident = draft.incident
    since = incident.well_since or at
    draft.set(well_since=since)
    is_proven = why == Ending.PROVEN
    if is_proven and incident.returns and here.now < since + SETTLES:
        return
    closed_at = max(since, incident.opened_at)
    draft.set(closed_at=closed_at, ended_by=why)
    if incident.confirmed_at:
        seconds = int((closed_at - incident.opened_at).total_seconds())
        here.sheet.tell(draft, EventType.INCIDENT_CLOSED, what=why.value, seconds=seconds)


def _go_on(here: _Settling, draft: Draft, members: list[Trouble]) -> None:
    incident, cause = draft.incident, draft.incident.cause
    was_flapping, is_told = incident.is_flapping, incident.confirmed_at is not None
    is_back = draft.is_back or incident.well_since is not None
    if incident.well_since:
        _come_back(draft)
    key = Key.parsed(cause.key)
    draft.set(**wording.words(key, members)._asdict())
    if cause.confirmed_at and not is_told and not key.needs_time:
        draft.set(confirmed_at=here.now)
        here.sheet.tell(draft, EventType.INCIDENT_OPENED, what="opened")
    elif is_told and incident.is_flapping and not was_flapping:
        here.sheet.tell(draft, EventType.INCIDENT_UPDATED, what="flapping")
    elif is_told and draft.is_touched and not is_back:
        here.sheet.tell(draft, EventType.INCIDENT_UPDATED, what="connections")
