"""Incidents over HTTP: read, taken, noted and muted; causes for operators alone."""

import pytest
from django.contrib.auth.models import User

from integrations.models import Event, EventType, Incident, Role
from integrations.services.people import workspaces
from tests.integrations.conftest import with_token
from tests.integrations.services.watching.world import (
    HOUR,
    NOW,
    connected,
    fails,
    go_round,
    passes,
)
from tests.integrations.services.watching.world import workspace as made_workspace


@pytest.fixture(autouse=True)
def clock(time_machine):
    time_machine.move_to(NOW + HOUR, tick=False)


@pytest.fixture
def broken(workspace):
    """Meta, whose token ended an hour ago."""
    meta = connected(workspace)
    fails(meta, "auth_invalid", NOW, "The password was changed.")
    go_round(NOW)
    return meta


@pytest.fixture
def incident(broken):
    return Incident.objects.get()


def change(client, incident, **body):
    return client.patch(f"/api/incidents/{incident.pk}", body, content_type="application/json")


def test_an_incident_says_what_broke_what_stops_and_what_to_do(api, broken, incident):
    [told] = api.get("/api/incidents").json()["results"]

    assert told == api.get(f"/api/incidents/{incident.pk}/").json()
    assert told | {"id": 1} == {
        "id": 1,
        "cause": "auth_invalid",
        "title": "Meta ended the access token",
        "message": "The password was changed.",
        "action": "Make new ones at the platform and paste them here.",
        "actionUrl": None,
        "stops": ["Ads monitor", "Pixel/CAPI lead tracking"],
        "connections": [str(broken.pk)],
        "openedAt": "2026-11-27T09:14:00Z",
        "confirmedAt": "2026-11-27T09:14:00Z",
        "closedAt": None,
        "endedBy": None,
        "isFlapping": False,
        "isDrill": False,
        "acknowledgedBy": None,
        "owner": None,
        "note": None,
        "mutedUntil": None,
    }


def test_they_are_filtered_by_state_and_paged_from_the_newest(api, workspace, broken):
    passes(broken, NOW + HOUR)
    fails(connected(workspace, "stripe"), "permission_missing", NOW)
    go_round(NOW + HOUR)

    def titles(query):
        page = api.get(f"/api/incidents?{query}").json()
        return [one["title"] for one in page["results"]], page["next"]

    assert titles("state=closed") == (["Meta ended the access token"], None)
    assert titles("state=open") == (["Stripe says that a permission is missing"], None)
    first, following = titles("pageSize=1")
    assert first == ["Stripe says that a permission is missing"]
    assert [one["title"] for one in api.get(following).json()["results"]] == [
        "Meta ended the access token"
    ]
    assert api.get("/api/incidents?state=fine").json() == {
        "state": ["Choose one of these: open, closed."]
    }


def test_a_list_takes_the_same_queries_however_many_there_are(
    api, workspace, broken, django_assert_num_queries
):
    with django_assert_num_queries(5):
        api.get("/api/incidents")
    for slug in ("stripe", "calendly", "x"):
        fails(connected(workspace, slug), "permission_missing", NOW)
    go_round(NOW)
    with django_assert_num_queries(5):
        assert len(api.get("/api/incidents").json()["results"]) == 4


def test_a_connection_names_its_open_incident(api, editor, broken, incident):
    change(api, incident, acknowledged=True)
    brief = {
        "id": incident.pk,
        "cause": "auth_invalid",
        "openedAt": "2026-11-27T09:14:00Z",
        "acknowledgedBy": "emil",
    }

    assert api.get("/api/integrations/meta").json()["incident"] == brief
    assert api.get("/api/integrations").json()[0]["incident"] == brief
    assert api.get(f"/api/connections/{broken.pk}").json()["incident"] == brief
    passes(broken, NOW + HOUR)
    go_round(NOW + HOUR)
    assert api.get("/api/integrations/meta").json()["incident"] is None


