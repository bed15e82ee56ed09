"""A table gives accounts to workspaces: planned first, then done, and never twice."""

import csv
import io
import os
import signal
import sys

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.tasks import task_backends
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations import queue
from integrations.models import (
    IntegrationConnection,
    Membership,
    Role,
    RunItem,
    Spread,
    SpreadPart,
    Trigger,
    Workspace,
)
from integrations.services.connecting import (
    choosing,
    lending,
    several,
    spread_plans,
    spreading,
    tables,
)
from integrations.services.people import workspaces
from integrations.services.people.members import NotAnOwner
from integrations.services.proving import runs
from tests.integrations.services.connecting.agency import connect
from tests.integrations.services.proving.test_races import at_once

TABLE = "account,workspace,name\nact_1003,north\nact_4001,south,South & Sons\nact_4002,south\n"


@pytest.fixture
def operator(db):
    return User.objects.create_superuser("root")


def planned(connection, text, by=None):
    return spread_plans.plan(connection, tables.read(text), by=by)


def told(connection, text, by=None):
    plan = planned(connection, text, by)
    return [(line.row.number, line.state, line.sentence.split(".")[0]) for line in plan.lines]


def carried_out(connection, text=TABLE, by=None):
    spread = spreading.keep(planned(connection, text, by), trigger=Trigger.PAGE, by=by)
    return [*spreading.perform(spread.pk)]


def lent():
    found = IntegrationConnection.objects.exclude(lender=None)
    return sorted((one.workspace.slug, one.config["account_id"]) for one in found)


ALL = [("north", "act_1003"), ("south", "act_4001"), ("south", "act_4002")]


# --- Reading -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "account,workspace\n1,a\n2,b",
        "1,a\r\n\r\n2,b\r\n",
        "\ufeffWorkspace;Account ID\na;1\nb;2",
        'account\tworkspace\n"1"\ta\n 2 \t"b"\n\n',
        "account name,workspace,account\nShop,a,1\nOther,b,2",
        "sep=;\naccount;account name;workspace\n1;Shop, the;a\n2;Other;b",
        "1,a\r2,b",
    ],
)
def test_a_table_is_read_however_it_is_written(text):
    assert [(one.account, one.workspace) for one in tables.read(text)] == [("1", "a"), ("2", "b")]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"account,workspace\n", "is empty"),
        (b"account,client\n1,a", "no column workspace"),
        (b"1,\xff", "not UTF-8"),
        (b"account,workspace,workspace id\n1,a,b", "names the column workspace twice"),
        (b"1,\0", "no text has"),
        (b'1,"a\n2,b\n3,c\n', "In line 1 a quotation mark is left open"),
        (b'1,a\n2,"b\n3,"c"\n', "In line 2 a quotation mark"),
        (b'1,a\n2,"b\n3,c"\n', "In line 2 a quotation mark"),
        (b"1,a\n2," + b"x" * 10_000, "Line 2 is longer than 10,000 characters"),
        (b"1,a\n" * 5_001, "longer than 5,000 lines"),
        (b"1" * 1_000_001, "longer than 5,000 lines or 1 MB"),
    ],
)
def test_what_is_no_table_is_said_to_be_none(content, sentence):
    with pytest.raises(tables.UnreadableTable, match=sentence):
        tables.read(tables.decoded(content))


@pytest.mark.parametrize(
    ("text", "workspaces"),
    [
        ("1;North, Inc., Ltd.\n2;South", ["North, Inc., Ltd.", "South"]),
        ("1;North, Inc.\n2;South, Inc.", ["North, Inc.", "South, Inc."]),
        ("1,North; Inc.\n2,South; Inc.", ["North; Inc.", "South; Inc."]),
        ('1,"North; Inc."\n2,"say ""South"""', ["North; Inc.", 'say "South"']),
    ],
)
def test_what_separates_cuts_the_lines_alike(text, workspaces):
    assert [one.workspace for one in tables.read(text)] == workspaces


def test_a_file_is_as_long_with_the_line_ends_of_a_browser():
    text = f"act_1003,{'x' * 190}\n" * 4_999

    assert len(tables.read(text.replace("\n", "\r\n"))) == 4_999


@pytest.mark.parametrize("cell", ["=1+1", "Shop;=1+1", "Shop\t@x", "\t=1", "\uff1d1+1"])
@pytest.mark.parametrize("separator", ",;\t")
def test_a_spreadsheet_works_nothing_out_of_what_is_written(cell, separator):
    text = tables.written([(cell, "Shop"), ("act_1", cell)])

    cells = [one for row in csv.reader(io.StringIO(text), delimiter=separator) for one in row]
    assert not [one for one in cells if one.strip().startswith(("=", "@", "\uff1d"))]


