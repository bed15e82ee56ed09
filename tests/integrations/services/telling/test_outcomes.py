"""Outcomes: what arrived, what surely did not, and what a channel is known for since."""

import json
from datetime import time, timedelta

import pytest

from integrations.models import Channel, Delivery, Role
from integrations.services.telling import (
    audience,
    changes,
    deliveries,
    outcomes,
    owed,
)
from integrations.services.telling.changes import Changes
from integrations.services.telling.told import Moment
from providers.sandbox.server import Answer
from tests.integrations.receivers import NOW, look, owe, told

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BROKEN, TAKEN = Answer(503, ""), Answer(200, "ok")


def rows():
    found = Delivery.objects.order_by("number", "recipient")
    return [*found.values_list("recipient", "moment", "outcome")]


@pytest.fixture
def without_ben(office):
    """The mail server knows no Ben."""

    async def rcpt(_server, _session, envelope, address, _options):
        if address.startswith("ben"):
            return office.refuses
        envelope.rcpt_tos.append(address)
        return "250 OK"

    office.refuses = "550 no such user"
    office.handle_RCPT = rcpt
    return office


# --- Each address by itself -----------------------------------------------------------------------


def test_one_refused_address_of_several_is_told_and_the_others_hear(
    workspace, channel, without_ben
):
    one = channel("email")

    owe(workspace, told())

    one.refresh_from_db()
    assert rows() == [
        ("ben@acme.example", "opened", "waiting"),
        ("dana@acme.example", "opened", "delivered"),
    ]
    assert one.problems == {"ben@acme.example": "The mail server refused the address."}
    assert one.problem == "The mail server refused the address."
    assert not audience.is_deaf(one)
    assert [mail["To"] for mail in without_ben.mails] == ["dana@acme.example"]


def test_an_address_that_is_refused_for_a_while_gets_it_later(workspace, channel, without_ben):
    one = channel("email")
    without_ben.refuses = "450 come back later"
    owe(workspace, told())
    without_ben.refuses = "250 OK"
    async_take = without_ben.__class__.handle_RCPT
    without_ben.handle_RCPT = async_take.__get__(without_ben)
    without_ben.refuses = ""

    look(NOW + MINUTE)

    one.refresh_from_db()
    assert {outcome for *_, outcome in rows()} == {"delivered"}
    assert (one.failing_since, one.problems) == (None, {})


def test_that_a_list_does_not_reach_everybody_is_told_to_the_owners(
    workspace, channel, without_ben, person
):
    person("olga", Role.OWNER, email="olga@acme.example")
    channel("email")

    owe(workspace, told())
    owed.catch_up(workspace.pk, NOW)

    mail = without_ben.mails[-1]
    assert mail["To"] == "olga@acme.example"
    assert mail["Subject"] == "The channel Email is broken: E-mail does not reach everybody (Main)"


def test_a_test_says_whom_it_did_not_reach(workspace, channel, without_ben):
    one = channel("email")

    tried = changes.send_test(one, NOW)

    assert not tried.is_delivered
    assert tried.sentence == "The mail server refused the address. It is about ben@acme.example."


def test_a_test_of_a_long_list_is_finished_by_others(workspace, channel, office, monkeypatch):
    one = channel("email")
    monkeypatch.setattr(changes, "PATIENCE_SECONDS", -1)

    tried = changes.send_test(one, NOW)

    assert tried.sentence.startswith(
        "The mail server took the message of the first 1; the log says"
    )
    assert [mail["To"] for mail in office.mails] == ["dana@acme.example", "ben@acme.example"]
    assert {one.tries for one in Delivery.objects.all()} == {1}


# --- What nobody thought of -----------------------------------------------------------------------


