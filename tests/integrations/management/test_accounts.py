"""The command `integrations accounts`: what credentials reach, and what is added of it."""

import pytest

from integrations.models import IntegrationConnection, Workspace
from integrations.services import rows
from integrations.services.connecting import choosing, saving
from integrations.services.connecting.changes import Changes
from integrations.services.proving import runs
from tests.integrations.management.test_commands import Ran

pytestmark = pytest.mark.django_db(transaction=True)

AGENCY = {"access_token": "EAAagency", "account_id": "act_1001"}


@pytest.fixture
def workspace(transactional_db):
    """Transactional tests empty the tables, and with them the first migration's workspace."""
    return Workspace.objects.get_or_create(slug="main", defaults={"name": "Main"})[0]


@pytest.fixture
def save(workspace, meta):
    def change(**config):
        changes = Changes(config=AGENCY | config)
        return saving.change_connection(rows.unread(workspace, "meta"), changes, by=None)

    return change


def accounts():
    return sorted(one.config["account_id"] for one in IntegrationConnection.objects.all())


def test_it_lists_what_is_reached_and_what_has_it(save):
    save(access_token="EAAhealthy")

    ran = Ran("accounts", "meta")

    assert [line.split() for line in ran.out.splitlines()] == [
        ["ACCOUNT", "NAME", "CONNECTED", "AS"],
        ["act_1001", "Acme", "Shop", "meta"],
        ["act_1002", "Acme", "Outlet", "-"],
        ["act_1003", "Acme", "Winter", "-"],
    ]
    assert ran.code == 0
    assert Ran("accounts", "meta", "--json").json[1] == {
        "id": "act_1002",
        "name": "Acme Outlet",
        "connection": None,
    }


def test_what_is_named_is_added_and_tested_each_by_itself(save):
    save()

    ran = Ran("accounts", "meta", "--add", "act_1003", "act_4008")

    assert accounts() == ["act_1001", "act_1003", "act_4008"]
    assert "Meta (acme-winter): passed." in ran.out
    assert "failed." in ran.out
    assert ran.code == 1


def test_all_are_added_and_the_second_time_there_is_nothing_to_add(save):
    save(access_token="EAAhealthy")

    told = Ran("accounts", "meta", "--add-all", "--json")
    again = Ran("accounts", "meta", "--add-all")

    assert [(one["connection"], one["outcome"]) for one in told.json] == [
        ("meta/acme-outlet", "passed"),
        ("meta/acme-winter", "passed"),
    ]
    assert again.out == "All of these are connected already, so nothing was added.\n"
    assert again.code == 0
    assert Ran("accounts", "meta", "--add-all", "--json").json == []


def test_each_is_told_as_soon_as_it_has_ended(save):
    saved = save(access_token="EAAhealthy").connection
    run = choosing.add_for_shell(saved, ["act_1002", "act_1003"])

    each = runs.each_of_chosen(run)
    first = next(each)
    assert first.ended_at
    assert first.test.outcome == "passed"

    [second] = each
    assert {first.connection.slug, second.connection.slug} == {"acme-outlet", "acme-winter"}


def test_what_is_not_reached_is_refused_with_a_sentence(save):
    save()

    ran = Ran("accounts", "meta", "--add", "act_999")

    assert (ran.code, ran.err) == (2, choosing.NOT_OFFERED)
    assert accounts() == ["act_1001"]


def test_a_platform_that_refuses_is_told(save):
    save(access_token="EAArevoked")

    ran = Ran("accounts", "meta")

    assert ran.code == 1
    assert "token" in ran.err


def test_what_is_not_connected_has_no_accounts(workspace):
    ran = Ran("accounts", "meta")

    assert ran.code == 4
    assert "Save everything that is required first." in ran.err
