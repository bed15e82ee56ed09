import logging

import pytest

from providers.declare import Provider
from providers.outbound.api import Api
from providers.outbound.secrets import Placeholder
from tests.providers import servers
from tests.providers.apis import SECRET, connects, judge, refusal, trusting
from tests.providers.servers import HEAD, RawServer, ok


def test_the_reply_is_judged_and_parsed():
    with RawServer(ok(b'{"id": "7"}')) as server, trusting(server) as api:
        assert api.get("/me", fields="id,name", empty=None) == {"id": "7"}

    assert server.requests[0].startswith(b"GET /me?fields=id%2Cname HTTP/1.1\r\n")


def test_a_host_moves_where_the_platform_says_but_never_out_of_a_trial():
    elsewhere = "https://eu.public.test"
    with RawServer(ok()) as server, trusting(server) as trial:
        trial.move("API", elsewhere)
        api = trusting(server, trusted=())
        api.move("API", elsewhere)

        assert (trial.origins["API"], api.origins["API"]) == (server.url, elsewhere)


def test_a_post_sends_json_or_a_form():
    with RawServer(ok()) as server, trusting(server) as api:
        api.post("/a", json={"query": "x"}, page=2)
        api.post("/b", data={"grant_type": "refresh_token", "code": "ä &"})

    assert server.requests[0].startswith(b"POST /a?page=2 ")
    assert server.requests[0].endswith(b'\r\n\r\n{"query": "x"}')
    assert server.requests[1].endswith(b"\r\n\r\ngrant_type=refresh_token&code=%C3%A4+%26")


def test_headers_of_the_tester_and_of_the_call_are_sent():
    with RawServer(ok()) as server, trusting(server) as api:
        api.headers["Authorization"] = "Bearer t"
        api.get("/me", headers={"X-Version": "1"})

    sent = server.requests[0].split(b"\r\n")
    assert b"Authorization: Bearer t" in sent
    assert b"X-Version: 1" in sent
    assert b"User-Agent: IntegrationsControlCenter/1.0" in sent
    assert b"Host: 127.0.0.1:%d" % server.port in sent


def authorize(draft, anonymous):
    if anonymous:
        return
    draft.headers["Authorization"] = ("Bearer ", Placeholder("access_token"))
    draft.params["key"] = f"for-{draft.method}"


def authorizing(server, how=authorize):
    api = trusting(server)
    api.authorize, api.fill = how, {"access_token": SECRET}
    return api


def test_every_request_is_authorized():
    with RawServer(ok()) as server, authorizing(server) as api:
        api.get("/a", page=1)
        api.post("/b", json={})

    assert server.requests[0].startswith(b"GET /a?page=1&key=for-GET ")
    assert server.requests[1].startswith(b"POST /b?key=for-POST ")
    for request in server.requests:
        assert b"\r\nAuthorization: Bearer s3cret/+ value?\r\n" in request


def test_an_anonymous_request_carries_no_authorization():
    with RawServer(ok()) as server, authorizing(server) as api:
        api.get("/a", anonymous=True)
        api.post("/b", anonymous=True)
        api.request("GET", "/c", anonymous=True)

    assert b"Authorization" not in b"".join(server.requests)
    assert b"key=" not in b"".join(server.requests)


def test_where_a_request_goes_cannot_be_changed_by_what_authorizes_it():
    def elsewhere(draft, _anonymous):
        draft.url = "https://evil.test"

    with RawServer(ok()) as server:
        api = authorizing(server, elsewhere)
        with api, pytest.raises(AttributeError):
            api.get("/me")

    assert server.connections == 0


