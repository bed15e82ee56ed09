import socket
import threading

import pytest

from providers.errors import Network
from providers.outbound.connection import Connection
from providers.outbound.origins import origin_of
from providers.outbound.pools import Key, Pool
from providers.outbound.resolving import resolve
from tests.providers import servers
from tests.providers.apis import BRIEF, IN_TIME, calling, refusal, trusting
from tests.providers.servers import HEAD, RawServer, ok

GOOD = HEAD + b"Content-Length: 2\r\n\r\n{}"


def here(host, port):
    return [(socket.AF_INET, "127.0.0.1")]


def declared(server, **changes):
    """An Api for a platform's own host, whose name leads to this server."""
    url = f"http://public.test:{server.port}"
    given = {"allow": f"127.0.0.1/32:{server.port}", "typed": False, "resolve": here}
    return calling(url, [], **(given | changes))


def ask(api, method="GET", path="/me"):
    with api:
        return api.request(method, path).status


def connected(server):
    """A connection that a pool may keep, and its key."""
    opened = socket.create_connection(("127.0.0.1", server.port))
    connection = Connection(opened, "127.0.0.1", server.port)
    connection.connect()
    return Key(origin_of(server.url), None, True, (), resolve), connection


def keeping(pool, server, number):
    """So many connections kept in this pool, in order."""
    made = [connected(server) for _ in range(number)]
    for key, connection in made:
        pool.keep(key, connection)
    return [connection for _, connection in made]


def dropping(after):
    """Answers so many requests of all; the next is read and its connection closed."""

    def handle(server, connection):
        while server.read_request(connection) and len(server.requests) != after + 1:
            connection.sendall(GOOD)

    return handle


def test_a_connection_to_a_trusted_origin_serves_the_next_api():
    with RawServer(ok()) as server:
        assert [ask(trusting(server)) for _ in range(3)] == [200, 200, 200]

    assert (server.connections, len(server.requests)) == (1, 3)


def test_a_connection_to_a_platforms_own_host_serves_the_next_api():
    with RawServer(ok()) as server:
        ask(declared(server))
        ask(declared(server))

    assert server.connections == 1


def test_a_typed_address_is_looked_up_anew_by_each_api():
    asked = []

    def counting(host, port):
        asked.append(host)
        return here(host, port)

    with RawServer(ok()) as server:
        ask(declared(server, resolve=counting, typed=True))
        ask(declared(server, resolve=counting, typed=True))

    assert (server.connections, asked) == (2, ["public.test"] * 2)


def test_a_typed_address_is_not_kept_by_an_api_that_declares_it():
    with RawServer(ok()) as server:
        ask(declared(server))
        ask(declared(server, typed=True))

    assert server.connections == 2


def test_a_host_that_a_platform_named_is_not_kept():
    with RawServer(ok()) as server:
        for _ in range(2):
            api = declared(server)
            api.move("API", f"http://eu.public.test:{server.port}")
            ask(api)

    assert server.connections == 2


@pytest.mark.parametrize("what", ["allow", "resolve", "trusted"])
def test_a_connection_is_only_for_what_made_it_safe(what):
    with RawServer(ok()) as server:
        other = {
            "allow": {"allow": f"127.0.0.0/8:{server.port}"},
            "resolve": {"resolve": lambda host, port: here(host, port)},
            "trusted": {"trusted": {f"http://public.test:{server.port}"}},
        }
        ask(declared(server))
        ask(declared(server, **other[what]))

    assert server.connections == 2


def test_a_kept_connection_opens_nothing_that_is_no_longer_allowed():
    with RawServer(ok()) as server:
        ask(trusting(server))
        error = refusal(trusting(server, trusted=()))

    assert (error.kind, len(server.requests)) == ("invalid_config", 1)


def test_a_read_is_repeated_when_the_kept_connection_closes_without_an_answer():
    with RawServer(dropping(1)) as server:
        ask(trusting(server))
        assert ask(trusting(server), path="/b") == 200

    assert [request[:6] for request in server.requests] == [b"GET /m", b"GET /b", b"GET /b"]


