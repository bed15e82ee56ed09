"""What /metrics tells, as a reader of Prometheus' text format has it."""

from datetime import timedelta
from itertools import pairwise

import pytest
from prometheus_client.parser import text_string_to_metric_families

from integrations import platforms, queue
from integrations.models import Channel, ConnectionTest, Heartbeat, Trigger, Watch
from integrations.services import tallies
from integrations.services.keeping import rounds
from integrations.services.measuring import exposition
from integrations.services.proving import testing
from integrations.services.watching import engine
from tests.integrations.conftest import TOKEN, VALUES
from tests.integrations.receivers import SECRET_PATH, owe, told
from tests.integrations.services.watching import world
from tests.integrations.services.watching.world import HOUR, NOW, fails, go_round

LABELS = ("provider", "channel", "state", "outcome", "kind", "cause", "le")

BUCKETS = ("integrations_check_duration_seconds_bucket", "meta")
pytestmark = pytest.mark.django_db


def read():
    """Each series with its value: `{("integrations_workers", ()): 1.0}`."""
    return {
        (sample.name, tuple(sample.labels[name] for name in LABELS if name in sample.labels)): (
            sample.value
        )
        for family in text_string_to_metric_families(exposition.text().decode())
        for sample in family.samples
    }


def test_what_is_known_ahead_begins_at_zero():
    found = read()

    for slug in platforms.catalogue():
        assert found["integrations_connections", (slug, "proven")] == 0
        assert found["integrations_checks_total", (slug, "failed", "auth_expired")] == 0
        assert found["integrations_check_duration_seconds_bucket", (slug, "+Inf")] == 0
        assert found["integrations_incidents_open", (slug, "provider_unavailable")] == 0
    assert found["integrations_incidents_open", ("", "ours")] == 0
    assert found["integrations_messages_total", ("slack", "failed")] == 0
    assert found["integrations_channels_failing", ("webhook",)] == 0
    assert found["integrations_budget_used_ratio", ("linkedin",)] == 0
    assert found["integrations_workers", ()] == 0
    assert [key for key in found if key[0] == "integrations_build_info"]


def test_what_never_was_has_no_moment():
    names = {name for name, _ in read()}

    assert not [name for name in names if name.endswith("_timestamp_seconds")]


def test_moments_are_told_and_not_ages(workspace, time_machine):
    time_machine.move_to(NOW, tick=False)
    queue.beat(NOW)
    engine.beat(NOW)
    Heartbeat.objects.create(name="keeper", at=NOW - HOUR)
    due = NOW - 2 * HOUR
    made = world.connected(workspace)
    Watch.objects.create(connection=made, workspace=workspace, provider="meta", due_at=due)
    before = read()
    time_machine.move_to(NOW + HOUR, tick=False)

    after = read()

    moments = {
        "integrations_last_tick_timestamp_seconds": NOW,
        "integrations_last_round_timestamp_seconds": NOW - HOUR,
        "integrations_oldest_due_timestamp_seconds": due,
    }
    for name, at in moments.items():
        assert before[name, ()] == after[name, ()] == at.timestamp()
    assert (before["integrations_workers", ()], after["integrations_workers", ()]) == (1, 0)


def test_tests_are_counted_and_timed(connected, meta, time_machine):
    testing.test_connection(connected, trigger=Trigger.SCHEDULE)
    ConnectionTest.objects.update(duration_ms=700)
    later = ConnectionTest.objects.get().started_at + timedelta(minutes=2)
    tallies.count_tests(later)

    found = read()

    assert found["integrations_checks_total", ("meta", "passed", "")] == 1
    name = "integrations_check_duration_seconds"
    within = {
        key[1]: n for (one, key), n in found.items() if one == f"{name}_bucket" and key[0] == "meta"
    }
    assert within == {
        **dict.fromkeys(("0.1", "0.25", "0.5"), 0),
        **dict.fromkeys(("1.0", "2.5", "5.0", "10.0", "30.0", "+Inf"), 1),
    }
    assert (found[f"{name}_count", ("meta",)], found[f"{name}_sum", ("meta",)]) == (1, 0.7)


def test_a_counter_never_goes_down_when_history_is_pruned(workspace, settings):
    meta, seen = world.connected(workspace), []
    for days in (0, 1, 40, 80):
        at = NOW + timedelta(days=days)
        fails(meta, "network", at)
        rounds.look_after(at + timedelta(minutes=2))
        seen.append(read()["integrations_checks_total", ("meta", "inconclusive", "network")])
        settings.HISTORY_DAYS = 7

    assert seen == [1, 2, 3, 4]
    assert ConnectionTest.objects.count() < 4
    assert all(before < after for before, after in pairwise(seen))


def test_incidents_are_told_once_they_are_confirmed(workspace):
    fails(world.connected(workspace), "auth_expired", NOW)
    fails(world.connected(workspace, "stripe"), "provider_unavailable", NOW)
    go_round(NOW)

    found = read()

    assert found["integrations_incidents_open", ("meta", "auth_expired")] == 1
    assert found["integrations_incidents_open", ("stripe", "provider_unavailable")] == 0


def test_messages_are_counted_as_they_settle(workspace, channel, time_machine):
    time_machine.move_to(NOW, tick=False)
    channel("slack")
    owe(workspace, told())
    Channel.objects.filter(kind="slack").update(failing_since=NOW, problem="It takes nothing.")

    found = read()

    assert found["integrations_messages_total", ("slack", "delivered")] == 1
    assert found["integrations_channels_failing", ("slack",)] == 1


def test_nothing_that_somebody_typed_and_no_workspace_is_told(connected, meta, channel, workspace):
    channel("slack")
    testing.test_connection(connected, trigger=Trigger.SCHEDULE)

    text = exposition.text().decode()

    for hidden in (*VALUES.values(), TOKEN, SECRET_PATH, str(connected.pk), meta.url, "Slack"):
        assert hidden not in text
    assert f'"{workspace.slug}"' not in text


def test_it_asks_as_much_of_the_database_whatever_there_is(
    workspace, django_assert_max_num_queries
):
    for provider in ("meta", "stripe", "calendly"):
        fails(world.connected(workspace, provider), "auth_expired", NOW)
    go_round(NOW)
    exposition.text()

    with django_assert_max_num_queries(9):
        exposition.text()
