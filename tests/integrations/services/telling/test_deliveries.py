"""Messages that are owed: sent once, tried again, taken over, in order, and each by itself."""

import json
from datetime import time, timedelta
from uuid import UUID

import pytest
from django.conf import settings
from django.utils import timezone

from integrations.models import (
    Channel,
    Delivery,
    Event,
    IntegrationConnection,
    Role,
    Watch,
    Workspace,
)
from integrations.services.telling import changes, deliveries, outcomes, owed, sending, takes
from integrations.services.telling.changes import Changes
from integrations.services.telling.told import Moment, Severity
from integrations.services.watching import wishes
from providers.outbound.addresses import parse_allowed
from providers.sandbox.server import Answer
from tests.integrations.processes import order, process
from tests.integrations.receivers import NOW, look, owe, told
from tests.integrations.services.proving.test_races import at_once

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BROKEN = Answer(503, "")


def rows():
    """Every message as (moment, outcome), in the order of their making."""
    return [*Delivery.objects.order_by("made_at", "pk").values_list("moment", "outcome")]


def said(receiver):
    """The moments that a webhook's receiver was told of."""
    return [json.loads(asked.body)["data"]["moment"] for asked in receiver.seen]


def ids(receiver):
    return [asked.headers["webhook-id"] for asked in receiver.seen]


# --- Once, and again -----------------------------------------------------------------------------


def test_a_message_is_sent_at_once_and_marked_after(workspace, channel, receiver):
    one = channel()

    owe(workspace, told())

    sent = Delivery.objects.get()
    assert (sent.outcome, sent.status_code, sent.delivered_at) == ("delivered", 200, NOW)
    one.refresh_from_db()
    assert (one.delivered_at, one.failing_since) == (NOW, None)
    look(NOW + DAY)
    assert len(receiver.seen) == 1


def test_what_is_not_taken_is_tried_again_for_more_than_a_day(workspace, channel, receiver, clock):
    channel()
    receiver.answers = [BROKEN]
    owe(workspace, told())
    moments = []

    while (sent := Delivery.objects.get()).due_at:
        moments.append(sent.due_at - NOW)
        clock.move_to(sent.due_at, tick=False)
        look(sent.due_at)

    assert (sent.outcome, sent.tries, sent.status_code) == ("failed", 8, 503)
    assert sent.sentence == "The receiver has a problem at the moment (HTTP status 503)."
    assert len(receiver.seen) == 8
    assert len({*ids(receiver)}) == 1
    planned = [timedelta(seconds=5), 5 * MINUTE, 30 * MINUTE, *(n * HOUR for n in (2, 5, 10, 14))]
    total = timedelta(0)
    for moment, delay in zip(moments, planned, strict=True):
        total += delay
        assert total <= moment <= total * (1 + outcomes.JITTER)


def test_a_receiver_that_says_when_is_not_asked_before(workspace, channel, receiver):
    channel()
    receiver.answers = [Answer(429, "", {"Retry-After": "900"}), Answer(200, "ok")]
    owe(workspace, told())

    assert Delivery.objects.get().due_at == NOW + 15 * MINUTE
    look(NOW + 15 * MINUTE - timedelta(seconds=1))
    assert len(receiver.seen) == 1
    look(NOW + 15 * MINUTE)
    assert rows() == [("opened", "delivered")]


def test_nobody_waits_longer_than_a_day_because_a_receiver_says_so(workspace, channel, receiver):
    channel()
    receiver.answers = [Answer(503, "", {"Retry-After": "9999999"})]

    owe(workspace, told())

    assert Delivery.objects.get().due_at == NOW + DAY


