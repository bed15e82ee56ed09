"""What goes wrong is told in JSON, whatever it is."""

import json

import pytest
from django.core.exceptions import BadRequest
from django.test import Client, RequestFactory
from rest_framework.request import Request

from integrations.api import errors as api_errors
from integrations.api.views import Integrations
from integrations.models import Credential
from tests.integrations.conftest import TOKEN, signed_in

LIST = "/api/integrations"
ONE = "/api/integrations/meta"
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]


@pytest.mark.parametrize("path", ["nothing", "nothing/", f"{ONE}/metrics", "integrations//meta"])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("debug", [True, False])
def test_an_unknown_address_is_a_404_in_json(db, settings, path, method, debug):
    settings.DEBUG = debug

    reply = Client(enforce_csrf_checks=True).generic(method, f"/api/{path.removeprefix('/api/')}")

    assert reply.status_code == 404
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["Cache-Control"] == "no-store"
    if method != "HEAD":
        assert reply.json() == {"detail": "There is nothing at this address.", "code": "not_found"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", LIST),
        ("PUT", ONE),
        ("DELETE", ONE),
        ("GET", f"{ONE}/test"),
        ("GET", f"{ONE}/disconnect"),
        ("POST", f"{ONE}/tests"),
        ("TRACE", ONE),
    ],
)
def test_a_wrong_method_is_a_405_that_tells_the_right_ones(api, method, path):
    reply = api.generic(method, path)

    assert (reply.status_code, reply.json()["code"]) == (405, "method_not_allowed")
    assert reply.headers["Allow"]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff\xfe",
        b'{"config": }',
        b"[" * 100_000,
        b'{"a": NaN}',
        b'{"a": ' + b"1" * 5000 + b"}",
        b'{"config": {"accessToken": "EAAhealthy}}',
    ],
)
def test_a_broken_body_is_a_parse_error_that_quotes_nothing(api, body):
    reply = api.generic("PATCH", ONE, body, "application/json")

    assert reply.status_code == 400
    assert reply.json() == {"detail": "The body is not valid JSON.", "code": "parse_error"}


@pytest.mark.parametrize("body", [b"[]", b"null", b'"text"', b"5", b"true", b'[{"config": {}}]'])
@pytest.mark.parametrize(("method", "path"), [("PATCH", ONE), ("POST", f"{ONE}/test")])
def test_a_body_that_is_no_object_is_a_parse_error(api, body, method, path):
    reply = api.generic(method, path, body, "application/json")

    assert reply.status_code == 400
    assert reply.json() == {"detail": "The body must be a JSON object.", "code": "parse_error"}


def test_a_body_of_megabytes_is_not_read(api):
    reply = api.patch(ONE, {"lastError": "e" * 2_700_000}, "application/json")

    assert (reply.status_code, reply.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "a/b/c"])
def test_another_type_of_body_is_a_415(api, kind):
    reply = api.generic("PATCH", ONE, b"isEnabled=true", kind)

    assert (reply.status_code, reply.json()["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("accept", ["text/csv", "application/xml", "image/png;q=1"])
@pytest.mark.parametrize("path", [LIST, ONE, "/api/", "/api/schema", "/api/schema/docs"])
def test_an_answer_that_cannot_be_given_is_a_406_in_json(api, path, accept):
    reply = api.get(path, headers={"Accept": accept})

    assert reply.status_code == 406
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.json()["code"] == "not_acceptable"


@pytest.mark.parametrize("path", [LIST, ONE, "/api/", "/api/schema", "/api/schema/docs", "/api/x"])
@pytest.mark.parametrize("user", ["editor", None])
def test_no_reply_may_be_stored(request, editor, path, user):
    client = signed_in(editor) if user else Client()

    assert client.get(path).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", [LIST, ONE, f"{ONE}/tests", "/api/schema", "/api/schema/docs"])
def test_a_final_slash_makes_no_difference(editor, path):
    browser = signed_in(editor)

    assert [browser.get(path).status_code, browser.get(f"{path}/").status_code] == [200, 200]


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_change_arrives_with_and_without_a_slash(api, connected, slash):
    reply = api.patch(ONE + slash, {"isEnabled": False}, "application/json")

    assert (reply.status_code, reply.json()["isEnabled"]) == (200, False)


def test_a_stranger_as_host_is_a_400_in_json(db):
    reply = Client().get(LIST, headers={"Host": "evil.example"})

    assert reply.status_code == 400
    assert reply.json()["code"] == "not_set_up"


class Broken(Integrations):
    authentication_classes = permission_classes = ()

    def retrieve(self, request: Request, provider: str) -> None:
        raise KeyError(f"{request.query_params['typed']} of {provider}")


def test_a_crash_tells_the_reader_nothing_and_the_log_where(db, caplog):
    request = RequestFactory().get(ONE, {"typed": TOKEN})

    reply = Broken.as_view({"get": "retrieve"})(request, provider="meta").render()

    assert reply.status_code == 500
    assert json.loads(reply.content) == {
        "detail": "Something went wrong on this server. Tell whoever runs this installation.",
        "code": "server_error",
    }
    assert "KeyError in Broken" in caplog.text
    assert "test_errors.py" in caplog.text
    assert TOKEN not in caplog.text


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (lambda request: api_errors.server_error(request), 500),
        (lambda request: api_errors.bad_request(request, BadRequest(TOKEN)), 400),
        (lambda request: api_errors.not_found(request, BadRequest(TOKEN)), 404),
    ],
)
def test_what_django_answers_itself_is_json_without_details(answer, status):
    reply = answer(RequestFactory().get(ONE))

    assert reply.status_code == status
    assert set(json.loads(reply.content)) == {"detail", "code"}
    assert TOKEN not in reply.content.decode()


def test_an_unreadable_secret_is_named_where_it_can_be_replaced(api, connected, settings):
    Credential.objects.update(secrets="v2.000000000000.AAAA", key_id="000000000000")

    reply = api.patch(ONE, {"config": {"accountId": "1003"}}, "application/json")

    assert reply.status_code == 400
    assert reply.json() == {
        "config": {"accessToken": ["The saved value cannot be read. Enter it again, or remove it."]}
    }
