"""What people read of incidents, and do with one: see it, take it, write a note, mute it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Case, Count, Func, IntegerField, Prefetch, Q, QuerySet, When

from integrations.compiled import Compiled
from integrations.models import (
    Cause,
    EventType,
    Incident,
    IncidentConnection,
    IntegrationConnection,
    Membership,
    Workspace,
)
from integrations.models.incidents import FLAPS, OURS
from integrations.services.people.members import Archived
from integrations.services.refusals import InvalidChange
from integrations.services.telling import waking
from integrations.services.watching import news, wording
from integrations.services.watching.news import News
from providers.errors import Unanswered

LONGEST_NOTE = 500
LONGEST_MUTE = timedelta(days=366)
NO_MEMBER = "Nobody in this workspace has this user name."
TOO_LONG = f"A note may have {LONGEST_NOTE} characters at most."
NOT_AHEAD = "This must be a time ahead of now."
TOO_FAR = "This may be a year ahead at most."
OVER = "It is over, so there is nothing left to mute."


class NoIncident(Exception):
    """There is none of this number in the workspace."""


@dataclass(frozen=True)
class Handling:
    """What to change; None leaves it as it is. `clears` names what is emptied."""

    acknowledged: bool | None = None
    owner: str | None = None
    note: str | None = None
    muted_until: datetime | None = None
    clears: frozenset[str] = frozenset()


def of(workspace: Workspace) -> QuerySet[Incident]:
    """The newest first, with what is told of each: two queries for a page of any length."""
    inside = IncidentConnection.objects.select_related("connection__watch").order_by("pk")
    members = Prefetch("members", queryset=inside, to_attr="all_members")
    found = Incident.objects.filter(workspace=workspace).prefetch_related(members)
    read = ("cause", "owner", "acknowledged_by", "drill__connection")
    return found.select_related(*read).order_by("-pk")


class _Length(Func):
    """Of a list in JSON."""

    function = "jsonb_array_length"
    output_field = IntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        return self.as_sql(compiler, connection, function="json_array_length", **more)


def open_ones(workspace: Workspace) -> QuerySet[Incident]:
    """The open ones: what somebody must act on first, and of that what stops most."""
    is_silent = Q(cause__kind__in=[error.kind for error in Unanswered.__subclasses__()])
    asks_nobody = is_silent | Q(cause__kind=OURS) | Q(confirmed_at=None)
    asks_nobody |= Q(well_since__isnull=False) | Q(returns__gte=FLAPS)
    waits = Case(When(asks_nobody, then=1), default=0)
    return (
        of(workspace)
        .filter(closed_at=None, cause__is_drill=False)
        .order_by(waits, _Length("stops").desc(), "opened_at", "pk")
    )


def find(workspace: Workspace, incident_id: int) -> Incident:
    """Raises NoIncident."""
    if found := of(workspace).filter(pk=incident_id).first():
        return found
    raise NoIncident


def connections_of(incident: Incident) -> list[IntegrationConnection]:
    """Those that are in it now; once it is over those that were, as far as they are still there.

    Of a drill it is the one that it is about. For one that `of` read.
    """
    if incident.cause.is_drill:
        drill = getattr(incident, "drill", None)
        return [drill.connection] if drill else []
    members: list[IncidentConnection] = incident.all_members  # type: ignore[attr-defined]
    shown = [one for one in members if one.left_at is None or not incident.is_open]
    found = {one.connection.pk: one.connection for one in shown if one.connection}
    return [*found.values()]


def stops_of(incident: Incident) -> list[str]:
    """What stops; once it is over what did, of all that were ever in it.

    For one that `of` read.
    """
    if incident.is_open:
        return [*incident.stops]
    members: list[IncidentConnection] = incident.all_members  # type: ignore[attr-defined]
    found = dict.fromkeys(use for one in members for use in wording.used_by(one.provider))
    return [*found] or [*incident.stops]


def of_connection(connection: IntegrationConnection) -> QuerySet[Incident]:
    """Those that it is in or was in, the newest first."""
    return of(connection.workspace).filter(members__connection=connection.pk).distinct()


class Open(NamedTuple):
    """An open incident as its connections tell of it. `cause` is a kind, the last a user name."""

    id: int
    cause: str
    opened_at: datetime
    acknowledged_by: str | None


def open_of(connections: Collection[IntegrationConnection]) -> dict[UUID, Open]:
    """The open incident of each connection that is in one; one query."""
    if not connections:
        return {}
    ids = [one.pk for one in connections]
    size = 1 << (len(ids) - 1).bit_length()  # of few sizes the SQL is worked out once each
    ids += ids[-1:] * (size - len(ids))
    return {pk: Open(*told) for pk, *told in _open_of(size).rows(*ids)}


@cache
def _open_of(size: int) -> Compiled:
    return Compiled(
        lambda *ids: IncidentConnection.objects.filter(
            connection__in=ids, left_at=None
        ).values_list(
            *("connection", "incident", "incident__cause__kind", "incident__opened_at"),
            "incident__acknowledged_by__username",
        ),
        *(UUID(int=number) for number in range(1, size + 1)),
    )


def causes() -> QuerySet[Cause]:
    """Those of the whole installation, the newest first, with how much they concern."""
    is_in = Q(incidents__members__left_at=None) | Q(closed_at__isnull=False)
    return Cause.objects.order_by("-pk").annotate(
        workspaces=Count("incidents__workspace", distinct=True),
        connections=Count("incidents__members__connection", filter=is_in, distinct=True),
    )


def handle(
    workspace: Workspace, incident_id: int, handling: Handling, *, by: User, now: datetime
) -> Incident:
    """Change what people say about an incident. Raises NoIncident, InvalidChange, Archived."""
    with transaction.atomic():
        there = Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
        if there.archived_at:
            raise Archived
        locked = Incident.objects.select_for_update(of=("self",)).filter(
            pk=incident_id, workspace=workspace
        )
        incident = locked.select_related("cause", "workspace").first()
        if incident is None:
            raise NoIncident
        changed = _changes(incident, handling, by, now)
        for name, value in changed.items():
            setattr(incident, name, value)
        if changed:
            incident.save(update_fields=changed)
            told = News(incident, EventType.INCIDENT_UPDATED, {"what": "handled"})
            news.record([told], now, by=by)
        if "muted_until" in changed and not incident.is_muted(now):
            waking.after_mute(workspace, now)
    return find(workspace, incident_id)


def _changes(incident: Incident, handling: Handling, by: User, now: datetime) -> dict[str, Any]:
    """The new values of those columns that change."""
    wanted: dict[str, Any] = dict.fromkeys(handling.clears - {"note"})
    wanted |= {"note": ""} if "note" in handling.clears else {}
    wrong = {}
    if handling.acknowledged is not None and handling.acknowledged != bool(
        incident.acknowledged_at
    ):
        seen = handling.acknowledged
        wanted |= {
            "acknowledged_by": by if seen else None,
            "acknowledged_at": now if seen else None,
        }
    if handling.owner is not None:
        wanted["owner"] = _member(incident.workspace, handling.owner, by)
        if wanted["owner"] is None:
            wrong["owner"] = [NO_MEMBER]
    if handling.note is not None:
        wanted["note"] = " ".join(handling.note.split())
        if len(wanted["note"]) > LONGEST_NOTE:
            wrong["note"] = [TOO_LONG]
    if handling.muted_until is not None:
        wanted["muted_until"] = handling.muted_until
        if problem := _not_mutable(incident, handling.muted_until, now):
            wrong["muted_until"] = [problem]
    if wrong:
        raise InvalidChange(wrong)
    return {name: value for name, value in wanted.items() if getattr(incident, name) != value}


def _member(workspace: Workspace, username: str, by: User) -> User | None:
    if by.get_username() == username:  # an operator, too
        return by
    found = Membership.objects.filter(
        workspace=workspace, user__username=username, user__is_active=True
    )
    member = found.select_related("user").first()
    return member.user if member else None


def _not_mutable(incident: Incident, until: datetime, now: datetime) -> str:
    if not incident.is_open:
        return OVER
    if until <= now:
        return NOT_AHEAD
    return TOO_FAR if until > now + LONGEST_MUTE else ""
