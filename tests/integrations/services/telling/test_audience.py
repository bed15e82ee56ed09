"""Who hears: channels, owners where none of these reaches anybody; of an end who was told."""

import json
from datetime import timedelta

import pytest

from integrations.models import Channel, Delivery, IntegrationConnection, Role
from integrations.services.telling import audience, changes, deliveries, notices, owed
from integrations.services.telling.changes import Changes
from integrations.services.telling.told import Moment, Severity
from providers.sandbox.server import Answer
from tests.integrations.receivers import NOW, owe, told
from tests.integrations.services.proving.test_races import at_once
from tests.integrations.services.watching.world import connected, fails, passes

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
GONE, NO_SUCH, BROKEN, TAKEN = (
    Answer(410, ""),
    Answer(404, "no_service"),
    Answer(503, ""),
    Answer(200, "ok"),
)


@pytest.fixture
def olga(person):
    return person("olga", Role.OWNER, email="olga@acme.example")


def said(receiver):
    return [json.loads(asked.body)["data"]["moment"] for asked in receiver.seen]


def subjects(office):
    return [mail["Subject"] for mail in office.mails]


def rows(**which):
    found = Delivery.objects.filter(**which).order_by("made_at", "number")
    return [*found.values_list("moment", "outcome")]


# --- Where no channel reaches anybody -------------------------------------------------------------


def test_when_every_channel_is_dead_the_owners_hear_of_the_break(
    workspace, channel, receiver, office, olga, at
):
    channel("slack")
    channel("slack", name="Second room")
    receiver.answers = [NO_SUCH]
    fails(connected(workspace, "meta"), "auth_invalid", NOW)

    for minutes in range(1, 60, 5):
        at(minutes * MINUTE)

    about = [one for one in subjects(office) if "takes nothing" not in one]
    assert about == ["Broken: Meta ended the access token (Main)"]
    assert len(subjects(office)) > 1  # of one room at least, that it takes nothing
    assert not audience.unheard(workspace, ["meta"])


def test_a_later_break_reaches_the_owners_and_what_still_is_tried(
    workspace, channel, receiver, office, olga
):
    channel()
    receiver.answers = [NO_SUCH]
    owe(workspace, told())
    office.envelopes.clear()

    owe(workspace, told(key="thing-2/1"), NOW + HOUR)

    assert subjects(office) == ["Broken: Postbox ended the access token (Acme Studio)"]
    text = office.mails[0].get_body(("plain",)).get_content()
    assert "You get this as an owner of Main: no channel tells anybody of it." in text
    assert rows(thread="thing-2/1", channel__isnull=False) == [("opened", "waiting")]


def test_a_break_that_no_channel_is_for_is_heard_by_the_owners(
    workspace, channel, receiver, office, olga
):
    channel("slack", platforms=["calendly"])

    owe(workspace, told(platforms=("meta",)))

    assert not receiver.seen
    assert len(office.mails) == 1


def test_who_chose_breaks_only_is_no_reason_to_mail_the_owners(workspace, channel, office, olga):
    channel(hears="breaks")

    owe(workspace, told(Moment.NOTICE, key="end-1/1", severity=Severity.NOTICE))

    assert rows() == []


def test_where_nobody_can_be_mailed_platforms_are_unheard(workspace, channel, receiver, settings):
    channel("slack", platforms=["calendly"])

    assert audience.unheard(workspace, ["calendly", "meta"]) == ["meta"]
    assert audience.is_heard(workspace)
    Channel.objects.update(failing_since=NOW, problem="Gone.", is_problem_told=True)
    assert audience.unheard(workspace, ["calendly", "meta"]) == ["calendly", "meta"]
    assert not audience.is_heard(workspace)


def test_an_owner_whose_address_no_mail_has_keeps_no_other_from_hearing(
    workspace, office, olga, person
):
    person("jose", Role.OWNER, email="josé@acme.example")

    owe(workspace, told())

    assert [mail["To"] for mail in office.mails] == ["olga@acme.example"]
    assert audience.odd_addresses(workspace) == ["josé@acme.example"]


# --- An end goes to whoever was told --------------------------------------------------------------


def test_owners_who_were_mailed_of_a_break_hear_of_its_end(
    workspace, channel, receiver, office, olga, at
):
    one = connected(workspace)
    fails(one, "auth_invalid", NOW)
    at(MINUTE)
    channel()  # as the mail's last line proposes
    passes(one, NOW + HOUR)
    at(HOUR)

    first, over = office.mails
    assert (first["Subject"][:7], over["Subject"]) == ("Broken:", "Meta works again (Main)")
    assert not receiver.seen  # it was not told of the break


