"""The OpenAPI document: what each call takes and answers, with examples, and where it is read."""

import inspect
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import IsAuthenticated

from integrations.api import errors as api_errors
from integrations.api import examples as api_examples
from integrations.api import shapes as api_shapes
from integrations.api.serializers import (
    AddChannelRequest,
    AddRequest,
    ChangeRequest,
    ChannelRequest,
    ConnectionChangeRequest,
    DisconnectRequest,
    HandleRequest,
    InviteRequest,
    RoleRequest,
    TestRequest,
)
from integrations.models import EventType, Status
from integrations_center import unavailable

SAME_ACCOUNT = "North is connected to this account already. Use that one."
SENTENCES = {"type": "array", "items": {"type": "string"}}
SESSION_REQUIRED = "No token manages members. Sign in, and send your session's cookie instead."
CHANNELS_FOR_OWNERS = "Only an owner of this workspace manages its channels. Ask one of them."
FOR_OWNERS = "Only an owner of this workspace manages its members. Ask one of them."
BAD_REQUEST = {
    "type": "object",
    "description": "A sentence for all, or sentences by key.",
    "additionalProperties": {
        "anyOf": [
            {"type": "string"},
            SENTENCES,
            {"type": "object", "additionalProperties": SENTENCES},
        ]
    },
}


def _header(name: str, description: str, **more: Any) -> OpenApiParameter:
    return OpenApiParameter(name, location=OpenApiParameter.HEADER, description=description, **more)


WORKSPACE = (
    _header("X-Workspace", "The workspace's slug. Left out, your default workspace is meant."),
    OpenApiParameter("workspace", description="The same, when no header can be sent."),
)
PROVIDER = OpenApiParameter("provider", location=OpenApiParameter.PATH, enum=api_shapes.PROVIDERS)
ETAG = _header("ETag", 'The version, such as "7": send it back as If-Match.', response=[200])
IF_MATCH = _header("If-Match", 'The version your change is based on, such as "7".')
PREFER = _header(
    "Prefer",
    "With `respond-async` a test of what is saved is answered at once, by 202, while "
    "a worker runs and nothing else is tested. Else the answer is waited for, as without it.",
)
LOCATION = _header(
    "Location",
    "Where the test is: its `outcome` is `running` until it is done.",
    response=[202],
)
RETRY_AFTER = _header(
    "Retry-After", "Seconds to wait before it is asked again.", type=int, response=[429, 503]
)
PAGE_SIZE = OpenApiParameter("pageSize", int, description="1 to 100; 20 if left out.")
JSON_FIRST = [
    OpenApiJsonRenderer2,
    OpenApiJsonRenderer,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
]
NOTHING_LEFT = OpenApiResponse(description="It is done; there is nothing more to say.")
PROBLEMS = {
    401: ("not_authenticated", "Authentication credentials were not provided."),
    403: ("permission_denied", api_errors.MAY_ONLY_LOOK),
    404: ("not_found", api_errors.NO_WORKSPACE),
    405: ("method_not_allowed", 'Method "PUT" not allowed.'),
    406: ("not_acceptable", "Could not satisfy the request Accept header."),
    409: ("not_connected", api_errors.NOTHING_TO_TEST),
    410: ("cursor_expired", api_errors.CURSOR_EXPIRED),
    412: (
        "version_conflict",
        "Ana saved Account ID on 22 Nov 2026 at 14:02 UTC. Read it again, then repeat your change.",
    ),
    413: ("too_large", api_errors.TOO_LARGE),
    415: ("unsupported_media_type", 'Unsupported media type "text/plain" in request.'),
    429: ("throttled", "This was tested too often in a minute. Test again in 12 seconds."),
    500: ("server_error", api_errors.CRASHED),
    503: ("unavailable", unavailable.sentence(unavailable.NO_DATABASE)),
}
ALWAYS = (401, 403, 404, 405, 406, 500, 503)
WITH_A_BODY = (400, 413, 415)