def test_what_is_written_is_read_again():
    text = tables.written([("act_1", "=1+1"), ("act_2", "Shop, the"), ("-3", "")])

    assert [one.account for one in tables.read(text)] == ["act_1", "act_2", "-3"]


# --- Planning ------------------------------------------------------------------------------------


def test_each_line_is_told_what_becomes_of_it(agency, client_of, operator):
    text = (
        "act_1003,north\n1003,North\nact_9,north\n,north\nact_4001,\nact_4001,!!\n"
        "1.2E+15,north\nact_1001,main\nact_4002,main\nact_4003,Acme Ltd\nact_4004,acme ltd\n"
    )

    assert told(agency, text) == [
        (1, "connect", ""),
        (2, "left_out", "The same as line 1"),
        (3, "problem", "This account is not among those that are reached"),
        (4, "problem", "It names no account"),
        (5, "left_out", "It names no workspace, so it is left out"),
        (6, "problem", "Addresses need a Latin letter or a digit"),
        (7, "problem", "A spreadsheet shortened this number"),
        (8, "there", ""),
        (9, "connect", ""),
        (10, "connect", ""),
        (11, "connect", ""),
    ]
    assert [one.slug for one in planned(agency, text).made] == ["acme-ltd"]


def test_a_name_of_several_an_archived_one_and_a_taken_address_are_not_guessed(
    agency, client_of, operator
):
    Workspace.objects.create(slug="north-2", name="North")
    Workspace.objects.create(slug="ab", name="AB Ltd")
    workspaces.archive(client_of, by=operator)

    assert told(agency, "1003,North\n1003,north\n1003,north-2\n1003,A&B\n1003,Ltd,AB Ltd") == [
        (1, "problem", "Several workspaces have this name"),
        (2, "problem", "This workspace is archived"),
        (3, "connect", ""),
        (4, "problem", "Another workspace has this address, maybe an archived one"),
        (5, "problem", "A workspace has this name already, at the address ab"),
    ]
    Workspace.objects.create(slug="first", name="Twin")
    Workspace.objects.create(slug="second", name="twin")
    [(_, state, sentence)] = told(agency, "1003,Twin")
    assert (state, sentence) == ("problem", "Several workspaces have this name")


def test_a_name_that_is_anothers_address_is_not_guessed(agency, operator):
    Workspace.objects.create(slug="acme", name="Globex")
    Workspace.objects.create(slug="acme-2", name="Acme")

    lines = planned(agency, "1003,Acme\n1003,acme-2\n4001,acme,Globex").lines

    assert "and the name of another. Write the other's address, acme-2," in lines[0].sentence
    assert [one.target and one.target.name for one in lines] == [None, "Acme", "Globex"]


@pytest.mark.parametrize("typed", ["Mu\u0308ller", "M\u00fcller\u200b", "\uff2d\u00fcller"])
def test_a_name_that_reads_the_same_is_the_same(agency, typed):
    Workspace.objects.create(slug="mueller", name="M\u00fcller")

    [line] = planned(agency, f"1003,{typed}").lines

    assert line.target.slug == "mueller"


def test_who_makes_no_workspaces_is_told_of_none_but_their_own(agency, client_of, boss):
    Workspace.objects.create(slug="others", name="Others")
    Membership.objects.filter(user=boss, workspace=client_of).update(role=Role.EDITOR)

    said = told(agency, "1003,north\n1003,others\n1003,nowhere", by=boss)

    assert said[0][2] == "You do not own this workspace"
    assert said[1][1:] == said[2][1:]
    assert said[1][2] == "No workspace of yours has this name or address"


# --- Carrying out --------------------------------------------------------------------------------


def test_again_and_again_it_is_there_once(agency, client_of, operator, worker_seen):
    parts = carried_out(agency, by=operator)
    assert [(one.slug, one.added, one.problem) for one in parts] == [
        ("north", 1, ""),
        ("south", 2, ""),
    ]
    south = Workspace.objects.get(slug="south")
    assert south.name == "South & Sons"
    assert [*south.memberships.values_list("user", "role")] == [(operator.pk, Role.OWNER)]
    assert {one.last_test.outcome for one in lending.lent_by(agency.workspace)} == {"passed"}

    assert planned(agency, TABLE).targets == []
    assert carried_out(agency, by=operator) == []
    assert lent() == ALL


