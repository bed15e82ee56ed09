"""Incidents over all workspaces of a person, by the causes that they share."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import (
    Case,
    Count,
    Exists,
    Max,
    Min,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Value,
    When,
)

from integrations.models import Incident, IncidentConnection, Workspace
from integrations.services.people import people

OPEN = Q(closed_at=None, cause__is_drill=False)


@dataclass(frozen=True)
class Shared:
    """A cause as it is in a person's workspaces: of others nothing is told.

    `title` is what they read of one of its incidents, `owners` are who took any of them.
    """

    cause_id: int
    kind: str
    title: str
    opened_at: datetime
    workspaces: int
    connections: int
    providers: list[str]
    owners: list[User]
    nobody: int  # has taken so many of them


def open_of(user: User) -> QuerySet[Incident]:
    """The open incidents in the workspaces that a person may open."""
    open_ones = Incident.objects.filter(OPEN, workspace__archived_at=None)
    if user.is_superuser:
        return open_ones
    return open_ones.filter(workspace__in=people.workspaces_of(user).order_by().values("pk"))


def causes(user: User, most: int, *, waits: Collection[str]) -> list[Shared]:
    """Those that concern most workspaces, of kinds that only `wait` last; three queries."""
    is_last = Case(When(cause__kind__in=waits, then=Value(1)), default=Value(0))
    found = open_of(user).order_by().values("cause", "cause__kind").annotate(is_last=is_last)
    summed = found.annotate(number=Count("pk"), first=Min("opened_at"), said=Min("title"))
    rows = list(summed.order_by("is_last", "-number", "first", "cause")[:most])
    of_these = open_of(user).filter(cause__in=[row["cause"] for row in rows])
    inside: dict[int, list[str]] = defaultdict(list)
    members = IncidentConnection.objects.filter(
        incident__in=of_these.order_by().values("pk"), left_at=None
    )
    counted = members.order_by().values_list("incident__cause", "provider")
    connections: dict[int, int] = defaultdict(int)
    for cause_id, provider, number in counted.annotate(number=Count("pk")):
        inside[cause_id].append(provider)
        connections[cause_id] += number
    takers: dict[int, dict[int, User]] = defaultdict(dict)
    taken: dict[int, int] = defaultdict(int)
    for one in of_these.exclude(owner=None).select_related("owner"):
        if one.owner:
            takers[one.cause_id][one.owner.pk] = one.owner
            taken[one.cause_id] += 1
    return [
        Shared(
            cause_id=row["cause"],
            kind=row["cause__kind"],
            title=row["said"],
            opened_at=row["first"],
            workspaces=row["number"],
            connections=connections[row["cause"]],
            providers=sorted(inside[row["cause"]]),
            owners=list(takers[row["cause"]].values()),
            nobody=row["number"] - taken[row["cause"]],
        )
        for row in rows
    ]


def count(user: User) -> int:
    """How many causes there are."""
    return open_of(user).order_by().values("cause").distinct().count()


def newest(user: User) -> tuple[int, int]:
    """What changes when an incident opens or is over."""
    found = open_of(user).order_by().aggregate(number=Count("pk"), last=Max("pk"))
    return found["number"], found["last"] or 0


def title_of(user: User, cause_id: int) -> str:
    """What they read of one of its incidents; "" where it is in none of theirs."""
    titles = open_of(user).filter(cause=cause_id).values_list("title", flat=True)
    return titles.order_by("pk").first() or ""


def open_in(workspace_ids: Collection[int]) -> dict[int, list[Incident]]:
    """The open incidents of each of these, with their connections; two queries."""
    inside = IncidentConnection.objects.filter(left_at=None).order_by("pk")
    members = Prefetch("members", queryset=inside, to_attr="all_members")
    open_ones = Incident.objects.filter(OPEN, workspace__in=workspace_ids)
    found: dict[int, list[Incident]] = defaultdict(list)
    for one in open_ones.select_related("cause", "owner").prefetch_related(members):
        found[one.workspace_id].append(one)
    return found


def with_open(
    found: QuerySet[Workspace], *, platform: str = "", cause_id: int | None = None
) -> QuerySet[Workspace]:
    """Those with an open incident of this cause, or in which this platform is part of one."""
    open_ones = Incident.objects.filter(OPEN, workspace=OuterRef("pk"))
    if cause_id:
        found = found.filter(Exists(open_ones.filter(cause=cause_id)))
    if platform:
        members = IncidentConnection.objects.filter(
            incident__workspace=OuterRef("pk"), provider=platform, left_at=None
        )
        found = found.filter(Exists(members))
    return found
