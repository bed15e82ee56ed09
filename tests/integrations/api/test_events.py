"""The feed of events: all of them in their order, for whom they are, and none missed."""

from datetime import timedelta
from itertools import chain

import pytest
from django.contrib.auth.models import User

from integrations.models import Event, EventType, Incident, Role
from integrations.services import events, rows
from integrations.services.connecting import saving, several
from integrations.services.connecting.changes import Changes
from integrations.services.people import members
from tests.integrations.conftest import with_token
from tests.integrations.services.watching.world import (
    HOUR,
    NOW,
    connected,
    fails,
    go_round,
    passes,
)

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def clock(time_machine):
    time_machine.move_to(NOW, tick=False)
    return time_machine


@pytest.fixture
def happened(workspace):
    """`happened(3)`: so many things happened, one after the other."""

    def make(number, kind=EventType.CHANGED, **data):
        for count in range(number):
            events.record(workspace, kind, what="edited", fields=[f"field {count}"], **data)

    return make


def read(client, **query):
    reply = client.get("/api/events", query)
    assert reply.status_code == 200, reply.json()
    return reply.json()


def test_an_event_says_what_happened_when_where_and_who_did_it(api, editor, workspace, happened):
    meta = connected(workspace)
    saving.change_connection(meta, Changes(is_enabled=False), by=editor)

    [told] = read(api)["results"]

    assert told == {
        "id": Event.objects.latest("pk").pk,
        "type": "connection.changed",
        "at": "2026-11-27T09:14:00Z",
        "workspace": "main",
        "connection": str(meta.pk),
        "by": "emil",
        "data": {"what": "edited", "fields": ["disabled"], "provider": "meta"},
    }


def test_a_cursor_leads_on_from_page_to_page_and_to_what_comes_later(api, happened):
    happened(3)
    first = read(api, pageSize=2)
    second = api.get(first["next"].removeprefix("http://127.0.0.1:8000")).json()
    happened(1)
    third = read(api, after=second["cursor"])
    fourth = read(api, after=third["cursor"])

    ids = [[one["id"] for one in page["results"]] for page in (first, second, third, fourth)]
    assert [len(page) for page in ids] == [2, 1, 1, 0]
    all_of_them = Event.objects.filter(type=EventType.CHANGED).order_by("pk")
    assert [*chain(*ids)] == list(all_of_them.values_list("pk", flat=True))
    assert second["next"] is third["next"] is None


def test_what_is_older_than_thirty_days_is_not_told(api, happened, clock):
    happened(1)
    cursor = read(api)["cursor"]
    clock.move_to(NOW + 30 * DAY)
    assert len(read(api)["results"]) == 1
    assert read(api, after=cursor)["results"] == []

    clock.move_to(NOW + 30 * DAY + timedelta(seconds=1))

    assert read(api)["results"] == []
    gone = api.get("/api/events", {"after": cursor})
    assert (gone.status_code, gone.json()["code"]) == (410, "cursor_expired")
    assert "begin without `after`" in gone.json()["detail"]


@pytest.mark.parametrize("cursor", ["", "12", "12-", "-1-5", "1e3-5", "9" * 19 + "-1", "١-١"])
def test_what_is_no_cursor_is_refused_by_name(api, cursor):
    reply = api.get("/api/events", {"after": cursor})

    assert reply.status_code == 400
    assert "Take the `cursor`" in reply.json()["after"][0]


def test_types_are_chosen_and_an_unknown_one_is_refused(api, happened):
    happened(1)
    happened(1, EventType.FAILING)

    [told] = read(api, type=["connection.failing", "incident.opened"])["results"]

    assert told["type"] == "connection.failing"
    refused = api.get("/api/events?type=incident.ended")
    assert refused.status_code == 400
    assert "incident.opened" in refused.json()["type"][0]


def test_owners_alone_are_told_of_members_and_channels(viewer, owner, workspace, happened):
    members.tell(workspace, "role_changed", viewer.pk, by=owner, role=Role.EDITOR)
    happened(1, EventType.CHANNEL_FAILING)
    happened(1)

    told = {user: read(with_token(user))["results"] for user in (viewer, owner)}

    assert [one["type"] for one in told[viewer]] == ["connection.changed"]
    assert read(with_token(viewer), type="member.changed")["results"] == []
    member, channel, _ = told[owner][-3:]
    assert channel["type"] == "channel.failing"
    assert (member["type"], member["by"]) == ("member.changed", "olga")
    assert member["data"] == {"what": "role_changed", "user": "vera", "role": "editor"}
    User.objects.get(username="vera").delete()
    assert read(with_token(owner), type="member.changed")["results"][-1]["data"]["user"] is None


def test_an_incident_is_told_with_what_it_stops_and_how_long_it_was(api, workspace, clock):
    meta = connected(workspace)
    fails(meta, "auth_invalid", NOW, "The password was changed.")
    go_round(NOW)
    clock.move_to(NOW + HOUR)
    passes(meta, NOW + HOUR)
    go_round(NOW + HOUR)

    opened, closed = read(api, type=["incident.opened", "incident.closed"])["results"]

    assert opened["data"] == {
        "what": "opened",
        "cause": "auth_invalid",
        "incident": Incident.objects.get().pk,
        "title": "Meta ended the access token",
        "stops": ["Ads monitor", "Pixel/CAPI lead tracking"],
        "platforms": ["meta"],
        "connections": [str(meta.pk)],
        "since": "2026-11-27T09:14:00Z",
        "lastedSeconds": None,
        "isDrill": False,
    }
    assert closed["at"] == "2026-11-27T10:14:00Z"
    assert closed["data"] | {"what": "opened", "lastedSeconds": None} == opened["data"]
    assert (closed["data"]["what"], closed["data"]["lastedSeconds"]) == ("proven", 3600)


def test_a_removed_connection_is_still_told_of_by_its_platform(api, editor, workspace):
    connected(workspace)
    north = connected(workspace, slug="north")
    several.remove(rows.find_by_id(workspace, north.pk), by=editor)

    told = read(api)["results"][-1]

    assert told["connection"] is None
    assert told["data"]["what"] == "removed"
    assert (told["data"]["provider"], told["data"]["slug"]) == ("meta", "north")


def test_nothing_of_another_workspace_is_told(api, stranger, person, happened, django_user_model):
    happened(2)

    assert with_token(stranger).get("/api/events").status_code == 404
    assert with_token(person("eva", Role.VIEWER)).get("/api/events").json()["results"]


def test_a_page_asks_no_more_the_longer_it_is(api, workspace, django_assert_max_num_queries):
    for provider in ("meta", "stripe", "calendly", "x"):
        fails(connected(workspace, provider), "auth_invalid", NOW)
    go_round(NOW)
    assert len(read(api)["results"]) == 4

    with django_assert_max_num_queries(6):
        read(api)