def test_an_error_that_nobody_thought_of_is_tried_again_as_any_other(
    workspace, channel, receiver, caplog
):
    """Its facts cannot be read."""
    one = channel(quiet=(time(8), time(12)))
    owe(workspace, told())
    Delivery.objects.update(facts={}, due_at=NOW)
    Channel.objects.update(quiet_from=None, quiet_until=None)

    look(NOW)

    sent = Delivery.objects.get()
    assert "A message was not sent: KeyError" in caplog.text
    assert (sent.outcome, sent.sentence) == ("waiting", outcomes.OUR_FAULT)
    assert sent.due_at - NOW <= outcomes.DELAYS[0] * (1 + outcomes.JITTER)
    one.refresh_from_db()
    assert one.problem == outcomes.OUR_FAULT


def test_an_odd_name_of_a_receiver_does_not_make_it_be_sent_again(workspace, channel, receiver):
    channel("ntfy")
    receiver.answers = [Answer(200, '{"id": "\\ud800"}')]

    owe(workspace, told())

    sent = Delivery.objects.get()
    assert (sent.outcome, sent.reference) == ("delivered", "")
    assert len(receiver.seen) == 1


# --- What may have arrived ------------------------------------------------------------------------


def test_who_surely_never_got_the_break_is_not_told_of_its_end(workspace, channel, office):
    channel("email")
    office.refuses = "550 no such user"
    owe(workspace, told())
    office.refuses = ""

    owe(workspace, told(Moment.CLOSED, lasted=HOUR), NOW + HOUR)

    assert office.mails == []
    assert {outcome for *_, outcome in rows()} == {"left_out"}


def test_who_surely_never_got_the_break_reads_of_its_change_as_new(workspace, channel, receiver):
    channel()
    receiver.answers = [Answer(404, ""), TAKEN]
    owe(workspace, told())

    owe(workspace, told(Moment.UPDATED), NOW + HOUR)

    assert json.loads(receiver.seen[-1].body)["data"]["moment"] == "opened"


def test_after_a_silence_it_may_have_arrived(workspace, channel, receiver):
    channel()
    receiver.answers = [Answer(is_reset=True), TAKEN]
    owe(workspace, told())

    owe(workspace, told(Moment.CLOSED, lasted=HOUR), NOW + HOUR)

    assert json.loads(receiver.seen[-1].body)["data"]["moment"] == "closed"


# --- By hand, and elsewhere -----------------------------------------------------------------------


def test_a_resend_that_fails_does_not_unsay_the_delivery(workspace, channel, receiver):
    channel()
    owe(workspace, told())
    receiver.answers = [Answer(410, "")]

    deliveries.resend(Delivery.objects.get(), NOW + HOUR)
    look(NOW + HOUR)

    sent = Delivery.objects.get()
    assert (sent.outcome, sent.delivered_at) == ("delivered", NOW)
    assert sent.sentence == (
        "It was sent again, and not taken: "
        "The receiver says that nothing is received there any more."
    )


def test_nothing_is_answered_in_another_chat(workspace, channel, receiver):
    one = channel("telegram")
    owe(workspace, told())
    owe(workspace, told(Moment.UPDATED), NOW + MINUTE)
    changes.change(workspace, one.pk, Changes(config={"chat_id": "-2002"}), by=None)
    Channel.objects.filter(pk=one.pk).update(moved_at=NOW + 2 * MINUTE)

    owe(workspace, told(Moment.CLOSED, lasted=HOUR), NOW + 2 * HOUR)

    second, third = (json.loads(asked.body) for asked in receiver.seen[1:])
    assert second["reply_parameters"]["message_id"] == 77
    assert (third["chat_id"], "reply_parameters" in third) == ("-2002", False)


def test_a_new_name_leaves_a_thread_where_it_is(workspace, channel, receiver):
    one = channel("telegram")
    owe(workspace, told())

    changes.change(workspace, one.pk, Changes(name="Team", config={"chat_id": "-1001"}), by=None)

    one.refresh_from_db()
    assert one.moved_at is None or one.moved_at == NOW
    owe(workspace, told(Moment.CLOSED, lasted=HOUR), NOW + HOUR)
    assert "reply_parameters" in json.loads(receiver.seen[-1].body)
