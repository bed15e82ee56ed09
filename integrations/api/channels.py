"""Channels: whom a workspace tells, for its owners."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from integrations import clock
from integrations.api import schema as api_schema
from integrations.api.presentation import Json, moment
from integrations.api.serializers import AddChannelRequest, ChannelRequest
from integrations.api.views import HasRole, InWorkspace
from integrations.models import Channel, Role
from integrations.services.refusals import InvalidChange
from integrations.services.telling import catalogue, changes
from integrations.services.telling.changes import Changes, NoChannel, Saved, Tried
from integrations.services.telling.kinds import Kind

NO_CHANNEL = "No channel here has this id. GET /api/channels lists them."
API_NAMES = {"time_zone": "timeZone", "quiet": "quietUntil"}


def channel(row: Channel) -> Json:
    """Never a secret: whether one is saved, and a hint at most."""
    kind = catalogue.kinds().get(row.kind)
    fields = kind.fields if kind else ()
    return {
        "id": str(row.pk),
        "kind": row.kind,
        "name": row.name,
        "isEnabled": row.is_enabled,
        "config": {one.api_name: row.values.get(one.name) for one in fields if not one.secret},
        "secrets": {
            one.api_name: {"isSet": one.name in row.hints, "hint": row.hints.get(one.name)}
            for one in fields
            if one.secret
        },
        "hears": row.hears,
        "platforms": row.platforms,
        "tellsRecovery": row.tells_recovery,
        "tellsWeek": row.tells_week,
        "quietFrom": row.quiet_from.strftime("%H:%M") if row.quiet_from else None,
        "quietUntil": row.quiet_until.strftime("%H:%M") if row.quiet_until else None,
        "timeZone": row.time_zone,
        "isGone": row.is_gone,
        "failingSince": moment(row.failing_since),
        "problem": row.problem or None,
        "deliveredAt": moment(row.delivered_at),
        "madeAt": moment(row.made_at),
    }


def saved_channel(saved: Saved) -> Json:
    """With the secrets that were made here: in the one answer to what made them."""
    kind = catalogue.kinds()[saved.channel.kind]
    made = {kind.field(name).api_name: value for name, value in saved.made.items()}
    return channel(saved.channel) | {"made": made}


def tried(result: Tried) -> Json:
    return {
        "isDelivered": result.is_delivered,
        "message": result.sentence,
        "statusCode": result.status_code,
    }


class IsOwner(HasRole):
    message = api_schema.CHANNELS_FOR_OWNERS

    def needed(self, request: Request) -> Role:
        return Role.OWNER  # to look, too


class Channels(InWorkspace):
    """Where people are told what breaks."""

    permission_classes = (IsAuthenticated, IsOwner)

    @api_schema.list_channels
    def list(self, request: Request) -> Response:
        """In the order in which they were added."""
        return Response([channel(one) for one in changes.of(self.workspace)])

    @api_schema.add_channel
    def create(self, request: Request) -> Response:
        """Add one. What it is sent afterwards, `…/test` tries."""
        asked = request.data.get("kind") if isinstance(request.data, dict) else None
        kind = catalogue.kinds().get(str(asked))
        given = _valid(AddChannelRequest(data=request.data, context=_names(kind)))
        if kind is None:
            raise changes.no_kind()
        with _named(kind):
            saved = changes.add(
                self.workspace, kind.slug, _changes(kind, given, None), by=self.person
            )
        return Response(saved_channel(saved), status=201)

    @api_schema.change_channel
    def partial_update(self, request: Request, id: UUID) -> Response:  # noqa: A002 - as in the address
        """Change what is sent along; the rest stays."""
        row = self._find(id)
        kind = catalogue.kinds().get(row.kind)
        given = _valid(ChannelRequest(data=request.data, context=_names(kind)))
        if kind is None:
            raise NotFound(NO_CHANNEL)
        with _named(kind):
            saved = changes.change(self.workspace, id, _changes(kind, given, row), by=self.person)
        return Response(saved_channel(saved))

    @api_schema.remove_channel
    def destroy(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """Remove one, with its log. Of what is broken, and waits for it, others hear."""
        try:
            changes.remove(self.workspace, id, by=self.person)
        except NoChannel:
            raise NotFound(NO_CHANNEL) from None
        return Response(status=204)

    @api_schema.test_channel
    def test(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """Send a test message now, and wait for what becomes of it."""
        return Response(tried(changes.send_test(self._find(id), clock.now())))

    def _find(self, channel_id: UUID) -> Channel:
        try:
            return changes.find(self.workspace, channel_id)
        except NoChannel:
            raise NotFound(NO_CHANNEL) from None


def _names(kind: Kind | None) -> dict[str, Any]:
    """The keys that its `config` may have, for what reads it; of no kind none is wrong yet."""
    return {"names": {one.api_name: one.name for one in kind.fields}} if kind else {}


@contextmanager
def _named(kind: Kind) -> Iterator[None]:
    """Sentences of the services under the API's names."""
    names = {one.name: one.api_name for one in kind.fields}
    try:
        yield
    except InvalidChange as invalid:
        told = {API_NAMES.get(name, name): its for name, its in invalid.errors.items()}
        if config := told.get("config"):
            told["config"] = {names.get(name, name): its for name, its in config.items()}
        raise InvalidChange(told) from None
    except NoChannel:
        raise NotFound(NO_CHANNEL) from None


def _changes(kind: Kind, given: dict[str, Any], row: Channel | None) -> Changes:
    """Raises InvalidChange for a value that the kind does not take."""
    names = {one.api_name: one.name for one in kind.fields}
    config = given.get("config", {})
    quiet = None
    if {"quietFrom", "quietUntil"} & given.keys():
        begins = given.get("quietFrom", row.quiet_from if row else None)
        quiet = (begins, given.get("quietUntil", row.quiet_until if row else None))
    return Changes(
        config={names[name]: value for name, value in config.items()},
        name=given.get("name"),
        hears=given.get("hears"),
        platforms=given.get("platforms"),
        tells_recovery=given.get("tellsRecovery"),
        tells_week=given.get("tellsWeek"),
        quiet=quiet,
        time_zone=given.get("timeZone"),
        is_enabled=given.get("isEnabled"),
    )


def _valid(body: serializers.Serializer[Any]) -> dict[str, Any]:
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)
