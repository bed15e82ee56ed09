"""Takes: one sends, in the order of what happened, and what holds up holds up no other."""

import json
import time as wall
from concurrent.futures import ThreadPoolExecutor
from datetime import time, timedelta

import pytest
from django.db import connection as database

from integrations import queue
from integrations.models import Channel, Delivery, IntegrationConnection, Workspace
from integrations.services.telling import (
    changes,
    deliveries,
    notices,
    outcomes,
    owed,
    sending,
    takes,
)
from integrations.services.telling.changes import Changes
from integrations.services.telling.told import Moment
from providers.outbound.addresses import parse_allowed
from providers.sandbox.server import Answer, Server
from tests.integrations.receivers import NOW, look, owe, told
from tests.integrations.services.watching.world import connected

SECOND, MINUTE, HOUR, DAY = (
    timedelta(seconds=1),
    timedelta(minutes=1),
    timedelta(hours=1),
    timedelta(days=1),
)
BROKEN, TAKEN = Answer(503, ""), Answer(200, "ok")


def said(receiver):
    return [json.loads(asked.body)["data"]["moment"] for asked in receiver.seen]


def rows():
    return [*Delivery.objects.order_by("number").values_list("moment", "outcome")]


@pytest.fixture
def crowd(monkeypatch):
    """What is owed waits until it is looked at: no worker wakes by itself."""
    monkeypatch.setattr(queue, "enqueue", lambda *_ids: None)


def test_the_order_is_that_of_the_rows_and_no_clocks(workspace, channel, receiver):
    """Quiet until 12:00. One machine, an hour ahead, writes the break; another one its end."""
    channel(quiet=(time(8), time(12)))
    deliveries.owe(workspace, told(), NOW + HOUR)
    deliveries.owe(workspace, told(Moment.CLOSED, lasted=10 * MINUTE), NOW + 10 * MINUTE)

    for minutes in range(0, 60 * 5, 5):
        look(NOW + minutes * MINUTE)

    assert said(receiver) == []
    assert rows() == [("opened", "left_out"), ("closed", "left_out")]


def test_a_row_that_cannot_be_taken_up_is_put_off_and_blocks_nobody(
    workspace, channel, receiver, caplog, crowd
):
    channel()
    for number in range(100):
        deliveries.owe(workspace, told(Moment.NOTICE, key=f"end-{number}/1"), NOW)
    Delivery.objects.update(facts={})
    other = Workspace.objects.create(slug="other", name="Other")
    made = changes.add(other, "webhook", Changes(config={"url": receiver.url}), by=None).channel
    deliveries.owe(other, told(), NOW + MINUTE)

    look(NOW + HOUR)

    assert made.deliveries.get().outcome == "delivered"
    assert "A message was not sent: KeyError" in caplog.text
    one = Delivery.objects.filter(workspace=workspace).exclude(tries=0).first()
    assert (one.outcome, one.sentence) == ("waiting", outcomes.OUR_FAULT)
    assert one.due_at > NOW + HOUR


def test_what_can_never_be_taken_up_is_given_up(workspace, channel, receiver, crowd):
    channel()
    deliveries.owe(workspace, told(Moment.NOTICE, key="end-1/1"), NOW)
    Delivery.objects.update(facts={})

    while due_at := Delivery.objects.get().due_at:
        look(due_at)

    one = Delivery.objects.get()
    assert (one.outcome, one.tries, one.sentence) == ("failed", 8, outcomes.OUR_FAULT)


def test_a_zone_that_nobody_knows_any_more_keeps_nothing_from_being_told(
    workspace, channel, receiver
):
    channel(quiet=(time(1), time(2)), time_zone="America/Sao_Paulo")
    Channel.objects.update(time_zone="Mars/Olympus")

    owe(workspace, told())

    assert said(receiver) == ["opened"]


def test_each_workspace_has_its_turn(workspace, channel, receiver, crowd):
    channel()
    for number in range(5):
        deliveries.owe(workspace, told(key=f"thing-{number}/1"), NOW)
    other = Workspace.objects.create(slug="other", name="Other")
    changes.add(other, "webhook", Changes(config={"url": receiver.url}), by=None)
    deliveries.owe(other, told(), NOW + MINUTE)

    in_turn = deliveries.due(NOW + HOUR)

    assert Delivery.objects.get(workspace=other).pk in in_turn[:2]


