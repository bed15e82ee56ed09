"""The command `integrations spread`: a table's plan, and each workspace's verdict."""

import pytest
from django.contrib.auth.models import User

from integrations.models import IntegrationConnection, Workspace
from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes
from tests.integrations.management.test_accounts import AGENCY
from tests.integrations.management.test_commands import Ran

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def save(transactional_db, meta):
    def change():
        main, _ = Workspace.objects.get_or_create(slug="main", defaults={"name": "Main"})
        User.objects.create_superuser("root")  # who owns it, and what is made
        saving.change_connection(rows.unread(main, "meta"), Changes(config=AGENCY), by=None)

    return change


@pytest.fixture
def table(tmp_path):
    def write(text):
        (tmp_path / "table.csv").write_text(text)
        return str(tmp_path / "table.csv")

    return write


def test_a_plan_says_what_would_be_and_does_nothing(save, table):
    save()

    ran = Ran("spread", "meta", table("account;workspace\nact_1003;north\n"), "--plan")

    assert ran.out.splitlines()[1].split(maxsplit=3) == [
        *("2", "act_1003", "north"),
        "will be connected; the workspace will be made",
    ]
    assert ran.code == 0
    assert not Workspace.objects.filter(slug="north").exists()


def test_it_connects_and_tests_and_a_second_time_has_nothing_to_do(save, table):
    save()
    file = table("act_1003,north\nact_4001,south\n")

    assert "north: made, 1 connected. 1 passed." in Ran("spread", "meta", file).out
    again = Ran("spread", "meta", file)

    assert "nothing to do" in again.out
    assert again.code == 0
    assert IntegrationConnection.objects.exclude(lender=None).count() == 2


def test_a_line_that_is_refused_is_in_the_exit_code_and_spoils_no_other(save, table):
    save()

    ran = Ran("spread", "meta", table("act_9,north\nact_1003,north\n"), "--json")

    assert ran.code == 1
    assert [one["state"] for one in ran.json["lines"]] == ["problem", "connect"]
    assert ran.json["workspaces"] == [
        {
            "workspace": "north",
            "made": True,
            "connected": 1,
            "tests": {"passed": 1},
            "problem": None,
        }
    ]


@pytest.mark.parametrize("text", ["", "account,client\n1,a"])
def test_what_is_no_table_is_not_understood(save, table, text):
    save()

    ran = Ran("spread", "meta", table(text))

    assert ran.code == 2
    assert "account, workspace" in ran.err
