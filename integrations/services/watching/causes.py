"""Causes: when one is believed, and when it is over."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, Max, OuterRef

from integrations.models import (
    Cause,
    EventType,
    Incident,
    IncidentConnection,
    IntegrationConnection,
)
from integrations.models.incidents import OURS
from integrations.services.trouble import apart
from integrations.services.watching import judging, wording
from integrations.services.watching.judging import Key, Trouble
from integrations.services.watching.settling import record

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
    for one in candidates:
        members = of_incident[one.pk]
        if one.cause_id not in sure or not _was_repeated(members):
            continue
        # What joins a cause that is old may be another one, which passes by itself.
        if now - sure[one.cause_id] <= LATELY or _is_long(one, members, now):
            with apart("Confirming an incident"):
                _confirm_one(one.pk, now)


def _is_long(incident: Incident, members: list[Trouble], now: datetime) -> bool:
    since = min(one.since for one in members)
    if incident.is_flapping:  # it was silent again and again
        since = min(since, incident.opened_at)
    return now - since >= timedelta(minutes=settings.OUTAGE_MINUTES)


def _was_repeated(members: list[Trouble]) -> bool:
    return len(members) > 1 or any(one.tried_at > one.since for one in members)


def _confirm_one(incident_id: int, now: datetime) -> None:
    with transaction.atomic():
        unsure = Incident.objects.filter(pk=incident_id, closed_at=None, confirmed_at=None)
        if unsure.update(confirmed_at=now):
            incident = Incident.objects.select_related("cause", "workspace").get(pk=incident_id)
            record(incident, EventType.INCIDENT_OPENED, now, what="opened")


def close_causes() -> None:
    """With the last incident of a cause it is over too; one without any never was."""
    inside = Incident.objects.filter(cause=OuterRef("pk"), closed_at=None)
    over = Cause.objects.filter(~Exists(inside), closed_at=None)
    for pk in list(over.values_list("pk", flat=True)):
        with apart("Closing a cause"), transaction.atomic():
            cause = Cause.objects.select_for_update().filter(pk=pk, closed_at=None).first()
            if cause is None or cause.incidents.filter(closed_at=None).exists():
                continue  # another one of it began meanwhile
            found = cause.incidents.aggregate(number=Count("pk"), at=Max("closed_at"))
            if found["number"]:
                cause.closed_at = found["at"]
                cause.save(update_fields=["closed_at"])
            else:
                cause.delete()


def note_gap(began: datetime, now: datetime) -> None:
    """Write down that nobody went round for a while: nothing was checked in that time."""
    if not IntegrationConnection.objects.filter(is_complete=True, is_enabled=True).exists():
        return
    key, title = wording.of_gap()
    Cause.objects.create(
        key=str(key),
        kind=OURS,
        scope=key.scope,
        title=title,
        opened_at=began,
        confirmed_at=now,
        closed_at=now,
    )
