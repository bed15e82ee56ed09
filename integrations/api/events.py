"""What happened in a workspace, for programs that ask again and again and must miss nothing."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from integrations.api import schema as api_schema
from integrations.api.errors import CURSOR_EXPIRED, Problem
from integrations.api.presentation import Json, moment, username
from integrations.api.views import MAX_PAGE_SIZE, PAGE_SIZE, InWorkspace
from integrations.models import Event, EventType, Incident, Role
from integrations.services import events
from integrations.services.telling import facts
from integrations.services.watching import handling, pruning
from integrations_center import public_url

KEPT = pruning.EVENTS_KEPT
CURSOR = re.compile(r"([0-9]{1,18})-([0-9]{1,10})")
NO_CURSOR = "No page begins here. Take the `cursor` that an answer gave."
# What concerns members and channels is managed by owners.
FOR_OWNERS = frozenset(
    {EventType.MEMBER_CHANGED, EventType.CHANNEL_FAILING, EventType.CHANNEL_RECOVERED}
)
INCIDENTS = (EventType.INCIDENT_OPENED, EventType.INCIDENT_UPDATED, EventType.INCIDENT_CLOSED)
PEOPLE = ("user", "before", "after")  # names in the data of members' events


class Events(InWorkspace):
    """What happened in the workspace, as webhooks tell it."""

    @api_schema.list_events
    def list(self, request: Request) -> Response:
        """The oldest first, of 30 days. Send `cursor` back as `after` to hear what came later."""
        now = timezone.now()
        size = self.number("pageSize", PAGE_SIZE, MAX_PAGE_SIZE)
        after = _after(request.query_params.get("after"), now)
        found = events.feed(
            self.workspace, after, types=self._types(), since=now - KEPT, most=size + 1
        )
        shown = found[:size]
        cursor = f"{shown[-1].pk if shown else after}-{int(now.timestamp())}"
        here = public_url.origin() + request.get_full_path()
        following = replace_query_param(here, "after", cursor) if len(found) > size else None
        return Response({"next": following, "cursor": cursor, "results": self._told(shown)})

    def _types(self) -> tuple[str, ...]:
        """Those that are asked for and may be read. Raises ValidationError."""
        asked = set(self.request.query_params.getlist("type"))
        if not asked <= set(EventType.values):
            known = ", ".join(EventType.values)
            raise ValidationError({"type": [f"Choose one of these: {known}."]})
        hidden = frozenset() if self.access.allows(Role.OWNER) else FOR_OWNERS
        wanted = asked or set(EventType.values)
        return tuple(one for one in EventType.values if one in wanted and one not in hidden)

    def _told(self, shown: Sequence[Event]) -> Any:
        ids = {one.data["incident"] for one in shown if one.type in INCIDENTS}
        incidents = handling.of(self.workspace).filter(pk__in=ids) if ids else ()
        by_id = {incident.pk: incident for incident in incidents}
        users = _users(shown)
        return [_event(one, self.workspace.slug, by_id, users) for one in shown]


def _after(cursor: str | None, now: datetime) -> int:
    """The id after which it goes on. Raises ValidationError, and a Problem where some are gone."""
    if cursor is None:
        return 0
    if not (found := CURSOR.fullmatch(cursor)):
        raise ValidationError({"after": [NO_CURSOR]})
    if datetime.fromtimestamp(int(found[2]), UTC) < now - KEPT:
        raise Problem(410, "cursor_expired", CURSOR_EXPIRED)
    return int(found[1])


def _users(shown: Iterable[Event]) -> Mapping[int, User]:
    told = (one.data for one in shown if one.type == EventType.MEMBER_CHANGED)
    ids = {data[name] for data in told for name in PEOPLE if isinstance(data.get(name), int)}
    return User.objects.in_bulk(ids) if ids else {}


def _event(
    one: Event, workspace: str, incidents: Mapping[int, Incident], users: Mapping[int, User]
) -> Json:
    if one.type in INCIDENTS:
        data = _of_incident(one, incidents.get(one.data["incident"]))
    elif one.type == EventType.MEMBER_CHANGED:
        data = _of_member(one.data, users)
    else:
        data = _plain(one)
    return {
        "id": one.pk,
        "type": one.type,
        "at": moment(one.at),
        "workspace": workspace,
        "connection": str(one.connection_id) if one.connection_id else None,
        "by": username(one.by),
        "data": data,
    }


def _of_incident(one: Event, incident: Incident | None) -> Json:
    """Its title as it was then; the rest as it is known by now."""
    told: Json = {"what": one.data["what"], "cause": one.data["cause"]}
    if incident is None:
        return told | {"incident": one.data["incident"], "title": one.data["title"]}
    inside = handling.connections_of(incident)
    lasted = timedelta(seconds=one.data["seconds"]) if "seconds" in one.data else None
    return told | facts.of_break(
        incident=incident.pk,
        title=one.data["title"],
        stops=incident.stops,
        platforms=dict.fromkeys(connection.provider for connection in inside),
        connections=[str(connection.pk) for connection in inside],
        since=incident.opened_at,
        lasted=lasted,
        is_drill=incident.cause.is_drill,
    )


def _of_member(data: Json, users: Mapping[int, User]) -> Json:
    """Who it is by user name; null where the account was deleted."""
    told = {_camel(name): value for name, value in data.items()}
    for name in PEOPLE:
        if isinstance(data.get(name), int):
            told[name] = username(users.get(data[name]))
    return told


def _plain(one: Event) -> Json:
    """What was written down, and of which platform, also when the connection was removed since."""
    provider = one.connection.provider if one.connection else one.data.get("provider")
    told = {_camel(name): value for name, value in one.data.items()}
    return told | ({"provider": provider} if provider else {})


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)
