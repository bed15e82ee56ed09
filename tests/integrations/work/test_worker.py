"""Real workers in processes of their own: what a click starts, and what becomes of a dead one's."""

import logging
import os
import re
import signal
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from statistics import median
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.utils import timezone
from django_ox.models import OxTask

from integrations import queue
from integrations.models import Candidate, ConnectionTest, Trigger, Workspace
from integrations.models import TestRun as Run
from integrations.services import rows
from integrations.services.connecting import background as proofs
from integrations.services.connecting import several
from integrations.services.connecting.changes import Changes
from integrations.services.people import passwords
from integrations.services.proving import background, runs
from integrations.work import tasks, worker
from providers.sandbox import meta as sandbox
from tests.integrations.processes import worker_process

logger = logging.getLogger(__name__)
pytestmark = pytest.mark.django_db(transaction=True)

LOCK_SECONDS = 1.5
CLICKS = 20
VALUES = {"access_token": "EAAhealthy", "account_id": "act_1001"}


@pytest.fixture(autouse=True)
def engine(settings):
    """The one of the product, which takes over sooner."""
    options = {"LOCK_TIMEOUT": LOCK_SECONDS}
    settings.TASKS = {"default": {"BACKEND": worker.ENGINE, "OPTIONS": options}}
    settings.TEST_RATE = 1000


@pytest.fixture
def workspace(transactional_db):
    """Transactional tests empty the tables, and with them the first migration's workspace."""
    return Workspace.objects.get_or_create(slug="main", defaults={"name": "Main"})[0]


def wait_until(holds, seconds=30):
    pause, until = threading.Event(), time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "It did not happen in time."
        pause.wait(0.01)


@contextmanager
def at_work():
    """A worker that is seen already."""
    queue.leave()
    with worker_process() as pid:
        wait_until(queue.has_worker)
        yield pid


def click(connection):
    return background.start_test(connection, trigger=Trigger.PAGE, by=None)


def ended(test):
    wait_until(lambda: not ConnectionTest.objects.get(pk=test.pk).is_running)
    return ConnectionTest.objects.get(pk=test.pk)


def killing(server, pid):
    """From now on the first request kills the worker that asks, and all later are answered."""

    def answer(asked):
        server.answer = sandbox.PLATFORM.answer
        os.kill(pid, signal.SIGKILL)
        return sandbox.PLATFORM.answer(asked)

    server.answer = answer


def killed_at(server, pid, start):
    """Have a worker killed in the middle of what `start` gives it to do, which is returned."""
    killing(server, pid)
    started = start()
    wait_until(lambda: server.answer == sandbox.PLATFORM.answer)
    return started


def test_a_click_starts_its_test_before_a_person_notices(connected, meta):
    waits = []
    with at_work():
        for _ in range(CLICKS):
            meta.requests_seen.clear()
            began = time.monotonic()
            test = click(connected)
            wait_until(lambda: meta.requests_seen)
            waits.append(round((time.monotonic() - began) * 1000))
            assert ended(test).outcome == "passed"

    logger.info("From click to first request: median %d ms, most %d", median(waits), max(waits))
    assert median(waits) < 300


def test_its_steps_are_seen_as_they_pass(connected, meta):
    opened = threading.Event()

    def answer(asked):
        if len(meta.requests_seen) > 1:
            opened.wait(timeout=30)
        return sandbox.PLATFORM.answer(asked)

    meta.answer = answer
    with at_work():
        test = click(connected)

        def outcomes():
            test.refresh_from_db()
            return [step["outcome"] for step in test.steps]

        wait_until(lambda: outcomes()[:2] == ["passed", "running"])
        assert test.is_running
        opened.set()
        assert ended(test).outcome == "passed"


def test_a_test_whose_worker_was_killed_is_done_by_another_one(connected, meta):
    with at_work() as pid:
        test = killed_at(meta, pid, lambda: click(connected))
    began = time.monotonic()
    with at_work():
        assert ended(test).outcome == "passed"

    took = time.monotonic() - began
    logger.info("Taken over after %.1f s, the lock being for %s s", took, LOCK_SECONDS)
    assert ConnectionTest.objects.count() == 1


