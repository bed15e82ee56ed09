"""Tests of connections: what we add to a platform's answers, and a platform that hangs."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median

import requests
from django.conf import settings
from django.contrib.auth.models import User
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer
from django.test.testcases import QuietWSGIRequestHandler

from integrations import platforms
from integrations.benchmarks import Measure, data, milliseconds, scratch
from integrations.models import (
    ConnectionTest,
    IntegrationConnection,
    TestOutcome,
    Trigger,
    Workspace,
)
from integrations.services.proving import background
from integrations.work import worker
from providers.sandbox.__main__ import PLATFORMS
from providers.sandbox.server import Answer, Asked, Server

SLUG, STAND_IN = next(iter(PLATFORMS.items()))  # any will do: the first of the catalogue
SERIES, ROUNDS = 5, 30
REPLAYED_HEADERS = ("Authorization", "Content-Type")
MOST_OURS_MS = 10
TESTS_IN_FLIGHT = 32
PAGES = 10
MOST_PAGE_MS = 2000
PATIENCE_SECONDS = 60


def overhead() -> list[Measure]:
    """One whole test of a platform, rows and all, beside the calls it makes and nothing else.

    Both in turn, and of several series the one in which the calls alone were quickest: what
    else the machine does meanwhile is not ours.
    """
    workspace = Workspace.objects.create(name="Overhead", slug="overhead")
    with Server(STAND_IN.answer) as server, scratch.platforms_at({SLUG: server.url}):
        connection = data.save(workspace, SLUG, STAND_IN.healthy)
        data.test(connection)
        calls = list(server.requests_seen)
        series = [_in_turn(connection, server.url, calls) for _ in range(SERIES)]
    bare, ours = min(series)
    return [
        Measure(f"A test of {platforms.get(SLUG).name}", round(ours, 1), "ms"),
        Measure(f"Its {len(calls)} calls alone", round(bare, 1), "ms"),
        Measure("Ours of it", round(ours - bare, 1), "ms", limit=MOST_OURS_MS),
    ]


def _in_turn(connection: IntegrationConnection, url: str, calls: list[Asked]) -> tuple[float, ...]:
    """Medians: the calls alone, the whole test."""
    pairs = [
        (milliseconds(lambda: _replay(url, calls)), milliseconds(lambda: data.test(connection)))
        for _ in range(ROUNDS)
    ]
    return tuple(map(median, zip(*pairs, strict=True)))


def _replay(url: str, calls: list[Asked]) -> None:
    with requests.Session() as session:
        for asked in calls:
            headers = {
                name: asked.headers[name] for name in REPLAYED_HEADERS if name in asked.headers
            }
            session.request(
                asked.method,
                url + asked.path,
                params=asked.query,
                headers=headers,
                data=asked.body,
                timeout=10,
            ).json()


def crowd(user: User, session_key: str, page: str) -> list[Measure]:
    """The settings page while tests wait for a platform that says nothing."""
    with (
        worker.in_thread(),  # first: what it does ends when the platform is gone
        Server(lambda _asked: Answer(is_silent=True)) as silent,
        scratch.platforms_at({SLUG: silent.url}),
        _site() as url,
    ):
        for number in range(TESTS_IN_FLIGHT):
            crowded = Workspace.objects.create(name=f"Crowd {number}", slug=f"crowd-{number}")
            saved = data.save(crowded, SLUG, STAND_IN.healthy)
            background.start_test(saved, trigger=Trigger.PAGE, by=user)
        _wait(lambda: len(silent.requests_seen) >= TESTS_IN_FLIGHT)
        waits = [milliseconds(lambda: _open(url + page, session_key)) for _ in range(PAGES)]
        running = ConnectionTest.objects.filter(outcome=TestOutcome.RUNNING).count()
    _wait(lambda: not ConnectionTest.objects.filter(outcome=TestOutcome.RUNNING).exists())
    return [
        Measure("Tests in flight when the pages had come", running),
        Measure("Settings page beside them: median", round(median(waits), 1), "ms"),
        Measure(
            "Settings page beside them: slowest", round(max(waits), 1), "ms", limit=MOST_PAGE_MS
        ),
    ]


def _wait(until: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not until():
        if time.monotonic() > give_up:
            raise RuntimeError("The tests did not start or end in time.")
        time.sleep(0.05)


def _open(url: str, session_key: str) -> None:
    cookies = {settings.SESSION_COOKIE_NAME: session_key}
    reply = requests.get(url, cookies=cookies, timeout=PATIENCE_SECONDS)
    reply.raise_for_status()
    if reply.url != url:
        raise RuntimeError(f"{url} leads to {reply.url}.")


@contextmanager
def _site() -> Iterator[str]:
    """The whole site on loopback, a thread a request."""
    server = ThreadedWSGIServer(("127.0.0.1", 0), QuietWSGIRequestHandler)
    server.set_app(WSGIHandler())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
