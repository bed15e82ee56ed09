"""Whoever watches a test sees its newest steps; one that nobody could see in time keeps none."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection as database

from integrations import platforms
from integrations.models import ConnectionTest, Trigger, Workspace
from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes
from integrations.services.proving import progress, testing
from providers.sandbox import meta as sandbox
from providers.sandbox.server import Server

VALUES = {"access_token": "EAAhealthy", "account_id": "act_1001"}
PATIENCE_SECONDS = 20


class Slow:
    """A Meta that answers its second question when `goes_on` is set."""

    def __init__(self):
        self.goes_on = threading.Event()
        self.asked = 0

    def answer(self, asked):
        self.asked += 1
        if self.asked > 1:
            self.goes_on.wait(PATIENCE_SECONDS)
        return sandbox.PLATFORM.answer(asked)


@pytest.fixture
def slow(settings):
    platform = Slow()
    with Server(platform.answer) as server:
        settings.PROVIDER_ORIGINS = {"meta": {"API": server.url}}
        platforms.catalogue.cache_clear()
        yield platform
        platform.goes_on.set()
    platforms.catalogue.cache_clear()


def eventually(look):
    """What is found in the end, looked for again and again."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not (found := look()):
        assert time.monotonic() < give_up
        threading.Event().wait(0.02)
    return found


def ask(workspace):
    try:
        return testing.test_connection(rows.unread(workspace, "meta"), trigger=Trigger.API)
    finally:
        database.close()


@pytest.mark.django_db(transaction=True)
def test_steps_are_there_before_the_end_of_a_test_that_takes_long(slow):
    workspace, _ = Workspace.objects.get_or_create(slug="main", defaults={"name": "Main"})
    saving.change_connection(rows.unread(workspace, "meta"), Changes(config=VALUES), by=None)

    with ThreadPoolExecutor() as pool:
        test = pool.submit(ask, workspace)
        seen = eventually(lambda: ConnectionTest.objects.exclude(steps=[]).first())
        slow.goes_on.set()

    assert seen.is_running
    assert [step["outcome"] for step in seen.steps][:3] == ["passed", "running", "waiting"]
    assert test.result().outcome == "passed"


@pytest.fixture
def written(monkeypatch):
    """The steps that would be written, each with its test."""
    writes = []
    monkeypatch.setattr(progress, "_write", lambda *what: writes.append(what))
    return writes


def test_of_many_steps_in_a_moment_the_newest_is_kept(written):
    for number in range(50):
        progress.KEEPER.tell(7, [{"label": str(number)}], time.monotonic())
    eventually(lambda: written and written[-1] == (7, [{"label": "49"}]))
    progress.KEEPER.forget(7)

    assert len(written) <= 4


def test_a_test_that_ended_in_time_keeps_nothing_on_its_way(written):
    soon = time.monotonic() + 0.1
    progress.KEEPER.tell(7, [{"label": "short"}], soon)
    progress.KEEPER.forget(7)
    progress.KEEPER.tell(8, [{"label": "long"}], soon + 0.1)
    eventually(lambda: written)
    progress.KEEPER.forget(8)

    assert written == [(8, [{"label": "long"}])]