def _answers(shape: Any, *codes: int) -> dict[int, Any]:
    problems = {code: _problem(code) for code in sorted({*ALWAYS, *codes})}
    return {200: _good(shape)} | problems


def _without_200(answers: Mapping[int, Any]) -> dict[int, Any]:
    return {code: one for code, one in answers.items() if code != 200}


def _same_account() -> OpenApiResponse:
    """Two connections with the same account and values are one too many."""
    told = {"same_account": {"detail": SAME_ACCOUNT, "code": "same_account"}}
    return OpenApiResponse(api_shapes.Problem, SAME_ACCOUNT, _examples(told, 409))


def _good(shape: Any) -> OpenApiResponse:
    """Described as the shape itself is."""
    kind = getattr(shape, "child", shape)
    return OpenApiResponse(shape, inspect.getdoc(kind) or "")


def _problem(status: int) -> OpenApiResponse:
    if status == 400:
        examples = _examples(api_examples.BAD_REQUESTS, 400)
        return OpenApiResponse(BAD_REQUEST, "Something sent is not right.", examples)
    code, detail = PROBLEMS[status]
    examples = _examples({code: {"detail": detail, "code": code}}, status)
    return OpenApiResponse(api_shapes.Problem, detail, examples)


def _examples(values: Mapping[str, Any], status: int = 200) -> list[OpenApiExample]:
    return [
        OpenApiExample(name, value, response_only=True, status_codes=[str(status)])
        for name, value in values.items()
    ]


def _call(
    name: str,
    answers: Mapping[int, Any],
    *parameters: OpenApiParameter,
    request: Any = None,
    sent: Mapping[str, Any] = {},
    shown: Mapping[str, Any] = {},
    shown_with_201: Mapping[str, Any] = {},
    shown_with_202: Mapping[str, Any] = {},
    tag: str = "integrations",
    auth: Any = None,
) -> Any:
    """`sent` and `shown` are examples by name, of the request and of the good answer."""
    asked = [OpenApiExample(name, one, request_only=True) for name, one in sent.items()]
    told = [*_examples(shown), *_examples(shown_with_201, 201), *_examples(shown_with_202, 202)]
    return extend_schema(
        operation_id=name,
        tags=[tag],
        auth=auth,
        request=request,
        responses=answers,
        parameters=[*WORKSPACE, *parameters],
        examples=[*asked, *told],
    )


def _test_call(name: str, where: OpenApiParameter, **more: Any) -> Any:
    return _call(
        name,
        _answers(api_shapes.Test, *WITH_A_BODY, 409, 429) | {202: _good(api_shapes.Test)},
        where,
        PREFER,
        LOCATION,
        RETRY_AFTER,
        request=TestRequest,
        sent=api_examples.TEST_REQUESTS,
        shown=api_examples.TESTS,
        shown_with_202={"Not waited for": api_examples.RUNNING_TEST},
        **more,
    )


def _disconnect_call(
    name: str, shape: Any, where: OpenApiParameter, shown: Mapping[str, Any], **more: Any
) -> Any:
    return _call(
        name,
        _answers(shape, *WITH_A_BODY, 412),
        where,
        ETAG,
        IF_MATCH,
        request=DisconnectRequest,
        sent=api_examples.DISCONNECTS,
        shown=shown,
        **more,
    )


def _history_call(name: str, where: OpenApiParameter, **more: Any) -> Any:
    cursor = "As `next` gives it: only tests older than this."
    return _call(
        name,
        _answers(api_shapes.TestPage, 400),
        where,
        OpenApiParameter("cursor", int, description=cursor),
        PAGE_SIZE,
        shown={"A page": api_examples.TEST_PAGE},
        **more,
    )


def _one_test_call(name: str, where: OpenApiParameter, test: str, **more: Any) -> Any:
    return _call(
        name,
        _answers(api_shapes.Test),
        where,
        OpenApiParameter(test, int, location=OpenApiParameter.PATH),
        shown=api_examples.TESTS | {"Running": api_examples.RUNNING_TEST},
        **more,
    )