# --- Notices --------------------------------------------------------------------------------------


@pytest.fixture
def noticed(workspace, channel, receiver, clock):
    """Meta ends in 20 hours; of that nobody could be told yet."""
    channel()
    receiver.answers = [BROKEN, TAKEN]
    one = connected(workspace)
    IntegrationConnection.objects.update(expires_at=NOW + 20 * HOUR)
    notices.give_due(NOW)
    owed.catch_up(workspace.pk, NOW)
    assert len(receiver.seen) == 1
    return one


def test_a_notice_that_waited_is_sent_while_it_is_true(noticed, receiver):
    look(NOW + HOUR)

    assert said(receiver) == ["notice", "notice"]


def test_a_notice_of_an_end_that_was_renewed_is_not_sent(noticed, receiver):
    IntegrationConnection.objects.update(expires_at=NOW + 60 * DAY)

    look(NOW + HOUR)

    assert len(receiver.seen) == 1
    assert Delivery.objects.get().sentence == takes.NOT_TRUE


def test_a_notice_of_an_end_is_not_sent_after_it(noticed, receiver):
    look(NOW + 22 * HOUR)

    assert len(receiver.seen) == 1
    assert rows() == [("notice", "left_out")]


def test_a_channel_that_works_again_is_not_told_of_as_taking_nothing(
    workspace, channel, receiver, office
):
    one = channel("slack")
    channel("email", config={"to": "dana@acme.example"}, quiet=(time(8), time(12)))
    receiver.answers = [Answer(404, "no_service"), TAKEN]
    owe(workspace, told())
    owed.catch_up(workspace.pk, NOW)

    changes.send_test(Channel.objects.get(pk=one.pk), NOW + MINUTE)
    for minutes in range(0, 200, 5):
        look(NOW + minutes * MINUTE)

    assert [mail["Subject"][:7] for mail in office.mails] == ["Broken:"]


# --- Limits and crowds ----------------------------------------------------------------------------


def test_a_limit_holds_for_all_that_its_channel_is_owed(workspace, channel, receiver):
    channel()
    receiver.answers = [Answer(429, "", {"Retry-After": "900"}), TAKEN]
    owe(workspace, told())
    owe(workspace, told(key="thing-2/1"), NOW + MINUTE)

    look(NOW + 2 * MINUTE)
    assert len(receiver.seen) == 1
    assert Delivery.objects.get(thread="thing-2/1").sentence == takes.LIMITED
    for minutes in range(3, 20):
        look(NOW + minutes * MINUTE)

    assert rows() == [("opened", "delivered")] * 2
    assert len(receiver.seen) == 3


def test_a_success_does_not_shorten_what_the_receiver_asked_for(workspace, channel, receiver):
    channel()
    receiver.answers = [Answer(429, "", {"Retry-After": "900"}), TAKEN]
    owe(workspace, told())

    changes.send_test(Channel.objects.get(), NOW + MINUTE)

    assert Delivery.objects.get(moment="opened").due_at == NOW + 15 * MINUTE


def test_so_many_of_a_channel_are_on_their_way_and_the_next_is_called(
    workspace, channel, receiver, crowd
):
    one = channel()
    for number in range(takes.MOST_OF_A_CHANNEL + 1):
        deliveries.owe(workspace, told(key=f"thing-{number}/1"), NOW)
    *first, last = deliveries.due(NOW)
    for pk in first[:-1]:
        assert takes.take(pk, NOW)
    held = Delivery.objects.filter(lease_until__gt=NOW)
    assert held.count() == takes.MOST_OF_A_CHANNEL - 1
    deliveries.owe(workspace, told(key="thing-9/1"), NOW)
    assert takes.take(first[-1], NOW)

    deliveries.deliver(last, NOW)

    waiting = Delivery.objects.get(pk=last)
    assert (waiting.sentence, waiting.due_at) == (takes.CROWDED, NOW + takes.TURN)
    Delivery.objects.filter(pk__in=first).update(lease_until=None)
    nine = one.deliveries.get(thread="thing-9/1")
    deliveries.deliver(nine.pk, NOW)
    assert last in deliveries.due(NOW)


