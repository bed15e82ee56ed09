"""Chromium on the real pages: served over HTTP, tested by a worker, with platforms on loopback."""

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django_ox.models import OxTask
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Route, expect

from integrations import platforms
from integrations.models import IntegrationConnection, Membership, Role, Workspace
from integrations.services import rows
from integrations.services.connecting import candidates, fix_links, saving, signing_in
from integrations.services.connecting.changes import Changes
from integrations.sessions import BACKEND
from integrations.work import worker
from providers import registry
from providers.sandbox import calendly as calendly_sandbox
from providers.sandbox import meta as sandbox
from providers.sandbox.__main__ import APPS, PLATFORMS
from providers.sandbox.server import Answer, Asked, Server, prefixed
from tests.integrations.conftest import SESSION, callback_of
from tests.integrations.receivers import channel, operators_channel, receiver

__all__ = ["channel", "operators_channel", "receiver"]  # fixtures, from a module of their own

# Playwright runs an event loop in the main thread, where the tests ask the database too.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

# How long a page may take to show what it will, where other tests run beside it.
PATIENCE_MS = 10_000
expect.set_options(timeout=PATIENCE_MS)

SETTINGS = "/w/main/dashboard/settings/"
META = f"{SETTINGS}integrations/meta/"
ACME, OUTLET = calendly_sandbox.ACME, calendly_sandbox.OUTLET
# This machine under a name: to a browser, unlike 127.0.0.1, no secure context.
OTHER_HOST = "control-center.test"
PASSWORD = "correct horse battery"
EXPECTED_NOISE = (
    "Failed to load resource: the server responded with a status of 4",
    "Response Status Error Code 401",
    "The Cross-Origin-Opener-Policy header has been ignored",  # by plain http
    # What htmx says when a request is given up on purpose, by hx-sync.
    "htmx:afterRequest, [object HTMLElement]",
    "htmx:sendAbort, [object HTMLElement]",
)


@pytest.fixture(scope="session")
def browser_type_launch_args(chromium_path: str) -> dict[str, Any]:
    resolves = f"--host-resolver-rules=MAP {OTHER_HOST} 127.0.0.1"
    return {"executable_path": chromium_path, "args": ["--no-sandbox", resolves]}


@pytest.fixture(scope="session")
def base_url(live_server: Any) -> str:
    return str(live_server.url)


@pytest.fixture
def workspace(transactional_db: None, settings: Any) -> Iterator[Workspace]:
    """Transactional tests empty the tables, and with them the first migration's workspace."""
    settings.TASKS = {"default": {"BACKEND": worker.ENGINE}}
    cache.clear()  # lists of accounts
    made, _ = Workspace.objects.get_or_create(slug="main", defaults={"name": "Main"})
    platforms.catalogue()  # else the worker may keep one that it began to read before a stand-in
    with worker.in_thread(concurrency=8, interval=0.05):
        yield made
        _wait_for_jobs()


def _wait_for_jobs() -> None:
    """Until no job needs the stand-ins, which go next, or the database, which is emptied."""
    pause = threading.Event()
    for _ in range(1000):
        if not OxTask.objects.filter(status__in=("READY", "RUNNING")).exists():
            return
        pause.wait(0.01)
    pytest.fail("A job has not ended.")


class Gate:
    """Holds back a stand-in's answers to paths that contain `closed_for` until told."""

    def __init__(self) -> None:
        self.closed_for = ""
        self.opened = threading.Event()

    def close(self, part: str) -> None:
        self.closed_for = part
        self.opened.clear()

    def open(self) -> None:
        self.opened.set()

    def before(self, answer: Callable[[Asked], Answer]) -> Callable[[Asked], Answer]:
        def held(asked: Asked) -> Answer:
            if self.closed_for and self.closed_for in asked.path:
                self.opened.wait(timeout=60)
            return answer(asked)

        return held


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.open()


@pytest.fixture
def meta(settings: Any, gate: Gate, workspace: Workspace) -> Iterator[Server]:
    """A Meta on loopback, in place of the real one, that answers by token."""
    with Server(gate.before(sandbox.answer)) as server:
        settings.PROVIDER_ORIGINS = {"meta": {"API": server.url}}
        platforms.catalogue.cache_clear()
        yield server
        gate.open()
        _wait_for_jobs()
    platforms.catalogue.cache_clear()


StandIn = Callable[..., Server]


