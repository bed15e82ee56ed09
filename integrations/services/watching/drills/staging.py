"""What a drill puts on: an incident judged and worded as a real one, under a key of its own.

It has no members, so that nothing live joins it, is split from it or ends with it.
"""

from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Exists, OuterRef

from integrations.models import Cause, Drill, Ending, EventType, Incident
from integrations.models.incidents import DRILL
from integrations.services.trouble import apart
from integrations.services.watching import judging, news, wording
from integrations.services.watching.judging import Known, Trouble
from integrations.services.watching.keys import Key
from integrations.services.watching.news import News
from providers.declare import Provider
from providers.errors import ProviderError
from providers.run.advice import advise_signed_in


class Staged(NamedTuple):
    """What was judged of a practised break."""

    key: Key
    trouble: Trouble


def judge(drill: Drill, asked: Provider, error: ProviderError, now: datetime) -> Staged:
    """As if this had been said of the live connection, which was proven before."""
    connection = drill.connection
    if connection.is_signed_in:
        advise_signed_in(error, asked.name)
    trouble = Trouble(
        connection_id=connection.pk,
        workspace_id=connection.workspace_id,
        provider=connection.provider,
        name=asked.name,
        kind=error.kind,
        since=drill.noticed_at or now,
        tried_at=now,
        asks=connection.provider,
        passed_at=now,
        method=connection.auth_method,
        message=error.message,
        action=error.action,
        action_url=error.action_url or "",
    )
    return Staged(judging.judge([trouble], {}, Known())[trouble.connection_id], trouble)


def put_on(drill: Drill, staged: Staged, now: datetime) -> Incident:
    """Open its incident, confirmed at once. Part of a transaction that holds the drill's row."""
    key, trouble = staged
    said = wording.words(key, [trouble])
    title = f"{DRILL}: {said.title}"
    cause = Cause.objects.create(
        key=f"{DRILL.lower()}-{drill.pk} {key}",
        kind=judging.kind_of(key, trouble),
        scope=key.scope,
        provider=trouble.provider,
        title=title,
        opened_at=trouble.since,
        confirmed_at=now,
        is_drill=True,
    )
    incident = Incident.objects.create(
        cause=cause,
        workspace_id=trouble.workspace_id,
        title=title,
        message=said.message,
        action=said.action,
        action_url=said.action_url,
        stops=said.stops,
        opened_at=trouble.since,
        confirmed_at=now,
    )
    news.record([News(incident, EventType.INCIDENT_OPENED, {"what": "opened"})], now)
    return incident


def take_off(incident_id: int, why: Ending, now: datetime) -> None:
    """Close it with its cause, once. Part of a transaction."""
    causes = Cause.objects.select_for_update(of=("self",))
    cause = causes.filter(incidents=incident_id).first()
    locked = Incident.objects.select_for_update(of=("self",)).select_related("cause", "workspace")
    incident = locked.filter(pk=incident_id, closed_at=None).first()
    if cause is None or incident is None:
        return
    incident.well_since = incident.closed_at = max(now, incident.opened_at)
    incident.ended_by = why
    incident.save(update_fields=["well_since", "closed_at", "ended_by"])
    cause.closed_at = incident.closed_at
    cause.save(update_fields=["closed_at"])
    seconds = int((incident.closed_at - incident.opened_at).total_seconds())
    told = {"what": why.value, "seconds": seconds}
    news.record([News(incident, EventType.INCIDENT_CLOSED, told)], now)


def take_off_left(now: datetime) -> None:
    """Those whose drill is gone, with its connection. Part of each round."""
    going_on = Drill.objects.filter(incident=OuterRef("pk"), ended_at=None)
    left = Incident.objects.filter(~Exists(going_on), cause__is_drill=True, closed_at=None)
    for pk in list(left.values_list("pk", flat=True)):
        with apart("Closing a drill's incident"), transaction.atomic():
            take_off(pk, Ending.REMOVED, now)