def test_a_channel_that_fails_has_one_on_its_way(workspace, channel, receiver, crowd):
    channel()
    for number in range(2):
        deliveries.owe(workspace, told(key=f"thing-{number}/1"), NOW)
    Channel.objects.update(failing_since=NOW, problem="Silent.")
    first, second = deliveries.due(NOW)

    assert takes.take(first, NOW)
    assert takes.take(second, NOW) is None
    assert takes.take(second, NOW + takes.LEASE) is not None


def test_a_test_that_is_on_its_way_is_in_nobodys_way(workspace, channel, office, crowd):
    one = channel("email", config={"to": ", ".join(f"p{n}@acme.example" for n in range(9))})
    deliveries.at_once(workspace, one, told(Moment.TEST, key="test-1/1"), NOW)
    deliveries.owe(workspace, told(), NOW)

    assert takes.take(deliveries.due(NOW)[0], NOW)


def test_who_stumbles_takes_nothing_from_who_sends(workspace, channel, receiver, crowd):
    channel()
    deliveries.owe(workspace, told(), NOW)
    held = takes.take(deliveries.due(NOW)[0], NOW)

    outcomes.stumbled(Delivery.objects.get(), KeyError(), NOW)

    sending.perform(held, NOW)
    assert rows() == [("opened", "delivered")]


def test_a_channel_may_be_removed_while_a_message_is_on_its_way(
    workspace, channel, receiver, crowd
):
    one = channel()
    deliveries.owe(workspace, told(), NOW)
    held = takes.take(deliveries.due(NOW)[0], NOW)
    changes.remove(workspace, one.pk, by=None)

    assert sending.perform(held, NOW).pk == held.pk
    assert len(receiver.seen) == 1
    assert rows() == []


@pytest.mark.django_db(transaction=True)
def test_a_receiver_that_hangs_holds_up_no_other(receiver, settings, crowd):
    """With as many threads as a worker has."""
    bad = Workspace.objects.create(slug="bad", name="Bad")
    good = Workspace.objects.create(slug="good", name="Good")
    changes.add(good, "webhook", Changes(config={"url": receiver.url}), by=None)
    took = {}

    def go(pk):
        try:
            deliveries.deliver(pk, NOW + 2 * SECOND)
        finally:
            took[pk] = wall.perf_counter()
            database.close()

    with Server(lambda _asked: Answer(200, "", is_silent=True)) as tarpit:
        here = parse_allowed(tarpit.url.partition("://")[2])
        settings.OUTBOUND_ALLOW = (*settings.OUTBOUND_ALLOW, *here)
        for number in range(8):
            config = {"url": f"{tarpit.url}/{number}"}
            changes.add(bad, "webhook", Changes(config=config), by=None)
        for number in range(12):
            deliveries.owe(bad, told(key=f"thing-{number}/1"), NOW)
        deliveries.owe(good, told(), NOW + SECOND)
        # The oldest first, as their jobs are drawn.
        every = [*Delivery.objects.order_by("made_at").values_list("pk", flat=True)]
        begun = wall.perf_counter()
        with ThreadPoolExecutor(32) as pool:
            done = [pool.submit(go, pk) for pk in every]
            done[-1].result(timeout=60)
            at_the_tarpit = len(tarpit.requests_seen)
            tarpit.stopping.set()

    mine = Delivery.objects.get(workspace=good)
    assert mine.outcome == "delivered"
    assert at_the_tarpit <= takes.MOST_OF_A_WORKSPACE
    assert took[mine.pk] - begun < 10


def test_a_lease_that_a_wrong_clock_made_holds_nothing_up(workspace, channel, receiver):
    channel()
    owe(workspace, told())
    Delivery.objects.update(lease=1, lease_until=NOW + 30 * timedelta(days=1))

    look(NOW + timedelta(seconds=1))

    assert Delivery.objects.get().outcome == "delivered"
    assert len(receiver.seen) == 1
