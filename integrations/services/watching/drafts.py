"""Drafts: incidents as a portion leaves them, written down in one go."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from integrations import compiled
from integrations.models import Cause, Ending, EventType, Incident, IncidentConnection
from integrations.services.watching import news
from integrations.services.watching.judging import Trouble
from integrations.services.watching.memberships import Member
from integrations.services.watching.news import News


@dataclass
class Draft:
    """One incident, locked if it is there already. `inside` are the connections that it has by
    now; `left` is when the last one left it in this portion, and why.
    """

    incident: Incident
    inside: set[UUID] = field(default_factory=set)
    left: tuple[datetime, Ending] | None = None
    changed: set[str] = field(default_factory=set)
    is_new: bool = False
    is_back: bool = False
    is_touched: bool = False

    def set(self, **values: object) -> None:
        """Notes what is different from what it has."""
        for name, value in values.items():
            if getattr(self.incident, name) != value:
                setattr(self.incident, name, value)
                self.changed.add(name)


@dataclass
class Sheet:
    """All drafts of a portion, by workspace and cause, with who left, who joined and the news."""

    now: datetime
    drafts: dict[tuple[int, int], Draft] = field(default_factory=dict)
    leaving: list[IncidentConnection] = field(default_factory=list)
    joining: list[IncidentConnection] = field(default_factory=list)
    news: list[News] = field(default_factory=list)

    def of(self, workspace_id: int, cause: Cause) -> Draft | None:
        return self.drafts.get((workspace_id, cause.pk))

    def add(self, draft: Draft) -> None:
        self.drafts[draft.incident.workspace_id, draft.incident.cause_id] = draft

    def move(self, draft: Draft, cause: Cause) -> None:
        """It is of that cause from now on: at once, since there is one of a cause."""
        del self.drafts[draft.incident.workspace_id, draft.incident.cause_id]
        draft.incident.cause = cause
        draft.incident.save(update_fields=["cause"])
        self.add(draft)

    def join(self, draft: Draft, trouble: Trouble) -> None:
        draft.inside.add(trouble.connection_id)
        self.joining.append(
            IncidentConnection(
                incident=draft.incident,
                connection_id=trouble.connection_id,
                provider=trouble.provider,
                joined_at=self.now,
            )
        )

    def leave(self, draft: Draft, member: Member, at: datetime, why: Ending) -> None:
        draft.is_touched = True
        draft.inside.discard(member["connection_id"])
        self.leaving.append(IncidentConnection(pk=member["id"], left_at=at, left_by=why))
        if draft.left is None or at > draft.left[0]:
            draft.left = at, why

    def forget(self, membership: int) -> None:
        gone = IncidentConnection(pk=membership, left_at=self.now, left_by=Ending.REMOVED)
        self.leaving.append(gone)

    def tell(self, draft: Draft, kind: EventType, **data: object) -> None:
        self.news.append(News(draft.incident, kind, data))

    def write(self) -> None:
        """Who leaves goes before who joins: a connection is in one incident at a time."""
        compiled.update_each(self.leaving, ("left_at", "left_by"))
        every = self.drafts.values()
        changed = [one for one in every if one.changed and not one.is_new]
        names = {name for one in changed for name in one.changed}
        compiled.update_each([one.incident for one in changed], sorted(names))
        Incident.objects.bulk_create(one.incident for one in every if one.is_new)
        IncidentConnection.objects.bulk_create(self.joining)
        if self.news:
            news.record(self.news, self.now)


def read(found: Collection[Incident], now: datetime) -> Sheet:
    """Of these open incidents, with all that are in them."""
    sheet = Sheet(now)
    by_pk: Mapping[int, Draft] = {one.pk: Draft(one) for one in found}
    rows = IncidentConnection.objects.filter(incident__in=by_pk, left_at=None)
    for incident_id, pk in rows.order_by().values_list("incident_id", "connection_id"):
        if pk:
            by_pk[incident_id].inside.add(pk)
    for draft in by_pk.values():
        sheet.add(draft)
    return sheet
