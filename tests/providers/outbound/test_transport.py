import socket
import time
import tracemalloc

import pytest

from providers.outbound.addresses import REFUSED
from providers.outbound.api import Api
from tests.providers import servers
from tests.providers.apis import (
    BRIEF,
    IN_TIME,
    SECRET,
    SHORT,
    calling,
    connects,
    judge,
    refusal,
    trusting,
)
from tests.providers.outbound import hostile
from tests.providers.servers import HEAD, RawServer, ok


@pytest.mark.parametrize("address", hostile.ADDRESSES)
def test_a_hostile_address_is_never_connected_to(address):
    connects.clear()

    error = refusal(calling(address, ["1.1.1.1"]))

    assert (error.kind, error.message) == ("invalid_config", REFUSED)
    assert connects == []


@pytest.mark.parametrize("answer", hostile.DENIED_ANSWERS)
@pytest.mark.parametrize("first", [[], ["1.1.1.1"]])
@pytest.mark.parametrize("last", [[], ["2606:4700::1111"]])
def test_a_name_with_one_denied_answer_is_never_connected_to(answer, first, last):
    connects.clear()

    error = refusal(calling("https://public.test", [*first, answer, *last]))

    assert (error.kind, error.message) == ("invalid_config", REFUSED)
    assert connects == []


def test_an_open_and_a_closed_private_port_and_a_refused_name_sound_the_same():
    with RawServer(ok()) as server:
        open_port = f"https://public.test:{server.port}"
        allow = f"9.9.9.9/32:{server.port}, 9.9.9.9/32:9"
        said = {
            refusal(calling(open_port, ["127.0.0.1"], allow=allow)).message,
            refusal(calling("https://public.test:9", ["127.0.0.1"], allow=allow)).message,
            refusal(calling("https://localhost", [])).message,
        }

    assert said == {REFUSED}
    assert server.connections == 0


def test_a_platforms_own_name_that_leads_inside_is_a_problem_of_the_network():
    error = refusal(calling("https://public.test", ["0.0.0.0"], typed=False))

    assert error.kind == "network"
    assert "leads to an address that is not public" in error.message


def test_an_allowed_address_is_reached_under_its_name_and_port():
    with RawServer(ok()) as server:
        url = f"http://public.test:{server.port}"
        with calling(url, ["127.0.0.1"], allow=f"127.0.0.1/32:{server.port}") as api:
            api.get("/me")

    assert f"\r\nHost: public.test:{server.port}\r\n".encode() in server.requests[0]


def test_each_connection_is_checked_anew():
    reply = HEAD + b"Connection: close\r\nContent-Length: 2\r\n\r\n{}"
    answers = ["127.0.0.1"]
    with RawServer(servers.closing(reply)) as server:
        url, allow = f"http://public.test:{server.port}", f"127.0.0.1/32:{server.port}"
        api = calling(url, answers, allow=allow)
        api.get("/me")
        answers[0] = "127.0.0.2"

        assert refusal(api).message == REFUSED

    assert server.connections == 1


def test_the_address_that_was_checked_is_the_one_connected_to():
    asked = []

    def resolve(host, port):
        asked.append(host)
        return [(socket.AF_INET, "127.0.0.1" if len(asked) == 1 else "127.0.0.2")]

    with RawServer(ok()) as server:
        connects.clear()
        allow = f"127.0.0.1/32:{server.port}"
        url = f"http://public.test:{server.port}"
        with calling(url, [], allow=allow, resolve=resolve) as api:
            api.get("/me")

    assert asked == ["public.test"]
    assert ("127.0.0.1", server.port) in connects


def test_the_next_address_is_tried_when_the_first_does_not_connect():
    with RawServer(ok()) as server:
        allow = f"127.0.0.0/8:{server.port}"
        url = f"http://public.test:{server.port}"
        with calling(url, ["127.0.0.2", "127.0.0.1"], allow=allow) as api:
            assert api.get("/me") == {}


def test_a_trusted_origin_opens_nothing_for_the_other_hosts():
    with RawServer(ok()) as server:
        allow = f"9.9.9.9/32:{server.port}"
        url = f"https://public.test:{server.port}"
        api = calling(url, ["127.0.0.1"], allow=allow, trusted={server.url})

        assert refusal(api).message == REFUSED

    assert server.connections == 0


def test_only_exactly_the_trusted_origin_may_be_private():
    with RawServer(ok()) as server, RawServer(ok()) as other:
        api = trusting(server)
        api.origins["API"] = other.url

        assert refusal(api).message == REFUSED

    assert other.connections == 0


