"""One connection of urllib3, asked one request after another.

Its pools and retries are not used, nor is a Session of requests: so there are no proxies,
cookies, redirects or .netrc to be switched off.
"""

import logging
import socket
import ssl
from contextlib import suppress
from http.client import HTTPResponse
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection

from providers.outbound.draft import Written
from providers.outbound.reply import Reply

MAX_BYTES = 2**20


class TooLarge(Exception):
    """The body is larger than an API's."""


class _Response(HTTPResponse):
    """Looks at its end whether anything came after it."""

    def __init__(self, connection: "Connection", sock: socket.socket, *args: Any, **more: Any):
        super().__init__(sock, *args, **more)
        self._connection = connection
        self._socket = sock

    def _close_conn(self) -> None:
        # The library's reader may hold bytes that nobody asked for, and drops them here.
        if not self.will_close:
            with suppress(OSError):  # nothing there
                self._socket.settimeout(0)
                self._connection.has_more = bool(self.fp.peek(1))
        super()._close_conn()  # type: ignore[misc]


class Connection(HTTPConnection):
    """Speaks over a socket that is connected already, and never opens another.

    `copy` is a second handle on that socket: TLS takes the first one over.
    """

    auto_open = 0
    has_more = False

    def __init__(self, opened: socket.socket, host: str, port: int, **more: Any) -> None:
        super().__init__(host, port, **more)
        self._opened = opened
        self.copy = opened.dup()

    def _new_conn(self) -> socket.socket:
        return self._opened

    def response_class(self, *args: Any, **more: Any) -> HTTPResponse:  # type: ignore[override]
        return _Response(self, *args, **more)

    def ask(self, request: Written, *, patience: float) -> Reply:
        """The whole reply; `patience` is for each silence, in seconds.

        Raises TooLarge, RemoteDisconnected when the other side closes before it answers, and
        whatever else urllib3, http.client, ssl and sockets raise.
        """
        self.timeout = patience
        # Who closes early may have answered before.
        with suppress(ConnectionError, ssl.SSLEOFError):
            self.request(
                request.method,
                request.target,
                body=request.body,
                headers=request.headers,
                preload_content=False,
            )
        response = self.getresponse()
        body = bytearray()
        try:
            for chunk in response.stream(2**16, decode_content=True):
                body += chunk
                if len(body) > MAX_BYTES:
                    raise TooLarge
        finally:
            response.close()
        return Reply(response.status, response.headers, bytes(body))

    @property
    def is_reusable(self) -> bool:
        """Whether nothing came after the reply, and neither side has closed."""
        return not self.has_more and self.is_connected

    def discard(self) -> None:
        self.close()
        self._opened.close()
        self.copy.close()


class SecureConnection(Connection, HTTPSConnection):
    """The same with TLS, which asks for and verifies the name of the host."""


class _Nothing(logging.Filter):
    """urllib3 logs whole addresses, whose queries hold tokens. Api logs a line of its own."""

    def filter(self, record: logging.LogRecord) -> bool:
        return False


for _name in ("urllib3.connection", "urllib3.connectionpool", "urllib3.util.retry"):
    logging.getLogger(_name).addFilter(_Nothing())