@pytest.fixture
def stand_in(settings: Any, base_url: str, gate: Gate, workspace: Workspace) -> Iterator[StandIn]:
    """`stand_in("calendly", …)`: these platforms on loopback, and the server's apps for them."""
    with Server(lambda _asked: Answer(404, "")) as server:

        def stand(*slugs: str) -> Server:
            answers = {slug: PLATFORMS[slug].answer for slug in slugs}
            server.answer = gate.before(prefixed(answers, home=""))
            settings.PROVIDER_ORIGINS = {
                slug: dict.fromkeys(registry.get(slug).hosts, f"{server.url}/{slug}")
                for slug in slugs
            }
            settings.APPS = APPS
            settings.PUBLIC_URL = base_url
            platforms.catalogue.cache_clear()
            return server

        yield stand
        gate.open()
        _wait_for_jobs()
    platforms.catalogue.cache_clear()


@pytest.fixture
def calendly(stand_in: StandIn) -> Server:
    """A Calendly on loopback where people can sign in, and the server's own app for it."""
    return stand_in("calendly")


@pytest.fixture
def editor(workspace: Workspace) -> User:
    return member(workspace, "emil", first_name="Emil", last_name="Edit")


@pytest.fixture
def owner(workspace: Workspace) -> User:
    return member(workspace, "olga", Role.OWNER)


def member(workspace: Workspace, username: str, role: Role = Role.EDITOR, **more: str) -> User:
    user = User.objects.create_user(username, password=PASSWORD, **more)
    user.memberships.all().delete()
    Membership.objects.create(user=user, workspace=workspace, role=role, is_default=True)
    return user


def save_meta(workspace: Workspace, token: str = "EAAhealthy", **more: str) -> None:
    """What somebody saved before; nothing was tested."""
    values = {"access_token": token, "account_id": "act_1001", **more}
    saving.change_connection(rows.unread(workspace, "meta"), Changes(config=values), by=None)


def saved(workspace: Workspace, slug: str = "meta") -> IntegrationConnection:
    return rows.find(workspace, slug)


def sign_in(
    workspace: Workspace,
    user: User,
    slug: str = "calendly",
    person: str = "healthy",
    account: str = "",
) -> None:
    """What somebody connected before by signing in; of several accounts, to this one."""
    before = saved(workspace, slug)
    url = signing_in.begin(
        rows.unread(workspace, slug),
        Changes(),
        user=user,
        session_key=SESSION,
        base_version=before.version,
    )
    app = before.platform.sign_ins[0].app.slug
    back = signing_in.come_back(app, callback_of(url, person), session_key=SESSION)
    assert back.candidate is not None, back.attempt.problem
    candidates.prove(back.candidate)
    if account:
        back.candidate.refresh_from_db()
        candidates.choose_account(back.candidate, account)
        candidates.prove(back.candidate)


def sign_in_to_outlet(workspace: Workspace, user: User) -> None:
    """Calendly, connected by a sign-in that reaches two accounts, to the second of them."""
    sign_in(workspace, user, person="two", account=OUTLET)


def fix_link(workspace: Workspace, owner: User) -> str:
    """The address, without the host, of a link for whoever owns the Calendly account."""
    url = fix_links.send(rows.unread(workspace, "calendly"), recipient="Ben of Ads", by=owner)
    return "/fix/" + url.rstrip("/").rsplit("/", 1)[1] + "/"


def continue_to(page: Page, slug: str, name: str) -> None:
    """From the settings page to the stand-in's own."""
    page.click(f"#open-{slug}")
    page.locator("#dialog").get_by_role("button", name=name).click()
    page.wait_for_selector("#cancel")


@dataclass
class Watch:
    """What a browser complained about and, once it `reads`, all that it was sent."""

    problems: list[str] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)

    def on(self, context: BrowserContext) -> None:
        context.on("console", self._console)
        context.on("weberror", lambda error: self.problems.append(str(error.error)))

    def _console(self, message: ConsoleMessage) -> None:
        noise = message.text.startswith(EXPECTED_NOISE)
        if message.type in ("error", "warning") and not noise:
            self.problems.append(message.text)

    def reads(self, context: BrowserContext) -> None:
        """Keep every reply from now on, before the page has it: later it may be gone."""
        context.route("**/*", self._read)

    def _read(self, route: Route) -> None:
        reply = route.fetch()
        self.replies.append(reply.body().decode(errors="replace"))
        route.fulfill(response=reply)


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
            context.add_cookies([_session(user, urljoin(base_url, urljoin(path or "", "/")))])
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        if path:
            page.goto(path)
        return page

    yield opened
    assert watch.problems == []


def _session(user: User, base_url: str) -> dict[str, str]:
    client = Client()
    client.force_login(user, backend=BACKEND)
    name = django_settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value, "url": base_url}


@pytest.fixture
def page(open_page: OpenPage, editor: User, meta: Server) -> Page:
    """The settings page, as an editor sees it."""
    return open_page(editor, SETTINGS)
