"""From what happened to who hears of it: each break once, and once more when it is over."""

import json
from datetime import timedelta

import pytest

from integrations.models import (
    Delivery,
    Event,
    EventType,
    Incident,
    IntegrationConnection,
    ToldUntil,
    Trigger,
    Watch,
    Workspace,
)
from integrations.services import events, rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes as Edit
from integrations.services.keeping import rounds
from integrations.services.proving import testing
from integrations.services.telling import facts, owed
from integrations.services.watching import incidents
from providers.sandbox.server import Answer
from tests.integrations.conftest import VALUES, with_token
from tests.integrations.receivers import NOW, look
from tests.integrations.services.proving.test_races import at_once
from tests.integrations.services.watching.world import connected, fails

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOTHING = {
    **dict.fromkeys(("incident", "lasted")),
    "title": "",
    "stops": (),
    "platforms": (),
    "connections": (),
    "since": NOW,
    "is_drill": False,
}
EXPIRED = VALUES | {"access_token": "EAAexpired"}


@pytest.fixture
def said(receiver):
    """What a webhook's receiver was told, oldest first."""
    return lambda: [json.loads(asked.body)["data"] for asked in receiver.seen]


@pytest.fixture
def moments(said):
    return lambda: [one["moment"] for one in said()]


@pytest.fixture
def at(clock, workspace):
    """`at(HOUR)`: it is an hour later, and a worker has looked."""

    def move(later):
        clock.move_to(NOW + later, tick=False)
        rounds.look_after(NOW + later)
        look(NOW + later)

    return move


@pytest.fixture
def save(workspace):
    """Other values, saved and tested as a person does it."""

    def go(values):
        saving.change_connection(rows.unread(workspace, "meta"), Edit(config=values), by=None)
        testing.test_connection(rows.find(workspace, "meta"), trigger=Trigger.SCHEDULE)

    return go


@pytest.fixture
def connected_soon(workspace):
    """It ends within a week."""
    made = connected(workspace)
    made.expires_at = NOW + 5 * DAY
    made.save()
    return made


@pytest.fixture
def broken(channel, proven, save, at, workspace):
    """A connection that broke just now, and a webhook that hears of it."""
    channel()
    at(timedelta(0))
    save(EXPIRED)
    at(MINUTE)
    return lambda: rows.find(workspace, "meta")


def test_a_break_is_told_once_with_what_stops(broken, said, at):
    at(2 * HOUR)

    (one,) = said()
    assert one["about"] == "Meta"
    assert one["moment"] == "opened"
    assert one["title"] == "Meta does not accept the access token."
    assert one["whatHappened"].startswith(broken().last_error)
    assert one["whoCanFix"] == "Whoever may give access at Meta."
    assert one["stops"] == ["Ads monitor", "Pixel/CAPI lead tracking"]
    assert one["link"] == "https://control.example/w/main/dashboard/settings/?dialog=meta"
    assert one["platforms"] == ["meta"]
    assert "EAAexpired" not in json.dumps(said())


def test_its_end_is_told_once_with_how_long_it_was(broken, said, save, at, clock):
    clock.move_to(NOW + 90 * MINUTE, tick=False)
    save(VALUES)
    at(90 * MINUTE)
    at(2 * HOUR)

    first, over = said()
    assert (over["moment"], over["lastedSeconds"]) == ("closed", 90 * 60)
    assert over["key"] == first["key"]


def test_the_second_break_of_a_connection_is_a_thread_of_its_own(broken, said, save, at, clock):
    for later, values in ((2, VALUES), (4, EXPIRED), (6, VALUES)):
        clock.move_to(NOW + later * HOUR, tick=False)
        save(values)
        at(later * HOUR)

    assert [one["moment"] for one in said()] == ["opened", "closed", "opened", "closed"]
    keys = [one["key"] for one in said()]
    assert keys[0] == keys[1] != keys[2] == keys[3]


def test_a_break_that_is_over_before_anybody_looked_is_told_to_nobody(
    channel, proven, save, at, moments
):
    channel()
    save(EXPIRED)
    save(VALUES)

    at(MINUTE)

    assert moments() == []


def test_another_reason_is_told_in_the_same_thread(broken, said, at):
    IntegrationConnection.objects.update(error_kind="permission_missing")

    at(10 * MINUTE)

    first, second = said()
    assert second["moment"] == "updated"
    assert second["title"] == "Meta says that a permission is missing."
    assert second["key"] == first["key"]


def test_a_reminder_comes_once_a_day_while_it_lasts(broken, moments, at, save, clock):
    for hours in range(1, 60, 4):
        at(MINUTE + hours * HOUR)
    assert moments() == ["opened", "reminder", "reminder"]

    clock.move_to(NOW + 61 * HOUR, tick=False)
    save(VALUES)
    for hours in range(61, 120, 4):
        at(MINUTE + hours * HOUR)
    assert moments() == ["opened", "reminder", "reminder", "closed"]


def test_a_reminder_that_failed_is_not_the_last(broken, moments, at, receiver):
    receiver.answers = [Answer(503, "")]
    for hours in range(24, 24 + 40):
        at(hours * HOUR + 2 * MINUTE)
    receiver.answers = [Answer(200, "ok")]
    before = len(moments())

    for hours in range(64, 64 + 48, 6):
        at(hours * HOUR + 2 * MINUTE)

    assert moments()[before:].count("reminder") >= 2