def test_an_editor_takes_it_notes_it_and_gives_it_up(api, editor, incident):
    taken = change(
        api, incident, acknowledged=True, owner="emil", note="Asking\nCarla",
        mutedUntil="2026-11-27T12:00:00+01:00",
    ).json()  # fmt: skip

    assert (taken["acknowledgedBy"], taken["owner"]) == ("emil", "emil")
    assert taken["note"] == "Asking Carla"
    assert taken["mutedUntil"] == "2026-11-27T11:00:00Z"
    told = Event.objects.filter(type=EventType.INCIDENT_UPDATED).get()
    assert (told.by, told.data["what"]) == (editor, "handled")
    assert "Carla" not in str(told.data)

    left = change(api, incident, acknowledged=False, owner=None, note=None, mutedUntil=None).json()
    assert [left[name] for name in ("acknowledgedBy", "owner", "note", "mutedUntil")] == [None] * 4


def test_what_changes_nothing_is_not_told(api, incident):
    before = Event.objects.count()
    assert change(api, incident, owner=None, note="").status_code == 200
    assert Event.objects.count() == before


@pytest.mark.parametrize(
    ("body", "key", "sentence"),
    [
        ({"owner": "nobody"}, "owner", "Nobody in this workspace has this user name."),
        ({"note": "x" * 501}, "note", "A note may have 500 characters at most."),
        ({"mutedUntil": "2026-11-27T09:00:00Z"}, "mutedUntil", "This must be a time ahead of now."),
        ({"mutedUntil": "2028-01-01T00:00:00Z"}, "mutedUntil", "This may be a year ahead at most."),
        (
            {"mutedUntil": "tomorrow"},
            "mutedUntil",
            "This must be a time with its zone, such as 2026-11-22T14:02:11Z, or null.",
        ),
        ({"acknowledged": "yes"}, "acknowledged", "This must be true or false."),
        (
            {"status": "closed"},
            "status",
            "Unknown key. Use: acknowledged, owner, note, mutedUntil.",
        ),
    ],
)
def test_what_is_not_right_is_told_by_its_key(api, incident, body, key, sentence):
    reply = change(api, incident, **body)

    assert (reply.status_code, reply.json()) == (400, {key: [sentence]})


def test_what_is_over_is_not_muted(api, broken, incident):
    passes(broken, NOW + HOUR)
    go_round(NOW + HOUR)
    reply = change(api, incident, mutedUntil="2026-11-28T00:00:00Z")

    assert reply.json() == {"mutedUntil": ["It is over, so there is nothing left to mute."]}


def test_a_viewer_reads_and_changes_nothing(viewer, incident):
    client = with_token(viewer)

    assert client.get("/api/incidents").status_code == 200
    assert change(client, incident, acknowledged=True).status_code == 403


def test_an_incident_of_another_workspace_is_a_404(api, db):
    fails(connected(made_workspace("other")), "auth_invalid", NOW)
    go_round(NOW)
    other = Incident.objects.get()

    assert api.get("/api/incidents").json()["results"] == []
    reply = api.get(f"/api/incidents/{other.pk}")
    assert reply.status_code == 404
    assert reply.json()["detail"].startswith("No incident here has this id.")
    assert change(api, other, acknowledged=True).status_code == 404


def test_nobody_from_another_workspace_takes_it(api, person, incident):
    elsewhere = person("elsa")
    elsewhere.memberships.create(workspace=made_workspace("other"), role=Role.EDITOR)

    assert change(api, incident, owner="elsa").status_code == 400


def test_in_a_workspace_that_was_archived_meanwhile_nothing_changes(
    api, owner, workspace, incident
):
    workspaces.archive(workspace, by=owner)

    assert change(api, incident, acknowledged=True).status_code == 404
    incident.refresh_from_db()
    assert incident.acknowledged_at is None


def test_operators_read_the_causes_of_the_whole_installation(api, incident):
    for slug in ("north", "south", "west"):
        fails(connected(made_workspace(slug), app="our-app"), "auth_invalid", NOW)
    go_round(NOW)
    root = User.objects.create_superuser("root", password="pass-word-1")

    page = with_token(root).get("/api/incidents?scope=installation&state=open").json()
    [shared, own] = sorted(page["causes"], key=lambda one: -one["workspaces"])
    assert shared["title"] == "Meta refuses the app that you sign in with"
    assert (shared["scope"], shared["workspaces"], shared["connections"]) == ("app", 3, 3)
    assert (own["scope"], own["workspaces"], own["provider"]) == ("credential", 1, "meta")
    refused = api.get("/api/incidents?scope=installation")
    assert refused.status_code == 403
    assert "operator" in refused.json()["detail"]
