"""GET /api/integrations/{provider}/tests"""

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.models import ConnectionTest, IntegrationConnection, Trigger, Workspace

PATH = "/api/integrations/meta/tests"


@pytest.fixture
def keep(connected):
    """`keep(outcome="passed")` writes one more test."""

    def write(connection=connected, **facts):
        now = timezone.now()
        given = {"outcome": "passed", "finished_at": now, "duration_ms": 12} | facts
        return ConnectionTest.objects.create(
            connection=connection,
            revision=1,
            trigger=Trigger.SCHEDULE,
            started_at=now,
            lease_until=now + timedelta(seconds=45),
            **given,
        )

    return write


def ids(reply):
    return [test["id"] for test in reply.json()["results"]]


def test_the_newest_test_comes_first(api, keep):
    first, second = keep(), keep(outcome="inconclusive", error_kind="network", message="No.")

    reply = api.get(PATH)

    assert reply.status_code == 200
    assert ids(reply) == [second.pk, first.pk]
    assert reply.json()["next"] is None
    newest = reply.json()["results"][0]
    assert (newest["errorKind"], newest["message"], newest["action"]) == ("network", "No.", None)
    assert (newest["trigger"], newest["provider"]) == ("schedule", "meta")


def test_without_a_connection_there_is_no_history(api):
    assert api.get(PATH).json() == {"next": None, "results": []}


def test_a_running_test_is_shown_with_the_steps_so_far(api, keep):
    step = {"label": "Token is valid", "outcome": "running", "detail": "", "duration_ms": 0}
    keep(outcome="running", finished_at=None, duration_ms=0, steps=[step])

    [test] = api.get(PATH).json()["results"]

    assert test["outcome"] == "running"
    assert test["steps"] == [
        {"label": "Token is valid", "outcome": "running", "detail": "", "durationMs": 0}
    ]


def test_next_leads_through_all_pages_even_when_tests_are_added(api, keep):
    oldest, older, newer = keep(), keep(), keep()

    page = api.get(f"{PATH}?pageSize=2")
    keep()

    assert ids(page) == [newer.pk, older.pk]
    following = api.get(page.json()["next"])
    assert ids(following) == [oldest.pk]
    assert following.json()["next"] is None


def test_a_page_has_twenty_tests_unless_asked_otherwise(api, keep):
    for _ in range(21):
        keep()

    assert len(ids(api.get(PATH))) == 20
    assert len(ids(api.get(f"{PATH}?pageSize=100"))) == 21


@pytest.mark.parametrize("size", ["0", "101", "-1", "ten", "", "1.5", "٣", "9" * 400])
def test_the_size_of_a_page_is_bounded(api, size):
    reply = api.get(PATH, {"pageSize": size})

    assert reply.status_code == 400
    assert reply.json() == {"pageSize": ["This must be a whole number from 1 to 100."]}


@pytest.mark.parametrize("cursor", ["0", "abc", "", "9223372036854775808", "1\0"])
def test_a_cursor_that_was_never_given_is_refused(api, cursor):
    reply = api.get(PATH, {"cursor": cursor})

    assert reply.status_code == 400
    assert list(reply.json()) == ["cursor"]


def test_other_workspaces_and_platforms_stay_out(api, keep, connected):
    elsewhere = Workspace.objects.create(name="Elsewhere", slug="elsewhere")
    keep(IntegrationConnection.objects.create(workspace=elsewhere, provider="meta"))
    keep(IntegrationConnection.objects.create(workspace=connected.workspace, provider="crm"))

    assert ids(api.get(PATH)) == []
