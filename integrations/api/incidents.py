"""Incidents of a workspace, and for operators the causes over all of them."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.api import schema as api_schema
from integrations.api.presentation import Json, moment, username
from integrations.api.serializers import HANDLED, HandleRequest
from integrations.api.views import LAST_ID, MAX_PAGE_SIZE, PAGE_SIZE, InWorkspace
from integrations.models import Incident
from integrations.services.refusals import InvalidChange
from integrations.services.watching import handling

STATES = ("open", "closed")
SCOPES = ("workspace", "installation")
FOR_OPERATORS = "Only an operator of this installation sees what concerns all of it."


def incident(row: Incident) -> Json:
    """One that `handling.of` read."""
    return {
        "id": row.pk,
        "cause": row.cause.kind,
        "title": row.title,
        "message": row.message,
        "action": row.action or None,
        "actionUrl": row.action_url or None,
        "stops": handling.stops_of(row),
        "connections": [str(one.pk) for one in handling.connections_of(row)],
        "openedAt": moment(row.opened_at),
        "confirmedAt": moment(row.confirmed_at),
        "closedAt": moment(row.closed_at),
        "endedBy": row.ended_by or None,
        "isFlapping": row.is_flapping,
        "isDrill": row.cause.is_drill,
        "acknowledgedBy": username(row.acknowledged_by),
        "owner": username(row.owner),
        "note": row.note or None,
        "mutedUntil": moment(row.muted_until),
    }


def cause(row: Any) -> Json:
    """One that `handling.causes` read."""
    return {
        "id": row.pk,
        "cause": row.kind,
        "scope": row.scope,
        "provider": row.provider or None,
        "title": row.title,
        "workspaces": row.workspaces,
        "connections": row.connections,
        "openedAt": moment(row.opened_at),
        "confirmedAt": moment(row.confirmed_at),
        "closedAt": moment(row.closed_at),
        "isFlapping": row.is_flapping,
        "isDrill": row.is_drill,
    }


class Incidents(InWorkspace):
    """What broke in the workspace, by its causes."""

    @api_schema.list_incidents
    def list(self, request: Request) -> Response:
        """The newest first. `next` is the address of older ones."""
        of_all = self._choice("scope", SCOPES) == "installation"
        if of_all and not self.person.is_superuser:
            raise PermissionDenied(FOR_OPERATORS)
        found: QuerySet[Any] = handling.causes() if of_all else handling.of(self.workspace)
        if state := self._choice("state", STATES):
            found = found.filter(closed_at__isnull=state == "open")
        size = self.number("pageSize", PAGE_SIZE, MAX_PAGE_SIZE)
        before = self.number("cursor", LAST_ID, LAST_ID)
        rows: list[Any] = [*found.filter(pk__lt=before)[: size + 1]]
        shown = rows[:size]
        following = self.page_after(shown[-1].pk) if len(rows) > size else None
        if of_all:
            return Response({"next": following, "causes": [cause(row) for row in shown]})
        return Response({"next": following, "results": [incident(row) for row in shown]})

    def _choice(self, name: str, choices: tuple[str, ...]) -> str | None:
        """A parameter of the address. Raises ValidationError."""
        asked = self.request.query_params.get(name)
        if asked is not None and asked not in choices:
            raise ValidationError({name: [f"Choose one of these: {', '.join(choices)}."]})
        return asked

    @api_schema.read_incident
    def retrieve(self, request: Request, id: int) -> Response:  # noqa: A002 - as in the address
        """One of them."""
        return Response(incident(handling.find(self.workspace, id)))

    @api_schema.handle_incident
    def partial_update(self, request: Request, id: int) -> Response:  # noqa: A002
        """Say that you have seen it, who takes it, a note, or until when it is muted."""
        body = HandleRequest(data=request.data)
        body.is_valid(raise_exception=True)
        try:
            changed = handling.handle(
                self.workspace, id, body.handling(), by=self.person, now=timezone.now()
            )
        except InvalidChange as refused:
            names = {ours: name for name, ours in HANDLED.items()}
            raise ValidationError({names[k]: said for k, said in refused.errors.items()}) from None
        return Response(incident(changed))