def test_of_a_command_the_owners_of_the_lender_own_what_is_made(agency, client_of, boss):
    carried_out(agency)

    south = Workspace.objects.get(slug="south")
    assert [*south.memberships.values_list("user", "role")] == [(boss.pk, Role.OWNER)]


def test_in_its_own_workspace_an_account_is_added_and_lent_by_nobody(agency, boss):
    [part] = carried_out(agency, "1003,main", by=boss)

    [one] = IntegrationConnection.objects.exclude(pk=agency.pk)
    assert (part.added, one.lender, one.workspace) == (1, None, agency.workspace)


def test_one_workspace_that_fails_spoils_no_other_and_is_done_once_it_can_be(
    agency, client_of, operator, worker_seen
):
    spread = spreading.keep(planned(agency, TABLE), trigger=Trigger.PAGE, by=operator)
    workspaces.archive(client_of, by=operator)
    north, south = spreading.perform(spread.pk)
    assert (north.problem, south.problem) == (spreading.ARCHIVED, "")
    assert lent() == ALL[1:]

    workspaces.bring_back("north", by=operator)
    assert spreading.go_on(Spread.objects.get(pk=spread.pk), by=operator)

    assert lent() == ALL
    assert not SpreadPart.objects.exclude(problem="").exists()


def test_what_was_lost_meanwhile_is_not_spread(agency, client_of, boss):
    spread = spreading.keep(planned(agency, "1003,north", boss), trigger=Trigger.PAGE, by=boss)
    Membership.objects.filter(user=boss, workspace=agency.workspace).delete()

    [part] = spreading.perform(spread.pk)

    assert part.problem == spreading.NOT_OWNED
    assert lent() == []


def test_other_values_than_those_that_were_asked_spread_nothing(agency, client_of):
    spread = spreading.keep(planned(agency, "1003,north"), trigger=Trigger.PAGE, by=None)
    connect(agency.workspace, access_token="EAAhealthy")

    [part] = spreading.perform(spread.pk)

    assert part.problem == spreading.CHANGED


def test_once_the_connection_is_removed_the_rest_is_told_so(agency, client_of, boss):
    text = "1003,north\n4001,main"
    spread = spreading.keep(planned(agency, text, boss), trigger=Trigger.PAGE, by=boss)
    doing = spreading.perform(spread.pk)
    assert next(doing).problem == ""

    several.remove(agency, by=None)

    assert [part.problem for part in doing] == [spreading.GONE]
    left = spreading.find(agency.workspace, spread.pk)
    assert (left.provider, left.connection) == ("meta", None)


def test_who_runs_the_installation_no_more_makes_no_more_workspaces(agency, boss, worker_seen):
    User.objects.filter(pk=boss.pk).update(is_superuser=True)
    boss.refresh_from_db()
    text = "1003,one\n4001,two"
    spread = spreading.keep(planned(agency, text, boss), trigger=Trigger.PAGE, by=boss)
    doing = spreading.perform(spread.pk)
    assert next(doing).problem == ""

    User.objects.filter(pk=boss.pk).update(is_superuser=False)

    assert [part.problem for part in doing] == [spreading.NOT_OWNED]
    assert not Workspace.objects.filter(slug="two").exists()


def test_nobody_makes_a_workspace_that_nobody_owns(agency):
    [line] = planned(agency, "1003,fresh").lines
    assert line.sentence == spread_plans.NOBODYS

    root = User.objects.create_superuser("root")
    spread = spreading.keep(planned(agency, "1003,fresh"), trigger=Trigger.COMMAND, by=None)
    User.objects.filter(pk=root.pk).update(is_active=False)

    assert [part.problem for part in spreading.perform(spread.pk)] == [spread_plans.NOBODYS]
    assert not Workspace.objects.filter(slug="fresh").exists()


def test_what_a_killed_command_left_is_done_and_tested_by_a_worker(
    agency, client_of, operator, worker_seen
):
    spread = spreading.keep(planned(agency, "1003,north"), trigger=Trigger.COMMAND, by=None)
    Spread.objects.update(lease_until=timezone.now())

    assert spreading.go_on(spread, by=operator)

    assert [item.test.outcome for item in RunItem.objects.all()] == ["passed"]


