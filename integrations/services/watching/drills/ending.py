"""How a drill ends: with its incident, its record, and an event that says so."""

import logging
from datetime import datetime

from integrations.models import Drill, DrillState, Ending, EventType
from integrations.services import events
from integrations.services.watching.drills import hearing, staging

logger = logging.getLogger(__name__)


def end(
    drill: Drill, state: DrillState, remark: str, now: datetime, *, by_id: int | None = None
) -> None:
    """Part of a transaction that holds the drill's row, of one that goes on."""
    if drill.incident_id:
        staging.take_off(drill.incident_id, Ending.STOPPED, now)
        told = hearing.heard(drill.incident) if drill.incident else []
        drill.told = [one.to_json() for one in told]
        drill.told_at = drill.told_at or hearing.first_told(told)
    drill.state, drill.remark, drill.ended_at = state, remark, now
    drill.due_at = drill.lease_until = None
    drill.save()
    record(drill, state, now, by_id=by_id)


def record(drill: Drill, what: str, now: datetime, *, by_id: int | None = None) -> None:
    """Part of the transaction that made it so."""
    connection = drill.connection
    events.record(
        connection,
        EventType.DRILL_CHANGED,
        by_id=by_id,
        at=now,
        what=what,
        drill=drill.pk,
        fault=drill.kind,
        is_planned=drill.is_planned,
        is_drill=True,
    )
    logger.info("Fire drill %s (%s) of %s: %s", drill.pk, drill.kind, connection.pk, what)
