"""`integrations watch`: what is due when, how often, and what that has spent."""

from datetime import timedelta
from random import Random

import pytest
from django.utils import timezone

from integrations.models import ConnectionTest, Heartbeat, IntegrationConnection, Trigger, Watch
from integrations.services import rows
from integrations.services.connecting import saving, several
from integrations.services.connecting.changes import Changes
from integrations.services.proving import testing
from integrations.services.watching import engine, sweep
from tests.integrations.management.test_commands import Ran

pytestmark = pytest.mark.django_db


@pytest.fixture
def watched(workspace, proven):
    """Meta, due in 48 minutes, a second one that is switched off, and X, which costs money."""
    x = Changes(config={"access_token": "AAAAhealthy", "account_id": "acme"})
    saving.change_connection(rows.unread(workspace, "x"), x, by=None)
    other = Changes(config={"access_token": "EAAhealthy", "account_id": "act_1002"})
    several.add(workspace, "meta", other, by=None, slug="north")
    now = timezone.now()
    sweep.make(now, Random(1))
    IntegrationConnection.objects.filter(slug="north").update(is_enabled=False)
    Watch.objects.filter(provider="x").update(due_at=now + timedelta(hours=3, seconds=30))
    Watch.objects.filter(connection=proven).update(due_at=now + timedelta(minutes=48, seconds=20))
    ConnectionTest.objects.update(started_at=now - timedelta(minutes=12, seconds=10))
    Heartbeat.objects.create(name=engine.NAME, at=now)
    return proven


def test_it_prints_what_is_due_first_first(watched):
    ran = Ran("watch")

    head, *lines = (line.split("  ") for line in ran.out.splitlines())
    table = [[cell.strip() for cell in line if cell.strip()] for line in (head, *lines)]
    assert table == [
        ["CONNECTION", "NEXT CHECK", "EVERY", "LAST TEST", "BUDGET TODAY"],
        ["meta", "in 48 min", "1 h", "passed, 12 min ago", "free"],
        ["x", "in 3 h", "8 h", "never", "0 of 150 US cents"],
        ["meta/north", "not checked", "1 h", "never", "free"],
    ]
    assert (ran.code, ran.err) == (0, "")


def test_it_prints_json(watched):
    found = {one["connection"]: one for one in Ran("watch", "--json").json}

    assert [*found] == ["meta", "meta/north", "x"]
    assert found["meta"]["everySeconds"] == 3600
    assert found["meta"]["checksEverySeconds"] is None
    assert found["meta"]["lastTest"]["outcome"] == "passed"
    assert found["meta/north"]["nextCheckAt"] is None
    assert found["x"]["budget"]["limit"] == 150


def test_it_says_when_nothing_is_checked(watched):
    Heartbeat.objects.update(at=timezone.now() - timedelta(hours=1))
    IntegrationConnection.objects.update(created_at=timezone.now() - timedelta(days=1))

    ran = Ran("watch")

    assert "the worker is not running" in ran.err
    assert "meta" in ran.out


def test_what_was_saved_just_now_is_soon_found(connected, meta):
    testing.test_connection(connected, trigger=Trigger.COMMAND)

    assert "soon" in Ran("watch").out


def test_where_nothing_is_saved_the_table_is_empty(workspace):
    ran = Ran("watch")

    assert ran.out.split() == [
        "CONNECTION",
        "NEXT",
        "CHECK",
        "EVERY",
        "LAST",
        "TEST",
        "BUDGET",
        "TODAY",
    ]
