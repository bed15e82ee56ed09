"""The OpenAPI document: what each call takes and answers, with examples, and its two views."""

import inspect
from collections.abc import Mapping
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import IsAuthenticated

from integrations.api import errors as api_errors
from integrations.api import examples as api_examples
from integrations.api import shapes as api_shapes
from integrations.api.serializers import ChangeRequest, DisconnectRequest, TestRequest
from integrations.models import Status
from integrations_center import unavailable

SENTENCES = {"type": "array", "items": {"type": "string"}}
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
JSON_FIRST = [
    OpenApiJsonRenderer2,
    OpenApiJsonRenderer,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
]
PROBLEMS = {
    401: ("not_authenticated", "Authentication credentials were not provided."),
    403: ("permission_denied", api_errors.MAY_ONLY_LOOK),
    404: ("not_found", api_errors.NO_WORKSPACE),
    405: ("method_not_allowed", 'Method "PUT" not allowed.'),
    406: ("not_acceptable", "Could not satisfy the request Accept header."),
    409: ("not_connected", api_errors.NOTHING_TO_TEST),
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
    shown_with_202: Mapping[str, Any] = {},
) -> Any:
    """`sent` and `shown` are examples by name, of the request and of the good answer."""
    asked = [OpenApiExample(name, one, request_only=True) for name, one in sent.items()]
    told = [*_examples(shown), *_examples(shown_with_202, 202)]
    return extend_schema(
        operation_id=name,
        tags=["integrations"],
        request=request,
        responses=answers,
        parameters=[*WORKSPACE, *parameters],
        examples=[*asked, *told],
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
test_integration = _call(
    "test_integration",
    _answers(api_shapes.Test, *WITH_A_BODY, 409, 429) | {202: _good(api_shapes.Test)},
    PROVIDER,
    PREFER,
    LOCATION,
    RETRY_AFTER,
    request=TestRequest,
    sent=api_examples.TEST_REQUESTS,
    shown=api_examples.TESTS,
    shown_with_202={"Not waited for": api_examples.RUNNING_TEST},
)
disconnect_integration = _call(
    "disconnect_integration",
    _answers(api_shapes.DisconnectedIntegration, *WITH_A_BODY),
    PROVIDER,
    ETAG,
    request=DisconnectRequest,
    sent=api_examples.DISCONNECTS,
    shown=api_examples.DISCONNECTED,
)
list_tests = _call(
    "list_tests",
    _answers(api_shapes.TestPage, 400),
    PROVIDER,
    OpenApiParameter("cursor", int, description="As `next` gives it: only tests older than this."),
    OpenApiParameter("pageSize", int, description="1 to 100; 20 if left out."),
    shown={"A page": api_examples.TEST_PAGE},
)
read_test = _call(
    "read_test",
    _answers(api_shapes.Test),
    PROVIDER,
    OpenApiParameter("id", int, location=OpenApiParameter.PATH),
    shown=api_examples.TESTS | {"Running": api_examples.RUNNING_TEST},
)
list_accounts = _call(
    "list_accounts",
    _answers(api_shapes.Account(many=True), 409, 429, 503),
    PROVIDER,
    RETRY_AFTER,
    shown={"Two accounts": api_examples.ACCOUNTS},
)
UNDER_WAY = {"Under way": api_examples.RUN}
start_run = _call(
    "test_all",
    {202: _good(api_shapes.Run)}
    | {k: v for k, v in _answers(None, *WITH_A_BODY).items() if k != 200},
    shown_with_202=UNDER_WAY,
)
read_run = _call("read_test_run", _answers(api_shapes.Run), shown=UNDER_WAY)
stop_run = _call("stop_test_run", _answers(api_shapes.Run, *WITH_A_BODY), shown=UNDER_WAY)


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


class Docs(SpectacularSwaggerSplitView):
    permission_classes = (IsAuthenticated,)
    url_name = "api:schema"
