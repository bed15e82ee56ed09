"""Calls beside as many that wait for a silent platform as may."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pytest
from django.db import connection as database
from django.urls import reverse

from integrations import platforms
from integrations.services import rows, waiting
from integrations.services.connecting import disconnecting, saving, signing_in
from integrations.services.connecting.changes import Changes
from integrations.services.refusals import Busy
from providers.sandbox.server import Answer, Server
from tests.integrations.conftest import (
    SESSION,
    VALUES,
    callback_of,
    sign_in_as,
    signed_in,
    with_token,
)
from tests.integrations.services.connecting.test_signing_in import Visitor

META = "/api/integrations/meta"


@pytest.fixture
def silent(settings):
    """A Meta that answers nobody before `answers` is set; `asked` tells that it was asked."""
    asked, answers = threading.Event(), threading.Event()

    def answer(request):
        asked.set()
        answers.wait(20)
        return Answer(503)

    with Server(answer) as server:
        settings.PROVIDER_ORIGINS = {"meta": {"API": server.url}}
        platforms.catalogue.cache_clear()
        yield asked, answers
        answers.set()
    platforms.catalogue.cache_clear()


@pytest.fixture
def held(silent, workspace, viewer):
    """The only place of the workspace is taken by a viewer's call."""
    asked, answers = silent
    saving.change_connection(rows.unread(workspace, "meta"), Changes(config=VALUES), by=None)
    waiting.PLACES.limit(8)

    def ask():
        try:
            with_token(viewer).get(f"{META}/accounts")
        finally:
            database.close()

    caller = threading.Thread(target=ask)
    caller.start()
    assert asked.wait(20)
    yield answers
    answers.set()
    caller.join()
    waiting.PLACES.limit(None)


@pytest.fixture
def taken(workspace):
    """A context in which the only place of the workspace is somebody else's."""

    @contextmanager
    def held():
        waiting.PLACES.limit(8)
        with ThreadPoolExecutor(1) as pool:
            place = waiting.place(workspace.pk)
            pool.submit(place.__enter__).result()
            try:
                yield
            finally:
                pool.submit(place.__exit__, None, None, None).result()
                waiting.PLACES.limit(None)

    return held()


def has_place(workspace):
    """Whether another thread would find one."""

    def tries():
        with suppress(Busy), waiting.place(workspace.pk):
            return True
        return False

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(tries).result()


def begin(workspace, editor):
    return signing_in.begin(
        rows.unread(workspace, "calendly"),
        Changes(),
        user=editor,
        session_key=SESSION,
        base_version=0,
    )


pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("method", "path"), [("get", f"{META}/accounts"), ("post", f"{META}/test")]
)
def test_more_that_would_wait_are_told_when_to_come_back(held, api, method, path):
    reply = api.generic(method.upper(), path)

    assert (reply.status_code, reply.headers["Retry-After"]) == (503, "5")
    assert reply.json() == {
        "detail": "Many calls wait for platforms just now. Try again in 5 seconds.",
        "code": "busy",
    }


def test_values_to_try_do_not_wait_either(held, api, silent):
    body = {"config": {"accessToken": "EAAother"}}

    reply = api.post(f"{META}/test", body, "application/json")

    assert reply.status_code == 503


def test_whoever_does_not_wait_is_answered(held, api, worker_seen, editor, monkeypatch):
    settled = signed_in(editor).get(reverse("settings", args=["main"]))
    assert settled.status_code == 200
    assert api.get(META).status_code == 200

    preferred = {"Prefer": "respond-async"}
    held.set()  # here the queue itself does what a worker does elsewhere
    reply = api.post(f"{META}/test", {}, "application/json", headers=preferred)
    assert reply.status_code == 202


def test_on_the_page_a_button_says_so(held, editor, settings):
    page = signed_in(editor)
    page.get(reverse("settings", args=["main"]))
    token = page.cookies[settings.CSRF_COOKIE_NAME].value

    card = page.post(
        reverse("test", args=["main", "meta"]), {"csrfmiddlewaretoken": token}, follow=True
    )

    assert "Many tests wait for platforms just now. Try again in 5 seconds." in (
        card.content.decode()
    )


def test_a_callback_without_a_place_keeps_its_code(calendly, workspace, editor, taken):
    url = begin(workspace, editor)
    brought = callback_of(url)

    with taken, pytest.raises(Busy):
        signing_in.come_back("calendly", brought, session_key=SESSION)

    back = signing_in.come_back("calendly", brought, session_key=SESSION)
    assert back.candidate is not None


def test_the_page_that_says_so_takes_no_code_along(calendly, editor, taken):
    visitor = Visitor(editor)
    brought = callback_of(visitor.leaves())

    with taken:
        page = visitor.client.get(reverse("sign-in-callback", args=["calendly"]), brought)

    assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
    assert page.headers["Referrer-Policy"] == "no-referrer"


def test_a_disconnect_holds_its_place_until_all_is_forgotten(calendly, workspace, editor):
    """Else the platform would have ended what is still connected here."""
    sign_in_as("healthy", workspace, editor)
    Visitor(editor).connects("healthy", without="scheduled_events:read")
    free = []

    def looks(execute, *asked):
        if any(one.path == "/oauth/revoke" for one in calendly.requests_seen):
            free.append(has_place(workspace))
        return execute(*asked)

    waiting.PLACES.limit(8)
    with database.execute_wrapper(looks):
        disconnecting.disconnect(rows.unread(workspace, "calendly"), by=None)
    waiting.PLACES.limit(None)

    assert free
    assert not any(free)


def test_a_disconnect_without_a_place_forgets_nothing(calendly_signed_in, taken):
    workspace = calendly_signed_in.workspace

    with taken, pytest.raises(Busy):
        disconnecting.disconnect(rows.unread(workspace, "calendly"), by=None)

    assert rows.find(workspace, "calendly").sign_in
    disconnecting.disconnect(rows.unread(workspace, "calendly"), by=None)
    assert not rows.find(workspace, "calendly").has_anything
