"""Receivers on loopback, channels that lead there, and a mail server that keeps what it is sent."""

import email
import email.policy
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from integrations.models import Channel, Workspace
from integrations.services.telling import changes, deliveries
from integrations.services.telling.changes import Changes
from integrations.services.telling.told import Moment, Severity, Told
from providers.outbound.addresses import parse_allowed
from providers.sandbox.server import Answer, Asked, Server

NOW = datetime(2026, 11, 27, 9, 14, tzinfo=UTC)
SECRET_PATH = "/hooks/T000/s3cr3tDoNotLeak4711"
TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5"
GOOD = {
    "slack": Answer(200, "ok"),
    "teams": Answer(202, ""),
    "discord": Answer(200, {"id": "1311"}),
    "telegram": Answer(200, {"ok": True, "result": {"message_id": 77}}),
    "ntfy": Answer(200, {"id": "n7"}),
    "webhook": Answer(204, ""),
}
OVER_HTTP = sorted(GOOD)


@dataclass
class Receiver:
    """`receiver.answers` are given one after the other, the last one from then on."""

    server: Server
    answers: list[Answer] = field(default_factory=list)

    @property
    def seen(self) -> list[Asked]:
        return self.server.requests_seen

    @property
    def url(self) -> str:
        return f"{self.server.url}{SECRET_PATH}"


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    """Takes everything, as each kind's does, unless a test gave other answers."""

    def answer(asked: Asked) -> Answer:
        mine = started.answers
        if mine:
            return mine.pop(0) if len(mine) > 1 else mine[0]
        if asked.path.endswith("/sendMessage"):
            return GOOD["telegram"]
        return Answer(200, {"id": "1311"}) if asked.query.get("wait") else Answer(200, "ok")

    with Server(answer) as server:
        started = Receiver(server)
        settings.OUTBOUND_ALLOW = parse_allowed(server.url.partition("://")[2])
        settings.PUBLIC_URL = "https://control.example"
        yield started


def config_of(kind: str, url: str, origin: str) -> dict[str, str | None]:
    by_kind: dict[str, dict[str, str | None]] = {
        "telegram": {"token": TOKEN, "chat_id": "-1001", "server": origin},
        "ntfy": {"topic": "acme-7Hq2", "token": "tk_s3cr3tDoNotLeak4711", "server": origin},
        "email": {"to": "dana@acme.example, ben@acme.example"},
    }
    return by_kind.get(kind, {"url": url})


@pytest.fixture
def channel(workspace: Workspace, receiver: Receiver) -> Callable[..., Channel]:
    """`channel("slack", tells_recovery=False)` leads to the receiver."""

    return adding(workspace, receiver)


@pytest.fixture
def operators_channel(db: None, receiver: Receiver) -> Callable[..., Channel]:
    """The same for a channel of the installation."""
    return adding(None, receiver)


def adding(workspace: Workspace | None, receiver: Receiver) -> Callable[..., Channel]:
    def add(kind: str = "webhook", **more: Any) -> Channel:
        config = config_of(kind, receiver.url, receiver.server.url)
        given = Changes(**{"config": config, "name": kind.capitalize(), **more})
        return changes.add(workspace, kind, given, by=None).channel

    return add


@dataclass
class Office:
    """A mail server, and what it was given."""

    refuses: str = ""
    envelopes: list[Any] = field(default_factory=list)

    @property
    def mails(self) -> list[Any]:
        read = (
            email.message_from_bytes(one.content, policy=email.policy.default)
            for one in self.envelopes
        )
        return list(read)

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802
        if self.refuses:
            return self.refuses
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802
        self.envelopes.append(envelope)
        return "250 OK"


@pytest.fixture
def office(settings: Any) -> Iterator[Office]:
    handler = Office()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    smtp = {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {"host": "127.0.0.1", "port": port, "timeout": 5},
    }
    settings.MAILERS, settings.EMAIL_IS_CONFIGURED = {"default": smtp}, True
    settings.DEFAULT_FROM_EMAIL = "Control Center <watch@acme.example>"
    yield handler
    controller.stop()


def told(moment: Moment = Moment.OPENED, **more: Any) -> Told:
    """Of a platform that nobody here has."""
    usual: dict[str, Any] = {
        "key": "thing-1/1",
        "moment": moment,
        "severity": Severity.BREAK,
        "workspace": "Acme Studio",
        "about": "Postbox",
        "title": "Postbox ended the access token.",
        "what_happened": "A password was changed there.",
        "stops": ("Ads monitor", "Lead tracking"),
        "who_can_fix": "Somebody with access at Postbox.",
        "since": NOW,
        "act": "Paste a new token",
        "link": "https://control.example/w/main/dashboard/settings/?dialog=postbox",
    }
    return Told(**usual | more)


def owe(workspace: Workspace | None, one: Told, now: datetime = NOW) -> None:
    """Owe it, and have done what is due then."""
    deliveries.owe(workspace, one, now)
    look(now)


def look(now: datetime) -> None:
    """What a worker does at that moment."""
    for delivery_id in deliveries.due(now):
        deliveries.deliver(delivery_id, now)
