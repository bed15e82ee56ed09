"""People by role, clients that ask for them, and a Meta that answers on loopback."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from integrations import platforms, queue
from integrations.models import (
    ApiToken,
    IntegrationConnection,
    Membership,
    Role,
    Trigger,
    Workspace,
)
from integrations.services import rows
from integrations.services.connecting import candidates, saving, signing_in
from integrations.services.connecting.changes import Changes
from integrations.services.proving import testing
from integrations.sessions import BACKEND
from providers import registry
from providers.declare import App
from providers.sandbox import calendly as calendly_sandbox
from providers.sandbox import meta as sandbox
from providers.sandbox import stripe as stripe_sandbox
from providers.sandbox.server import Server
from tests.integrations.receivers import channel, office, operators_channel, receiver

__all__ = [
    "channel",
    "office",
    "operators_channel",
    "receiver",
]  # fixtures, from a module of their own

TOKEN = "EAAhealthy"
VALUES = {"access_token": TOKEN, "account_id": "act_1001"}

Person = Callable[..., User]


@pytest.fixture(autouse=True)
def nothing_cached() -> None:
    """Lists of accounts, and how often they were asked for."""
    cache.clear()


@pytest.fixture
def workspace(db: None) -> Workspace:
    # A test that commits empties every table afterwards, so it may have to be made again.
    return Workspace.objects.get_or_create(slug="main", defaults={"name": "Main"})[0]


@pytest.fixture
def person(workspace: Workspace) -> Person:
    """`person("ana", Role.EDITOR)` is a member of the workspace; without a role, of none."""

    def make(username: str, role: Role | None = None, **more: str) -> User:
        user = User.objects.create_user(username, password="pass-word-1", **more)
        user.memberships.all().delete()
        if role:
            Membership.objects.create(user=user, workspace=workspace, role=role, is_default=True)
        return user

    return make


@pytest.fixture
def viewer(person: Person) -> User:
    return person("vera", Role.VIEWER)


@pytest.fixture
def editor(person: Person) -> User:
    return person("emil", Role.EDITOR, first_name="Emil", last_name="Edit")


@pytest.fixture
def owner(person: Person) -> User:
    return person("olga", Role.OWNER)


@pytest.fixture
def stranger(person: Person) -> User:
    return person("sven")


def signed_in(user: User) -> Client:
    """A browser in which the person signed in. It checks CSRF as a real one does."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(user, backend=BACKEND)
    return client


def with_token(user: User) -> Client:
    """A script with a token of this person."""
    _, token = ApiToken.objects.create(user=user, name="tests")
    return Client(headers={"Authorization": f"Token {token}"})


@pytest.fixture
def api(editor: User) -> Client:
    """A script that may change things."""
    return with_token(editor)


@pytest.fixture
def worker_seen(db: None) -> None:
    """A worker was seen just now, so what is enqueued will be done: here, by the backend itself."""
    queue.beat(timezone.now())


@pytest.fixture
def meta(settings: Any) -> Iterator[Server]:
    """A Meta on loopback, in place of the real one, that answers by token."""
    with Server(sandbox.PLATFORM.answer) as server:
        settings.PROVIDER_ORIGINS = {"meta": {"API": server.url}}
        platforms.catalogue.cache_clear()
        yield server
    platforms.catalogue.cache_clear()


@pytest.fixture
def stripe(settings: Any) -> Iterator[Server]:
    """A Stripe on loopback: the keys `rk_test_healthy` and `sk_test_healthy` are one account's."""
    with Server(stripe_sandbox.PLATFORM.answer) as server:
        settings.PROVIDER_ORIGINS = {"stripe": {"API": server.url}}
        platforms.catalogue.cache_clear()
        yield server
    platforms.catalogue.cache_clear()


@pytest.fixture
def connected(workspace: Workspace) -> IntegrationConnection:
    """Meta, saved and never tested."""
    saved = saving.change_connection(
        rows.unread(workspace, "meta"), Changes(config=VALUES), by=None
    )
    return saved.connection


@pytest.fixture
def proven(connected: IntegrationConnection, meta: Server) -> IntegrationConnection:
    """Meta, saved and tested just now."""
    testing.test_connection(connected, trigger=Trigger.SCHEDULE)
    return rows.find(connected.workspace, "meta")


@pytest.fixture
def calendly(settings: Any) -> Iterator[Server]:
    """A Calendly on loopback where people can sign in, and the server's own app for it."""
    known = calendly_sandbox.SIGN_IN
    with Server(calendly_sandbox.PLATFORM.answer) as server:
        hosts = registry.get("calendly").hosts
        settings.PROVIDER_ORIGINS = {"calendly": dict.fromkeys(hosts, server.url)}
        settings.APPS = {"calendly": App(known.client_id, known.client_secret)}
        settings.PUBLIC_URL = "http://testserver"
        platforms.catalogue.cache_clear()
        yield server
    platforms.catalogue.cache_clear()


SESSION = "a-session-of-somebody"


def callback_of(url: str, person: str = "healthy", **more: str) -> dict[str, str]:
    """What the browser brings back after `person` approved at the platform."""
    reply = requests.get(url, params={"as": person, **more}, allow_redirects=False, timeout=10)
    return dict(parse_qsl(urlsplit(reply.headers["Location"]).query))


def sign_in_as(
    person: str, workspace: Workspace, user: User, *, slug: str = "calendly", **more: str
) -> IntegrationConnection:
    """A whole sign-in, proven and saved, as the pages do it."""
    version = rows.find(workspace, slug).version
    url = signing_in.begin(
        rows.unread(workspace, slug),
        Changes(),
        user=user,
        session_key=SESSION,
        base_version=version,
    )
    back = signing_in.come_back(slug, callback_of(url, person, **more), session_key=SESSION)
    assert back.candidate is not None, back.attempt.problem
    candidates.prove(back.candidate)
    return rows.find(workspace, slug)


@pytest.fixture
def calendly_signed_in(
    workspace: Workspace, calendly: Server, editor: User
) -> IntegrationConnection:
    """Calendly, connected by a sign-in of its owner."""
    return sign_in_as("healthy", workspace, editor)


@pytest.fixture
def without_test(monkeypatch):
    """Fiverr as it would be declared without a tester."""
    declared = platforms.catalogue()
    fiverr = replace(declared["fiverr"], tester=None)
    monkeypatch.setattr(platforms, "catalogue", lambda: {**declared, "fiverr": fiverr})
