"""The OpenAPI document, and whether the API keeps to it whatever it is sent."""

import json
import re

import pytest
import schemathesis
from django.conf import settings
from django.core.management import call_command
from hypothesis import HealthCheck, given
from hypothesis import settings as bounds
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from integrations import platforms
from integrations.models import ApiToken
from providers import registry
from providers.sandbox.server import Answer, Server
from tests.integrations.conftest import signed_in

CALLS = {
    ("/api/integrations", "get"),
    ("/api/integrations/{provider}", "get"),
    ("/api/integrations/{provider}", "patch"),
    ("/api/integrations/{provider}/test", "post"),
    ("/api/integrations/{provider}/disconnect", "post"),
    ("/api/integrations/{provider}/tests", "get"),
    ("/api/integrations/{provider}/tests/{id}", "get"),
    ("/api/integrations/{provider}/accounts", "get"),
    ("/api/connections", "get"),
    ("/api/connections", "post"),
    ("/api/connections/{id}", "get"),
    ("/api/connections/{id}", "patch"),
    ("/api/connections/{id}", "delete"),
    ("/api/connections/{id}/test", "post"),
    ("/api/connections/{id}/disconnect", "post"),
    ("/api/connections/{id}/tests", "get"),
    ("/api/connections/{id}/tests/{test_id}", "get"),
    ("/api/connections/{id}/accounts", "get"),
    ("/api/channels", "get"),
    ("/api/channels", "post"),
    ("/api/channels/{id}", "patch"),
    ("/api/channels/{id}", "delete"),
    ("/api/channels/{id}/test", "post"),
    ("/api/events", "get"),
    ("/api/incidents", "get"),
    ("/api/incidents/{id}", "get"),
    ("/api/incidents/{id}", "patch"),
    ("/api/integrations/test", "post"),
    ("/api/integrations/test", "get"),
    ("/api/integrations/test", "delete"),
}
FOR_SESSIONS = {
    ("/api/members", "get"),
    ("/api/members", "post"),
    ("/api/members/{id}", "patch"),
    ("/api/members/{id}", "delete"),
    ("/api/invitations", "get"),
    ("/api/invitations/{id}", "delete"),
}
CSRF = "c" * 32
# A well-formed request can still be refused: a workspace nobody has, a value no platform takes.
NOT_OURS = ["positive_data_acceptance"]
# It counts a request as wrong that lacks the session's cookie, which is put back here.
NOT_OF_SESSIONS = ["negative_data_rejection"]


@pytest.fixture(scope="module")
def documents():
    """Of the document one copy, for all tests: it takes long to make."""
    return []


@pytest.fixture
def document(api, documents):
    if not documents:
        documents.append(api.get("/api/schema").json())
    return documents[0]


def test_the_document_is_valid_and_complete(tmp_path):
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "api.yml"))


def test_every_call_is_described_by_its_plain_path(document):
    described = {(path, method) for path, calls in document["paths"].items() for method in calls}

    assert described == CALLS | FOR_SESSIONS
    assert document["openapi"] == "3.1.1"


def test_the_document_says_where_it_is_served(document, settings):
    assert document["servers"] == [{"url": settings.PUBLIC_URL}]


def test_each_shape_and_answer_is_described_for_its_readers(document):
    shapes = document["components"]["schemas"]
    answers = [
        answer
        for calls in document["paths"].values()
        for call in calls.values()
        for answer in call["responses"].values()
    ]
    objects = {name: one for name, one in shapes.items() if one.get("type") == "object"}

    assert [name for name, one in objects.items() if not one.get("description")] == []
    assert len(objects) > 15
    assert all(answer["description"] for answer in answers)
    assert not [word for word in ("Never reads", "Refuses what") if word in json.dumps(shapes)]


def test_the_platforms_are_named(document):
    one = document["paths"]["/api/integrations/{provider}"]["get"]
    [provider] = [part for part in one["parameters"] if part["name"] == "provider"]

    assert set(provider["schema"]["enum"]) == set(registry.catalogue())


