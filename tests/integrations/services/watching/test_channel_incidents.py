"""A channel that takes nothing is an incident, and over when a message arrives there again."""

from datetime import timedelta

import pytest

from integrations.models import Cause, Channel, Delivery, Event, Incident
from integrations.services.telling import changes
from integrations.services.telling.changes import Changes
from integrations.services.watching import handling, incidents
from integrations.services.watching.handling import Handling
from providers.sandbox.server import Answer
from tests.integrations.conftest import signed_in
from tests.integrations.receivers import NOW, owe, told

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
REFUSES, TAKES = [Answer(404, "no_service")], [Answer(200, "ok")]


@pytest.fixture(autouse=True)
def clock(time_machine):
    time_machine.move_to(NOW, tick=False)
    return time_machine


@pytest.fixture
def dead(workspace, channel, receiver):
    """Slack, which takes nothing; and nobody was told of that yet."""
    one = channel("slack")
    receiver.answers = REFUSES
    owe(workspace, told())
    return one


def heard(office):
    """What was mailed of it, to one of those that are mailed."""
    mails = [mail for mail in office.mails if mail["To"] != "ben@acme.example"]
    subjects = [mail["Subject"].strip() for mail in mails]
    return [subject for subject in subjects if subject.startswith("The channel ")]


def text_of(mail):
    return mail.get_body(("plain",)).get_content()


def test_it_is_told_through_another_and_so_is_its_end(channel, office, receiver, dead, at):
    channel("email")
    at(2 * MINUTE)
    receiver.answers = TAKES
    at(HOUR)
    at(HOUR + MINUTE)

    broken, over = heard(office)
    assert broken == "The channel Slack is broken: Slack takes nothing (Main)"
    assert over == "The channel Slack works again (Main)"
    assert "The channel Slack works again. It was broken for 1 hour." in text_of(office.mails[-1])


def test_without_another_one_the_owners_are_mailed(owner, office, receiver, workspace, dead, at):
    owner.email = "olga@acme.example"
    owner.save()
    at(2 * MINUTE)

    assert len(heard(office)) == 1


def test_it_is_an_incident_of_its_workspace(dead, at):
    at(2 * MINUTE)

    incident = Incident.objects.get()
    assert incident.title == "The channel Slack (Slack) takes nothing"
    assert incident.message.startswith("Slack knows nothing at this address any more.")
    assert (incident.cause.kind, incident.channel_id, incident.opened_at) == (
        "channel",
        dead.pk,
        NOW,
    )


def test_it_stays_while_it_lasts_and_is_over_when_a_message_arrives(dead, receiver, at):
    for minutes in (2, 40, 90):
        at(minutes * MINUTE)
    assert Incident.objects.get().is_open
    receiver.answers = TAKES
    at(5 * HOUR)
    at(5 * HOUR + MINUTE)

    incident, cause = Incident.objects.get(), Cause.objects.get()
    assert (incident.ended_by, incident.is_open, cause.is_open) == ("delivered", False, False)
    types = [*Event.objects.order_by("pk").values_list("type", flat=True)]
    assert types == ["channel.failing", "incident.opened", "channel.recovered", "incident.closed"]


def test_new_values_alone_are_no_end(workspace, dead, receiver, at):
    changes.change(workspace, dead.pk, Changes(config={"url": receiver.url + "2"}), by=None)
    at(2 * MINUTE)
    assert Incident.objects.get().is_open
    receiver.answers = TAKES
    changes.send_test(Channel.objects.get(), NOW + 3 * MINUTE)
    at(4 * MINUTE)

    assert not Incident.objects.get().is_open


@pytest.mark.parametrize(
    ("act", "ending"),
    [
        (lambda place, pk: changes.remove(place, pk, by=None), "removed"),
        (
            lambda place, pk: changes.change(place, pk, Changes(is_enabled=False), by=None),
            "disabled",
        ),
    ],
)
def test_what_people_give_up_is_over(workspace, dead, at, act, ending):
    at(MINUTE)
    act(workspace, dead.pk)
    at(2 * MINUTE)

    assert Incident.objects.get().ended_by == ending


def test_one_that_comes_back_within_the_hour_is_the_same(workspace, dead, receiver, at):
    at(MINUTE)
    receiver.answers = TAKES
    at(10 * MINUTE)
    at(11 * MINUTE)
    receiver.answers = REFUSES
    owe(workspace, told(key="thing-2/1"), NOW + 20 * MINUTE)
    at(20 * MINUTE)

    incident = Incident.objects.get()
    assert (incident.is_open, incident.returns) == (True, 1)


def test_who_mutes_it_hears_no_more(workspace, owner, channel, office, dead, at):
    incidents.reconcile(NOW)
    silent = Handling(muted_until=NOW + 40 * HOUR)
    handling.handle(workspace, Incident.objects.get().pk, silent, by=owner, now=NOW)
    channel("email")
    at(HOUR)

    assert heard(office) == []
    held = Delivery.objects.filter(source__startswith="channel-")
    assert {one.sentence for one in held} == {"Waits: it is muted."}


def test_one_of_the_installation_is_told_to_operators(operators_channel, receiver, office, at):
    slack = operators_channel("slack")
    receiver.answers = REFUSES
    operators_channel("email")
    owe(None, told())
    at(MINUTE)
    at(2 * MINUTE)
    assert (Incident.objects.count(), Cause.objects.get().kind) == (0, "ours")
    receiver.answers = TAKES
    at(HOUR)
    at(HOUR + MINUTE)

    assert len(heard(office)) == 2
    assert not Cause.objects.get().is_open
    assert f"/dashboard/operations/channels/{slack.pk}/" in text_of(office.mails[-1])


def test_it_stands_on_the_overview_and_leads_to_the_channel(dead, at, owner, connected):
    at(2 * MINUTE)
    client = signed_in(owner)
    link = f'href="/w/main/channels/{dead.pk}/"'
    for page in ("/w/main/dashboard/", "/w/main/incidents/"):
        shown = client.get(page).content.decode()
        assert "The channel Slack (Slack) takes nothing" in shown
        assert link in shown
    assert "Others were told." in client.get(f"/w/main/channels/{dead.pk}/").content.decode()
    (one,) = client.get("/api/incidents").json()["results"]
    assert (one["cause"], one["connections"]) == ("channel", [])