def test_a_read_is_repeated_once_only():
    def never(server, connection):
        if server.read_request(connection) and len(server.requests) == 1:
            connection.sendall(GOOD)
            server.read_request(connection)

    with RawServer(never) as server:
        ask(trusting(server))
        error = refusal(trusting(server))

    assert error.message == "Meta broke the connection off."
    assert len(server.requests) == 3


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_what_may_have_been_received_is_never_sent_again(method):
    with RawServer(dropping(1)) as server, trusting(server) as api:
        api.get("/a")
        with pytest.raises(Network, match="Meta broke the connection off"):
            api.request(method, "/token")

    assert (server.connections, len(server.requests)) == (1, 2)


def test_a_read_that_a_reset_ends_is_not_repeated():
    def reset_later(server, connection):
        server.read_request(connection)
        connection.sendall(GOOD)
        servers.reset(server, connection)

    with RawServer(reset_later) as server:
        ask(trusting(server))
        error = refusal(trusting(server))

    assert (error.message, len(server.requests)) == ("Meta could not be reached.", 2)


def test_a_connection_that_was_closed_meanwhile_is_not_used():
    closed = threading.Event()

    def close_quietly(server, connection):
        server.read_request(connection)
        connection.sendall(GOOD)
        connection.close()
        closed.set()

    with RawServer(close_quietly) as server:
        ask(trusting(server))
        assert closed.wait(5)
        assert ask(trusting(server), "POST") == 200

    assert server.connections == 2


@pytest.mark.parametrize("surplus", [b" ", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"])
def test_a_connection_with_unread_bytes_is_not_used_again(surplus):
    with RawServer(servers.replying(GOOD + surplus)) as server, trusting(server) as api:
        assert [api.get("/a"), api.get("/b")] == [{}, {}]

    assert server.connections == 2


def test_a_connection_that_was_ended_in_time_is_not_used_again():
    with RawServer(servers.drip_body) as server:
        for _ in range(2):
            assert refusal(trusting(server, timeouts=BRIEF)).message == IN_TIME

    assert server.connections == 2


def test_a_connection_of_an_earlier_api_is_ended_in_time_too():
    def once_then_drip(server, connection):
        server.read_request(connection)
        connection.sendall(GOOD)
        servers.drip_headers(server, connection)

    with RawServer(once_then_drip) as server:
        ask(trusting(server))
        assert refusal(trusting(server, timeouts=BRIEF)).message == IN_TIME

    assert server.connections == 1


def test_what_is_sent_once_takes_no_connection_that_was_idle_for_long():
    with RawServer(ok()) as server:
        pool = Pool()
        (kept,) = keeping(pool, server, 1)
        key = Key(origin_of(server.url), None, True, (), resolve)

        assert pool.take(key, idle_at_most=0) is None
        assert pool.take(key) is kept
        kept.discard()


def test_only_so_many_connections_to_one_origin_are_kept():
    with RawServer(ok()) as server:
        pool = Pool(per_origin=2)
        first, *others = keeping(pool, server, 3)

        assert (len(pool), first.is_closed) == (2, True)
        assert not any(connection.is_closed for connection in others)
        pool.close()


def test_only_so_many_connections_in_all_are_kept():
    with RawServer(ok()) as server, RawServer(ok()) as other:
        pool = Pool(in_all=2)
        first, *_ = keeping(pool, server, 2)
        keeping(pool, other, 1)

        assert (len(pool), first.is_closed) == (2, True)
        pool.close()


def test_a_connection_that_nobody_uses_is_closed():
    closed = threading.Event()

    def wait_for_the_end(server, connection):
        server.read_request(connection)
        closed.set()

    with RawServer(wait_for_the_end) as server:
        pool = Pool(idle_seconds=0.05)
        keeping(pool, server, 2)

        assert closed.wait(5)


def test_threads_never_share_a_connection():
    def echo(_server, connection):
        while received := connection.recv(65536):
            body = received.split(b" ")[1][1:]
            connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    def ask_often(number):
        for turn in range(20):
            with trusting(server) as api:
                heard[number].append(api.get(f"/{number}{turn:02}"))

    heard = {number: [] for number in range(1, 9)}
    with RawServer(echo) as server:
        threads = [threading.Thread(target=ask_often, args=[number]) for number in heard]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    for number, answers in heard.items():
        assert answers == [int(f"{number}{turn:02}") for turn in range(20)]