def _accounts_call(name: str, where: OpenApiParameter, **more: Any) -> Any:
    return _call(
        name,
        _answers(api_shapes.Account(many=True), 409, 429, 503),
        where,
        RETRY_AFTER,
        shown={"Two accounts": api_examples.ACCOUNTS},
        **more,
    )


list_integrations = _call(
    "list_integrations",
    _answers(api_shapes.Integration(many=True), 400),
    OpenApiParameter("status", enum=Status.values, description="Only those with this status."),
    shown={"One of them": api_examples.INTEGRATION},
)
read_integration = _call(
    "read_integration",
    _answers(api_shapes.IntegrationWithForm),
    PROVIDER,
    ETAG,
    shown={"With its form": api_examples.INTEGRATION_WITH_FORM},
)
change_integration = _call(
    "change_integration",
    _answers(api_shapes.ChangedIntegration, *WITH_A_BODY, 412),
    PROVIDER,
    ETAG,
    IF_MATCH,
    request=ChangeRequest,
    sent=api_examples.CHANGES,
    shown={"Changed": api_examples.CHANGED_INTEGRATION},
)
test_integration = _test_call("test_integration", PROVIDER)
disconnect_integration = _disconnect_call(
    "disconnect_integration",
    api_shapes.DisconnectedIntegration,
    PROVIDER,
    api_examples.DISCONNECTED,
)
list_tests = _history_call("list_tests", PROVIDER)
read_test = _one_test_call("read_test", PROVIDER, "id")
list_accounts = _accounts_call("list_accounts", PROVIDER)
CONNECTIONS = "connections"
CONNECTION_ID = OpenApiParameter("id", UUID, location=OpenApiParameter.PATH)


def _connection_call(
    name: str, answers: Mapping[int, Any], *parameters: OpenApiParameter, **more: Any
) -> Any:
    return _call(name, answers, *parameters, tag=CONNECTIONS, **more)


list_connections = _connection_call(
    "list_connections",
    _answers(forced_singular_serializer(api_shapes.ConnectionPage), 400),
    OpenApiParameter("provider", enum=api_shapes.PROVIDERS, description="Only this platform's."),
    OpenApiParameter("status", enum=Status.values, description="Only those with this status."),
    OpenApiParameter(
        "q", description="Only those in whose name, slug, account or platform each word is."
    ),
    OpenApiParameter("cursor", description="As `next` gives it: only what comes after this."),
    PAGE_SIZE,
    shown={"A page": {"next": None, "results": [api_examples.CONNECTION]}},
)
add_connection = _connection_call(
    "add_connection",
    _without_200(_answers(None, *WITH_A_BODY))
    | {201: _good(api_shapes.ChangedConnection), 409: _same_account()},
    ETAG,
    request=AddRequest,
    sent=api_examples.ADDITIONS,
    shown_with_201={"Added": api_examples.ADDED},
)
read_connection = _connection_call(
    "read_connection",
    _answers(api_shapes.ConnectionWithForm),
    CONNECTION_ID,
    ETAG,
    shown={"With its form": api_examples.CONNECTION_WITH_FORM},
)
change_connection = _connection_call(
    "change_connection",
    _answers(api_shapes.ChangedConnection, *WITH_A_BODY, 412) | {409: _same_account()},
    CONNECTION_ID,
    ETAG,
    IF_MATCH,
    request=ConnectionChangeRequest,
    sent=api_examples.CONNECTION_CHANGES,
    shown={"Changed": api_examples.CHANGED_CONNECTION},
)
remove_connection = _connection_call(
    "remove_connection",
    _answers(api_shapes.Removed, *WITH_A_BODY, 412) | {204: NOTHING_LEFT},
    CONNECTION_ID,
    IF_MATCH,
    OpenApiParameter(
        "default", UUID, description="Which one is the default then; the oldest if left out."
    ),
    shown={"Not confirmed": api_examples.REMOVED},
)
test_one_connection = _test_call("test_connection", CONNECTION_ID, tag=CONNECTIONS)
disconnect_connection = _disconnect_call(
    "disconnect_connection",
    api_shapes.DisconnectedConnection,
    CONNECTION_ID,
    {"Disconnected": api_examples.DISCONNECTED_CONNECTION},
    tag=CONNECTIONS,
)
list_connection_tests = _history_call("list_connection_tests", CONNECTION_ID, tag=CONNECTIONS)
read_connection_test = _one_test_call(
    "read_connection_test", CONNECTION_ID, "test_id", tag=CONNECTIONS
)
list_connection_accounts = _accounts_call(
    "list_connection_accounts", CONNECTION_ID, tag=CONNECTIONS
)
UNDER_WAY = {"Under way": api_examples.RUN}
start_run = _call(
    "test_all",
    {202: _good(api_shapes.Run)} | _without_200(_answers(None, *WITH_A_BODY)),
    shown_with_202=UNDER_WAY,
)
read_run = _call("read_test_run", _answers(api_shapes.Run), shown=UNDER_WAY)
stop_run = _call("stop_test_run", _answers(api_shapes.Run, *WITH_A_BODY), shown=UNDER_WAY)


