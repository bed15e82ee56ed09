"""Incidents told to people: one message for what broke, and one when it is over."""

import json
from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest

from integrations.models import Channel, Delivery, Event, EventType, Incident, Watch
from integrations.services.telling import changes, messages
from integrations.services.telling.changes import Changes
from integrations.services.telling.told import Told
from integrations.services.watching import handling, incidents
from integrations.services.watching.handling import Handling
from integrations.services.watching.wording import BY_ITSELF
from tests.integrations.receivers import NOW
from tests.integrations.services.watching.world import connected, credential, fails, passes

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SILENT = ("meta", "google_ads", "linkedin", "upwork", "x", "reddit", "youtube", "ga4", "stripe")


@pytest.fixture
def said(receiver):
    """What a webhook's receiver was told, oldest first."""
    return lambda: [json.loads(asked.body)["data"] for asked in receiver.seen]


@pytest.fixture
def moments(said):
    return lambda: [one["moment"] for one in said()]


@pytest.fixture
def shared(workspace):
    """Three connections of one token."""
    token = credential(workspace)
    return [connected(workspace, slug=slug, opens=token) for slug in ("main", "north", "south")]


def quiet(connection, **wishes):
    Watch.objects.create(
        connection=connection,
        workspace=connection.workspace,
        provider=connection.provider,
        due_at=NOW,
        **wishes,
    )


# --- One for all ---------------------------------------------------------------------------------


def test_a_cut_network_is_one_message_and_one_recovery(workspace, operators_channel, said, at):
    operators_channel("webhook")
    cut = [connected(workspace, slug) for slug in SILENT]
    cut += [connected(workspace, slug=slug) for slug in ("a", "b", "c", "d")]
    for one in cut:
        fails(one, "network", NOW)
    at(3 * MINUTE)
    assert said() == []
    for one in cut:
        fails(one, "network", NOW + 20 * MINUTE)
    at(31 * MINUTE)
    at(32 * MINUTE)
    for number, one in enumerate(cut):
        passes(one, NOW + (40 + number) * MINUTE)
        at((40 + number) * MINUTE)
    at(2 * HOUR)

    opened, over = said()
    assert (opened["moment"], over["moment"]) == ("opened", "closed")
    assert (opened["workspace"], opened["about"]) == ("control.example", "Control Center")
    assert opened["title"] == "This server cannot reach the internet."
    assert opened["whatHappened"].endswith("It concerns 13 connections in 1 workspace.")
    assert opened["whoCanFix"] == "Whoever runs this installation."
    assert opened["link"].endswith("/dashboard/operations/")
    assert over["lastedSeconds"] == 52 * 60


def test_what_is_ours_is_told_to_no_workspace(workspace, channel, receiver, at):
    channel("slack")
    for slug in SILENT[:4]:
        fails(connected(workspace, slug), "network", NOW)
    at(MINUTE)
    fails(connected(workspace, slug="again"), "network", NOW + 20 * MINUTE)
    at(31 * MINUTE)

    assert Incident.objects.get().is_ours
    assert receiver.seen == []


def test_one_token_of_many_is_told_at_once_with_names(shared, channel, said, at, receiver):
    channel()
    for one in shared:
        fails(one, "auth_invalid", NOW)
    at(MINUTE)

    (one,) = said()
    assert one["title"] == "Meta ended the access token that 3 connections share."
    assert one["about"].count("Meta (") == 3
    assert len(one["connections"]) == 3
    incident = Incident.objects.get()
    assert one["link"].endswith(f"/w/main/incidents/#incident-{incident.pk}")


def test_several_are_told_in_the_plural(shared, channel, receiver, at):
    channel("slack")
    for one in shared:
        fails(one, "auth_invalid", NOW)
    at(MINUTE)
    for one in shared:
        passes(one, NOW + 90 * MINUTE)
    at(90 * MINUTE)

    last = receiver.seen[-1].body.decode()
    assert "work again." in last
    assert "They were broken for 1 hour and 30 minutes." in last


