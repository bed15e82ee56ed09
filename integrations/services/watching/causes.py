"""Causes: when one is believed, and when it is over."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import batched
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, Subquery

from integrations import compiled
from integrations.models import (
    Cause,
    EventType,
    Incident,
    IncidentConnection,
    Scope,
)
from integrations.services.trouble import apart
from integrations.services.watching import judging, news, wording
from integrations.services.watching.judging import Trouble
from integrations.services.watching.keys import OUR_PACE, OUR_WORKER, Key, Nature
from integrations.services.watching.news import News

COMES_BACK = timedelta(hours=1)  # what breaks again so soon is the same
WITHOUT_INCIDENTS = (str(OUR_WORKER), str(OUR_PACE))  # no workspace is in them
AT_ONCE = 300  # that one transaction writes
LATELY = timedelta(hours=1)  # until all that a cause concerns were asked, it is found bit by bit


def name(wrong: Mapping[UUID, Trouble], judged: Mapping[UUID, Key]) -> None:
    """Say of each cause what is true of all its connections by now."""
    of_key: dict[str, list[Trouble]] = defaultdict(list)
    for pk, trouble in wrong.items():  # those that waited longest first
        of_key[str(judged[pk])].append(trouble)
    for cause in Cause.objects.filter(closed_at=None, key__in=of_key):
        members = of_key[cause.key]
        key = Key.parsed(cause.key)
        said = {
            "title": wording.words(key, members).title,
            "kind": judging.kind_of(key, members[0]),
        }
        if any(getattr(cause, name) != value for name, value in said.items()):
            Cause.objects.filter(pk=cause.pk).update(**said)


def confirm(wrong: Mapping[UUID, Trouble], now: datetime) -> None:
    """Believe in what has lasted, though it was tried again: then it is told."""
    waiting = Incident.objects.filter(closed_at=None, confirmed_at=None).select_related("cause")
    of_incident: dict[int, list[Trouble]] = defaultdict(list)
    inside = IncidentConnection.objects.filter(incident__in=waiting, left_at=None)
    for incident_id, pk in inside.values_list("incident_id", "connection_id"):
        if pk in wrong:
            of_incident[incident_id].append(wrong[pk])
    candidates = [one for one in waiting if of_incident[one.pk]]
    by_cause: dict[int, list[Incident]] = defaultdict(list)
    for one in candidates:
        by_cause[one.cause_id].append(one)
    for cause_id, those in by_cause.items():
        is_long = any(_is_long(one, of_incident[one.pk], now) for one in those)
        every = [trouble for one in those for trouble in of_incident[one.pk]]
        if is_long and _was_repeated(every):
            unsure = Cause.objects.filter(pk=cause_id, closed_at=None, confirmed_at=None)
            unsure.update(confirmed_at=now)
    believed = Cause.objects.filter(pk__in=by_cause).exclude(confirmed_at=None)
    sure = dict(believed.values_list("pk", "opened_at"))
    lasting = [
        one.pk
        for one in candidates
        if one.cause_id in sure
        and _was_repeated(of_incident[one.pk])
        # What joins a cause that is old may be another one, which passes by itself.
        and (now - sure[one.cause_id] <= LATELY or _is_long(one, of_incident[one.pk], now))
    ]
    for some in batched(lasting, AT_ONCE):
        with apart("Confirming incidents"):
            _confirm(some, now)


def _is_long(incident: Incident, members: list[Trouble], now: datetime) -> bool:
    since = min(one.since for one in members)
    if incident.is_flapping:  # it was silent again and again
        since = min(since, incident.opened_at)
    return now - since >= timedelta(minutes=settings.OUTAGE_MINUTES)


def _was_repeated(members: list[Trouble]) -> bool:
    return len(members) > 1 or any(one.tried_at > one.since for one in members)


def _confirm(incident_ids: Collection[int], now: datetime) -> None:
    with transaction.atomic():
        unsure = Incident.objects.select_for_update(of=("self",)).filter(
            pk__in=incident_ids, closed_at=None, confirmed_at=None
        )
        found = list(unsure.select_related("cause").order_by("pk"))
        Incident.objects.filter(pk__in=[one.pk for one in found]).update(confirmed_at=now)
        told = (News(one, EventType.INCIDENT_OPENED, {"what": "opened"}) for one in found)
        news.record(told, now)


def lock(by_key: Mapping[Key, Sequence[Trouble]], now: datetime) -> dict[str, Cause]:
    """The open cause of each key, made or opened again where there is none. Part of a
    transaction.
    """
    wanted = {str(key): key for key in by_key}
    found = _locked(wanted)
    lately = Cause.objects.select_for_update().filter(
        key__in=wanted.keys() - found.keys(), closed_at__gte=now - COMES_BACK
    )
    again = {one.key: one for one in lately.order_by("key", "closed_at")} if wanted else {}
    for name, cause in again.items():
        cause.closed_at = None
        cause.confirmed_at = None if wanted[name].needs_time else now
    compiled.update_each([*again.values()], ("closed_at", "confirmed_at"))
    found |= again
    new = [_made(key, by_key[key], now) for name, key in wanted.items() if name not in found]
    if new:
        Cause.objects.bulk_create(new, ignore_conflicts=True)  # or somebody else did meanwhile
        found |= _locked({one.key for one in new})
    return found


def _locked(keys: Collection[str]) -> dict[str, Cause]:
    found = Cause.objects.select_for_update().filter(key__in=keys, closed_at=None)
    return {one.key: one for one in found.order_by("key")}


def _made(key: Key, members: Sequence[Trouble], now: datetime) -> Cause:
    first = min(members, key=lambda one: (one.since, one.connection_id))
    return Cause(
        key=str(key),
        kind=judging.kind_of(key, first),
        scope=key.scope,
        provider="" if key.nature == Nature.OURS else first.provider,
        title=wording.words(key, members).title,
        opened_at=first.since,
        confirmed_at=None if key.needs_time else now,
    )


def close_causes() -> None:
    """With the last incident of a cause it is over too; one without any never was."""
    any_of_it = Incident.objects.filter(cause=OuterRef("pk"))
    over = Cause.objects.filter(~Exists(any_of_it.filter(closed_at=None)), closed_at=None)
    alone = Q(key__in=WITHOUT_INCIDENTS) | Q(scope=Scope.CHANNEL)
    waiting = over.exclude(alone).order_by("key").values_list("pk", flat=True)
    for some in batched(list(waiting), AT_ONCE):
        with apart("Closing causes"), transaction.atomic():
            locked = Cause.objects.select_for_update().filter(pk__in=some).order_by("key")
            still = over.filter(pk__in=[one.pk for one in locked])  # none began meanwhile
            ended = any_of_it.order_by("-closed_at").values("closed_at")[:1]
            still.filter(Exists(any_of_it)).update(closed_at=Subquery(ended))
            still.filter(~Exists(any_of_it)).delete()