@pytest.mark.parametrize("seconds", ["1e308", "1e999", "NaN", "-5", "true", '"soon"', "9" * 400])
def test_a_receiver_that_says_nonsense_is_asked_again_as_usual(
    workspace, channel, receiver, seconds
):
    channel()
    receiver.answers = [Answer(429, f'{{"retry_after": {seconds}}}')]

    owe(workspace, told())

    due_at = Delivery.objects.get().due_at
    assert NOW < due_at <= NOW + outcomes.DELAYS[0] * (1 + outcomes.JITTER)
    assert rows() == [("opened", "waiting")]


def test_one_bad_channel_stops_no_other(workspace, channel, receiver):
    bad = channel("slack", config={"url": receiver.url.replace("/hooks", "/bad")})
    Channel.objects.filter(pk=bad.pk).update(secrets="v2.gone.AAAA", key_id="gone")
    channel("webhook")

    owe(workspace, told())

    assert [one.outcome for one in bad.deliveries.all()] == ["waiting"]
    assert said(receiver) == ["opened"]
    bad.refresh_from_db()
    assert bad.problem == sending.UNREADABLE


def test_a_message_that_a_dead_worker_left_is_taken_over_under_its_id(workspace, channel, receiver):
    channel()
    Delivery.objects.all().delete()
    receiver.answers = [BROKEN, Answer(200, "ok")]
    owe(workspace, told())
    due = Delivery.objects.get().due_at
    left = takes.take(Delivery.objects.get().pk, due)  # and died

    look(due + timedelta(seconds=59))
    assert len(receiver.seen) == 1
    look(due + takes.LEASE)

    assert rows() == [("opened", "delivered")]
    assert len({*ids(receiver)}) == 1
    # Who comes back late changes nothing that another one wrote.
    receiver.answers = [BROKEN]
    sending.perform(left, due)
    assert rows() == [("opened", "delivered")]


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_sends(workspace, channel, receiver):
    channel()
    receiver.answers = [BROKEN, Answer(200, "ok")]
    owe(workspace, told())
    one = Delivery.objects.get()

    at_once(6, lambda _: deliveries.deliver(one.pk, one.due_at))

    assert len(receiver.seen) == 2
    assert rows() == [("opened", "delivered")]


def deliver_in_another_process(delivery_id, allowed):
    settings.OUTBOUND_ALLOW = parse_allowed(allowed)
    deliveries.deliver(UUID(delivery_id), timezone.now())


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_killed_in_the_middle_of_a_message_loses_none(
    workspace, channel, receiver, clock
):
    channel()
    receiver.answers = [BROKEN, Answer(is_silent=True)]
    owe(workspace, told())
    one = Delivery.objects.get()
    allow = receiver.server.url.partition("://")[2]

    with process("leave") as other:
        other.say(order(f"{__name__}:deliver_in_another_process", str(one.pk), allow))
        for _ in range(1200):
            if len(receiver.seen) == 2:
                break
            receiver.server.stopping.wait(0.05)
        other.kill()
    assert len(receiver.seen) == 2
    one.refresh_from_db()
    assert (one.outcome, one.tries, bool(one.lease_until)) == ("waiting", 2, True)
    receiver.answers = [Answer(200, "ok")]

    look(one.lease_until)

    assert rows() == [("opened", "delivered")]
    assert len({*ids(receiver)}) == 1


# --- In order ------------------------------------------------------------------------------------


def test_a_recovery_overtakes_a_break_that_could_not_be_sent(workspace, channel, receiver):
    channel()
    receiver.answers = [BROKEN, Answer(200, "ok")]
    owe(workspace, told())

    owe(workspace, told(Moment.CLOSED, lasted=HOUR), NOW + timedelta(seconds=1))

    assert rows() == [("opened", "left_out"), ("closed", "delivered")]
    look(NOW + DAY)
    assert said(receiver) == ["opened", "closed"]


