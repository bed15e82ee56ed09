"""Mail gives up in time, however slowly a server answers."""

import smtplib
import socket
import threading
import time

import pytest
from django.core.mail import EmailMessage

from integrations.services.telling import takes
from integrations_center import mail
from integrations_center.env import mailers


class Slow:
    """A server that thinks about each of its answers, but never longer than a socket's timeout."""

    def __init__(self, seconds):
        self.seconds = seconds
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.stopping = threading.Event()
        self.heard = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        here, _ = self.listening.accept()
        with here, here.makefile("rb") as lines:
            self._say(here, b"220 slow")
            for line in lines:
                self.heard.append(line.strip().upper())
                self._say(here, b"354 go on" if line.upper().startswith(b"DATA") else b"250 well")

    def _say(self, here, answer):
        self.stopping.wait(self.seconds)
        try:
            here.sendall(answer + b"\r\n")
        except OSError:
            self.stopping.set()


@pytest.fixture
def slow(settings):
    """`slow(0.1, longest=0.3)` is the installation's mail server from then on."""
    servers = []

    def start(seconds, **options):
        servers.append(Slow(seconds))
        options |= {"host": "127.0.0.1", "port": servers[-1].port, "timeout": 5}
        settings.MAILERS = {
            "default": {"BACKEND": "integrations_center.mail.EmailBackend", "OPTIONS": options}
        }
        return servers[-1]

    yield start
    for one in servers:
        one.stopping.set()
        one.listening.close()


def send():
    EmailMessage("Subject", "Text", "a@acme.example", ["b@acme.example"]).send()


def test_a_server_that_answers_slowly_is_left_in_time(slow):
    server = slow(0.1, longest=0.25)
    begun = time.monotonic()

    with pytest.raises((smtplib.SMTPException, OSError)):
        send()

    assert time.monotonic() - begun < 0.45
    assert 1 <= len(server.heard) < 4


def test_a_server_that_is_slow_and_done_in_time_gets_it(slow):
    server = slow(0.01, longest=5)

    send()

    assert server.heard[1].startswith(b"MAIL FROM:<A@ACME.EXAMPLE>")
    assert b"DATA" in server.heard


def test_a_message_is_given_up_before_its_lease_ends(monkeypatch):
    monkeypatch.setenv("EMAIL_URL", "smtp+tls://user:password@mail.example.com:587")

    assert mailers("EMAIL_URL")["default"]["BACKEND"] == f"{mail.__name__}.EmailBackend"
    assert takes.LEASE.total_seconds() > mail.LONGEST_SECONDS + 10
