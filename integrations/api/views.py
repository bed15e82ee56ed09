"""The HTTP API: finds, permits, calls a service, answers with its dictionary."""

import re
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any, cast

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from rest_framework.exceptions import NotFound, ParseError, ValidationError
from rest_framework.permissions import SAFE_METHODS, BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from integrations import clock, platforms
from integrations.api import errors as api_errors
from integrations.api import presentation
from integrations.api import schema as api_schema
from integrations.api.serializers import ChangeRequest, DisconnectRequest, ObjectParser, TestRequest
from integrations.models import (
    ConnectionTest,
    IntegrationConnection,
    Role,
    Status,
    Trigger,
    Workspace,
)
from integrations.services import rows
from integrations.services.connecting import disconnecting, saving, trying
from integrations.services.connecting.changes import Changes
from integrations.services.people import people
from integrations.services.proving import background, discovery, runs, testing
from integrations.services.refusals import VersionConflict
from integrations.services.watching import handling, wishes
from integrations_center import public_url

WORKSPACE_SLUG = re.compile(r"[-\w]+", re.ASCII)
ENTITY_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
IF_MATCH = re.compile(rf"\*|{ENTITY_TAG}(?:[ \t]*,[ \t]*{ENTITY_TAG})*")
UNKNOWN_PROVIDER = "No platform has this name. GET /api/integrations lists them."
NO_TEST = "This platform's history has no such test. GET …/tests lists what is kept."
ASYNC = "respond-async"  # RFC 7240, section 4.1
NO_RUN = "Nothing was tested together yet. POST here to begin."
PAGE_SIZE = 20
MAX_PAGE_SIZE = 100
LAST_ID = 2**63 - 1
NUMBER = re.compile(r"[1-9][0-9]{0,18}")


class HasRole(BasePermission):
    """Finds the workspace that is meant; whoever changes something must be an editor there."""

    message = api_errors.MAY_ONLY_LOOK

    def has_permission(self, request: Request, view: APIView) -> bool:
        asked = request.headers.get("X-Workspace", request.query_params.get("workspace"))
        if asked is not None and not WORKSPACE_SLUG.fullmatch(asked):
            raise people.NoWorkspace
        access = people.access(cast(User, request.user), asked)
        inside = cast(InWorkspace, view)
        inside.access, inside.workspace = access, access.workspace
        return access.allows(self.needed(request))

    def needed(self, request: Request) -> Role:
        return Role.VIEWER if request.method in SAFE_METHODS else Role.EDITOR


class InWorkspace(ViewSet):
    """Calls in a workspace of the caller's."""

    permission_classes: Sequence[type[BasePermission]] = (IsAuthenticated, HasRole)
    parser_classes = (ObjectParser,)
    access: people.Access
    workspace: Workspace

    @property
    def person(self) -> User:
        return cast(User, self.request.user)

    def number(self, name: str, default: int, at_most: int) -> int:
        """A parameter of the address. Raises ValidationError."""
        text = self.request.query_params.get(name, str(default))
        if not NUMBER.fullmatch(text) or int(text) > at_most:
            raise ValidationError({name: [f"This must be a whole number from 1 to {at_most}."]})
        return int(text)

    def page_after(self, cursor: Any) -> str:
        """The address of this call with another cursor."""
        here = public_url.origin() + self.request.get_full_path()
        return replace_query_param(here, "cursor", cursor)


class Root(APIView):
    """Where to begin."""

    def get(self, request: Request) -> Response:
        names = {
            "integrations": "integrations",
            "connections": "connections",
            "incidents": "incidents",
            "events": "events",
            "schema": "schema",
            "docs": "schema-docs",
        }
        return Response({key: public_url.link(f"api:{name}") for key, name in names.items()})


