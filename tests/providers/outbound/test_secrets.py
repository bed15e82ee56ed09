import logging

import pytest

from providers.errors import InvalidConfig
from providers.outbound.secrets import Placeholder, filled
from tests.providers import servers
from tests.providers.apis import SECRET, refusal, trusting
from tests.providers.servers import RawServer, ok

TOKEN = Placeholder("access_token")
FILL = {"access_token": SECRET}


def sent(method="GET", **arguments):
    """The one request that an Api with the secret sends for these arguments."""
    with RawServer(ok()) as server, trusting(server, secrets=[], fill=FILL) as api:
        api.request(method, "/me", **arguments)
    return server.requests[0]


def test_a_placeholder_shows_its_name_only():
    assert f"{TOKEN!r} {TOKEN}" == "<access_token> <access_token>"


def test_a_param_is_filled():
    assert sent(token=TOKEN).startswith(b"GET /me?token=s3cret%2F%2B+value%3F HTTP")


def test_a_param_of_several_values_is_filled():
    assert sent(ids=["a", TOKEN]).startswith(b"GET /me?ids=a&ids=s3cret%2F%2B+value%3F HTTP")


def test_a_header_is_filled_whole_or_in_part():
    request = sent(headers={"X-Key": TOKEN, "Authorization": ("Bearer ", TOKEN)})

    assert b"\r\nX-Key: s3cret/+ value?\r\n" in request
    assert b"\r\nAuthorization: Bearer s3cret/+ value?\r\n" in request


def test_a_header_of_every_request_is_filled():
    with RawServer(ok()) as server, trusting(server, fill=FILL) as api:
        api.headers["Authorization"] = ("Bearer ", TOKEN)
        api.get("/me")

    assert b"\r\nAuthorization: Bearer s3cret/+ value?\r\n" in server.requests[0]


def test_json_is_filled_however_deep():
    request = sent("POST", json={"a": [{"token": TOKEN}, ("Key ", TOKEN)], "b": (1, 2)})

    body = b'{"a": [{"token": "s3cret/+ value?"}, "Key s3cret/+ value?"], "b": [1, 2]}'
    assert request.endswith(b"\r\n\r\n" + body)


def test_a_form_is_filled():
    assert sent("POST", data={"token": TOKEN}).endswith(b"\r\n\r\ntoken=s3cret%2F%2B+value%3F")


def test_what_is_filled_stays_as_it_was_written():
    body = {"a": [TOKEN]}

    assert filled(body, FILL) == {"a": [SECRET]}
    assert body == {"a": [TOKEN]}


@pytest.mark.parametrize("where", ["headers", "json", "data"])
def test_a_name_without_a_value_is_refused_before_anything_is_sent(where):
    with RawServer(ok()) as server:
        api = trusting(server)
        with api, pytest.raises(InvalidConfig) as caught:
            api.request("POST", "/me", **{where: {"a": TOKEN}})

    assert caught.value.message == "This request needs the value access_token, and there is none."
    assert server.connections == 0


def test_a_secret_that_no_header_may_hold_is_not_repeated():
    with RawServer(ok()) as server:
        api = trusting(server, secrets=[], fill={"access_token": f"{SECRET}\n"})
        error = refusal(api, headers={"Authorization": ("Bearer ", TOKEN)})

    assert (error.kind, server.connections) == ("invalid_config", 0)


def test_a_filled_secret_reaches_no_log_repr_or_error(caplog):
    caplog.set_level(logging.DEBUG)
    with RawServer(servers.truncated) as server:
        api = trusting(server, secrets=[], fill=FILL)
        refusal(api, headers={"X-Key": TOKEN}, token=TOKEN)

    assert "s3cret" not in repr(api) + caplog.text


def test_redact_covers_what_is_filled_and_what_was():
    with RawServer(ok()) as server, trusting(server, secrets=[], fill=FILL) as api:
        api.get("/me")
        api.fill["access_token"] = "another-secret"

        assert api.redact(f"{SECRET} another-secret") == "••• •••"
