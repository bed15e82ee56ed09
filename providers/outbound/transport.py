"""The only module that opens a connection: to a checked address, and within limits.

Every address that a name resolves to is checked, and the connection goes to exactly the
checked one, while TLS and `Host` keep the name.
"""

import math
import socket
import ssl
import time
from dataclasses import dataclass, field
from functools import cache
from http.client import HTTPException, RemoteDisconnected

import certifi
import requests
import urllib3

from providers import errors
from providers.outbound import addresses
from providers.outbound.connection import Connection, SecureConnection, TooLarge
from providers.outbound.deadline import Deadline
from providers.outbound.draft import Draft, Written
from providers.outbound.failures import Failures
from providers.outbound.origins import Origin
from providers.outbound.pools import KEPT, Key, Pool
from providers.outbound.reply import Reply
from providers.outbound.resolving import Resolve, look_up

# What may be asked a second time when a kept connection turns out to be closed: RFC 9110
# section 9.2.2. The rest takes only what was idle for less than servers usually allow, so
# that it hardly ever meets one.
REPEATABLE = frozenset({"GET", "HEAD"})
IDLE_SECONDS_TO_SEND_ONCE = 2.0


@dataclass(frozen=True)
class Timeouts:
    """Seconds. `connect` is for each address, `read` for each silence, `total` for all."""

    dns: float = 3
    connect: float = 5
    read: float = 10
    total: float = 15


USUAL_TIMEOUTS = Timeouts()


@dataclass(kw_only=True)
class Transport:
    """One Api's connections. They stay open between its requests.

    Those to origins in `kept` or `trusted` are left to the next Api: what their names resolve
    to is checked whenever one is opened. All others end with this Api.
    """

    trusted: frozenset[Origin]
    kept: frozenset[Origin]
    allow: tuple[addresses.Allowed, ...]
    deadline_at: float
    timeouts: Timeouts
    resolve: Resolve
    ca_file: str | None
    failures: Failures
    own: Pool = field(default_factory=Pool)

    def ask(self, request: Draft | requests.PreparedRequest) -> Reply:
        """Raises ProviderError, free of any library's words, when there is no whole reply."""
        deadline = Deadline(min(self.timeouts.total, self.deadline_at - time.monotonic()))
        failure: errors.ProviderError
        try:
            with deadline:
                written = request.written() if isinstance(request, Draft) else Written.of(request)
                key = self._key_of(written.origin)
                connection, reply = self._exchange(key, written, deadline)
        except errors.ProviderError as error:
            failure = error
        except (urllib3.exceptions.HTTPError, HTTPException, OSError, ValueError, TooLarge) as e:
            late = deadline.is_over
            failure = self.failures.late() if late else self.failures.meaning_of(e)
        else:
            # A reply that was cut off by the deadline can look like a short, whole one.
            if not deadline.is_over:
                self._pool_of(key).keep(key, connection)
                return reply
            connection.discard()
            failure = self.failures.late()
        # Out of the except: the error of the library would travel along as its context.
        raise failure.with_traceback(None)

    def close(self) -> None:
        self.own.close()

    def _key_of(self, origin: Origin) -> Key:
        tls = _tls_context(self.ca_file or certifi.where()) if origin[0] == "https" else None
        return Key(origin, tls, origin in self.trusted, self.allow, self.resolve)

    def _pool_of(self, key: Key) -> Pool:
        return KEPT if key.origin in self.kept | self.trusted else self.own

    def _exchange(self, key: Key, request: Written, deadline: Deadline) -> tuple[Connection, Reply]:
        is_repeatable = request.method in REPEATABLE
        idle_at_most = math.inf if is_repeatable else IDLE_SECONDS_TO_SEND_ONCE
        kept = self._pool_of(key).take(key, idle_at_most=idle_at_most)
        if kept:
            try:
                return self._ask_on(kept, request, deadline)
            except RemoteDisconnected:
                if not is_repeatable:
                    raise
        return self._ask_on(self._fresh(key, deadline), request, deadline)

    def _ask_on(
        self, connection: Connection, request: Written, deadline: Deadline
    ) -> tuple[Connection, Reply]:
        try:
            deadline.watch(connection.copy)
            if connection.is_closed:
                connection.connect()
            return connection, connection.ask(request, patience=self.timeouts.read)
        except BaseException:
            deadline.watch(None)
            connection.discard()
            raise

    def _fresh(self, key: Key, deadline: Deadline) -> Connection:
        _, host, port = key.origin
        opened = self._open(key, deadline)
        if key.tls:
            return SecureConnection(opened, host, port, ssl_context=key.tls)
        return Connection(opened, host, port)

    def _open(self, key: Key, deadline: Deadline) -> socket.socket:
        scheme, host, port = key.origin
        found = self._look_up(host, port, deadline)
        if not key.is_trusted:
            for ip in found:
                if not addresses.may_reach(scheme, host, ip, port, key.allow):
                    raise self.failures.not_public()
        failure = self.failures.unreachable()
        for ip in found:
            try:
                opened = socket.create_connection(
                    (str(ip), port), deadline.left(self.timeouts.connect)
                )
            except OSError as error:
                failure = self.failures.late() if isinstance(error, TimeoutError) else failure
                continue
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return opened
        raise failure

    def _look_up(self, host: str, port: int, deadline: Deadline) -> list[addresses.IPAddress]:
        itself = addresses.literal(host)
        if itself:
            return [itself]
        seconds = deadline.left(self.timeouts.dns)
        found = look_up(host, port, resolve=self.resolve, seconds=seconds)
        if not found:
            raise self.failures.nameless()
        return found


@cache
def _tls_context(ca_file: str) -> ssl.SSLContext:
    # Reading the authorities takes longer than a request, so it is done once.
    return ssl.create_default_context(cafile=ca_file)