class OfOne(InWorkspace):
    """Calls about one connection, however their address names it."""

    provider: str

    def named(self) -> IntegrationConnection:
        """The connection, for whoever locks it and reads it then."""
        raise NotImplementedError

    def read(self) -> IntegrationConnection:
        """The connection as it is saved."""
        return rows.again(self.named())

    def answer(self, connection: IntegrationConnection, **more: Any) -> Response:
        """What it is by now, with its version as the entity tag."""
        raise NotImplementedError

    def test_url(self, test: ConnectionTest) -> str:
        raise NotImplementedError

    def expected_version(self) -> int | None:
        """What If-Match asks for. Raises VersionConflict when that is not saved here."""
        asked = self.request.headers.get("If-Match")
        if asked is None:
            return None
        if not IF_MATCH.fullmatch(asked.strip()):
            raise ParseError('If-Match is not right. Send the ETag you were given, like "7".')
        tags = re.findall(r'"([^"]*)"', asked)
        connection = self.read()
        if tags and str(connection.version) not in tags:
            raise VersionConflict(connection)
        return connection.version if tags else None

    def changed(self, body: ChangeRequest) -> Response:
        """The answer to a change of values, method, status or the switch."""
        wished = body.wishes()
        with transaction.atomic() if wished else nullcontext():  # all of it, or nothing
            saved = saving.change_connection(
                self.named(),
                body.changes(),
                by=self.person,
                expected_version=self.expected_version(),
            )
            if wished:
                wishes.keep(saved.connection, wished, by=self.person, now=clock.now())
        warnings = presentation.warnings(self.provider, saved.warnings)
        return self.answer(saved.connection, warnings=warnings)

    def tested(self) -> Response:
        """The answer to a test, of other values or of those that are saved."""
        connection = self.named()
        if changes := self._changes_to_try():
            connection = rows.again(connection)
            test = trying.dry_run(connection, changes, trigger=Trigger.API, by=self.person)
        elif started := self._start_at_once(connection):
            headers = {"Location": self._url_of(started), "Preference-Applied": ASYNC}
            return Response(presentation.test(started, self.provider), status=202, headers=headers)
        else:
            test = testing.test_connection(connection, trigger=Trigger.API, by=self.person)
        return Response(presentation.test(test, self.provider))

    def _changes_to_try(self) -> Changes | None:
        if not self.request.data:  # most are
            return None
        context = {"provider": platforms.get(self.provider)}
        body = TestRequest(data=self.request.data, context=context)
        body.is_valid(raise_exception=True)
        return body.changes()

    def _start_at_once(self, connection: IntegrationConnection) -> ConnectionTest | None:
        """A test that is not waited for, where that is preferred and can be had."""
        preferred = self.request.headers.get("Prefer", "")
        if ASYNC not in {one.partition(";")[0].strip().lower() for one in preferred.split(",")}:
            return None
        return background.start_at_once(connection, trigger=Trigger.API, by=self.person)

    def _url_of(self, test: ConnectionTest) -> str:
        """Where a test can be read, in the workspace that the address of this call names."""
        named = self.request.query_params.get("workspace")
        url = self.test_url(test)
        return replace_query_param(url, "workspace", named) if named else url

    def disconnected(self) -> Response:
        """The answer to disconnecting."""
        body = DisconnectRequest(data=self.request.data)
        body.is_valid(raise_exception=True)
        done = disconnecting.disconnect(
            self.named(),
            by=self.person,
            revokes=body.validated_data.get("revoke"),
            expected_version=self.expected_version(),
        )
        warnings = {"warnings": {"revoke": [done.warning]}} if done.warning else {}
        return self.answer(done.connection, **warnings)

    def reachable(self) -> Response:
        """The accounts that the saved credentials reach, as of a minute ago at most."""
        found = discovery.accounts(self.read())
        return Response([presentation.account(one.id, one.name) for one in found])

    def history(self, tests: QuerySet[ConnectionTest]) -> Response:
        """A page of tests, the newest first. `next` is the address of older ones."""
        size = self.number("pageSize", PAGE_SIZE, MAX_PAGE_SIZE)
        before = self.number("cursor", LAST_ID, LAST_ID)
        found = [*tests.filter(pk__lt=before)[: size + 1]]
        shown = found[:size]
        return Response(
            {
                "next": self.page_after(shown[-1].pk) if len(found) > size else None,
                "results": [presentation.test(row, self.provider) for row in shown],
            }
        )

    def found_test(self, tests: QuerySet[ConnectionTest], test_id: int) -> Response:
        test = tests.filter(pk=test_id).first()
        if not test:
            raise NotFound(NO_TEST)
        return Response(presentation.test(test, self.provider))


