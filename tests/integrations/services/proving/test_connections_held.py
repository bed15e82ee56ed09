"""While platforms say nothing, the database's connections are there for everybody else."""

import threading
import time

import pytest
from django.db import connection

from integrations import platforms
from integrations.models import ConnectionTest, Trigger, Workspace
from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes
from integrations.services.proving import testing
from providers.sandbox.server import Answer, Server

MANY = 40  # twice as many as there are connections in the tests' pool
VALUES = {"access_token": "EAAhealthy", "account_id": "act_1001"}


@pytest.fixture
def silent(settings):
    with Server(lambda _asked: Answer(is_silent=True)) as server:
        settings.PROVIDER_ORIGINS = {"meta": {"API": server.url}}
        platforms.catalogue.cache_clear()
        yield server
    platforms.catalogue.cache_clear()


def ask(number):
    workspace = Workspace.objects.get(slug=f"client-{number}")
    try:
        testing.test_connection(rows.find(workspace, "meta"), trigger=Trigger.COMMAND)
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_tests_that_hang_hold_no_connection(silent):
    for number in range(MANY):
        workspace = Workspace.objects.create(name=f"Client {number}", slug=f"client-{number}")
        saving.change_connection(rows.unread(workspace, "meta"), Changes(config=VALUES), by=None)
    threads = [threading.Thread(target=ask, args=[number]) for number in range(MANY)]

    for thread in threads:
        thread.start()
    give_up = time.monotonic() + 20
    while len(silent.requests_seen) < MANY and time.monotonic() < give_up:
        silent.stopping.wait(0.02)
    hanging = ConnectionTest.objects.filter(outcome="running").count()
    silent.stopping.set()
    for thread in threads:
        thread.join()

    assert len(silent.requests_seen) == hanging == MANY
    assert ConnectionTest.objects.filter(outcome="inconclusive").count() == MANY
