"""POST, GET and DELETE /api/integrations/test, and GET …/accounts."""

import pytest

from integrations.models import Trigger
from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes
from integrations.services.proving import runs
from tests.integrations.conftest import with_token


def test_nothing_was_tested_together_yet(api):
    reply = api.get("/api/integrations/test")

    assert (reply.status_code, reply.json()["code"]) == (404, "not_found")


def test_all_that_is_connected_is_tested(api, connected, meta, worker_seen):
    started = api.generic("POST", "/api/integrations/test")

    assert started.status_code == 202
    run = api.get("/api/integrations/test/").json()
    assert (run["state"], run["total"], run["done"], run["passed"]) == ("finished", 1, 1, 1)
    assert [one["provider"] for one in run["tests"]] == ["meta"]
    assert run["tests"][0]["test"]["outcome"] == "passed"


def test_without_a_worker_a_run_says_why_nothing_was_tested(api, connected, meta):
    started = api.generic("POST", "/api/integrations/test")

    run = started.json()
    assert (started.status_code, run["state"], run["done"]) == (202, "finished", 1)
    assert run["tests"][0]["state"] == "skipped"
    assert run["tests"][0]["problem"].startswith("The worker is not running")
    assert not meta.requests_seen


def test_a_run_is_stopped(api, connected, meta):
    runs.start_run(connected.workspace, trigger=Trigger.API, by=None)

    run = api.delete("/api/integrations/test").json()

    assert (run["state"], run["done"]) == ("stopped", 1)
    assert run["tests"][0]["state"] == "skipped"
    assert run["tests"][0]["problem"]
    assert not meta.requests_seen


def test_a_viewer_may_look_but_not_start_one(viewer, connected):
    client = with_token(viewer)

    assert client.generic("POST", "/api/integrations/test").status_code == 403
    assert client.delete("/api/integrations/test").status_code == 403
    assert client.get("/api/integrations/test").status_code == 404


@pytest.mark.parametrize("path", ["/api/integrations/nobody/accounts", "/api/integrations/x/y"])
def test_what_nobody_knows_is_not_there(api, path):
    assert api.get(path).status_code == 404


def test_the_accounts_are_listed_and_asked_for_once_a_minute(api, connected, meta):
    first = api.get("/api/integrations/meta/accounts")
    asked = len(meta.requests_seen)
    second = api.get("/api/integrations/meta/accounts/")

    assert first.json()[0] == {"id": "act_1001", "name": "Acme Shop"}
    assert second.json() == first.json()
    assert len(meta.requests_seen) == asked


@pytest.mark.parametrize(
    ("token", "code"),
    [("EAAexpired", "auth_expired"), ("EAAdown", "provider_unavailable")],
)
def test_a_platform_that_refuses_or_is_down_is_told_apart(api, connected, meta, token, code):
    saving.change_connection(
        rows.unread(connected.workspace, "meta"), Changes(config={"access_token": token}), by=None
    )

    reply = api.get("/api/integrations/meta/accounts")

    assert (reply.status_code, reply.json()["code"]) == (409, code)
    assert reply.json()["detail"]


def test_a_list_that_is_refused_is_not_asked_for_without_end(
    viewer, connected, meta, settings, time_machine
):
    settings.TEST_RATE = 2
    time_machine.move_to("2026-11-22T14:02:20Z", tick=False)
    saving.change_connection(
        rows.unread(connected.workspace, "meta"),
        Changes(config={"access_token": "EAAexpired"}),
        by=None,
    )
    client = with_token(viewer)
    for _ in range(2):
        assert client.get("/api/integrations/meta/accounts").status_code == 409
    asked = len(meta.requests_seen)

    reply = client.get("/api/integrations/meta/accounts")

    assert (reply.status_code, reply.headers["Retry-After"]) == (429, "40")
    assert len(meta.requests_seen) == asked
    time_machine.move_to("2026-11-22T14:03:00Z", tick=False)
    assert client.get("/api/integrations/meta/accounts").status_code == 409


def test_without_credentials_there_is_nothing_to_list(api, meta):
    reply = api.get("/api/integrations/meta/accounts")

    assert (reply.status_code, reply.json()["code"]) == (409, "not_connected")