@pytest.mark.parametrize(
    ("path", "method", "codes"),
    [
        ("/api/integrations", "get", {400}),
        ("/api/integrations/{provider}", "get", set()),
        ("/api/integrations/{provider}", "patch", {400, 412, 413, 415}),
        ("/api/integrations/{provider}/test", "post", {202, 400, 409, 413, 415, 429, 503}),
        ("/api/integrations/{provider}/disconnect", "post", {400, 412, 413, 415}),
        ("/api/integrations/{provider}/tests", "get", {400}),
        ("/api/integrations/{provider}/tests/{id}", "get", set()),
        ("/api/integrations/{provider}/accounts", "get", {409, 429, 503}),
        ("/api/integrations/test", "get", set()),
        ("/api/members", "get", set()),
        ("/api/members/{id}", "patch", {400, 409, 413, 415, 429}),
        ("/api/invitations", "get", set()),
        ("/api/events", "get", {400, 410}),
        ("/api/channels", "get", set()),
        ("/api/channels/{id}", "patch", {400, 409, 413, 415}),
        ("/api/channels/{id}/test", "post", {400, 413, 415, 429}),
    ],
)
def test_each_answer_is_described_with_an_example(document, path, method, codes):
    answers = document["paths"][path][method]["responses"]

    assert {int(code) for code in answers} == {200, 401, 403, 404, 405, 406, 500, 503} | codes
    for answer in answers.values():
        assert answer["content"]["application/json"]["examples"]


def test_ending_a_sign_in_is_described(document):
    call = document["paths"]["/api/integrations/{provider}/disconnect"]["post"]
    shapes = document["components"]["schemas"]
    [asked] = [one["schema"] for one in call["requestBody"]["content"].values()]
    told = call["responses"]["200"]["content"]["application/json"]["schema"]

    assert shapes[asked["$ref"].rpartition("/")[2]]["properties"]["revoke"]["type"] == "boolean"
    assert "required" not in call["requestBody"]
    answer = shapes[told["$ref"].rpartition("/")[2]]
    assert "warnings" in answer["properties"]
    assert "warnings" not in answer["required"]


def test_no_token_is_offered_where_none_is_taken(document):
    for path, method in FOR_SESSIONS:
        assert document["paths"][path][method]["security"] == [{"cookieAuth": []}]


def test_tokens_and_sessions_are_both_described(document):
    schemes = document["components"]["securitySchemes"]

    assert {scheme["in"] for scheme in schemes.values()} == {"header", "cookie"}


def test_the_document_comes_as_json_or_yaml(api):
    as_json = api.get("/api/schema", headers={"Accept": "application/json"})
    as_yaml = api.get("/api/schema", headers={"Accept": "application/yaml"})

    assert json.loads(as_json.content)["info"]["title"] == "Integrations Control Center"
    assert as_yaml.content.startswith(b"openapi: 3.1.1")


def test_the_reference_tells_every_call_and_every_field_without_script(viewer, document):
    page = signed_in(viewer).get("/api/schema/docs").content.decode()

    for path, operations in document["paths"].items():
        for call in operations.values():
            assert f'id="{call["operationId"]}"' in page
        assert path in page
    links = set(re.findall(r'href="#([^"]+)"', page))
    assert links <= set(re.findall(r' id="([^"]+)"', page))
    for name, shape in document["components"]["schemas"].items():
        for field in shape.get("properties", ()):
            assert f"<code>{field}</code>" in page, (name, field)
    assert "swagger" not in page


@pytest.fixture
def every_platform_here(settings):
    """All platforms on one loopback server, so that nothing leaves this machine."""
    with Server(lambda _: Answer(200, {})) as server:
        settings.PROVIDER_ORIGINS = {
            slug: dict.fromkeys(provider.hosts, server.url)
            for slug, provider in registry.catalogue().items()
        }
        settings.TEST_RATE = 10_000
        platforms.catalogue.cache_clear()
        yield
    platforms.catalogue.cache_clear()


@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize(("path", "method"), sorted(CALLS | FOR_SESSIONS))
def test_nothing_sent_makes_a_call_crash_or_leave_its_document(
    live_server, owner, connected, every_platform_here, document, path, method, mode
):
    """Schemathesis thinks of requests that keep to the document and of such that do not."""
    _, token = ApiToken.objects.create(user=owner, name="tests")
    session = signed_in(owner).cookies[settings.SESSION_COOKIE_NAME].value
    if (path, method) in FOR_SESSIONS:
        known = {
            "cookies": {settings.SESSION_COOKIE_NAME: session, settings.CSRF_COOKIE_NAME: CSRF}
        }
        known["headers"] = {"X-CSRFToken": CSRF}
    else:
        known = {"headers": {"Authorization": f"Token {token}"}}
    schema = schemathesis.openapi.from_dict(document)
    is_for_session = (path, method) in FOR_SESSIONS
    excluded = CHECKS.get_by_names(NOT_OURS + NOT_OF_SESSIONS * is_for_session)

    @bounds(
        max_examples=30,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=schema[path][method].as_strategy(mode))
    def keeps_to_the_document(case):
        case.call_and_validate(
            live_server.url,
            **known,
            excluded_checks=excluded,
        )

    keeps_to_the_document()
