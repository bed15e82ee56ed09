"""What is dear to count is kept for as long as it cost, and counted ahead by the round."""

from datetime import timedelta

import pytest

from integrations.models import Summary
from integrations.services.keeping import rounds
from integrations.services.measuring import kept
from tests.integrations.services.watching.world import HOUR, MINUTE, NOW

SECOND = timedelta(seconds=1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def count():
    """Counts how often it is asked to count."""
    asked = []

    def counted(now):
        asked.append(now)
        return [["postbox", len(asked)]]

    return counted


def cost(milliseconds):
    Summary.objects.update(took_ms=milliseconds)


def read(now, count):
    [[_, number]] = kept.read("postbox", now, count)
    return number


def test_what_costs_nothing_is_counted_anew_after_seconds(count):
    assert read(NOW, count) == 1
    cost(2)

    assert read(NOW + 14 * SECOND, count) == 1
    assert read(NOW + 15 * SECOND, count) == 2


def test_what_is_dear_is_kept_for_minutes(count):
    assert read(NOW, count) == 1
    cost(700)

    assert read(NOW + 3 * MINUTE - SECOND, count) == 1
    assert read(NOW + 3 * MINUTE, count) == 2


def test_a_round_counts_before_somebody_has_to(count):
    kept.renew("postbox", NOW, count)
    cost(700)
    kept.renew("postbox", NOW + MINUTE - SECOND, count)
    assert read(NOW + MINUTE, count) == 1

    kept.renew("postbox", NOW + MINUTE, count)

    assert read(NOW + MINUTE, count) == 2


def test_what_a_clock_ahead_counted_is_counted_anew(count):
    kept.renew("postbox", NOW + HOUR, count)

    kept.renew("postbox", NOW, count)
    assert read(NOW, count) == 2
    Summary.objects.update(at=NOW + HOUR)
    assert read(NOW, count) == 3


def test_each_round_counts_connections_and_budgets(db):
    rounds.look_after(NOW)

    assert {*Summary.objects.values_list("name", "at")} == {("connections", NOW), ("budgets", NOW)}