def _of_members(good: Mapping[int, Any], *codes: int) -> dict[int, Any]:
    """Answers of calls that no token makes."""
    told = {
        "session_required": {"detail": SESSION_REQUIRED, "code": "session_required"},
        "permission_denied": {"detail": FOR_OWNERS, "code": "permission_denied"},
    }
    refused = OpenApiResponse(api_shapes.Problem, SESSION_REQUIRED, _examples(told, 403))
    others = _without_200(_answers(None, *codes))
    if 409 in codes:
        last = {"last_owner": {"detail": api_errors.LAST_OWNER, "code": "last_owner"}}
        others[409] = OpenApiResponse(
            api_shapes.Problem, api_errors.LAST_OWNER, _examples(last, 409)
        )
    return others | {403: refused} | dict(good)


def _member_call(name: str, answers: Mapping[int, Any], *parameters: Any, **more: Any) -> Any:
    return _call(name, answers, *parameters, tag="members", auth=[{"cookieAuth": []}], **more)


MEMBER_ID = OpenApiParameter("id", int, location=OpenApiParameter.PATH)
INVITATION_ID = OpenApiParameter("id", UUID, location=OpenApiParameter.PATH)
list_members = _member_call(
    "list_members",
    _of_members({200: _good(api_shapes.Member(many=True))}),
    shown={"One of them": api_examples.MEMBER},
)
invite_member = _member_call(
    "invite_member",
    _of_members({201: _good(api_shapes.MadeInvitation)}, *WITH_A_BODY, 429),
    RETRY_AFTER,
    request=InviteRequest,
    sent=api_examples.INVITES,
    shown_with_201=api_examples.INVITATIONS,
)
change_member = _member_call(
    "change_member",
    _of_members({200: _good(api_shapes.Member)}, *WITH_A_BODY, 409, 429),
    MEMBER_ID,
    RETRY_AFTER,
    request=RoleRequest,
    sent=api_examples.ROLES,
    shown={"Changed": api_examples.MEMBER | {"role": "viewer"}},
)
remove_member = _member_call(
    "remove_member", _of_members({204: NOTHING_LEFT}, *WITH_A_BODY, 409), MEMBER_ID
)
list_invitations = _member_call(
    "list_invitations",
    _of_members({200: _good(api_shapes.Invitation(many=True))}),
    shown={"One of them": api_examples.INVITATION},
)
withdraw_invitation = _member_call(
    "withdraw_invitation", _of_members({204: NOTHING_LEFT}, *WITH_A_BODY), INVITATION_ID
)


CHANNEL_ID = OpenApiParameter("id", UUID, location=OpenApiParameter.PATH)


