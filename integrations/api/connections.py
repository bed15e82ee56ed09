"""All connections of a workspace, each by its id, where `views` knows the default ones by name."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from integrations import platforms
from integrations.api import presentation
from integrations.api import schema as api_schema
from integrations.api.serializers import AddRequest, ConnectionChangeRequest
from integrations.api.views import (
    MAX_PAGE_SIZE,
    PAGE_SIZE,
    UNKNOWN_PROVIDER,
    OfOne,
    wanted_statuses,
    with_version,
)
from integrations.models import ConnectionTest, IntegrationConnection
from integrations.services import rows
from integrations.services.connecting import several
from integrations.services.watching import handling
from integrations_center import public_url

NO_PROVIDER = "Say which platform: GET /api/integrations lists them."
NO_CURSOR = "No page begins here. Take the address that `next` gives."


CURSOR = re.compile(r"([0-9]{1,17})-([0-9a-f]{32})")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Connections(OfOne):
    """The connections of a workspace, several of a platform among them."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if "id" in kwargs:
            self.connection = rows.find_by_id(self.workspace, kwargs["id"])
            self.provider = self.connection.provider

    def named(self) -> IntegrationConnection:
        return self.connection

    def read(self) -> IntegrationConnection:
        return self.connection

    def answer(self, connection: IntegrationConnection, **more: Any) -> Response:
        return with_version(connection, self._told([connection])[0] | more)

    def test_url(self, test: ConnectionTest) -> str:
        return public_url.link("api:connection-test", self.connection.pk, test.pk)

    def _told(self, connections: list[IntegrationConnection]) -> list[presentation.Json]:
        now, shared = timezone.now(), rows.counted_by_credential(connections)
        rows.read_lenders(connections)
        found = handling.open_of(connections)
        return [presentation.connection(one, now, shared, found) for one in connections]

    @api_schema.list_connections
    def list(self, request: Request) -> Response:
        """All of the workspace, the oldest first: what is added meanwhile comes last."""
        size = self.number("pageSize", PAGE_SIZE, MAX_PAGE_SIZE)
        found = [*self._after(self._wanted()).order_by("created_at", "pk")[: size + 1]]
        shown = found[:size]
        following = self.page_after(_cursor(shown[-1])) if len(found) > size else None
        return Response({"next": following, "results": self._told(shown)})

    def _after(
        self, connections: QuerySet[IntegrationConnection]
    ) -> QuerySet[IntegrationConnection]:
        """Those that come after the cursor. Raises ValidationError."""
        asked = self.request.query_params.get("cursor")
        if asked is None:
            return connections
        if not (found := CURSOR.fullmatch(asked)):
            raise ValidationError({"cursor": [NO_CURSOR]})
        at, pk = EPOCH + int(found[1]) * MICROSECOND, UUID(found[2])
        return connections.filter(Q(created_at__gt=at) | Q(created_at=at, pk__gt=pk))

    def _wanted(self) -> QuerySet[IntegrationConnection]:
        """What the address asks for. Raises ValidationError."""
        asked = self.request.query_params
        found = rows.saved_in(self.workspace).select_related("last_test", "watch__budget")
        if provider := asked.get("provider"):
            if provider not in platforms.catalogue():
                raise ValidationError({"provider": [UNKNOWN_PROVIDER]})
            found = found.filter(provider=provider)
        if statuses := wanted_statuses(self.request):
            found = found.filter(status__in=statuses)
        return rows.matching(found, asked.get("q", ""))

    @api_schema.add_connection
    def create(self, request: Request) -> Response:
        """Add one. No outgoing call is made."""
        sent = cast(dict[str, Any], request.data)
        if "provider" not in sent:
            raise ValidationError({"provider": [NO_PROVIDER]})
        self.provider = str(sent["provider"])
        body = AddRequest(data=request.data, context={"provider": self._platform()})
        body.is_valid(raise_exception=True)
        added = several.add(
            self.workspace,
            self.provider,
            body.changes(),
            by=self.person,
            slug=body.validated_data.get("slug", ""),
            credential_id=body.validated_data.get("credential"),
        )
        warnings = presentation.warnings(self.provider, added.warnings)
        response = self.answer(added.connection, warnings=warnings)
        response.status_code = 201
        response["Location"] = public_url.link("api:connection", added.connection.pk)
        return response

    def _platform(self) -> Any:
        try:
            return platforms.catalogue()[self.provider]
        except KeyError:
            raise ValidationError({"provider": [UNKNOWN_PROVIDER]}) from None

    @api_schema.read_connection
    def retrieve(self, request: Request, id: UUID) -> Response:  # noqa: A002 - as in the address
        """One of them, and the form that its platform takes."""
        return self.answer(self.connection, **presentation.form(self.connection.platform))

    @api_schema.change_connection
    def partial_update(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """Change its name, values, method, status or switch, or make it the default one.

        No outgoing call is made.
        """
        context = {"provider": self.connection.platform}
        body = ConnectionChangeRequest(data=request.data, context=context)
        body.is_valid(raise_exception=True)
        return self.changed(body)

    @api_schema.remove_connection
    def destroy(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """Disconnect it, and forget it with its history.

        Where it was the default one, the oldest that is left is, unless `?default=` names one.
        """
        default_id = self._id_in_address("default")
        done = several.remove(
            self.connection,
            by=self.person,
            default_id=default_id,
            expected_version=self.expected_version(),
        )
        if done.warning:
            return Response({"warnings": {"revoke": [done.warning]}})
        return Response(status=204)

    def _id_in_address(self, name: str) -> UUID | None:
        text = self.request.query_params.get(name)
        if text is None:
            return None
        try:
            return UUID(text)
        except ValueError:
            raise ValidationError({name: [several.NOT_ANOTHER]}) from None

    @api_schema.test_one_connection
    def test(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """Ask the platform now and wait for its answer, unless `Prefer: respond-async` is sent."""
        return self.tested()

    @api_schema.disconnect_connection
    def disconnect(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """Forget values, account, errors and proof; the history stays, and what others use."""
        return self.disconnected()

    @api_schema.list_connection_accounts
    def accounts(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """The accounts that its credentials reach, as of a minute ago at most."""
        return self.reachable()

    @api_schema.list_connection_tests
    def tests(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """Its history, newest first. `next` is the address of older tests."""
        return self.history(self._tests())

    @api_schema.read_connection_test
    def one_test(self, request: Request, id: UUID, test_id: int) -> Response:  # noqa: A002
        """One test. Its outcome is `running` until it is done."""
        return self.found_test(self._tests(), test_id)

    def _tests(self) -> QuerySet[ConnectionTest]:
        return ConnectionTest.objects.filter(connection=self.connection)


def _cursor(last: IntegrationConnection) -> str:
    """Where the next page begins."""
    return f"{(last.created_at - EPOCH) // MICROSECOND}-{last.pk.hex}"