@pytest.mark.parametrize(
    ("handler", "timeouts"),
    [
        (servers.silent, SHORT),
        (servers.silent, BRIEF),
        (servers.drip_headers, BRIEF),
        (servers.drip_body, BRIEF),
        (servers.dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), BRIEF),
        (servers.dripping(HEAD + b"Connection: close\r\n\r\n", b" "), BRIEF),
        (servers.dripping(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"), BRIEF),
    ],
)
def test_a_slow_server_is_left_in_time(handler, timeouts):
    began = time.monotonic()
    with RawServer(handler) as server:
        error = refusal(trusting(server, timeouts=timeouts))
        took = time.monotonic() - began

    assert (error.kind, error.message) == ("network", IN_TIME)
    assert 0.1 < took < 1.5


@pytest.mark.parametrize("timeouts", [SHORT, BRIEF])
@pytest.mark.parametrize("handler", [servers.silent, servers.dripping(b"", b"\x16")])
def test_a_tls_handshake_that_stalls_is_left_in_time(handler, timeouts):
    began = time.monotonic()
    with RawServer(handler) as server:
        url, allow = f"https://public.test:{server.port}", f"127.0.0.1/32:{server.port}"
        error = refusal(calling(url, ["127.0.0.1"], allow=allow, timeouts=timeouts))

    assert (error.kind, error.message) == ("network", IN_TIME)
    assert time.monotonic() - began < 1.5


def test_a_name_server_that_stalls_is_left_in_time():
    with RawServer(servers.silent) as server:

        def resolve(host, port):
            server.stopped.wait(5)
            return []

        began = time.monotonic()
        error = refusal(calling("https://public.test", [], resolve=resolve, timeouts=SHORT))
        took = time.monotonic() - began

    assert (error.kind, error.message) == (
        "network",
        "The name of Meta's server could not be looked up.",
    )
    assert took < 1.5


def test_the_deadline_of_the_test_ends_a_request():
    with RawServer(servers.drip_body) as server:
        began = time.monotonic()
        error = refusal(trusting(server, deadline_at=began + 0.15))

    assert error.message == IN_TIME
    assert time.monotonic() - began < 1.5


def test_after_the_deadline_nothing_is_asked():
    with RawServer(ok()) as server:
        error = refusal(trusting(server, deadline_at=time.monotonic()))

    assert (error.kind, error.message) == ("network", IN_TIME)
    assert server.requests == []


def test_after_the_deadline_nothing_is_asked_on_a_kept_connection_either():
    with RawServer(ok()) as server:
        api = trusting(server)
        api.get("/me")
        api._transport.deadline_at = time.monotonic()

        assert refusal(api).message == IN_TIME

    assert len(server.requests) == 1


def test_a_kept_connection_is_ended_in_time_too():
    def once_then_drip(server, connection):
        server.read_request(connection)
        connection.sendall(HEAD + b"Content-Length: 2\r\n\r\n{}")
        servers.drip_headers(server, connection)

    with RawServer(once_then_drip) as server:
        api = trusting(server, timeouts=BRIEF)
        assert api.get("/a") == {}
        assert refusal(api).message == IN_TIME

    assert server.connections == 1


def test_a_body_of_one_mebibyte_is_read():
    body = b'"%b"' % (b"x" * (2**20 - 2))
    with RawServer(ok(body)) as server, trusting(server) as api:
        assert len(api.get("/me")) == 2**20 - 2


@pytest.mark.parametrize(
    "handler",
    [
        ok(b'"%b"' % (b"x" * (2**20 - 1))),
        servers.huge,
        servers.gzip_bomb(64),
        servers.dripping(HEAD + b"Content-Length: 1000000000000\r\n\r\n", b" " * 2**16),
    ],
    ids=["a byte too many", "endless", "gzip bomb", "a terabyte"],
)
def test_a_larger_body_is_left_without_filling_the_memory(handler):
    with RawServer(handler) as server:
        tracemalloc.start()
        error = refusal(trusting(server))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert error.kind == "unexpected_reply"
    assert error.message == "Meta answered with far more data than an API does."
    assert peak < 20 * 2**20


def test_at_a_typed_address_it_is_the_address_that_is_wrong():
    with RawServer(servers.huge) as server:
        error = refusal(trusting(server, typed=True))

    assert error.kind == "invalid_config"
    assert error.message == "This address answered with far more data than an API does."


def test_a_compressed_reply_is_read():
    with RawServer(servers.gzip_bomb(1)) as server, trusting(server) as api:
        assert len(api.request("GET", "/me").body) == 2**20


@pytest.mark.parametrize(
    ("handler", "kind", "message"),
    [
        (servers.reset, "network", "Meta could not be reached."),
        (servers.closing(b""), "network", "Meta broke the connection off."),
        (servers.truncated, "network", "Meta broke the connection off."),
        (
            servers.closing(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{"),
            "network",
            "Meta broke the connection off.",
        ),
        (
            servers.closing(b"SSH-2.0-OpenSSH_9.2\r\n"),
            "unexpected_reply",
            "Meta answered with something that cannot be read.",
        ),
        (
            ok(b"not gzip", headers=b"Content-Encoding: gzip\r\n"),
            "unexpected_reply",
            "Meta answered with something that cannot be read.",
        ),
        (
            servers.replying(HEAD + b"X: y\r\n" * 200 + b"\r\n"),
            "unexpected_reply",
            "Meta answered with something that cannot be read.",
        ),
    ],
)
def test_a_failure_has_its_sentence(handler, kind, message):
    with RawServer(handler) as server:
        error = refusal(trusting(server), token=SECRET)

    assert (error.kind, error.message) == (kind, message)


def test_a_port_that_is_closed_cannot_be_reached():
    with RawServer(ok()) as server:
        pass

    error = refusal(trusting(server))

    assert (error.kind, error.message) == ("network", "Meta could not be reached.")


@pytest.mark.parametrize("raised", [socket.gaierror(-2, "public.test"), UnicodeError("x")])
def test_a_name_that_does_not_resolve_has_its_sentence(raised):
    def resolve(host, port):
        raise raised

    error = refusal(calling("https://public.test", [], resolve=resolve))

    assert error.kind == "network"
    assert error.message == "The name of Meta's server could not be looked up."
    assert error.action == "Check the address for typing mistakes, then test again."


def test_the_usual_look_up_is_the_operating_systems():
    with RawServer(ok()) as server:
        url = f"http://localhost:{server.port}"
        with Api({"API": url}, judge=judge, platform="Meta", trusted={url}) as api:
            assert api.get("/me") == {}
