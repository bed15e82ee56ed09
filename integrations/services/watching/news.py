"""News of incidents: what happened to them, as events."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib.auth.models import User

from integrations.models import Event, EventType, Incident
from integrations.services import events


class News(NamedTuple):
    """Of one incident; `data` says more."""

    incident: Incident
    type: EventType
    data: dict[str, Any]


def record(those: Iterable[News], now: datetime, *, by: User | None = None) -> None:
    """Part of the transaction that made them so, and the last that it locks anything for."""
    events.record_all(_event(one, now, by) for one in those)


def _event(one: News, now: datetime, by: User | None) -> Event:
    incident, cause = one.incident, one.incident.cause
    said = {"incident": incident.pk, "cause": cause.kind, "title": incident.title}
    drill = {"is_drill": True} if cause.is_drill else {}
    return Event(
        workspace_id=incident.workspace_id,
        type=one.type,
        at=now,
        by=by,
        data=one.data | drill | said,
    )