class Integrations(OfOne):
    """The platforms, each with its default connection."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.provider = kwargs.get("provider", "")
        if "provider" in kwargs and self.provider not in platforms.catalogue():
            raise NotFound(UNKNOWN_PROVIDER)

    def named(self) -> IntegrationConnection:
        return rows.unread(self.workspace, self.provider)

    def answer(self, connection: IntegrationConnection, **more: Any) -> Response:
        every = rows.with_others(connection)
        found = handling.open_of([connection])
        body = presentation.integration(connection, timezone.now(), every, found) | more
        return with_version(connection, body)

    def test_url(self, test: ConnectionTest) -> str:
        return public_url.link("api:one-test", self.provider, test.pk)

    @api_schema.list_integrations
    def list(self, request: Request) -> Response:
        """Every platform with its default connection, in catalogue order."""
        wanted = wanted_statuses(request)
        now = timezone.now()
        catalogue = rows.catalogue(self.workspace)
        found = handling.open_of([every[0] for every in catalogue])
        return Response(
            [
                presentation.integration(every[0], now, every, found)
                for every in catalogue
                if not wanted or every[0].status in wanted
            ]
        )

    @api_schema.read_integration
    def retrieve(self, request: Request, provider: str) -> Response:
        """One platform with its default connection, and the form that it takes."""
        every = rows.of_platform(self.workspace, provider)
        found = handling.open_of(every[:1])
        body = presentation.integration(every[0], timezone.now(), every, found)
        return with_version(every[0], body | presentation.form(platforms.get(provider)))

    @api_schema.change_integration
    def partial_update(self, request: Request, provider: str) -> Response:
        """Change values, method, status or the switch. No outgoing call is made."""
        body = ChangeRequest(data=request.data, context={"provider": platforms.get(provider)})
        body.is_valid(raise_exception=True)
        return self.changed(body)

    @api_schema.test_integration
    def test(self, request: Request, provider: str) -> Response:
        """Ask the platform now and wait for its answer, unless `Prefer: respond-async` is sent.

        That is honoured for a test of what is saved, while a worker runs and nothing else is
        tested: the answer is then 202, with where the test can be read as Location.
        """
        return self.tested()

    @api_schema.disconnect_integration
    def disconnect(self, request: Request, provider: str) -> Response:
        """Forget values, account, errors and proof; the history stays."""
        return self.disconnected()

    @api_schema.list_accounts
    def accounts(self, request: Request, provider: str) -> Response:
        """The accounts that the saved credentials reach, as of a minute ago at most."""
        return self.reachable()

    @api_schema.list_tests
    def tests(self, request: Request, provider: str) -> Response:
        """The history, newest first. `next` is the address of older tests."""
        return self.history(self._tests())

    @api_schema.read_test
    def one_test(self, request: Request, provider: str, id: int) -> Response:  # noqa: A002 - as in the address
        """One test. Its outcome is `running` until it is done."""
        return self.found_test(self._tests(), id)

    def _tests(self) -> QuerySet[ConnectionTest]:
        return ConnectionTest.objects.filter(
            connection__workspace=self.workspace,
            connection__provider=self.provider,
            connection__is_default=True,
        )


def with_version(connection: IntegrationConnection, body: presentation.Json) -> Response:
    """With the version as the entity tag."""
    return Response(body, headers={"ETag": f'"{connection.version}"'})


def wanted_statuses(request: Request) -> set[str]:
    """Those that `?status=` names; empty for all of them."""
    wanted = set(request.query_params.getlist("status"))
    if not wanted <= set(Status.values):
        raise ValidationError({"status": [f"Choose one of these: {', '.join(Status.values)}."]})
    return wanted


class Runs(InWorkspace):
    """All that is connected, tested together."""

    @api_schema.start_run
    def create(self, request: Request) -> Response:
        """Start testing all that is connected; a run that is under way is joined."""
        background.start_run(self.workspace, trigger=Trigger.API, by=self.person)
        return self._latest(status=202)

    @api_schema.read_run
    def retrieve(self, request: Request) -> Response:
        """How far the run is that is under way, or how the last one ended."""
        return self._latest()

    @api_schema.stop_run
    def destroy(self, request: Request) -> Response:
        """Test nothing more; what is being asked now ends by itself."""
        runs.stop_run(self.workspace)
        return self._latest()

    def _latest(self, status: int = 200) -> Response:
        run = runs.latest_run(self.workspace)
        if not run:
            raise NotFound(NO_RUN)
        return Response(presentation.run(run), status=status)