def test_more_of_it_is_told_and_less_is_not(shared, channel, said, moments, at):
    channel()
    main, north, south = shared
    for one in (main, north):
        fails(one, "auth_invalid", NOW)
    at(MINUTE)
    fails(south, "auth_invalid", NOW + 2 * HOUR)
    at(2 * HOUR)
    assert moments() == ["opened", "updated"]
    assert str(south.pk) in said()[-1]["connections"]

    passes(main, NOW + 4 * HOUR)
    at(4 * HOUR)
    assert moments() == ["opened", "updated"]


def test_more_of_it_says_so(shared, channel, receiver, at):
    channel("slack")
    for number, one in enumerate(shared[:2]):
        fails(one, "auth_invalid", NOW + number * 2 * HOUR)
        at(number * 2 * HOUR)

    assert "Still broken, and more of it: Meta" in receiver.seen[-1].body.decode()


def test_of_silence_is_said_that_nobody_here_can_fix_it(workspace, channel, said, at, settings):
    settings.OUTAGE_MINUTES = 0
    channel()
    meta = connected(workspace)
    for minutes in (0, 1):
        fails(meta, "provider_unavailable", NOW + minutes * MINUTE)
        at(minutes * MINUTE)

    (told,) = said()
    assert told["whoCanFix"] == "It lies with Meta: nobody here has to do anything."
    assert BY_ITSELF in told["whatHappened"]


def test_silence_is_told_after_the_outage_minutes(workspace, channel, moments, at, settings):
    settings.OUTAGE_MINUTES = 45
    channel()
    meta = connected(workspace)
    fails(meta, "provider_unavailable", NOW)
    for minutes in (10, 44):
        fails(meta, "provider_unavailable", NOW + minutes * MINUTE)
        at(minutes * MINUTE)
        assert moments() == []

    at(45 * MINUTE)
    assert moments() == ["opened"]


def test_what_comes_and_goes_is_told_twice_an_hour_at_most(workspace, channel, moments, at):
    channel()
    meta = connected(workspace)
    for minute in range(0, 58, 4):
        now = NOW + minute * MINUTE
        if minute % 8:
            passes(meta, now)
        else:
            fails(meta, "auth_invalid", now)
        at(minute * MINUTE)

    assert moments() == ["opened", "closed"]


def test_one_that_comes_back_is_a_thread_of_its_own(workspace, channel, said, at):
    channel()
    meta = connected(workspace)
    fails(meta, "auth_invalid", NOW)
    at(timedelta(0))
    passes(meta, NOW + 70 * MINUTE)
    at(70 * MINUTE)
    fails(meta, "auth_invalid", NOW + 125 * MINUTE)
    at(125 * MINUTE)

    assert Incident.objects.count() == 1
    first, over, again = said()
    assert [one["moment"] for one in said()] == ["opened", "closed", "opened"]
    assert first["key"] == over["key"] != again["key"]


# --- Wishes --------------------------------------------------------------------------------------


def test_that_somebody_handles_it_is_told_to_nobody(workspace, channel, moments, at, person):
    fails(connected(workspace), "auth_invalid", NOW)
    at(MINUTE)
    channel()  # so that it would be new to somebody
    olga = person("olga")
    incident = Incident.objects.get()
    handling.handle(
        workspace, incident.pk, Handling(acknowledged=True, note="On it."), by=olga, now=NOW + HOUR
    )
    at(2 * HOUR)

    assert Event.objects.filter(type=EventType.INCIDENT_UPDATED).count() == 1
    assert moments() == []


def test_a_muted_incident_reminds_nobody_and_its_end_is_told(workspace, channel, moments, at):
    channel()
    meta = connected(workspace)
    fails(meta, "auth_invalid", NOW)
    at(MINUTE)
    Incident.objects.update(muted_until=NOW + 7 * DAY)
    at(25 * HOUR)
    assert moments() == ["opened"]
    assert Delivery.objects.get(moment="reminder").sentence == "Waits: it is muted."

    passes(meta, NOW + 26 * HOUR)
    at(26 * HOUR)
    assert moments() == ["opened", "closed"]