def _channel_call(
    name: str, good: Mapping[int, Any], *codes: int, where: Any = (), **more: Any
) -> Any:
    refused = {"permission_denied": {"detail": CHANNELS_FOR_OWNERS, "code": "permission_denied"}}
    answers = _without_200(_answers(None, *codes)) | {
        403: OpenApiResponse(api_shapes.Problem, CHANNELS_FOR_OWNERS, _examples(refused, 403))
    }
    return _call(name, answers | dict(good), *where, tag="channels", **more)


list_channels = _channel_call(
    "list_channels",
    {200: _good(api_shapes.Channel(many=True))},
    shown={"One of them": api_examples.CHANNEL},
)
add_channel = _channel_call(
    "add_channel",
    {201: _good(api_shapes.SavedChannel)},
    *WITH_A_BODY,
    409,
    request=AddChannelRequest,
    sent=api_examples.ADD_CHANNELS,
    shown_with_201={"A signed webhook": api_examples.ADDED_CHANNEL},
)
change_channel = _channel_call(
    "change_channel",
    {200: _good(api_shapes.SavedChannel)},
    *WITH_A_BODY,
    409,
    where=(CHANNEL_ID,),
    request=ChannelRequest,
    sent=api_examples.CHANNEL_CHANGES,
    shown={"Changed": api_examples.CHANNEL | {"made": {}}},
)
remove_channel = _channel_call(
    "remove_channel", {204: NOTHING_LEFT}, *WITH_A_BODY, 409, where=(CHANNEL_ID,)
)
test_channel = _channel_call(
    "test_channel",
    {200: _good(api_shapes.TriedChannel)},
    *WITH_A_BODY,
    429,
    where=(CHANNEL_ID, RETRY_AFTER),
    shown=api_examples.TRIED_CHANNELS,
)

INCIDENT_ID = OpenApiParameter("id", int, location=OpenApiParameter.PATH)


def _incident_call(
    name: str, answers: Mapping[int, Any], *parameters: OpenApiParameter, **more: Any
) -> Any:
    return _call(name, answers, *parameters, tag="incidents", **more)


list_incidents = _incident_call(
    "list_incidents",
    _answers(forced_singular_serializer(api_shapes.IncidentPage), 400),
    OpenApiParameter("state", enum=("open", "closed"), description="Only those."),
    OpenApiParameter(
        "scope",
        enum=("workspace", "installation"),
        description="`installation` lists the causes over all workspaces, for operators.",
    ),
    OpenApiParameter("cursor", int, description="As `next` gives it: only what is older."),
    PAGE_SIZE,
    shown={
        "A page": {"next": None, "results": [api_examples.INCIDENT]},
        "Causes": {"next": None, "causes": [api_examples.CAUSE]},
    },
)
read_incident = _incident_call(
    "read_incident",
    _answers(api_shapes.Incident),
    INCIDENT_ID,
    shown={"Taken by somebody": api_examples.INCIDENT},
)
handle_incident = _incident_call(
    "handle_incident",
    _answers(api_shapes.Incident, *WITH_A_BODY),
    INCIDENT_ID,
    request=HandleRequest,
    sent=api_examples.HANDLINGS,
    shown={"Taken by somebody": api_examples.INCIDENT},
)

list_events = _call(
    "list_events",
    _answers(forced_singular_serializer(api_shapes.EventPage), 400, 410),
    OpenApiParameter("after", description="As `cursor` gave it: only what happened after that."),
    OpenApiParameter(
        "type",
        enum=EventType.values,
        many=True,
        description="Only these. What concerns members and channels is told to owners.",
    ),
    PAGE_SIZE,
    shown={"A page": api_examples.EVENTS},
    tag="events",
)


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "integrations.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Token <your token>`. Make one under API access.",
        }


def plain_paths(endpoints: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Each call once: the paths without a final slash."""
    return [endpoint for endpoint in endpoints if not endpoint[0].endswith("/")]


class Schema(SpectacularAPIView):
    permission_classes = (IsAuthenticated,)
    renderer_classes = JSON_FIRST
