"""Incidents: what is wrong, compared with what is written down, and written down.

Any number of processes may do it at once, and one that dies leaves nothing half done: each step
is a small transaction that looks again under its locks, and the next round finds what is left.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from integrations.models import Event, Incident, IncidentConnection, Scope
from integrations.services import turns
from integrations.services.trouble import apart
from integrations.services.watching import causes, judging, memberships, troubles
from integrations.services.watching.judging import Key, Nature, Trouble
from integrations.services.watching.settling import SETTLES, settle

TURN = "reconcile"


def reconcile(now: datetime) -> None:
    """Open, join, split, confirm and close until what is written down is what is.

    One does so at a time; who comes meanwhile leaves it to the next who is asked.
    """
    latest = Event.objects.order_by("-pk").values_list("pk", flat=True).first()
    with turns.alone(TURN, event_id=latest or 0) as mine:
        if mine:
            _reconcile(now, mine)


def _reconcile(now: datetime, mine: turns.Holder) -> None:
    wrong = troubles.find()
    members = memberships.open_members()
    present = {one["connection_id"]: one["incident__cause__key"] for one in members}
    judged = judging.judge([*wrong.values()], present, troubles.known(wrong, members))
    by_workspace: dict[int, dict[UUID, Key]] = defaultdict(dict)
    for pk, key in judged.items():
        by_workspace[wrong[pk].workspace_id][pk] = key
    inside: dict[int, set[UUID]] = defaultdict(set)
    for one in members:
        if one["connection_id"]:
            inside[one["incident__workspace_id"]].add(one["connection_id"])
    for workspace_id in sorted(_unsettled(wrong, judged, members, now)):
        with apart("Settling incidents"):
            of_it = by_workspace[workspace_id], inside[workspace_id]
            settle(workspace_id, *of_it, wrong, now)
    causes.name(wrong, judged)
    causes.confirm(wrong, now)
    causes.close_causes()


def _unsettled(
    wrong: Mapping[UUID, Trouble],
    judged: Mapping[UUID, Key],
    members: Iterable[dict[str, Any]],
    now: datetime,
) -> set[int]:
    """The workspaces in which something is not written down as it is."""
    found, seen = set(), set()
    spoken: dict[int, Trouble] = {}
    said: dict[int, str] = {}
    for one in members:
        pk = one["connection_id"]
        seen.add(pk)
        trouble = wrong.get(pk)
        if trouble is None:
            is_settled = memberships.ending(one) is None
        else:
            is_settled = str(judged[pk]) == one["incident__cause__key"]
            said[one["incident_id"]] = one["incident__message"]
            first = spoken.setdefault(one["incident_id"], trouble)
            if (trouble.since, trouble.connection_id) < (first.since, first.connection_id):
                spoken[one["incident_id"]] = trouble
        if not is_settled:
            found.add(one["incident__workspace_id"])
    found |= {wrong[pk].workspace_id for pk in judged.keys() - seen}
    found |= {
        first.workspace_id
        for pk, first in spoken.items()
        if _speaks_for_itself(judged[first.connection_id]) and first.message != said[pk]
    }
    return found | _well(now)


def _speaks_for_itself(key: Key) -> bool:
    """Whether an incident says what its first connection does."""
    return key != judging.OUR_NETWORK and not (
        key.nature == Nature.REFUSED and key.scope == Scope.APP
    )


def _well(now: datetime) -> set[int]:
    """Those with an incident that nothing is wrong in any more, and that has to be closed."""
    inside = IncidentConnection.objects.filter(incident=OuterRef("pk"), left_at=None)
    due = Q(well_since=None) | Q(returns=0) | Q(well_since__lte=now - SETTLES)
    over = Incident.objects.filter(~Exists(inside), due, closed_at=None)
    return set(over.values_list("workspace", flat=True))