def test_a_bad_reply_is_judged_too():
    with RawServer(servers.replying(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")) as server:
        assert refusal(trusting(server)).message == "Judged."


@pytest.mark.parametrize(
    ("origin", "path", "asked"),
    [
        ("/v25.0", "/me", "/v25.0/me"),
        ("/v25.0/", "/me", "/v25.0/me"),
        ("/data?key=1", "", "/data?key=1"),
        ("/data?key=1", "/me", "/data/me?key=1"),
        ("/data?key=1", "/me?a=2", "/data/me?a=2&key=1"),
        ("", "", "/"),
    ],
)
def test_an_origin_may_have_a_path_and_a_query(origin, path, asked):
    with RawServer(ok()) as server:
        with trusting(server) as api:
            api.origins["API"] = server.url + origin
            api.get(path)

        assert server.requests[0].startswith(f"GET {asked} HTTP".encode())


def test_a_path_cannot_change_the_host():
    with RawServer(ok()) as server, trusting(server) as api:
        for path in ("@evil.test/", "evil.test", "https://evil.test/", ":81/"):
            with pytest.raises(ValueError, match="slash"):
                api.get(path)
        api.get("//evil.test/\\x")

    assert server.connections == 1


def test_a_host_without_an_address_is_refused_in_a_trial():
    with RawServer(ok()) as server:
        error = refusal(trusting(server), host="TOKEN")

    assert error.kind == "invalid_config"
    assert error.message == "This trial has no address for Meta's host TOKEN."
    assert server.connections == 0


def test_one_connection_serves_several_requests():
    with RawServer(ok()) as server, trusting(server) as api:
        for _ in range(3):
            api.get("/me")

        assert (server.connections, len(server.requests)) == (1, 3)


def test_a_connection_that_the_server_closed_is_opened_again():
    closing = servers.closing(HEAD + b"Connection: close\r\nContent-Length: 2\r\n\r\n{}")
    with RawServer(closing) as server, trusting(server) as api:
        assert [api.get("/a"), api.get("/b")] == [{}, {}]

    assert server.connections == 2


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "target",
    [
        *("http://169.254.169.254/", "file:///etc/passwd", "gopher://x", "http://[bad"),
        *("/me", "https://public.test/", "//public.test", ""),
    ],
)
def test_a_redirect_is_an_answer_and_never_followed(status, target):
    reply = f"HTTP/1.1 {status} Go\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n"
    connects.clear()
    with RawServer(servers.replying(reply.encode())) as server, trusting(server) as api:
        api.headers["X-Api-Key"] = "key"
        got = api.request("POST", "/token", data={"client_secret": SECRET})

    assert got.status == status
    assert len(server.requests) == 1
    assert [name for name in connects if name[0] != "127.0.0.1"] == []


@pytest.mark.parametrize(
    "value",
    [f"{SECRET}\r\nX: y", f"{SECRET}\n", f" {SECRET}", f"{SECRET} ", f"{SECRET}é", "", "\x00"],
)
def test_a_value_that_no_header_may_hold_is_not_sent_nor_repeated(value):
    with RawServer(ok()) as server:
        error = refusal(trusting(server), headers={"Authorization": value})

    assert error.kind == "invalid_config"
    assert "holds a character" in error.message
    assert server.connections == 0


def test_a_value_that_is_too_long_is_not_sent():
    with RawServer(ok()) as server:
        error = refusal(trusting(server), headers={"Authorization": "x" * 4097})

    assert error.message == "One of the values is too long to be sent."


@pytest.mark.parametrize(
    "name",
    [
        *("Host", "content-length", "Transfer-Encoding", "Connection", "Upgrade", "TE"),
        *("Cookie", "Expect", "Proxy-Authorization", "X-Forwarded-For", "Forwarded"),
        *("X y", "X:", "X\r\nY", "", "Ü", "a" * 65),
    ],
)
def test_a_name_that_would_change_the_request_is_not_sent(name):
    with RawServer(ok()) as server:
        error = refusal(trusting(server), headers={name: "v"})

    assert (error.kind, server.connections) == ("invalid_config", 0)
    assert error.message == "This header name cannot be used."


def test_proxies_and_netrc_have_no_effect(monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login user password pw\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with RawServer(ok()) as server, trusting(server) as api:
        api.get("/me")
        api.get("/me", headers={"Authorization": "Bearer t"})

    assert b"Authorization" not in server.requests[0]
    assert b"\r\nAuthorization: Bearer t\r\n" in server.requests[1]


def test_cookies_are_not_kept():
    with RawServer(ok(headers=b"Set-Cookie: id=1\r\n")) as server, trusting(server) as api:
        api.get("/a")
        api.get("/b")

    assert b"Cookie" not in server.requests[1]


def test_no_secret_reaches_a_log_even_at_debug(caplog):
    caplog.set_level(logging.DEBUG)
    odd = servers.closing(HEAD + b"broken header %b\r\n\r\n{}" % SECRET.encode())
    with RawServer(odd) as server, trusting(server) as api:
        api.headers["Authorization"] = f"Bearer {SECRET}"
        assert api.get("/debug_token", input_token=SECRET) == {}

    assert "s3cret" not in caplog.text
    assert "debug_token" not in caplog.text
    lines = [record for record in caplog.records if record.name == "providers.outbound.api"]
    assert len(lines) == 1
    assert lines[0].getMessage().startswith("GET Meta API: 200 in ")


def test_a_request_without_an_answer_is_logged_too(caplog):
    caplog.set_level(logging.DEBUG)
    with RawServer(servers.reset) as server:
        refusal(trusting(server), token=SECRET)

    assert "GET Meta API: no answer in " in caplog.text
    assert "s3cret" not in caplog.text


def test_a_server_that_mirrors_a_secret_does_not_get_it_shown(caplog):
    caplog.set_level(logging.DEBUG)
    mirror = f"HTTP/1.1 302 {SECRET}\r\nX-Echo: {SECRET}\r\nLocation: /{SECRET}\r\n"
    body = f"Content-Length: {len(SECRET)}\r\n\r\n{SECRET}"
    provider = Provider(
        slug="meta",
        name="Meta",
        used_by=(),
        docs_url="",
        hosts={},
        methods=(),
        fields=(),
        takes_any_address=True,
    )
    with RawServer(servers.replying((mirror + body).encode())) as server:
        error = refusal(trusting(server, judge=provider.judge), token=SECRET)
        with trusting(server) as api:
            reply = api.request("GET", "/me")

    assert error.message == "This address forwards to another one."
    assert "s3cret" not in repr(reply) + caplog.text + error.action


def test_what_would_turn_the_sentence_around_a_name_is_left_out():
    with Api({}, judge=judge, platform="Meta", secrets=[SECRET]) as api:
        shown = api.redact(f"\u202eAcme\u2069 {SECRET[:8]}\u2066{SECRET[8:]}")

    assert shown == "Acme •••"


def test_redact_covers_secrets_plain_and_as_they_stand_in_an_address():
    with Api({}, judge=judge, platform="Meta", secrets=[SECRET, "abc", "s3cret/"]) as api:
        api.add_secret("obtained-later")
        text = api.redact(
            f"{SECRET} s3cret%2F%2B%20value%3F s3cret%2F%2B+value%3F obtained-later abc"
        )

    assert text == "••• ••• ••• ••• abc"
