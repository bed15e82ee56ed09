"""Real servers on loopback for tests, most of them hostile: a handler gets the bare socket."""

import gzip
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Self

Handler = Callable[["RawServer", socket.socket], None]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


class RawServer:
    """Runs `handler` for each connection. `requests` holds what each request was, head first."""

    def __init__(self, handler: Handler, *, tls: ssl.SSLContext | None = None) -> None:
        self.handler = handler
        self.tls = tls
        self.connections = 0
        self.requests: list[bytes] = []
        self.names_asked_for: list[str | None] = []
        self.stopped = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        if tls:
            tls.sni_callback = lambda _tls, name, _context: self.names_asked_for.append(name)
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stopped.set()
        # Wakes the accept that is waiting.
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        # Clients keep connections for later: nobody is to wait for another request on one.
        for connection in self._open:
            with suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RD)
        for thread in self._threads:
            thread.join(5)

    def read_request(self, connection: socket.socket) -> bool:
        """False when the other side has closed."""
        received = b""
        while b"\r\n\r\n" not in received:
            received += (some := connection.recv(65536))
            if not some:
                return False
        head, _, body = received.partition(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length")),
            0,
        )
        while len(body) < length:
            body += connection.recv(65536)
        self.requests.append(head + b"\r\n\r\n" + body)
        return True

    def _accept(self) -> None:
        while not self.stopped.is_set():
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=[connection])
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        with connection, suppress(OSError):
            if self.tls:
                with self.tls.wrap_socket(connection, server_side=True) as secure:
                    self._open.append(secure)
                    self.handler(self, secure)
            else:
                self._open.append(connection)
                self.handler(self, connection)


def replying(reply: bytes) -> Handler:
    """Sends these bytes for each request, on one connection as long as it lasts."""

    def handle(server: RawServer, connection: socket.socket) -> None:
        while server.read_request(connection):
            connection.sendall(reply)

    return handle


def ok(body: bytes = b"{}", *, headers: bytes = b"") -> Handler:
    return replying(HEAD + headers + b"Content-Length: %d\r\n\r\n%b" % (len(body), body))


def closing(reply: bytes) -> Handler:
    """Sends these bytes for the first request and closes: a truncated reply, or no keep-alive."""

    def handle(server: RawServer, connection: socket.socket) -> None:
        if server.read_request(connection):
            connection.sendall(reply)

    return handle


def silent(server: RawServer, connection: socket.socket) -> None:
    """Accepts and never says anything; over TLS addresses a handshake that stalls."""
    server.stopped.wait(5)


def reset(server: RawServer, connection: socket.socket) -> None:
    server.read_request(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def dripping(start: bytes, drop: bytes) -> Handler:
    """Sends `start`, then `drop` again and again for as long as anyone listens."""

    def handle(server: RawServer, connection: socket.socket) -> None:
        server.read_request(connection)
        connection.sendall(start)
        while not server.stopped.wait(0.01):
            connection.sendall(drop)

    return handle


drip_headers = dripping(HEAD + b"X-Slow: ", b"x")
drip_body = dripping(HEAD + b"Content-Length: 1000000\r\n\r\n", b" ")


def huge(server: RawServer, connection: socket.socket) -> None:
    """A chunked body without end."""
    server.read_request(connection)
    connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    while not server.stopped.is_set():
        connection.sendall(chunk)


def gzip_bomb(megabytes: int) -> Handler:
    body = gzip.compress(bytes(megabytes * 2**20), 1)
    return ok(body, headers=b"Content-Encoding: gzip\r\n")


truncated = closing(HEAD + b'Content-Length: 100\r\n\r\n{"half": ')
