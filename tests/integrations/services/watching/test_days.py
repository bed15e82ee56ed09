"""Days are summed once they are over, and again gives the same."""

from datetime import timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from integrations.models import ConnectionDay, Event
from integrations.services import rows
from integrations.services.connecting import disconnecting, saving
from integrations.services.connecting.changes import Changes
from integrations.services.keeping import rounds
from integrations.services.watching import days
from tests.integrations.conftest import VALUES
from tests.integrations.services.watching.history import (
    DAY,
    HOUR,
    MIDNIGHT,
    MINUTE,
    NOW,
    TODAY,
    YESTERDAY,
    connection_of,
    end_test,
    seconds_of,
    summed,
)


@pytest.fixture(autouse=True)
def clock(time_machine):
    """It stands still; `clock.move_to(…, tick=False)` moves it."""
    time_machine.move_to(NOW, tick=False)
    return time_machine


@pytest.fixture
def connection(workspace):
    return connection_of(workspace)


def sum_all(now=NOW):
    for _ in range(10):
        days.sum_due(now)


def values():
    return list(ConnectionDay.objects.order_by("connection", "day").values())


def test_a_day_says_how_it_went_and_how_long_answers_took(connection):
    end_test(connection, MIDNIGHT - 20 * HOUR)
    end_test(connection, MIDNIGHT - 10 * HOUR, "failed")
    end_test(connection, MIDNIGHT - 8 * HOUR, "inconclusive")
    end_test(connection, MIDNIGHT - 6 * HOUR, duration_ms=500)

    sum_all()

    day = summed(connection)
    assert (day.passed, day.failed, day.inconclusive) == (2, 1, 1)
    assert (day.took_ms, day.slowest_ms) == (800, 500)
    assert day.steps == [["Token is valid", 2, 240, 120]]
    assert seconds_of(day) == {"unproven": 4 * 3600, "proven": 16 * 3600, "error": 4 * 3600}


def test_a_proof_of_the_day_before_stands(connection):
    end_test(connection, MIDNIGHT - 30 * HOUR)

    sum_all()

    assert seconds_of(summed(connection)) == {"proven": 18 * 3600, "unproven": 6 * 3600}


def test_what_was_only_tried_counts_for_nothing(connection):
    end_test(connection, MIDNIGHT - 10 * HOUR, "failed", dry_run=True)

    sum_all()

    day = summed(connection)
    assert (day.tests, seconds_of(day)) == (0, {"unproven": 86400})


def test_a_test_belongs_to_the_day_on_which_it_ended(connection):
    end_test(connection, MIDNIGHT)

    sum_all()

    assert summed(connection).passed == 0
    assert days.of_today(connection, NOW).passed == 1


def test_every_day_since_it_was_made_has_a_sum_but_today(connection):
    sum_all()

    found = [one.day for one in ConnectionDay.objects.order_by("day")]
    assert found == [TODAY - 3 * DAY, TODAY - 2 * DAY, YESTERDAY]


def test_a_day_is_summed_a_few_minutes_after_its_end(connection):
    sum_all(MIDNIGHT + days.SETTLES - MINUTE)
    assert not ConnectionDay.objects.filter(day=YESTERDAY).exists()

    sum_all(MIDNIGHT + days.SETTLES)
    assert summed(connection)


def test_summing_again_gives_the_same(connection):
    """As after a kill: what was written is written again."""
    end_test(connection, MIDNIGHT - 10 * HOUR)
    sum_all()
    before = values()

    days.Heartbeat.objects.all().delete()
    sum_all()
    assert values() == before
    ConnectionDay.objects.filter(day=YESTERDAY).delete()
    days.Heartbeat.objects.all().delete()
    sum_all()
    assert [one | {"id": 0} for one in values()] == [one | {"id": 0} for one in before]


def test_once_all_is_summed_a_round_asks_for_nothing_but_that(connection):
    sum_all()

    with CaptureQueriesContext(database) as seen:
        days.sum_due(NOW + HOUR)

    assert len(seen) == 1
    sum_all(NOW + DAY)
    assert summed(connection, TODAY)


def test_a_hundred_connections_are_summed_in_as_many_statements_as_one(workspace):
    def asked(number, slug):
        for n in range(number):
            one = connection_of(
                workspace, slug=f"{slug}{n}", is_default=False, created_at=MIDNIGHT - HOUR
            )
            end_test(one, MIDNIGHT - HOUR)
        days.Heartbeat.objects.all().delete()
        with CaptureQueriesContext(database) as seen:
            days.sum_due(NOW)
        return len(seen)

    assert asked(1, "a") == asked(90, "b")
    assert ConnectionDay.objects.count() == 91


def test_what_somebody_did_yesterday_is_in_its_day(workspace, clock, editor):
    clock.move_to(MIDNIGHT - 12 * HOUR, tick=False)
    saved = saving.change_connection(
        rows.unread(workspace, "meta"), Changes(config=VALUES), by=editor
    ).connection
    end_test(saved, MIDNIGHT - 11 * HOUR)
    clock.move_to(MIDNIGHT - 6 * HOUR, tick=False)
    saving.change_connection(saved, Changes(is_enabled=False), by=editor)
    clock.move_to(NOW, tick=False)

    sum_all()

    assert seconds_of(summed(saved)) == {
        "off": 18 * 3600,
        "unproven": 3600,
        "proven": 5 * 3600,
    }
    assert seconds_of(days.of_today(rows.find(workspace, "meta"), NOW)) == {"off": 12 * 3600}


def test_what_is_off_stays_off_without_the_events_that_said_so(workspace, editor, clock):
    clock.move_to(NOW - 3 * DAY, tick=False)
    saved = saving.change_connection(
        rows.unread(workspace, "meta"), Changes(config=VALUES), by=editor
    ).connection
    disconnecting.disconnect(saved, by=editor)
    clock.move_to(NOW, tick=False)
    Event.objects.all().delete()

    sum_all()

    assert seconds_of(summed(saved)) == {"off": 86400}


def test_what_nothing_can_prove_is_never_in_error(workspace):
    fiverr = connection_of(workspace, "fiverr", config={"account_id": "acme"})
    fiverr.auth_method = next(
        method.slug for method in fiverr.platform.methods if method.unprovable
    )
    fiverr.save()
    end_test(fiverr, MIDNIGHT - HOUR, "inconclusive")

    sum_all()

    assert (summed(fiverr).inconclusive, seconds_of(summed(fiverr))) == (1, {"off": 86400})


def test_a_connection_of_a_platform_that_is_gone_is_summed_like_any(workspace):
    gone = connection_of(workspace, "gone")
    end_test(gone, MIDNIGHT - HOUR)

    sum_all()

    assert summed(gone).passed == 1


def test_a_round_sums(connection):
    end_test(connection, MIDNIGHT - HOUR)

    for _ in range(3):
        rounds.look_after(NOW)

    assert summed(connection).passed == 1


def test_a_day_adds_up_to_its_length(connection):
    for minute in range(0, 1440, 7):
        outcome = ("passed", "failed", "inconclusive")[minute % 3]
        end_test(connection, MIDNIGHT - timedelta(minutes=minute, seconds=0.4), outcome)

    sum_all()

    assert sum(seconds_of(summed(connection)).values()) == 86400