def test_a_recovery_waits_for_the_break_that_is_on_its_way(workspace, channel, receiver):
    channel()
    receiver.answers = [BROKEN, Answer(200, "ok")]
    owe(workspace, told())
    due = Delivery.objects.get().due_at
    takes.take(Delivery.objects.get().pk, due)

    owe(workspace, told(Moment.CLOSED, lasted=HOUR), due)

    closed = Delivery.objects.get(moment="closed")
    assert (closed.outcome, closed.due_at) == ("waiting", due + takes.LEASE)
    assert closed.sentence == takes.BUSY


def test_who_was_not_told_of_a_break_is_not_told_of_its_end(workspace, channel, receiver):
    owe(workspace, told())
    channel()

    owe(workspace, told(Moment.CLOSED, lasted=HOUR))

    assert rows() == []
    assert not receiver.seen


def test_a_recovery_is_left_out_where_none_is_wanted(workspace, channel, receiver):
    channel(tells_recovery=False)
    owe(workspace, told())

    owe(workspace, told(Moment.CLOSED, lasted=HOUR), NOW + HOUR)

    assert rows() == [("opened", "delivered"), ("closed", "left_out")]
    assert said(receiver) == ["opened"]


# --- When ----------------------------------------------------------------------------------------


@pytest.fixture
def muted(workspace):
    """A connection that is muted for two hours, and what is told of it."""
    connection = IntegrationConnection.objects.create(workspace=workspace, provider="meta")
    watch = Watch.objects.create(
        connection=connection,
        workspace=workspace,
        provider="meta",
        due_at=NOW,
        muted_until=NOW + 2 * HOUR,
    )
    return watch, {"connections": (str(connection.pk),)}


def look_until(until, since=NOW):
    while since <= until:
        look(since)
        since += 5 * MINUTE


def test_a_break_within_a_mute_is_told_at_its_end(workspace, channel, receiver, muted):
    channel()
    _, about = muted

    owe(workspace, told(**about))
    look_until(NOW + 2 * HOUR - 5 * MINUTE)
    assert (said(receiver), rows()) == ([], [("opened", "waiting")])
    look(NOW + 2 * HOUR)

    assert said(receiver) == ["opened"]


def test_a_mute_that_is_taken_back_ends_within_minutes(workspace, channel, receiver, muted):
    channel()
    watch, about = muted
    owe(workspace, told(**about))

    Watch.objects.filter(pk=watch.pk).update(muted_until=None)
    look_until(NOW + 5 * MINUTE)

    assert said(receiver) == ["opened"]


def test_a_mute_that_a_person_takes_back_ends_at_once(workspace, channel, receiver, muted):
    channel()
    watch, about = muted
    watch.connection.version = 1
    owe(workspace, told(**about))
    assert said(receiver) == []

    wishes.keep(watch.connection, {"muted_until": None}, by=None, now=NOW)

    assert said(receiver) == ["opened"]


def test_quiet_hours_that_a_person_takes_back_end_at_once(workspace, channel, receiver):
    one = channel(quiet=(time(22), time(11)), time_zone="Europe/Madrid")
    owe(workspace, told())
    assert said(receiver) == []

    changes.change(workspace, one.pk, Changes(quiet=(None, None)), by=None)

    assert said(receiver) == ["opened"]


def test_what_began_and_ended_within_a_mute_is_told_neither_as_new_nor_as_over(
    workspace, channel, receiver, muted
):
    channel()
    _, about = muted
    owe(workspace, told(**about))

    owe(workspace, told(Moment.CLOSED, lasted=HOUR, **about), NOW + HOUR)
    look_until(NOW + 3 * HOUR)

    assert not receiver.seen
    assert rows() == [("opened", "left_out"), ("closed", "left_out")]
    assert {one.sentence for one in Delivery.objects.all()} == {takes.WAS_OVER}


