"""POST …/test with `Prefer: respond-async`, and GET /api/integrations/{provider}/tests/{id}"""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from integrations.models import ConnectionTest, Trigger, Workspace
from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes
from integrations.services.proving import testing
from tests.integrations.conftest import VALUES, with_token

PATH = "/api/integrations/meta/test"


@pytest.fixture
def post(api):
    """`post()` asks for a test and would rather not wait."""

    def send(path=PATH, prefer="respond-async", client=api, **body):
        return client.post(path, body, "application/json", headers={"Prefer": prefer})

    return send


def start(connection, **more):
    return testing.start(connection, trigger=Trigger.SCHEDULE, by=None, **more).test


@pytest.mark.parametrize("prefer", ["respond-async", "wait=10, Respond-Async;x=1"])
def test_the_answer_comes_at_once_and_says_where_the_test_is(
    post, api, connected, meta, worker_seen, prefer
):
    reply = post(prefer=prefer)

    test = ConnectionTest.objects.get()
    assert reply.status_code == 202
    assert reply.headers["Location"] == f"http://127.0.0.1:8000{PATH}s/{test.pk}"
    assert reply.headers["Preference-Applied"] == "respond-async"
    assert (reply.json()["id"], reply.json()["outcome"]) == (test.pk, "running")
    assert api.get(reply.headers["Location"]).json()["outcome"] == "passed"


def test_a_test_that_runs_is_joined_and_read(post, api, connected, meta, worker_seen):
    running = start(connected)

    reply = post()

    assert (reply.status_code, reply.json()["id"]) == (202, running.pk)
    assert api.get(reply.headers["Location"]).json()["outcome"] == "running"
    assert meta.requests_seen == []


def test_the_workspace_of_the_address_is_kept(post, connected, meta, worker_seen):
    reply = post(f"{PATH}?workspace=main")

    assert reply.headers["Location"].endswith("?workspace=main")


@pytest.mark.parametrize("prefer", ["", "wait=10", "respond-asynchronously"])
def test_without_the_preference_the_answer_is_waited_for(
    post, connected, meta, worker_seen, prefer
):
    reply = post(prefer=prefer)

    assert (reply.status_code, reply.json()["outcome"]) == (200, "passed")
    assert "Location" not in reply.headers


def test_without_a_worker_the_answer_is_waited_for(post, connected, meta):
    assert (post().status_code, post().json()["outcome"]) == (200, "passed")


def test_values_that_are_sent_along_are_waited_for(post, connected, meta, worker_seen):
    reply = post(config={"accountId": "1003"})

    assert (reply.status_code, reply.json()["dryRun"]) == (200, True)


def test_while_other_values_are_tested_the_answer_is_waited_for(post, connected, meta, worker_seen):
    nearly_over = timezone.now() - testing.LEASE + timedelta(milliseconds=300)
    with time_machine.travel(nearly_over):
        other = start(connected, dry_run=True)

    reply = post()

    assert (reply.status_code, reply.json()["dryRun"]) == (200, False)
    assert reply.json()["id"] != other.pk


def test_with_nothing_to_test_it_is_refused_as_ever(post, meta, worker_seen):
    reply = post()

    assert (reply.status_code, reply.json()["code"]) == (409, "not_connected")


def test_a_viewer_may_read_a_test_but_not_start_one(post, viewer, connected, meta, worker_seen):
    test, client = start(connected), with_token(viewer)

    assert client.get(f"{PATH}s/{test.pk}/").json()["id"] == test.pk
    assert post(client=client).status_code == 403


def test_tests_of_other_workspaces_and_platforms_are_not_there(api, connected):
    other = Workspace.objects.create(name="Other", slug="other")
    saving.change_connection(rows.unread(other, "meta"), Changes(config=VALUES), by=None)
    theirs, ours = start(rows.find(other, "meta")), start(connected)

    for path in (f"{PATH}s/{theirs.pk}", f"/api/integrations/stripe/tests/{ours.pk}"):
        reply = api.get(path)
        assert (reply.status_code, reply.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("number", ["0", "91", "9" * 30, "x", "-1"])
def test_a_test_that_nobody_made_is_not_there(api, connected, number):
    assert api.get(f"{PATH}s/{number}").status_code == 404