def test_it_waits_where_each_is_muted_or_quiet(shared, channel, moments, said, at):
    channel()
    main, north, south = shared
    quiet(main, is_quiet=True)
    quiet(north, muted_until=NOW + 2 * HOUR)
    quiet(south, muted_until=NOW + 3 * HOUR)
    for one in shared:
        fails(one, "auth_invalid", NOW)
    at(MINUTE)
    assert moments() == []

    at(2 * HOUR)
    assert moments() == ["opened"]
    assert str(main.pk) not in said()[0]["connections"]


# --- Ends ----------------------------------------------------------------------------------------


def test_one_that_was_removed_is_over_and_does_not_work_again(workspace, channel, receiver, at):
    channel("slack")
    meta = connected(workspace)
    fails(meta, "auth_invalid", NOW)
    at(MINUTE)
    meta.delete()
    at(HOUR)

    last = receiver.seen[-1].body.decode()
    assert "Over: Meta: Removed." in last
    assert "orks again" not in last


def test_the_end_is_heard_by_whoever_heard_of_a_part_that_was_over_before(
    workspace, channel, receiver, at
):
    channel("slack", platforms=["youtube"])
    channel("webhook")  # is reminded of what is left of it
    both = [connected(workspace, slug) for slug in ("youtube", "ga4")]
    for later in (timedelta(0), 31 * MINUTE):
        for one in both:
            fails(one, "provider_unavailable", NOW + later)
    at(31 * MINUTE)
    assert Incident.objects.count() == 1
    passes(both[0], NOW + HOUR)
    at(HOUR)
    at(32 * HOUR)
    passes(both[1], NOW + 33 * HOUR)
    at(33 * HOUR)

    assert [one for one in receiver.seen if "Works again" in one.body.decode()]


# --- In words ------------------------------------------------------------------------------------


def letter(now=NOW):
    told = Told.from_json(Delivery.objects.latest("made_at").facts)
    return messages.letter_of(told, ZoneInfo("UTC"), now)


def test_a_fix_link_is_offered_where_the_link_leads_to_one(workspace, channel, at):
    channel("webhook")
    fails(connected(workspace), "auth_invalid", NOW)
    at(MINUTE)
    assert 'An owner opens the link and chooses "Another way"' in letter().end


def test_no_fix_link_is_offered_where_there_is_none(shared, channel, at):
    channel("webhook")
    for one in shared:
        fails(one, "auth_invalid", NOW)
    at(MINUTE)
    assert "incidents/#incident" in letter().link
    assert letter().end == messages.AGAIN


def test_how_long_it_was_is_what_its_clocks_say(workspace, channel, at):
    channel("webhook")
    meta = connected(workspace)
    fails(meta, "auth_invalid", NOW + timedelta(seconds=48))
    at(MINUTE)
    passes(meta, NOW + timedelta(minutes=4, seconds=2))
    at(5 * MINUTE)

    assert "09:14 UTC to Fri 27 Nov, 09:18 UTC" in dict(letter().facts)["From, to"]
    assert letter().more == "It was broken for 4 minutes."


def test_an_incident_that_is_muted_no_more_is_told_at_once(workspace, channel, at, moments, editor):
    channel("webhook")
    meta = connected(workspace)
    fails(meta, "auth_invalid", NOW)
    incidents.reconcile(NOW)
    Incident.objects.update(muted_until=NOW + DAY)
    at(MINUTE)
    assert moments() == []

    silence_over = Handling(clears=frozenset({"muted_until"}))
    number = Incident.objects.get().pk
    handling.handle(workspace, number, silence_over, by=editor, now=NOW + MINUTE)

    assert moments() == ["opened"]


@pytest.mark.parametrize("first", ["slack", "webhook"])
def test_a_channel_that_was_switched_off_makes_no_other_hear_anew(
    shared, workspace, channel, said, at, receiver, first
):
    off = channel("slack", quiet=(time(8), time(18)))
    channel("webhook")
    Channel.objects.filter(kind=first).update(made_at=NOW - DAY)
    fails(shared[0], "auth_invalid", NOW)
    at(MINUTE)
    changes.change(workspace, off.pk, Changes(is_enabled=False), by=None)
    at(10 * MINUTE)
    fails(shared[1], "auth_invalid", NOW + 2 * HOUR)

    at(2 * HOUR)

    assert [one["moment"] for one in said()] == ["opened", "updated"]
    assert len({one["key"] for one in said()}) == 1
