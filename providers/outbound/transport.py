"""The only module that opens a connection: to a checked address, and within limits.

Every address that a name resolves to is checked, and the connection goes to exactly the
checked one, while TLS and `Host` keep the name. Only the adapter of requests is used, never
its Session: so there are no proxies, cookies, redirects or .netrc to be switched off.
"""

import logging
import math
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException, IncompleteRead, RemoteDisconnected
from ipaddress import ip_address
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import urlsplit

import certifi
import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

from providers import errors
from providers.outbound import addresses
from providers.outbound.reply import Reply

MAX_BYTES = 2**20
TRY_LATER = "Nothing to fix here: test again in a few minutes."

Origin = tuple[str, str, int]
Resolve = Callable[[str, int], Iterable[tuple[int, str]]]


@dataclass(frozen=True)
class Timeouts:
    """Seconds. `connect` is for each address, `read` for each silence, `total` for all."""

    dns: float = 3
    connect: float = 5
    read: float = 10
    total: float = 15


USUAL_TIMEOUTS = Timeouts()


def resolve(host: str, port: int) -> list[tuple[int, str]]:
    """Every address of a name, as the operating system finds them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, str(address[0])) for family, _, _, _, address in found]


def origin_of(url: str) -> Origin:
    """`"http://127.0.0.1:9000/x"` -> `("http", "127.0.0.1", 9000)`."""
    parts = urlsplit(url)
    port = parts.port or addresses.DEFAULT_PORTS.get(parts.scheme, 0)
    return parts.scheme, parts.hostname or "", port


class Transport(HTTPAdapter):
    """One Api's connections. They stay open between its requests."""

    def __init__(
        self,
        platform: str,
        *,
        trusted: frozenset[Origin],
        allow: tuple[addresses.Allowed, ...],
        deadline_at: float,
        timeouts: Timeouts,
        resolve: Resolve,
        typed: bool,
        ca_file: str | None,
    ) -> None:
        self._platform = platform
        self._trusted = trusted
        self._allow = allow
        self._deadline_at = deadline_at
        self._timeouts = timeouts
        self._resolve = resolve
        self._typed = typed
        self._tls = _tls_context(ca_file or certifi.where())
        self._limit = _Limit()
        super().__init__()

    def ask(self, request: requests.Request | requests.PreparedRequest) -> Reply:
        """Raises ProviderError, free of any library's words, when there is no whole reply."""
        seconds = min(self._timeouts.total, self._deadline_at - time.monotonic())
        failure: errors.ProviderError
        try:
            with self._limit.of(seconds):
                if isinstance(request, requests.Request):
                    request = request.prepare()
                reply = self._exchange(request)
        except errors.ProviderError as error:
            failure = error
        except (urllib3.exceptions.HTTPError, HTTPException, OSError, ValueError) as error:
            failure = self._meaning_of(error)
        else:
            # A reply that was cut off by the limit can look like a short, whole one.
            if not self._limit.is_over:
                return reply
            failure = self._late()
        # Out of the except: the error of the library would travel along as its context.
        raise failure.with_traceback(None)

    def close(self) -> None:
        super().close()
        self._limit.close()

    def init_poolmanager(self, *_sizes: Any, **_options: Any) -> None:
        self.poolmanager = _Pools(self._open, ssl_context=self._tls)

    def cert_verify(self, *_arguments: Any) -> None:
        """Nothing to choose: the context of `_tls_context` always verifies."""

    def _exchange(self, request: requests.PreparedRequest) -> Reply:
        response = self.send(request, timeout=(self._timeouts.connect, self._timeouts.read))
        body = bytearray()
        try:
            for chunk in response.raw.stream(2**16, decode_content=True):
                body += chunk
                if len(body) > MAX_BYTES:
                    raise self._unreadable("answered with far more data than an API does")
        finally:
            response.close()
        return Reply(response.status_code, response.headers, bytes(body))

    def _open(self, scheme: str, connection: HTTPConnection) -> socket.socket:
        """A connected socket. Called by urllib3 in place of its own look-up and connect."""
        host, port = connection.host, connection.port
        found = self._look_up(host, port)
        if (scheme, host, port) not in self._trusted:
            for ip in found:
                if not addresses.may_reach(scheme, host, ip, port, self._allow):
                    raise self._refused()
        failure = self._unreachable()
        for ip in found:
            try:
                opened = socket.create_connection(
                    (str(ip), port), self._limit.cut(self._timeouts.connect)
                )
            except OSError as error:
                failure = self._late() if isinstance(error, TimeoutError) else failure
                continue
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._limit.watch(connection, opened)
            return opened
        raise failure

    def _look_up(self, host: str, port: int) -> list[addresses.IPAddress]:
        itself = addresses.literal(host)
        if itself:
            return [itself]
        seconds = self._limit.cut(self._timeouts.dns)
        found = [ip_address(text) for _, text in _bounded(self._resolve, host, port, seconds)]
        if not found:
            raise errors.Network(
                f"The name of {self._platform}'s server could not be looked up.",
                "Check the address for typing mistakes, then test again."
                if self._typed
                else "Check this server's DNS and its connection to the internet.",
            )
        return found

    def _meaning_of(self, error: Exception) -> errors.ProviderError:
        causes = list(_causes(error))
        timeouts = (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)
        if self._limit.is_over or _any(causes, *timeouts):
            return self._late()
        if _any(causes, ssl.SSLError, urllib3.exceptions.SSLError):
            return errors.Network(
                f"No secure connection to {self._platform} could be made.",
                "Check the certificate of this address, and this server's clock."
                if self._typed
                else "Check this server's clock, and that nothing in between replaces "
                "certificates.",
            )
        if _any(causes, RemoteDisconnected, IncompleteRead):
            return errors.Network(f"{self._platform} broke the connection off.", TRY_LATER)
        if _any(causes, HTTPException, ValueError, urllib3.exceptions.DecodeError):
            return self._unreadable("answered with something that cannot be read")
        return self._unreachable()

    def _late(self) -> errors.ProviderError:
        return errors.Network(f"{self._platform} did not answer in time.", TRY_LATER)

    def _unreachable(self) -> errors.ProviderError:
        return errors.Network(f"{self._platform} could not be reached.")

    def _refused(self) -> errors.ProviderError:
        if self._typed:
            return refused()
        return errors.Network(
            f"The name of {self._platform}'s server leads to an address that is not public.",
            "Check this server's DNS, then test again.",
        )

    def _unreadable(self, what: str) -> errors.ProviderError:
        if self._typed:
            return errors.InvalidConfig(
                f"This address {what}.", "Enter the address of the API itself."
            )
        return errors.UnexpectedReply(f"{self._platform} {what}.")


