"""Real workers that check by schedule: threads and processes, against platforms on loopback."""

import os
import signal
import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import close_old_connections
from django.utils import timezone

from integrations import platforms
from integrations.models import (
    ConnectionTest,
    Drill,
    DrillKind,
    DrillState,
    Incident,
    IntegrationConnection,
    Watch,
    Workspace,
)
from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes
from integrations.services.telling import owed
from integrations.services.watching import engine as checks
from integrations.services.watching.drills import hearing, starting
from integrations.work import checker, worker
from integrations.work.checker import DRILLS, DRILLS_AT_ONCE, HANGS, Checker, Places
from providers import registry
from providers.errors import Network
from providers.sandbox.__main__ import APPS, PLATFORMS, sandbox
from providers.sandbox.server import Answer
from tests.integrations.processes import worker_process
from tests.integrations.work.test_worker import killing, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def engine(settings):
    settings.TASKS = {"default": {"BACKEND": worker.ENGINE, "OPTIONS": {"LOCK_TIMEOUT": 1.5}}}


@pytest.fixture
def workspace(transactional_db):
    return Workspace.objects.get_or_create(slug="main", defaults={"name": "Main"})[0]


@pytest.fixture
def stand_ins(settings):
    """Every platform on one loopback server."""
    with sandbox() as server:
        settings.PROVIDER_ORIGINS = {
            slug: dict.fromkeys(registry.get(slug).hosts, f"{server.url}/{slug}")
            for slug in PLATFORMS
        }
        settings.APPS = APPS
        platforms.catalogue.cache_clear()
        yield server
    platforms.catalogue.cache_clear()


@contextmanager
def checking(threads):
    """A checker in this process."""
    started = Checker(threads)
    running = threading.Thread(target=started.run)
    running.start()
    try:
        yield started
    finally:
        started.stop()
        running.join()


def connect(slug, count):
    """So many connections of a platform, each in a workspace of its own."""
    for number in range(count):
        name = f"{slug.replace('_', '-')}-{number}"
        workspace = Workspace.objects.create(slug=name, name=name)
        healthy = Changes(config=dict(PLATFORMS[slug].healthy))
        saving.change_connection(rows.unread(workspace, slug), healthy, by=None)


def make_due(by=MINUTE):
    now = timezone.now() - by
    for place, connection in enumerate(IntegrationConnection.objects.order_by("created_at")):
        Watch.objects.update_or_create(
            connection=connection,
            defaults={
                "workspace_id": connection.workspace_id,
                "provider": connection.provider,
                "due_at": now + timedelta(milliseconds=place),
                "lease_until": None,
            },
        )


def passed(provider):
    done = ConnectionTest.objects.filter(connection__provider=provider)
    return done.filter(outcome="passed")


def test_all_platforms_are_green_by_themselves(workspace, stand_ins):
    for slug, platform in PLATFORMS.items():
        healthy = Changes(config=dict(platform.healthy))
        saving.change_connection(rows.unread(workspace, slug), healthy, by=None)

    def lights():
        now = timezone.now()
        return {every[0].provider: every[0].light(now) for every in rows.catalogue(workspace)}

    with worker_process(checks=8):
        wait_until(lambda: Watch.objects.count() == 13)  # its first round found them
        make_due()
        wait_until(lambda: set(lights().values()) == {"green"}, seconds=60)

    assert len(lights()) == 13
    assert {test.trigger for test in ConnectionTest.objects.all()} == {"schedule"}


def test_what_waits_for_a_place_is_begun_as_soon_as_one_is_free(stand_ins, monkeypatch):
    monkeypatch.setattr(checker, "LOOK_SECONDS", 60.0)  # nobody looks meanwhile but who is woken
    connect("calendly", 6)
    make_due()
    usual, opened = stand_ins.answer, threading.Event()

    def answer(asked):
        opened.wait(timeout=30)
        return usual(asked)

    stand_ins.answer = answer
    with checking(threads=4) as started:  # of which the platform may hold two
        wait_until(lambda: len(stand_ins.requests_seen) == 2)
        started._wakes.put(None)  # a look while there is no place
        wait_until(started._wakes.empty)
        opened.set()
        wait_until(lambda: passed("calendly").count() == 6)


def test_a_platform_that_hangs_delays_no_other(stand_ins):
    healthy = stand_ins.answer
    silent = []

    def answer(asked):
        if not asked.path.startswith("/meta"):
            return healthy(asked)
        silent.append(asked)
        return Answer(is_silent=True)

    stand_ins.answer = answer
    connect("meta", 10)
    connect("calendly", 5)
    make_due()

    with checking(4):
        try:
            wait_until(lambda: passed("calendly").count() == 5)
            assert len(silent) == 2  # half of the threads
            assert not passed("meta").exists()
        finally:
            stand_ins.stopping.set()


