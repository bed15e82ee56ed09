"""The watchdog: a worker that stopped is told of by whoever serves pages."""

import json
from datetime import timedelta

import pytest

from integrations.models import Cause, Heartbeat, IntegrationConnection, Watch
from integrations.services.watching import causes, engine, stops, watchdog
from tests.integrations.receivers import NOW
from tests.integrations.services.watching.world import connected

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def worker(workspace, time_machine):
    """A connection that is watched; `worker(NOW)` is when somebody was last seen to check."""
    time_machine.move_to(NOW, tick=False)
    connected(workspace)
    IntegrationConnection.objects.update(created_at=NOW - HOUR)

    def beats(at):
        Heartbeat.objects.update_or_create(name=engine.NAME, defaults={"at": at})

    beats(NOW)
    return beats


def looks(first, last):
    """Once a minute, by three processes."""
    for minute in range(first, last + 1):
        for seconds in (0, 10, 20):
            watchdog.look(NOW + minute * MINUTE + timedelta(seconds=seconds))


def told(receiver):
    return [json.loads(asked.body)["data"] for asked in receiver.seen]


def test_a_stopped_worker_is_told_once_and_over_once(worker, operators_channel, receiver):
    operators_channel()
    looks(0, 10)
    (one,) = told(receiver)
    assert one["title"] == "Nothing is checked: no worker is running."
    assert one["since"] == "2026-11-27T09:14:00Z"

    worker(NOW + 11 * MINUTE)
    looks(11, 12)
    opened, over = told(receiver)
    assert (over["moment"], over["key"]) == ("closed", opened["key"])
    assert over["lastedSeconds"] == 11 * 60


def test_nothing_is_told_while_a_worker_works(worker, operators_channel, receiver):
    operators_channel()
    for minute in range(20):
        worker(NOW + minute * MINUTE)
        looks(minute, minute)

    assert not Cause.objects.exists()
    assert receiver.seen == []


def test_a_restart_is_no_news(worker, operators_channel, receiver):
    operators_channel()
    looks(0, 5)
    worker(NOW + 6 * MINUTE)
    looks(6, 7)

    assert not Cause.objects.exists()
    assert receiver.seen == []


def test_who_slept_with_the_worker_believes_nothing_at_once(worker, operators_channel, receiver):
    operators_channel()
    looks(0, 1)
    looks(600, 600)
    worker(NOW + 601 * MINUTE)
    looks(601, 602)

    assert receiver.seen == []


def test_a_worker_that_comes_and_goes_is_one_cause(worker, operators_channel, receiver):
    operators_channel()
    for start in range(0, 60, 10):
        worker(NOW + start * MINUTE)
        looks(start, start + 9)

    assert Cause.objects.count() == 1
    assert len(told(receiver)) == 2  # within an hour


def test_what_readyz_wrote_down_is_told_and_no_second_one(worker, operators_channel, receiver):
    operators_channel()
    looks(0, 5)
    stops.look(NOW + 6 * MINUTE)
    looks(6, 8)

    assert Cause.objects.count() == 1
    assert [one["moment"] for one in told(receiver)] == ["opened"]


def test_who_does_not_keep_up_is_told_as_late(worker, operators_channel, receiver):
    operators_channel()
    watched = IntegrationConnection.objects.get()
    Watch.objects.create(
        connection=watched,
        workspace=watched.workspace,
        provider=watched.provider,
        due_at=NOW - 8 * MINUTE,
    )
    for minute in range(5):
        worker(NOW + minute * MINUTE)
        looks(minute, minute)
    (one,) = told(receiver)
    assert one["title"] == "Checks come late."

    Watch.objects.update(due_at=NOW + HOUR)
    for minute in range(5, 8):
        worker(NOW + minute * MINUTE)
        looks(minute, minute)
    opened, over = told(receiver)
    assert (over["moment"], over["key"]) == ("closed", opened["key"])


def test_a_round_closes_it_not(worker):
    looks(0, 10)
    causes.close_causes()

    assert Cause.objects.get().is_open


def test_one_look_a_minute_and_else_one_query(worker, django_assert_num_queries):
    watchdog.look(NOW)
    with django_assert_num_queries(1):
        watchdog.look(NOW + timedelta(seconds=30))