def test_a_proof_whose_worker_was_killed_goes_on_and_saves_once(workspace, meta, editor):
    def prove():
        return proofs.start_proof(
            rows.unread(workspace, "meta"),
            Changes(config=VALUES),
            user=editor,
            session_key="a-session",
            base_version=0,
        )

    with at_work() as pid:
        kept = killed_at(meta, pid, prove)
    with at_work():
        wait_until(lambda: Candidate.objects.get(pk=kept.pk).saved_at)
        wait_until(lambda: not OxTask.objects.exclude(status="SUCCESSFUL").exists())

    assert rows.find(workspace, "meta").version == 1
    assert ConnectionTest.objects.count() == 1


def test_a_run_whose_worker_was_killed_is_ended_by_another_one(connected, workspace, meta):
    with at_work() as pid:
        run = killed_at(
            meta, pid, lambda: background.start_run(workspace, trigger=Trigger.PAGE, by=None)
        )
    ConnectionTest.objects.update(  # so long ago that nobody waits for the dead any more
        started_at=timezone.now() - timedelta(minutes=2),
        lease_until=timezone.now() - timedelta(minutes=1),
    )
    with at_work():
        wait_until(lambda: Run.objects.get(pk=run.pk).finished_at)

    assert [test.outcome for test in ConnectionTest.objects.all()] == ["passed", "inconclusive"]
    assert run.items.get().test.outcome == "passed"


def test_a_worker_that_is_told_to_stop_ends_its_test_and_is_not_seen_any_more(connected, meta):
    with at_work() as pid:

        def answer(asked):
            os.kill(pid, signal.SIGTERM)
            wait_until(lambda: not queue.has_worker())
            return sandbox.PLATFORM.answer(asked)

        meta.answer = answer
        assert ended(click(connected)).outcome == "passed"


def test_what_was_done_is_not_done_again(connected, meta):
    test = click(connected)  # here, for no worker was seen
    meta.requests_seen.clear()

    tasks.run_test.call(test.pk)

    assert meta.requests_seen == []


def test_the_queue_keeps_an_error_by_its_name_alone(caplog):
    queue.enqueue("connecting.prove", "no id at all")

    assert worker.Worker().run_once()

    kept = str(OxTask.objects.get().errors)
    assert "Ended: ValueError" in kept
    assert "badly formed" not in kept + caplog.text


def test_one_of_a_chain_that_crashes_leaves_the_others_to_one_chain(workspace, meta):
    values = (VALUES, VALUES | {"account_id": "act_1002"})
    both = [
        several.add(workspace, "meta", Changes(config=one), by=None).connection for one in values
    ]
    run = runs.start_chosen(workspace, both, trigger=Trigger.PAGE, by=None)
    chain = uuid4()
    run.items.update(chain=chain)
    Run.objects.update(trigger="bogus")  # so each test of it raises
    queue.enqueue("proving.run_chain", str(chain))

    at = worker.Worker()
    while at.run_once():
        pass

    assert [one.status for one in OxTask.objects.all()] == ["SUCCESSFUL"] * 2
    assert {one.problem for one in run.items.all()} == {runs.UNFORESEEN}


def test_the_queue_forgets_what_was_done_a_day_ago():
    queue.enqueue("proving.run_chain", str(uuid4()))
    OxTask.objects.update(status="FAILED", finished_at=timezone.now() - timedelta(days=2))
    queue.enqueue("proving.run_chain", str(uuid4()))

    worker.prune()

    assert OxTask.objects.get().status == "READY"


def test_a_link_to_a_new_password_is_mailed_by_the_worker(workspace):
    User.objects.create_user("dana", "dana@example.com", "pass-word-1")
    passwords.ask_for_link("dana@example.com", "203.0.113.1")
    assert mail.outbox == []

    with worker.in_thread(concurrency=1, interval=0.05):
        wait_until(lambda: mail.outbox)

    (token,) = re.findall(r"/([^/\s]+)/\s", mail.outbox[0].body)
    assert token not in repr(OxTask.objects.values())
