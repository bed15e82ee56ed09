import socket
import ssl
import time
from datetime import UTC, datetime, timedelta

import pytest
import trustme

from tests.providers import servers
from tests.providers.apis import BRIEF, IN_TIME, calling, refusal
from tests.providers.servers import RawServer, ok

NOT_ACCEPTED = "No secure connection to Meta could be made."


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(authority, tmp_path_factory):
    file = tmp_path_factory.mktemp("tls") / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    return str(file)


@pytest.fixture
def secure(authority):
    def start(name, handler=None, **options):
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name, **options).configure_cert(tls)
        return RawServer(handler or ok(), tls=tls)

    return start


def api_for(server, **changes):
    url, allow = f"https://public.test:{server.port}", f"127.0.0.1/32:{server.port}"
    return calling(url, ["127.0.0.1"], allow=allow, **changes)


def test_the_name_is_what_tls_asks_for_and_verifies(secure, ca_file):
    with secure("public.test") as server, api_for(server, ca_file=ca_file) as api:
        assert api.get("/me") == {}
        assert api.get("/me") == {}

    assert server.names_asked_for == ["public.test"]
    assert server.connections == 1


def test_a_kept_connection_is_only_for_the_authorities_it_was_verified_by(secure, ca_file):
    def here(host, port):
        return [(socket.AF_INET, "127.0.0.1")]

    with secure("public.test") as server:
        for _ in range(2):
            with api_for(server, ca_file=ca_file, typed=False, resolve=here) as api:
                assert api.get("/me") == {}
        assert server.connections == 1
        error = refusal(api_for(server, typed=False, resolve=here))

    assert (error.message, len(server.requests)) == (NOT_ACCEPTED, 2)


def test_a_certificate_of_an_unknown_authority_is_refused(secure):
    with secure("public.test") as server:
        error = refusal(api_for(server))

    assert (error.kind, error.message) == ("network", NOT_ACCEPTED)
    assert server.requests == []


@pytest.mark.parametrize("name", ["other.test", "127.0.0.1"])
def test_a_certificate_of_another_name_is_refused(secure, ca_file, name):
    with secure(name) as server:
        error = refusal(api_for(server, ca_file=ca_file))

    assert (error.kind, error.message) == ("network", NOT_ACCEPTED)
    assert server.requests == []


def test_an_expired_certificate_is_refused(secure, ca_file):
    past = datetime.now(UTC) - timedelta(days=1)
    with secure("public.test", not_after=past) as server:
        error = refusal(api_for(server, ca_file=ca_file))

    assert (error.kind, error.message) == ("network", NOT_ACCEPTED)


def test_a_server_without_tls_is_refused(ca_file):
    def speak_plainly(server, connection):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with RawServer(speak_plainly) as server:
        error = refusal(api_for(server, ca_file=ca_file))

    assert (error.kind, error.message) == ("network", NOT_ACCEPTED)


def test_a_slow_drip_over_tls_ends_in_time(secure, ca_file):
    with secure("public.test", servers.drip_body) as server:
        began = time.monotonic()
        error = refusal(api_for(server, ca_file=ca_file, timeouts=BRIEF))

    assert error.message == IN_TIME
    assert time.monotonic() - began < 1.5
