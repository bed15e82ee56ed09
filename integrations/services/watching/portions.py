"""Portions: what is not written down as it is, cut into pieces that a transaction holds shortly.

What belongs together is never cut: the connections of a cause in a workspace are written down at
once, so that nobody is told of the first few before the others.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from integrations.models import Incident, Scope
from integrations.services.watching import memberships
from integrations.services.watching.judging import Trouble
from integrations.services.watching.keys import OUR_NETWORK, Key, Nature
from integrations.services.watching.memberships import Member

MOST = 300  # connections of which one transaction writes down what became of them
SETTLES = timedelta(minutes=30)  # one that came back is over when it has been right for so long


@dataclass(frozen=True)
class Picture:
    """What was found at a moment: what is wrong, its causes, and those written down then."""

    wrong: Mapping[UUID, Trouble]
    judged: Mapping[UUID, Key]
    members: list[Member]
    present: Mapping[UUID | None, str]


@dataclass
class Portion:
    """Connections in which something has changed, of a workspace or several, and incidents that
    have to be looked at beside those that the connections are in.
    """

    connections: set[UUID] = field(default_factory=set)
    incidents: set[int] = field(default_factory=set)
    workspaces: set[int] = field(default_factory=set)

    @property
    def size(self) -> int:
        return len(self.connections) + len(self.incidents)

    def add(self, other: "Portion") -> None:
        self.connections |= other.connections
        self.incidents |= other.incidents
        self.workspaces |= other.workspaces


def portions(picture: Picture, now: datetime) -> Iterator[Portion]:
    """All that is to be settled. What is in an incident comes before what joins one."""
    by_workspace: dict[int, dict[str, Portion]] = defaultdict(lambda: defaultdict(Portion))
    for workspace_id, place, connection_id, incident_id in _unsettled(picture, now):
        piece = by_workspace[workspace_id][place]
        piece.workspaces.add(workspace_id)
        if connection_id:
            piece.connections.add(connection_id)
        if incident_id:
            piece.incidents.add(incident_id)
    gathered = Portion()
    for _, pieces in sorted(by_workspace.items()):
        in_order = [pieces[place] for place in sorted(pieces)]
        if sum(piece.size for piece in in_order) <= MOST:
            whole = Portion()
            for piece in in_order:
                whole.add(piece)
            in_order = [whole]
        for piece in in_order:
            if gathered.size and gathered.size + piece.size > MOST:
                yield gathered
                gathered = Portion()
            gathered.add(piece)
    if gathered.size:
        yield gathered


def _unsettled(
    picture: Picture, now: datetime
) -> Iterator[tuple[int, str, UUID | None, int | None]]:
    """The workspace, what it belongs to there, the connection, and the incident."""
    wrong, judged = picture.wrong, picture.judged
    spoken: dict[int, tuple[Trouble, Member]] = {}
    for one in picture.members:
        pk, incident_id = one["connection_id"], one["incident_id"]
        trouble = wrong.get(pk)
        if trouble is None:
            is_settled = memberships.ending(one) is None
        else:
            is_settled = str(judged[pk]) == one["incident__cause__key"]
            first, _ = spoken.setdefault(incident_id, (trouble, one))
            if (trouble.since, trouble.connection_id) < (first.since, first.connection_id):
                spoken[incident_id] = trouble, one
        if not is_settled:
            yield one["incident__workspace_id"], _of_incident(incident_id), pk, incident_id
    inside = {one["connection_id"] for one in picture.members}
    for pk in judged.keys() - inside:
        yield wrong[pk].workspace_id, f"then {judged[pk]}", pk, None
    for incident_id, (first, one) in spoken.items():
        is_said = first.message == one["incident__message"]
        if not is_said and _speaks_for_itself(judged[first.connection_id]):
            pk = first.connection_id
            yield first.workspace_id, _of_incident(incident_id), pk, incident_id
    for incident_id, workspace_id in _well(picture.members, now):
        yield workspace_id, _of_incident(incident_id), None, incident_id


def _of_incident(incident_id: int) -> str:
    return f"incident {incident_id:020}"


def _speaks_for_itself(key: Key) -> bool:
    """Whether an incident says what its first connection does."""
    return key != OUR_NETWORK and not (key.nature == Nature.REFUSED and key.scope == Scope.APP)


def _well(members: Iterable[Member], now: datetime) -> Iterator[tuple[int, int]]:
    """Those that nothing is wrong in any more, and that have to be closed."""
    inside = {one["incident_id"] for one in members}
    due = Q(well_since=None) | Q(returns=0) | Q(well_since__lte=now - SETTLES)
    found = Incident.objects.filter(due, closed_at=None, cause__is_drill=False).order_by()
    found = found.exclude(cause__scope=Scope.CHANNEL)  # which never has any
    for pk, workspace_id in found.values_list("pk", "workspace"):
        if pk not in inside:
            yield pk, workspace_id
