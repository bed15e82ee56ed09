"""How much a test and a change ask of the database: never more than is written here."""

from datetime import timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.models import Pause, Trigger, Workspace
from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes
from integrations.services.proving import testing

pytestmark = pytest.mark.django_db(transaction=True)

VALUES = {"access_token": "EAAhealthy", "account_id": "act_1001"}


@pytest.fixture
def workspace(transactional_db):
    """Transactional tests empty the tables, and with them the first migration's workspace."""
    return Workspace.objects.get_or_create(slug="main", defaults={"name": "Main"})[0]


@pytest.fixture
def tested(workspace, meta):
    """Once, so that what is worked out once is."""
    saving.change_connection(rows.unread(workspace, "meta"), Changes(config=VALUES), by=None)
    testing.test_connection(rows.unread(workspace, "meta"), trigger=Trigger.API)
    return workspace


def kinds(work):
    """The first word of each statement: `["BEGIN", "SELECT", …, "COMMIT"]`."""
    with CaptureQueriesContext(database) as seen:
        work()
    return [query["sql"].split()[0] for query in seen.captured_queries]


def test_a_stored_test_is_five_statements_and_one_short_transaction(tested):
    asked = kinds(lambda: testing.test_connection(rows.unread(tested, "meta"), trigger=Trigger.API))

    # The connection with its credential and how many tests there were; the new test.
    start = ["SELECT", "INSERT"]
    # The connection, what the test found, what that says about the connection.
    assert asked == [*start, "BEGIN", "SELECT", "UPDATE", "UPDATE", "COMMIT"]


def test_a_pause_of_something_else_costs_a_test_no_statement(tested):
    until = timezone.now() + timedelta(hours=1)
    for number, by in enumerate(("token", "account", "app")):
        name = f"{number} of somebody else"
        Pause.objects.create(
            provider="meta", counted_by=by, name=name, kind="rate_limited", until=until
        )

    asked = kinds(lambda: testing.test_connection(rows.unread(tested, "meta"), trigger=Trigger.API))

    assert asked == ["SELECT", "INSERT", "BEGIN", "SELECT", "UPDATE", "UPDATE", "COMMIT"]


def test_a_change_is_one_transaction_and_five_statements(tested):
    changes = Changes(config={"access_token": "EAAhealthy2", "account_id": "act_1002"})

    asked = kinds(lambda: saving.change_connection(rows.unread(tested, "meta"), changes, by=None))

    # The platform's connections and the credential of this one, which is written in its place;
    # the connection, and that it happened.
    changed = ["SELECT", "SELECT", "UPDATE", "UPDATE", "INSERT"]
    assert asked == ["BEGIN", *changed, "COMMIT"]


def test_only_what_changed_is_written(tested):
    with CaptureQueriesContext(database) as seen:
        saving.change_connection(rows.unread(tested, "meta"), Changes(is_enabled=False), by=None)

    update = next(
        query["sql"] for query in seen.captured_queries if query["sql"].startswith("UPDATE")
    )
    assert "is_enabled" in update
    assert '"config"' not in update
