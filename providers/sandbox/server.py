"""The server itself: one thread a connection, on loopback only, and a note of what was asked."""

import json
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request. A header's name is looked up whatever its case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Message
    body: bytes = b""

    @property
    def bearer(self) -> str:
        kind, _, token = self.headers.get("Authorization", "").partition(" ")
        return token if kind.lower() == "bearer" else ""

    @property
    def form(self) -> dict[str, str]:
        """The fields of a form; none when the body says it is something else."""
        if self.headers.get_content_type() != "application/x-www-form-urlencoded":
            return {}
        return dict(parse_qsl(self.body.decode(errors="replace"), keep_blank_values=True))


@dataclass(frozen=True)
class Answer:
    """What is sent back: text as text, bytes as JSON already, anything else made into JSON.

    `is_cut` promises the whole body and sends half of it. `is_silent` sends nothing at all
    until the server stops. `is_reset` breaks the connection off instead.
    """

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    is_cut: bool = False
    is_silent: bool = False
    is_reset: bool = False

    def encoded(self) -> tuple[str, bytes]:
        """Content type and bytes."""
        if isinstance(self.body, str):
            kind = "text/html" if self.body.lstrip().startswith("<") else "text/plain"
            return f"{kind}; charset=utf-8", self.body.encode()
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        return "application/json; charset=utf-8", body


def ok(**body: Any) -> Answer:
    """An object with these names."""
    return Answer(200, body)


def counts(prefix: str, **named: object) -> dict[str, str]:
    """Headers that begin alike, such as those that count calls."""
    return {f"{prefix}-{name}": str(count) for name, count in named.items()}


def page(status: int, title: str) -> Answer:
    """A web page, such as stands where an API's data should."""
    html = f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{title}</body></html>"
    return Answer(status, html)


AnswerTo = Callable[[Asked], Answer]


def prefixed(answers: Mapping[str, AnswerTo], *, home: str = "") -> AnswerTo:
    """One answer for all: `/postbox/v1/me` is for `postbox`, which sees `/v1/me`.

    `home` is the page at `/`.
    """

    def answer(asked: Asked) -> Answer:
        slug, _, path = asked.path.lstrip("/").partition("/")
        if home and asked.path == "/":
            return Answer(200, home)
        if slug not in answers:
            return Answer(404, {"error": "Paths here begin with a platform.", "known": [*answers]})
        return answers[slug](replace(asked, path=f"/{path}"))

    return answer


class Server:
    """`with Server(answer) as server:` listens at `server.url` and fills `requests_seen`."""

    def __init__(self, answer: AnswerTo, *, port: int = 0) -> None:
        self.answer = answer
        self.requests_seen: list[Asked] = []
        self.stopping = threading.Event()
        self._http = _HTTPServer(("127.0.0.1", port), _Handler)
        self._http.owner = self
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stopping.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def wait(self) -> None:
        """Until the person presses Ctrl-C."""
        with suppress(KeyboardInterrupt):
            self._thread.join()


class _HTTPServer(ThreadingHTTPServer):
    """Closes every connection when it stops: clients keep theirs for later."""

    owner: Server

    def __init__(self, *args: Any, **more: Any) -> None:
        self._open: set[Any] = set()
        super().__init__(*args, **more)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        self._open.discard(request)

    def server_close(self) -> None:
        super().server_close()
        for connection in list(self._open):
            with suppress(OSError):  # the other side was faster
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _HTTPServer

    def reply(self) -> None:
        owner = self.server.owner
        parts = urlsplit(self.path)
        asked = Asked(
            self.command,
            parts.path,
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            self.headers,
            self.rfile.read(int(self.headers.get("Content-Length", 0))),
        )
        owner.requests_seen.append(asked)
        answer = owner.answer(asked)
        if answer.is_silent:
            owner.stopping.wait()
            self.close_connection = True
            return
        if answer.is_reset:
            self._reset()
            return
        # The client may have given up by now.
        with suppress(ConnectionError):
            self._send(answer)

    def _send(self, answer: Answer) -> None:
        kind, body = answer.encoded()
        self.send_response(answer.status)
        headers = {"Content-Type": kind, "Content-Length": str(len(body))} | dict(answer.headers)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if answer.is_cut else body)
        self.close_connection = answer.is_cut

    def _reset(self) -> None:
        # Closing with no time to linger sends RST, where a usual close would end the reply.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def log_message(self, *_args: Any, **_more: Any) -> None:
        """Nothing: a request line can hold a token."""


for _method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
    setattr(_Handler, f"do_{_method}", _Handler.reply)