def test_a_break_that_was_told_and_ended_within_a_mute_is_told_as_over_at_its_end(
    workspace, channel, receiver, muted
):
    channel()
    watch, about = muted
    Watch.objects.filter(pk=watch.pk).update(muted_until=None)
    owe(workspace, told(**about))
    Watch.objects.filter(pk=watch.pk).update(muted_until=NOW + 2 * HOUR)

    owe(workspace, told(Moment.CLOSED, lasted=HOUR, **about), NOW + HOUR)
    look_until(NOW + 2 * HOUR)

    assert said(receiver) == ["opened", "closed"]


def test_what_is_told_of_several_waits_only_while_all_are_muted(
    workspace, channel, receiver, muted
):
    channel()
    _, about = muted
    other = IntegrationConnection.objects.create(
        workspace=workspace, provider="stripe", slug="other"
    )

    owe(workspace, told(connections=(*about["connections"], str(other.pk))))

    assert said(receiver) == ["opened"]


def test_who_was_not_told_of_a_break_reads_of_its_change_as_new(
    workspace, channel, receiver, muted
):
    channel()
    _, about = muted
    owe(workspace, told(**about))
    owe(workspace, told(Moment.UPDATED, title="In another way.", **about), NOW + HOUR)

    look_until(NOW + 2 * HOUR)

    assert said(receiver) == ["opened"]
    assert json.loads(receiver.seen[0].body)["data"]["title"] == "In another way."


def test_quiet_hours_put_a_break_off_to_their_end(workspace, channel, receiver):
    channel(quiet=(time(22), time(11)), time_zone="Europe/Madrid")  # until 10:00 UTC

    owe(workspace, told())
    look_until(NOW + 45 * MINUTE)
    assert not receiver.seen
    assert Delivery.objects.get().sentence == takes.QUIET
    look_until(NOW + 50 * MINUTE, since=NOW + 46 * MINUTE)

    assert said(receiver) == ["opened"]


def test_what_flaps_is_told_twice_an_hour_at_most(workspace, channel, receiver, clock):
    channel()
    for number in range(12):
        moment = NOW + number * 5 * MINUTE
        clock.move_to(moment, tick=False)
        key = f"thing-1/{number // 2}"
        if number % 2:
            owe(workspace, told(Moment.CLOSED, key=key, lasted=5 * MINUTE), moment)
        else:
            owe(workspace, told(key=key), moment)
        look(moment)
    assert said(receiver) == ["opened", "closed"]

    for minute in range(60, 130, 5):
        clock.move_to(NOW + minute * MINUTE, tick=False)
        look(NOW + minute * MINUTE)

    # All later breaks were over before they could be told.
    assert said(receiver) == ["opened", "closed"]
    assert not Delivery.objects.filter(outcome="waiting").exists()


def test_an_archived_workspace_tells_nobody(workspace, channel, receiver):
    channel()
    receiver.answers = [BROKEN, Answer(200, "ok")]
    owe(workspace, told())
    Workspace.objects.update(archived_at=NOW)

    look(NOW + HOUR)

    assert rows() == [("opened", "left_out")]
    assert len(receiver.seen) == 1


# --- To whom -------------------------------------------------------------------------------------


def test_a_channel_hears_of_its_platforms_alone(workspace, channel, receiver):
    channel(platforms=["meta"])

    owe(workspace, told(platforms=("stripe",)))
    assert not receiver.seen
    owe(workspace, told(key="thing-2/1", platforms=("stripe", "meta")))

    assert said(receiver) == ["opened"]


def test_breaks_only_is_breaks_only(workspace, channel, receiver):
    channel(hears="breaks")

    owe(workspace, told(Moment.NOTICE, key="end-1/1", severity=Severity.NOTICE))
    owe(workspace, told())

    assert said(receiver) == ["opened"]


def test_channels_of_other_workspaces_hear_nothing(workspace, channel, receiver):
    channel()

    owe(Workspace.objects.create(name="Other", slug="other"), told())

    assert not receiver.seen


@pytest.fixture
def olga(person):
    return person("olga", Role.OWNER, email="olga@acme.example")