def test_a_channel_that_hears_less_since_then_hears_the_end(workspace, channel, receiver):
    one = channel()
    owe(workspace, told(platforms=("meta",)))
    changes.change(workspace, one.pk, Changes(platforms=["stripe"]), by=None)

    owe(workspace, told(Moment.CLOSED, platforms=("meta",), lasted=HOUR), NOW + HOUR)

    assert said(receiver) == ["opened", "closed"]


def test_of_a_list_the_end_goes_to_those_who_are_on_it_still(workspace, channel, office):
    one = channel("email")
    owe(workspace, told())
    config = {"to": "dana@acme.example, carl@acme.example"}
    changes.change(workspace, one.pk, Changes(config=config), by=None)

    owe(workspace, told(Moment.CLOSED, lasted=HOUR), NOW + HOUR)

    assert [mail["To"] for mail in office.mails][2:] == ["dana@acme.example"]


# --- What was owed to a channel that takes nothing ------------------------------------------------


def test_the_break_that_found_the_channel_gone_is_told_to_the_owners(
    workspace, channel, receiver, office, olga, at
):
    channel()
    receiver.answers = [GONE]
    one = connected(workspace, "meta")
    fails(one, "auth_invalid", NOW)

    at(MINUTE)
    at(2 * MINUTE)
    passes(one, NOW + HOUR)
    at(HOUR)

    about = [subject for subject in subjects(office) if "channel" not in subject]
    broken = "Broken: Meta ended the access token (Main)"
    assert about == [broken, "Meta works again (Main)"]


def test_what_waits_is_told_by_the_channel_that_takes_its_place(workspace, channel, receiver, at):
    slack = channel("slack")
    receiver.answers = [BROKEN, TAKEN]
    fails(connected(workspace, "meta"), "auth_invalid", NOW)
    at(timedelta(0))
    channel("webhook")

    changes.remove(workspace, slack.pk, by=None)
    at(timedelta(seconds=1))

    assert len(receiver.seen) == 2
    assert json.loads(receiver.seen[1].body)["data"]["moment"] == "opened"


def test_a_channel_that_is_switched_off_leaves_a_break_to_the_owners_once(
    workspace, channel, receiver, office, olga, at
):
    one = channel()
    fails(connected(workspace, "meta"), "auth_invalid", NOW)
    at(MINUTE)

    changes.change(workspace, one.pk, Changes(is_enabled=False), by=None)
    for minutes in (2, 3, 10):
        at(minutes * MINUTE)

    assert said(receiver) == ["opened"]
    assert [s.partition(":")[0] for s in subjects(office)] == ["Broken"]


def test_who_heard_of_a_break_hears_nothing_again_when_another_channel_goes(
    workspace, channel, receiver, at
):
    channel()
    slack = channel("slack")
    fails(connected(workspace, "meta"), "auth_invalid", NOW)
    at(MINUTE)
    assert len(receiver.seen) == 2

    changes.remove(workspace, slack.pk, by=None)
    at(HOUR)

    assert len(receiver.seen) == 2


def test_a_notice_of_an_end_that_found_the_channel_gone_is_told_to_the_owners(
    workspace, channel, receiver, office, olga, at
):
    channel()
    connected(workspace)
    IntegrationConnection.objects.update(expires_at=NOW + 20 * HOUR)
    receiver.answers = [GONE]
    notices.give_due(NOW)

    at(MINUTE)
    at(2 * MINUTE)

    assert "Meta ends within 1 day" in subjects(office)


@pytest.mark.django_db(transaction=True)
def test_of_two_channels_that_go_at_once_the_owners_hear_once(
    workspace, channel, receiver, office, olga, at
):
    channel()
    channel(name="Another")
    receiver.answers = [BROKEN]
    fails(connected(workspace, "meta"), "auth_invalid", NOW)
    at(timedelta(0))
    Channel.objects.update(is_enabled=False)
    Delivery.objects.update(remind_at=NOW)
    both = [*Delivery.objects.values_list("pk", flat=True)]
    assert len(both) == 2

    at_once(2, lambda number: owed.remind(both[number], NOW))

    assert rows(channel=None) == [("opened", "delivered")]
    assert deliveries.due(NOW) == []
