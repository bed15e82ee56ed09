"""Celery on a real Redis: what is woken, what is not, and that nothing is lost with either."""

import json
import logging
import os
import signal
import threading
import time
from base64 import b64decode
from contextlib import contextmanager
from statistics import median

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.db import connection as database
from django.db import transaction
from django.tasks import task_backends

from integrations import queue
from integrations.models import ConnectionTest, Heartbeat, Job, Trigger
from integrations.services.people import passwords
from integrations.services.proving import background
from integrations.work import celery_app, worker
from providers.sandbox import meta as sandbox
from tests.integrations.processes import worker_process
from tests.redis_server import redis_server

logger = logging.getLogger(__name__)
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.needs("redis-server")]

LEASE_SECONDS = 2.0
CLICKS = 20


@pytest.fixture
def redis():
    with redis_server() as server:
        yield server


@pytest.fixture(autouse=True)
def engine(settings, redis):
    options = {"BROKER": redis.url, "LEASE_SECONDS": LEASE_SECONDS}
    backend = "integrations.work.celery_backend.CeleryBackend"
    settings.TASKS = {"default": {"BACKEND": backend, "OPTIONS": options}}
    settings.TEST_RATE = 1000


def wait_until(holds, seconds=30):
    pause, until = threading.Event(), time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "It did not happen in time."
        pause.wait(0.01)


@contextmanager
def at_work(**more):
    """A worker that is seen already."""
    queue.leave()
    with worker_process(**more) as pid:
        wait_until(queue.has_worker)
        yield pid


def click(connection):
    return background.start_test(connection, trigger=Trigger.PAGE, by=None)


def ended(test):
    wait_until(lambda: not ConnectionTest.objects.get(pk=test.pk).is_running)
    return ConnectionTest.objects.get(pk=test.pk)


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
    assert not Job.objects.exists()


@pytest.mark.skipif(
    database.vendor == "sqlite", reason="Who is stopped at its write holds SQLite's only lock."
)
def test_a_test_whose_worker_was_killed_is_done_by_another_one(connected, meta):
    with at_work() as pid, worker_process() as other:
        wait_until(lambda: Heartbeat.objects.filter(name__startswith="worker-").count() == 2)
        os.kill(other, signal.SIGSTOP)

        def answer(asked):
            meta.answer = sandbox.PLATFORM.answer
            os.kill(pid, signal.SIGKILL)
            return sandbox.PLATFORM.answer(asked)

        meta.answer = answer
        test = click(connected)
        wait_until(lambda: meta.answer == sandbox.PLATFORM.answer)
        os.kill(other, signal.SIGCONT)
        began = time.monotonic()
        assert ended(test).outcome == "passed"

    took = time.monotonic() - began
    logger.info("Taken over after %.1f s, the lease being of %s s", took, LEASE_SECONDS)
    assert took < LEASE_SECONDS + 5
    assert ConnectionTest.objects.count() == 1


def test_while_redis_is_away_clicks_are_done_from_their_rows(connected, meta, redis, caplog):
    with at_work():
        redis.kill()
        began = time.monotonic()
        assert ended(click(connected)).outcome == "passed"
        logger.info("Without Redis a click took %.1f s", time.monotonic() - began)

        redis.start()
        wait_until(lambda: redis.client().client_list(_type="normal")[1:], 60)
        backend = task_backends["default"]
        backend._away_until = 0.0  # the pause of this process is over
        assert ended(click(connected)).outcome == "passed"
        wait_until(lambda: not Job.objects.exists())
    assert "Redis took no message" in caplog.text


def test_a_worker_that_starts_without_redis_works_and_is_woken_once_it_comes(
    connected, meta, redis
):
    redis.kill()
    with at_work():
        assert ended(click(connected)).outcome == "passed"

        redis.start()
        task_backends["default"]._away_until = 0.0

        def woken():
            meta.requests_seen.clear()
            test = click(connected)
            began = time.monotonic()
            return ended(test) and time.monotonic() - began < 2

        wait_until(woken, 60)


def test_what_is_rolled_back_is_neither_kept_nor_told(connected, redis):
    with transaction.atomic():
        queue.enqueue("work.prune")
        transaction.set_rollback(True)

    assert not Job.objects.exists()
    assert redis.client().keys("*") == []


def test_redis_is_told_of_a_row_and_of_nothing_in_it(redis):
    queue.enqueue("people.mail_link", 424242)

    (told,) = redis.client().lrange("integrations", 0, -1)
    told += b64decode(json.loads(told)["body"])
    assert str(Job.objects.get().pk).encode() in told
    assert b"424242" not in told
    assert b"mail_link" not in told


def test_what_people_look_at_comes_first(redis):
    for name in ("work.prune", "people.mail_link", "proving.run_chain"):
        queue.enqueue(name)

    lists = sorted(key.decode() for key in redis.client().keys("integrations*"))
    assert len(lists) == len(celery_app.PRIORITIES)


def test_two_workers_and_two_ticks_do_each_job_once(connected, meta):
    with at_work(), worker_process():
        wait_until(lambda: Heartbeat.objects.filter(name__startswith="worker-").count() == 2)
        backend = task_backends["default"]
        for _ in range(CLICKS):
            meta.requests_seen.clear()
            test = click(connected)
            for job in Job.objects.all():  # Redis tells both, more than once
                for _ in range(4):
                    celery_app.wake(backend.app, job.pk, job.priority)
            assert ended(test).outcome == "passed"
            first = len(meta.requests_seen)
        wait_until(lambda: not Job.objects.exists())

    assert ConnectionTest.objects.count() == CLICKS
    assert len(meta.requests_seen) == first


def test_a_worker_that_is_told_to_stop_ends_its_test_and_is_not_seen_any_more(connected, meta):
    with at_work() as pid:

        def answer(asked):
            os.kill(pid, signal.SIGTERM)
            wait_until(lambda: not queue.has_worker())
            return sandbox.PLATFORM.answer(asked)

        meta.answer = answer
        assert ended(click(connected)).outcome == "passed"
        wait_until(lambda: not Job.objects.filter(task__endswith=".run_test").exists())


@pytest.mark.parametrize("ahead_hours", [-1, 1])
def test_a_worker_whose_clock_is_an_hour_wrong_does_what_it_is_told(connected, meta, ahead_hours):
    if database.vendor != "postgresql":  # its file is on one machine, which has one clock
        ahead_hours = 0
    with at_work(ahead_hours=ahead_hours):
        began = time.monotonic()
        assert ended(click(connected)).outcome == "passed"
        assert time.monotonic() - began < 10
        wait_until(lambda: not Job.objects.exists())


def test_a_link_to_a_new_password_is_mailed_by_the_worker(workspace):
    User.objects.create_user("dana", "dana@example.com", "pass-word-1")
    passwords.ask_for_link("dana@example.com", "203.0.113.1")
    assert mail.outbox == []

    with worker.in_thread(concurrency=1):
        wait_until(lambda: mail.outbox)

    assert len(mail.outbox) == 1