def test_without_a_channel_the_owners_are_mailed(workspace, olga, office, person):
    person("emil", Role.EDITOR, email="emil@acme.example")

    owe(workspace, told())

    (mail,) = office.mails
    assert mail["To"] == "olga@acme.example"
    assert mail["Subject"] == "Broken: Postbox ended the access token (Acme Studio)"
    text = mail.get_body(("plain",)).get_content()
    assert "Postbox ended the access token. Ads monitor and Lead tracking stand still." in text
    assert "You get this as an owner of Main, which has no channel yet." in text


def test_where_nobody_can_be_told_nothing_is_owed(workspace, settings):
    settings.EMAIL_IS_CONFIGURED = False

    owe(workspace, told())

    assert rows() == []


# --- Threads of mails ----------------------------------------------------------------------------


def test_the_mails_of_a_break_are_one_thread(workspace, channel, office):
    channel("email")

    owe(workspace, told())
    owe(workspace, told(Moment.CLOSED, title="Other words.", lasted=HOUR), NOW + HOUR)
    owe(workspace, told(key="thing-2/9"), NOW + HOUR)

    first, over, another = [m for m in office.mails if m["To"] == "dana@acme.example"]
    assert first["Subject"] == "Broken: Postbox ended the access token (Acme Studio)"
    assert over["Subject"] == "Postbox works again (Acme Studio)"
    assert over["In-Reply-To"] == first["Message-ID"]
    assert over["References"].split() == [first["References"], first["Message-ID"]]
    assert first["In-Reply-To"] is None
    assert another["References"] != first["References"]
    assert len({mail["Message-ID"] for mail in office.mails}) == 6
    assert {mail["Auto-Submitted"] for mail in office.mails} == {"auto-generated"}
    html = over.get_body(("html",)).get_content()
    assert "It was broken for 1 hour." in html


def test_a_mail_that_is_sent_again_has_the_same_id(workspace, channel, office):
    channel("email", config={"to": "dana@acme.example"})
    owe(workspace, told())

    deliveries.resend(Delivery.objects.get(), NOW + HOUR)
    look(NOW + HOUR)

    first, again = office.mails
    assert first["Message-ID"] == again["Message-ID"]


def test_an_address_that_the_mail_server_refuses_is_told(workspace, channel, office):
    one = channel("email")
    office.refuses = "550 no such user"

    owe(workspace, told())

    one.refresh_from_db()
    assert one.problem == "The mail server refused the address."
    assert Delivery.objects.first().status_code == 550


# --- Channels that take nothing ------------------------------------------------------------------


def test_a_receiver_that_is_gone_switches_its_channel_off(workspace, channel, receiver):
    one = channel()
    receiver.answers = [Answer(410, "")]

    owe(workspace, told())

    one.refresh_from_db()
    assert (one.is_enabled, one.is_gone, one.failing_since) == (False, True, NOW)
    assert rows() == [("opened", "failed")]


def test_a_test_that_arrives_switches_it_on_again(workspace, channel, receiver):
    one = channel()
    receiver.answers = [Answer(410, ""), Answer(200, "ok")]
    owe(workspace, told())

    tried = changes.send_test(Channel.objects.get(), NOW)

    one.refresh_from_db()
    assert tried.is_delivered
    assert (one.is_enabled, one.is_gone, one.failing_since, one.problem) == (True, False, None, "")


def test_a_channel_that_fails_is_told_through_another_once(workspace, channel, receiver, office):
    channel("slack")
    channel("email", config={"to": "dana@acme.example"})
    receiver.answers = [Answer(404, "no_service")]

    owe(workspace, told())
    assert [mail["Subject"][:15] for mail in office.mails] == ["Broken: Postbox"]
    owed.catch_up(workspace.pk, NOW)
    owed.catch_up(workspace.pk, NOW)
    look(NOW + HOUR)
    owed.catch_up(workspace.pk, NOW + HOUR)

    assert [mail["Subject"] for mail in office.mails][1:] == [
        "The channel Slack is broken: Slack takes nothing (Main)"
    ]
    assert Event.objects.filter(type="channel.failing").count() == 1


