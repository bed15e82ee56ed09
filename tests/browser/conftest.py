"""Chromium on the real pages: served over HTTP, tested in threads, with a Meta on loopback."""

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request

from integrations import background, platforms
from integrations.models import IntegrationConnection, Membership, Role, Workspace
from integrations.services import connections
from integrations.services.connections import Changes
from providers.sandbox import meta as sandbox
from providers.sandbox.server import Answer, Asked, Server

# Playwright runs an event loop in the main thread, where the tests ask the database too.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

SETTINGS = "/w/main/dashboard/settings/"
META = f"{SETTINGS}integrations/meta/"
PASSWORD = "correct horse battery"
EXPECTED_NOISE = "Failed to load resource: the server responded with a status of 4"


@pytest.fixture(scope="session")
def browser_type_launch_args(chromium_path: str) -> dict[str, Any]:
    return {"executable_path": chromium_path, "args": ["--no-sandbox"]}


@pytest.fixture(scope="session")
def base_url(live_server: Any) -> str:
    return str(live_server.url)


@pytest.fixture
def workspace(transactional_db: None, settings: Any) -> Iterator[Workspace]:
    """Transactional tests empty the tables, and with them the first migration's workspace."""
    settings.TASKS = {"default": {"BACKEND": "integrations.background.ThreadBackend"}}
    made, _ = Workspace.objects.get_or_create(slug="main", defaults={"name": "Main"})
    yield made
    _wait_for_background()


def _wait_for_background() -> None:
    """Until no thread works on the database any more, which is emptied next."""
    tick = threading.Event()
    for _ in range(1000):
        if background.POOL.pending == 0:
            return
        tick.wait(0.01)
    pytest.fail("A background task has not ended.")


class Gate:
    """A Meta that holds back its answers to paths that contain `closed_for` until told."""

    def __init__(self) -> None:
        self.closed_for = ""
        self.opened = threading.Event()

    def close(self, part: str) -> None:
        self.closed_for = part
        self.opened.clear()

    def open(self) -> None:
        self.opened.set()

    def answer(self, asked: Asked) -> Answer:
        if self.closed_for and self.closed_for in asked.path:
            self.opened.wait(timeout=60)
        return sandbox.answer(asked)


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.open()


@pytest.fixture
def meta(settings: Any, gate: Gate, workspace: Workspace) -> Iterator[Server]:
    """A Meta on loopback, in place of the real one, that answers by token."""
    with Server(gate.answer) as server:
        settings.PROVIDER_ORIGINS = {"meta": {"API": server.url}}
        platforms.catalogue.cache_clear()
        yield server
        gate.open()
        _wait_for_background()
    platforms.catalogue.cache_clear()


@pytest.fixture
def editor(workspace: Workspace) -> User:
    return member(workspace, "emil", first_name="Emil", last_name="Edit")


def member(workspace: Workspace, username: str, **more: str) -> User:
    user = User.objects.create_user(username, password=PASSWORD, **more)
    user.memberships.all().delete()
    Membership.objects.create(user=user, workspace=workspace, role=Role.EDITOR, is_default=True)
    return user


def save_meta(workspace: Workspace, token: str = "EAAhealthy", **more: str) -> None:
    """What somebody saved before; nothing was tested."""
    values = {"access_token": token, "account_id": "act_1001", **more}
    connections.change_connection(workspace, "meta", Changes(config=values), by=None)


def saved(workspace: Workspace) -> IntegrationConnection:
    return connections.find(workspace, "meta")


@dataclass
class Watch:
    """What a browser complained about and, when `reads_replies`, all that it was sent."""

    reads_replies: bool = False
    problems: list[str] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)

    def on(self, context: BrowserContext) -> None:
        context.on("console", self._console)
        context.on("weberror", lambda error: self.problems.append(str(error.error)))
        context.on("requestfinished", self._finished)

    def _console(self, message: ConsoleMessage) -> None:
        noise = message.text.startswith(EXPECTED_NOISE)
        if message.type in ("error", "warning") and not noise:
            self.problems.append(message.text)

    def _finished(self, request: Request) -> None:
        reply = request.response()
        if self.reads_replies and reply and not 300 <= reply.status < 400:
            self.replies.append(reply.text())


OpenPage = Callable[..., Page]


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def open_page(new_context: Any, base_url: str, watch: Watch) -> Iterator[OpenPage]:
    """`open_page(user, "/path/")` in a browser of its own; keywords go to the context.

    The browser must not complain about anything.
    """

    def opened(user: User | None = None, path: str | None = None, **options: Any) -> Page:
        context = new_context(locale="en-GB", **options)
        watch.on(context)
        if user:
            context.add_cookies([_session(user, base_url)])
        page = context.new_page()
        page.set_default_timeout(10_000)
        if path:
            page.goto(path)
        return page

    yield opened
    assert watch.problems == []


def _session(user: User, base_url: str) -> dict[str, str]:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": base_url}


@pytest.fixture
def page(open_page: OpenPage, editor: User, meta: Server) -> Page:
    """The settings page, as an editor sees it."""
    return open_page(editor, SETTINGS)