def test_one_that_hung_so_often_keeps_a_single_place():
    places = Places(8)
    hung = ConnectionTest(outcome="inconclusive", error_kind=Network.kind)
    for _ in range(HANGS):
        assert places.free()["meta"] == 4
        places.take("meta")
        places.give_back("meta", hung)
    assert places.free()["meta"] == 1
    assert places.free()["stripe"] == 4

    places.take("meta")
    assert places.free()["meta"] == 0
    places.give_back("meta", ConnectionTest(outcome="passed"))
    assert places.free()["meta"] == 4


def test_nobody_takes_more_than_there_are_threads():
    places = Places(4)
    for slug in ("meta", "meta", "stripe", "stripe"):
        places.take(slug)

    assert places.left == 0
    assert places.free()["meta"] == 0


def test_what_a_killed_worker_was_at_is_taken_over_with_one_result(connected, meta):
    make_due()
    with worker_process(checks=2) as pid:
        killing(meta, pid)
        wait_until(lambda: len(meta.requests_seen) == 1)
        wait_until(lambda: Watch.objects.get().lease == 1)
    left = ConnectionTest.objects.get()
    assert left.is_running
    past = timezone.now() - MINUTE  # so long that its leases have run out
    ConnectionTest.objects.update(started_at=past - MINUTE, lease_until=past)
    Watch.objects.update(lease_until=past)

    with worker_process(checks=2):
        wait_until(lambda: Watch.objects.get().lease_until is None)

    (test,) = ConnectionTest.objects.all()
    assert (test.pk, test.outcome) == (left.pk, "passed")
    assert Watch.objects.get().lease == 2


def test_a_worker_that_is_told_to_stop_ends_its_check(connected, meta):
    make_due()
    healthy = meta.answer
    with worker_process(checks=2) as pid:

        def answer(asked):
            os.kill(pid, signal.SIGTERM)
            meta.answer = healthy
            return healthy(asked)

        meta.answer = answer
        wait_until(lambda: passed("meta").exists())
        wait_until(lambda: Watch.objects.get().lease_until is None)


def test_a_stopped_checker_takes_nothing_more(connected, meta):
    stopped = Checker(2)
    stopped.stop()
    make_due()

    stopped.run()

    assert Watch.objects.get().lease == 0
    close_old_connections()


def test_a_backlog_is_worked_off_without_waiting_for_the_next_look(meta, monkeypatch):
    monkeypatch.setattr(checker, "LOOK_SECONDS", 3600)
    connect("meta", 6)
    make_due()

    with checking(2):
        wait_until(lambda: passed("meta").count() == 6)

    assert [*Watch.objects.values_list("lease", flat=True)] == [1] * 6


def test_wakes_that_nobody_heard_yet_are_one():
    checker = Checker(2)
    for _ in range(5):
        checker._wakes.put(None)

    checker._wait()

    assert checker._wakes.empty()


# --- Drills --------------------------------------------------------------------------------------


def begin_drill(connection, kind=DrillKind.REVOKED):
    wait_until(lambda: checks.goes_on(timezone.now()))
    return starting.start(connection, kind, by=None, now=timezone.now())


def tell_and_look(drill):
    """What a round does each half minute; whether the drill is over."""
    owed.catch_up(drill.connection.workspace_id, timezone.now())
    drill.refresh_from_db()
    return drill.is_over


def test_a_drill_is_done_by_a_workers_threads(connected, meta):
    with worker_process(checks=2):
        drill = begin_drill(connected)
        wait_until(lambda: tell_and_look(drill))

    assert (drill.state, drill.remark) == (DrillState.FAILED, hearing.NOBODY)  # nobody to tell
    assert drill.recovered_at
    assert drill.recovered_at - drill.broken_at < MINUTE
    assert passed("meta").count() == ConnectionTest.objects.count()  # those of its checks


def test_what_a_killed_worker_was_at_in_a_drill_is_taken_over(connected, meta):
    with worker_process(checks=2) as pid:
        drill = begin_drill(connected, DrillKind.SILENCE)  # so long it waits for an answer
        asked = Drill.objects.filter(state=DrillState.BROKEN, lease_until__isnull=False)
        wait_until(asked.exists)
        os.kill(pid, signal.SIGKILL)
    left = Drill.objects.get()
    assert left.tests == []
    # Its lease has run out; and what comes after it waits for no silence.
    Drill.objects.update(lease_until=timezone.now() - MINUTE, kind=DrillKind.ACCOUNT)

    with worker_process(checks=2):
        wait_until(lambda: tell_and_look(drill))

    assert drill.lease > left.lease
    assert [one["outcome"] for one in drill.tests] == ["failed", "passed"]
    (incident,) = Incident.objects.all()
    assert (incident.is_open, incident.cause.is_drill) == (False, True)


def test_drills_leave_threads_for_checks():
    places = Places(8)
    assert places.left_for_drills == DRILLS_AT_ONCE
    for _ in range(DRILLS_AT_ONCE):
        places.take(DRILLS)

    assert places.left_for_drills == 0
    assert places.left == 8 - DRILLS_AT_ONCE
    assert places.free()["meta"] == 4
    assert Places(1).left_for_drills == 1