def test_that_a_channel_works_again_is_told_by_its_event(workspace, channel, receiver, office):
    channel("slack")
    channel("email")
    receiver.answers = [Answer(404, "no_service")]
    owe(workspace, told())
    owed.catch_up(workspace.pk, NOW)
    receiver.answers = [Answer(200, "ok")]
    look(NOW + HOUR)
    owed.catch_up(workspace.pk, NOW + HOUR)
    look(NOW + HOUR)

    mails = [mail["Subject"].strip() for mail in office.mails if mail["To"] != "ben@acme.example"]
    assert [one for one in mails if one.startswith("The channel")] == [
        "The channel Slack is broken: Slack takes nothing (Main)",
        "The channel Slack works again (Main)",
    ]


def test_the_owners_are_mailed_when_the_only_channel_fails(
    workspace, channel, receiver, office, olga
):
    channel()
    receiver.answers = [Answer(404, "")]

    owe(workspace, told())
    owed.catch_up(workspace.pk, NOW)

    (mail,) = office.mails
    assert (mail["To"], mail["Subject"]) == (
        "olga@acme.example",
        "The channel Webhook is broken: Webhook takes nothing (Main)",
    )


def test_an_outage_of_minutes_is_told_to_nobody(workspace, channel, receiver):
    channel()
    receiver.answers = [BROKEN, BROKEN, Answer(200, "ok")]
    owe(workspace, told())
    for _ in range(2):
        look(Delivery.objects.get().due_at)

    assert rows() == [("opened", "delivered")]
    assert not Event.objects.exists()


def test_what_waits_goes_out_as_soon_as_the_channel_takes_something(workspace, channel, receiver):
    channel()
    receiver.answers = [BROKEN, Answer(200, "ok")]
    owe(workspace, told())
    owe(workspace, told(key="thing-2/1"), NOW + timedelta(seconds=1))

    look(NOW + timedelta(seconds=1))

    assert rows() == [("opened", "delivered")] * 2


# --- By hand -------------------------------------------------------------------------------------


def test_resend_sends_the_same_under_its_id_whatever_the_hour(workspace, channel, receiver, muted):
    one = channel()
    owe(workspace, told())
    Channel.objects.update(quiet_from=time(0), quiet_until=time(23))

    deliveries.resend(one.deliveries.get(), NOW + HOUR)
    look(NOW + HOUR)

    assert said(receiver) == ["opened", "opened"]
    assert len({*ids(receiver)}) == 1


def test_what_is_on_its_way_is_not_sent_again(workspace, channel, receiver):
    one = channel()
    receiver.answers = [BROKEN]
    owe(workspace, told())

    with pytest.raises(deliveries.NotToSend):
        deliveries.resend(one.deliveries.get(), NOW)
    changes.change(workspace, one.pk, Changes(is_enabled=False), by=None)
    Delivery.objects.update(outcome="failed", due_at=None)
    with pytest.raises(deliveries.NotToSend):
        deliveries.resend(one.deliveries.select_related("channel").get(), NOW)


def test_old_messages_are_forgotten(workspace, channel, receiver):
    channel()
    owe(workspace, told())

    deliveries.forget_old(NOW + timedelta(days=89))
    assert Delivery.objects.exists()
    deliveries.forget_old(NOW + timedelta(days=91))

    assert not Delivery.objects.exists()


def test_a_job_is_given_ids_alone(workspace, channel, receiver, monkeypatch):
    given = []
    monkeypatch.setattr(deliveries.queue, "enqueue", lambda *ids: given.append(ids))
    channel()

    owe(workspace, told())

    assert given == [("telling.deliver", str(Delivery.objects.get().pk))]