def refused() -> errors.ProviderError:
    """One sentence for every refused address, so that nobody can map the network with it."""
    return errors.InvalidConfig(addresses.REFUSED, "Correct the address, then test again.")


class _Pools(urllib3.PoolManager):
    """Pools whose connections get their socket from `open_socket`."""

    def __init__(
        self, open_socket: Callable[[str, HTTPConnection], socket.socket], **options: Any
    ) -> None:
        super().__init__(**options)

        class Http(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                return open_socket("http", self)

        class Https(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                return open_socket("https", self)

        self._connections: dict[str, type] = {"http": Http, "https": Https}

    def _new_pool(self, scheme: str, *arguments: Any, **options: Any) -> Any:
        pool = super()._new_pool(scheme, *arguments, **options)
        pool.ConnectionCls = self._connections[scheme]
        return pool


class _Limit:
    """Ends every connection of one Api when the time for a request is up.

    A socket's own timeout begins anew with every byte, so it does not end a slow drip. One
    thread watches over all requests: starting one for each would cost more than asking. It
    may sleep through short ones, as no request ends earlier than those before it would have.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watched: list[tuple[HTTPConnection, socket.socket]] = []
        self._closed = threading.Event()
        self._ends_at = math.inf
        self._is_asking = False
        self._has_thread = False
        self.is_over = False

    @contextmanager
    def of(self, seconds: float) -> Iterator[None]:
        self.is_over = False
        self._ends_at = time.monotonic() + seconds
        self.cut(seconds)
        with self._lock:
            self._is_asking = True
            if not self._has_thread:
                threading.Thread(target=self._keep_time, daemon=True).start()
                self._has_thread = True
        try:
            yield
        finally:
            with self._lock:
                self._is_asking = False
            self._forget_closed()

    def cut(self, seconds: float) -> float:
        """As long as this, but not longer than what is left. Raises TimeoutError at the end."""
        left = min(seconds, self._ends_at - time.monotonic())
        if left <= 0:
            raise TimeoutError
        return left

    def watch(self, connection: HTTPConnection, opened: socket.socket) -> None:
        copy = opened.dup()  # TLS takes the socket itself over
        with self._lock:
            self._watched.append((connection, copy))
            if self.is_over:
                _shut_down(copy)

    def close(self) -> None:
        self._closed.set()
        for _, copy in self._watched:
            copy.close()
        self._watched = []

    def _keep_time(self) -> None:
        while not self._closed.wait(max(0, self._ends_at - time.monotonic())):
            with self._lock:
                if self._is_asking and time.monotonic() < self._ends_at:
                    continue
                self._has_thread = False
                if self._is_asking:
                    self.is_over = True
                    for _, copy in self._watched:
                        _shut_down(copy)
                return

    def _forget_closed(self) -> None:
        # In one go with the thread, which may be at the list just now.
        with self._lock:
            closed = [pair for pair in self._watched if pair[0].sock is None]
            self._watched = [pair for pair in self._watched if pair not in closed]
        for _, copy in closed:
            copy.close()


def _shut_down(connected: socket.socket) -> None:
    with suppress(OSError):  # the other side was faster
        connected.shutdown(socket.SHUT_RDWR)


class _Nothing(logging.Filter):
    """urllib3 logs whole addresses, whose queries hold tokens. Api logs a line of its own."""

    def filter(self, record: logging.LogRecord) -> bool:
        return False


for _name in ("urllib3.connection", "urllib3.connectionpool", "urllib3.util.retry"):
    logging.getLogger(_name).addFilter(_Nothing())


@cache
def _tls_context(ca_file: str) -> ssl.SSLContext:
    # Reading the authorities takes longer than a request, so it is done once.
    return ssl.create_default_context(cafile=ca_file)


def _bounded(resolve: Resolve, host: str, port: int, seconds: float) -> list[tuple[int, str]]:
    """What `resolve` found; nothing when it failed or took too long. It has no limit itself."""
    found: SimpleQueue[list[tuple[int, str]]] = SimpleQueue()

    def look_up() -> None:
        try:
            found.put(list(resolve(host, port)))
        except (OSError, UnicodeError):
            found.put([])

    threading.Thread(target=look_up, daemon=True).start()
    try:
        return found.get(timeout=seconds)
    except Empty:
        return []


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and those that it was made from, which libraries keep among its arguments."""
    yield error
    for inner in (*error.args, getattr(error, "reason", None)):
        if isinstance(inner, BaseException):
            yield from _causes(inner)


def _any(causes: Iterable[BaseException], *kinds: type[BaseException]) -> bool:
    return any(isinstance(cause, kinds) for cause in causes)
