"""When a connection is checked next: pure sums over ids, times and chance."""

from datetime import timedelta
from itertools import pairwise
from random import Random
from uuid import UUID, uuid4

import pytest

from integrations.services.watching import schedule
from tests.integrations.services.keeping.moments import DAY, HOUR, MINUTE, NOW

KEYS = [UUID(int=Random(number).getrandbits(128)) for number in range(2000)]


def points(key, every, count=50, chance=None):
    now, found = NOW, []
    for _ in range(count):
        now = schedule.next_point(key, every, now, chance or Random(key.int))
        found.append(now)
    return found


def test_checks_are_spread_over_their_interval():
    minutes = [0] * 60
    for key in KEYS:
        minutes[schedule.phase(key, HOUR) // MINUTE] += 1

    assert max(minutes) < 3 * min(minutes)


def test_a_restart_keeps_its_phase():
    first = schedule.next_point(KEYS[0], HOUR, NOW, Random(1))
    second = schedule.next_point(KEYS[0], HOUR, NOW + 5 * DAY, Random(2))

    drift = (second - first + HOUR / 2) % HOUR - HOUR / 2
    assert abs(drift) <= 2 * schedule.JITTER * HOUR


@pytest.mark.parametrize("every", [MINUTE, HOUR, 8 * HOUR, 40 * HOUR])
def test_the_next_check_is_about_an_interval_later_and_none_follows_at_once(every):
    for key in KEYS[:50]:
        found = points(key, every)
        gaps = [after - before for before, after in pairwise(found)]
        assert min(gaps) > every * 0.85
        assert max(gaps) < every * 1.15


def test_none_is_due_later_than_a_right_clock_says():
    latest = max(schedule.next_point(key, HOUR, NOW, Random(key.int)) for key in KEYS)
    soonest = min(schedule.next_point(key, HOUR, NOW, Random(key.int)) for key in KEYS)

    assert soonest > NOW
    assert latest <= NOW + schedule.FARTHEST * HOUR


def test_no_point_is_at_the_full_second_of_all_others():
    found = {schedule.next_point(key, HOUR, NOW, Random(key.int)).microsecond for key in KEYS}

    assert len(found) > len(KEYS) * 0.95


@pytest.mark.parametrize("base", [schedule.UNANSWERED, schedule.REFUSED])
def test_after_a_break_it_is_asked_soon_then_later_and_at_last_as_usual(base, chance):
    def span(tries):
        return [
            schedule.after_break(KEYS[0], tries, base, HOUR, NOW, chance) - NOW for _ in range(200)
        ]

    assert base / 2 <= min(span(0)) <= max(span(0)) <= base
    assert max(span(2)) > 2 * base
    assert 0 < min(span(50)) / HOUR <= max(span(50)) / HOUR <= schedule.FARTHEST
    assert max(span(50)) - min(span(50)) <= 2 * schedule.JITTER * HOUR  # at its point as ever


def test_where_the_interval_is_short_a_break_is_asked_about_at_its_points(chance):
    for key in KEYS[:100]:
        due = schedule.after_break(key, 0, schedule.REFUSED, MINUTE, NOW, chance)
        assert NOW < due <= NOW + schedule.FARTHEST * MINUTE


def test_what_waited_for_a_pause_comes_after_it_and_not_all_at_once(chance):
    until = NOW + timedelta(minutes=20)
    found = [schedule.after_pause(until, HOUR, chance) for _ in range(100)]

    assert min(found) >= until
    assert max(found) - min(found) > timedelta(minutes=5)


@pytest.mark.parametrize(
    ("count", "window"), [(1, MINUTE), (13, MINUTE), (2000, timedelta(seconds=500))]
)
def test_a_stop_is_made_up_for_by_one_check_each(count, window):
    bunches = [*schedule.spread(KEYS[:count], HOUR, NOW)]

    assert sorted(key for _, keys in bunches for key in keys) == sorted(KEYS[:count])
    assert all(NOW <= at <= NOW + window for at, _ in bunches)
    assert max(len(keys) for _, keys in bunches) <= 4


def test_very_many_take_their_interval():
    (*_, (last, _)) = schedule.spread([uuid4() for _ in range(15000)], HOUR, NOW)

    assert HOUR * 0.9 < last - NOW <= HOUR


def test_nothing_overdue_is_nothing_to_spread():
    assert [*schedule.spread([], HOUR, NOW)] == []
