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
    events.record_all(
        Event(
            workspace_id=incident.workspace_id,
            type=kind,
            at=now,
            by=by,
            data=data | _of(incident),
        )
        for incident, kind, data in those
    )


def _of(incident: Incident) -> dict[str, Any]:
    facts = {"incident": incident.pk, "cause": incident.cause.kind, "title": incident.title}
    return facts | {"is_drill": True} if incident.cause.is_drill else facts
