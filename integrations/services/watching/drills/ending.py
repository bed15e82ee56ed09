"""How a drill ends: with its incident, its record, and an event that says so."""

import logging
from datetime import datetime
from typing import Any

from integrations.models import Drill, DrillState, Ending, EventType, IntegrationConnection
from integrations.services import events
from integrations.services.watching.drills import hearing, staging

logger = logging.getLogger(__name__)


def lock(drill: Drill, **mine: Any) -> Drill | None:
    """Its row as it is now, while it goes on. Part of a transaction.

    Its connection's comes first, as for whoever removes that: of two in another order each would
    wait for the other.
    """
    connections = IntegrationConnection.objects.select_for_update(no_key=True)
    list(connections.filter(pk=drill.connection_id).values_list("pk"))
    going_on = Drill.objects.filter(pk=drill.pk, ended_at=None, **mine)
    return going_on.select_for_update().first()


def end(
    drill: Drill, state: DrillState, remark: str, now: datetime, *, by_id: int | None = None
) -> None:
    """For one that `lock` gave, in the same transaction."""
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