@pytest.mark.parametrize("trigger", [Trigger.PAGE, Trigger.COMMAND])
def test_who_neither_began_it_nor_runs_the_installation_does_not_go_on(agency, boss, trigger):
    root = User.objects.create_superuser("root")
    by = root if trigger == Trigger.PAGE else None
    spread = spreading.keep(planned(agency, "1003,fresh", by), trigger=trigger, by=by)
    Spread.objects.update(lease_until=timezone.now() - queue.WAITS)

    with pytest.raises(NotAnOwner):
        spreading.go_on(spread, by=boss)

    assert not Workspace.objects.filter(slug="fresh").exists()


def test_of_one_token_a_few_are_tested_abreast_over_all_workspaces(
    agency, operator, worker_seen, settings
):
    settings.TASKS = {"default": {"BACKEND": "django.tasks.backends.dummy.DummyBackend"}}
    ids = [one.account.id for one in choosing.reachable(agency)][1:21]

    carried_out(agency, "\n".join(f"{one},client-{one[4:]}" for one in ids), by=operator)

    jobs = task_backends["default"].results
    assert len(jobs) == runs.ABREAST == RunItem.objects.values("chain").distinct().count()
    assert RunItem.objects.exclude(chain=None).count() == 20


def test_an_old_one_is_forgotten_and_what_it_did_stays(agency, client_of):
    carried_out(agency, "1003,north")
    now = Spread.objects.get().started_at

    spreading.forget_old(now + spreading.KEPT)
    assert Spread.objects.exists()
    spreading.forget_old(now + spreading.KEPT * 2)

    assert not SpreadPart.objects.exists()
    assert lent() == ALL[:1]


# --- Many, at once, and killed -------------------------------------------------------------------


def perform_until_killed(spread_id, name, number):
    """Carry it out, and die where a function of this name returns for the so manieth time."""
    code, left = getattr(spreading, name).__code__, number

    def watch(frame, what, _argument):
        nonlocal left
        if what == "return" and frame.f_code is code:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(watch)
    [*spreading.perform(spread_id)]


@pytest.mark.parametrize("name", ["_place", "_added", "_written", "_done"])
@pytest.mark.parametrize("number", [1, 2])
def test_killed_anywhere_it_leaves_nothing_half_and_is_done_by_who_goes_on(
    processes, both, name, number
):
    agency, _ = both
    User.objects.create_superuser("root")
    spread = spreading.keep(planned(agency, TABLE), trigger=Trigger.PAGE, by=None)

    processes.start(f"{__name__}:perform_until_killed", spread.pk, name, number)
    [ended] = processes.ended()

    assert ended.signal == signal.SIGKILL
    whole = number if name == "_done" else number - 1
    assert lent() == (ALL if whole == 2 else ALL[:whole])
    assert Workspace.objects.filter(slug="south").exists() == (whole == 2)
    assert SpreadPart.objects.filter(ended_at=None).count() == 2 - whole
    [*spreading.perform(spread.pk)]
    assert lent() == ALL
    assert RunItem.objects.count() == 3
    assert Spread.objects.get().finished_at


def test_two_who_carry_out_the_same_one_double_nothing(both):
    agency, _ = both
    User.objects.create_superuser("root")
    spread = spreading.keep(planned(agency, TABLE), trigger=Trigger.PAGE, by=None)

    results = at_once(3, lambda _: [*spreading.perform(spread.pk)])

    assert sorted(part.slug for parts in results for part in parts) == ["north", "south"]
    assert lent() == ALL


def test_two_spreads_of_the_same_table_at_once_double_nothing(both):
    agency, _ = both
    User.objects.create_superuser("root")
    choosing.reachable(agency)

    results = at_once(3, lambda _: carried_out(agency))

    assert not [one for one in results if isinstance(one, Exception)]
    assert not [part.problem for parts in results for part in parts if part.problem]
    assert lent() == ALL
    assert Workspace.objects.filter(name="South & Sons").count() == 1


def test_hundreds_of_accounts_go_to_a_hundred_workspaces(agency, operator):
    ids = [one.account.id for one in choosing.reachable(agency)][:300]
    text = "\n".join(f"{one},client-{number % 100}" for number, one in enumerate(ids))

    with CaptureQueriesContext(database) as planning:
        plan = planned(agency, text)
    spread = spreading.keep(plan, trigger=Trigger.PAGE, by=None)
    with CaptureQueriesContext(database) as doing:
        parts = [*spreading.perform(spread.pk)]

    assert len(planning) < 10
    assert len(doing) < 100 * 60
    assert sum(part.added for part in parts) >= 299
    assert Workspace.objects.filter(slug__startswith="client-").count() == 100