def test_a_reminder_due_while_it_was_well_for_a_moment_is_not_the_last(broken, moments, at, clock):
    then = NOW + DAY + 2 * MINUTE
    clock.move_to(then, tick=False)
    Incident.objects.update(well_since=then)
    owed.look(then)
    assert moments() == ["opened"]
    Incident.objects.update(well_since=None)

    at(2 * DAY + 3 * MINUTE)

    assert moments() == ["opened", "reminder"]


def test_of_an_archived_workspace_reminders_wait(broken, moments, at):
    Workspace.objects.update(archived_at=NOW)
    for days in range(1, 4):
        at(days * DAY + 2 * MINUTE)
    assert moments() == ["opened"]
    assert Delivery.objects.get().remind_at == NOW + 4 * DAY + 2 * MINUTE


def test_no_reminder_comes_of_what_is_mended_and_not_proven_yet(broken, moments, at):
    IntegrationConnection.objects.update(last_error="", error_kind="", failing_since=None)

    at(25 * HOUR)

    assert moments() == ["opened"]


def test_what_is_switched_off_is_told_as_over_and_not_as_mended(broken, said, at):
    IntegrationConnection.objects.update(is_enabled=False)

    for hours in (2, 27):
        at(hours * HOUR)

    opened, over = said()
    assert (opened["moment"], over["moment"]) == ("opened", "closed")
    assert over["key"] == opened["key"]
    assert over["whatHappened"] == "Disabled."


def test_a_quiet_watch_tells_nobody(channel, proven, save, at, moments, workspace):
    channel()
    Watch.objects.create(
        connection=proven, workspace=workspace, provider="meta", due_at=NOW, is_quiet=True
    )

    save(EXPIRED)
    at(MINUTE)
    at(25 * HOUR)

    assert moments() == []


def test_one_of_two_connections_is_told_by_its_name(workspace, channel, said, at):
    connected(workspace)
    north = connected(workspace, slug="north", name="North")
    channel()
    fails(north, "auth_invalid", NOW)

    at(MINUTE)

    assert said()[-1]["about"] == "Meta (North)"
    assert said()[-1]["link"].endswith(f"?dialog=meta&connection={north.pk}")


def test_what_is_older_than_a_day_is_no_news_when_it_begins(workspace, channel, proven, moments):
    channel()
    IntegrationConnection.objects.update(
        last_error="Old.", error_kind="auth_invalid", failing_since=NOW - 3 * DAY, proven_at=None
    )
    incidents.reconcile(NOW - 2 * DAY)

    owed.catch_up(workspace.pk, NOW)
    look(NOW)

    assert moments() == []
    assert ToldUntil.objects.get().event_id == Event.objects.latest("pk").pk


def test_an_event_that_cannot_be_told_keeps_nobody_from_the_others(
    workspace, broken, moments, at, caplog
):
    events.record(workspace, EventType.CHANNEL_FAILING, channel="no id")
    IntegrationConnection.objects.update(error_kind="permission_missing")

    at(10 * MINUTE)

    assert moments() == ["opened", "updated"]
    assert "An event of type channel.failing was not told: ValueError" in caplog.text
    assert owed.behind() == []


@pytest.mark.django_db(transaction=True)
def test_of_many_who_look_at_once_each_message_is_owed_once(workspace, channel, receiver):
    channel()
    fails(connected(workspace), "auth_invalid", NOW)
    incidents.reconcile(NOW)

    at_once(5, lambda _: owed.catch_up(workspace.pk, NOW))

    assert Delivery.objects.count() == 1
    assert len(receiver.seen) == 1


def test_an_archived_workspace_waits_until_it_is_back(
    workspace, channel, proven, save, at, moments
):
    channel()
    save(EXPIRED)
    Workspace.objects.update(archived_at=NOW)
    at(MINUTE)
    assert moments() == []

    Workspace.objects.update(archived_at=None)
    at(2 * MINUTE)

    assert moments() == ["opened"]


def test_idle_it_costs_two_statements(workspace, channel, django_assert_num_queries):
    channel()

    with django_assert_num_queries(2):
        owed.look(NOW)


def test_webhooks_and_the_feed_say_the_same_by_the_same_names(broken, receiver, at, save, owner):
    at(HOUR)
    save(VALUES)
    at(HOUR + MINUTE)

    sent = [json.loads(asked.body) for asked in receiver.seen]
    feed = with_token(owner).get("/api/events?pageSize=100").json()["results"]

    told = {one["id"]: one for one in feed}
    assert [one["type"] for one in sent] == ["incident.opened", "incident.closed"]
    for one in sent:
        event = told[one["data"]["event"]]
        assert (event["type"], event["at"]) == (one["type"], one["timestamp"])
        same = event["data"].keys() & one["data"].keys()
        assert same == {*facts.of_break(**NOTHING)}
        differ = {name for name in same if event["data"][name] != one["data"][name]}
        assert differ <= {"title"}  # which there is a sentence


def test_a_notice_of_an_end_is_an_event_of_its_name(channel, receiver, connected_soon, at):
    channel()

    at(MINUTE)

    [sent] = [json.loads(asked.body) for asked in receiver.seen]
    event = Event.objects.get(type=EventType.EXPIRY_NEAR)
    assert (sent["type"], sent["data"]["event"]) == ("expiry.near", event.pk)
    assert sent["data"]["incident"] is None
