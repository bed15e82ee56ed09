"""The commands `integrations`, `owner_link` and `unlock`: what they print, and their exit codes."""

import io
import json
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command, execute_from_command_line
from django.test import Client
from django.urls import reverse

from integrations import platforms
from integrations.models import (
    ConnectionTest,
    IntegrationConnection,
    OwnerLink,
    Trigger,
    Workspace,
)
from integrations.services import rows
from integrations.services.connecting import saving, several
from integrations.services.connecting.changes import Changes
from integrations.services.proving import runs, testing
from providers.sandbox import meta as meta_sandbox
from providers.sandbox import stripe
from providers.sandbox.server import Answer, Asked, Server, prefixed
from tests.integrations.kept import secrets_of
from tests.integrations.services.watching import world

CANARY = "EAAcanary0123456789x9Qd"


class Ran:
    """What a command printed, and its exit code."""

    def __init__(self, *arguments: str) -> None:
        out, err = io.StringIO(), io.StringIO()
        self.code: Any = 0
        try:
            call_command("integrations", *arguments, stdout=out, stderr=err)
        except SystemExit as end:
            self.code = end.code
        except CommandError as error:
            self.code = error.returncode
            err.write(str(error))
        self.out, self.err = out.getvalue(), err.getvalue()

    @property
    def json(self):
        return json.loads(self.out)


class Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def save(workspace: Workspace):
    def change(provider: str = "meta", **config: str):
        return saving.change_connection(
            rows.unread(workspace, provider), Changes(config=config), by=None
        )

    return change


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch):
    """Standard input with this text, at a terminal or not."""

    def put(text: str, *, is_terminal: bool = False, encoding: str = "utf-8") -> None:
        kind = Terminal if is_terminal else io.TextIOWrapper
        monkeypatch.setattr("sys.stdin", kind(io.BytesIO(text.encode(encoding))))

    return put


@pytest.fixture
def while_waiting(monkeypatch: pytest.MonkeyPatch):
    """What others do in the time that somebody waits for their run."""

    def do(act: Callable[[], object]) -> None:
        monkeypatch.setattr(runs, "time", SimpleNamespace(sleep=lambda _seconds: act()))

    return do


@pytest.fixture
def together(settings):
    """Meta and Stripe on loopback. Neither answers before both are asked."""
    asked_first = {"meta": threading.Event(), "stripe": threading.Event()}
    answers = prefixed({"meta": meta_sandbox.PLATFORM.answer, "stripe": stripe.PLATFORM.answer})

    def answer(asked: Asked) -> Answer:
        asked_first[asked.path.split("/")[1]].set()
        assert all(event.wait(timeout=10) for event in asked_first.values())
        return answers(asked)

    with Server(answer) as server:
        settings.PROVIDER_ORIGINS = {slug: {"API": f"{server.url}/{slug}"} for slug in asked_first}
        platforms.catalogue.cache_clear()
        yield
    platforms.catalogue.cache_clear()


# --- list ----------------------------------------------------------------------------------------


def test_list_shows_every_platform_and_how_it_is(proven):
    ran = Ran("list")

    first, meta, *others = ran.out.splitlines()
    assert first.split() == ["PROVIDER", "STATUS", "ATTENTION", "ACCOUNT", "LAST", "TEST"]
    assert meta.split()[:5] == ["meta", "connected", "-", "act_1001", "passed"]
    assert len(others) == 12
    assert ran.code == 0


def test_list_prints_what_the_api_answers(proven):
    found = Ran("list", "--json", "--provider", "meta").json

    assert [one["provider"] for one in found] == ["meta"]
    assert found[0]["secrets"]["accessToken"] == {"isSet": True, "hint": None}
    assert found[0]["lastTest"]["outcome"] == "passed"


def test_list_filters_by_status(connected):
    assert [one["provider"] for one in Ran("list", "--json", "--status", "connected").json] == [
        "meta"
    ]
    assert len(Ran("list", "--json", "--status", "not_connected").json) == 12


def test_another_workspace_can_be_named(connected):
    Workspace.objects.create(name="Acme", slug="acme")

    found = Ran("list", "--json", "--workspace", "acme", "--status", "connected").json

    assert found == []


@pytest.fixture
def north(proven):
    """A second connection of Meta."""
    changes = Changes(config={"access_token": "EAAexpired", "account_id": "1002"}, name="North")
    return several.add(proven.workspace, "meta", changes, by=None).connection


def test_each_of_several_is_listed_and_found_by_its_slug(north, proven):
    listed = [line.split()[0] for line in Ran("list", "--provider", "meta").out.splitlines()]
    tested = Ran("test", "meta/north", "meta", "meta/main")

    assert listed == ["PROVIDER", "meta", "meta/north"]
    assert [line.partition(".")[0] for line in tested.out.splitlines()] == [
        "Meta (north): failed",
        "Meta: passed",
        "Meta: passed",
    ]
    assert [one["connection"] for one in Ran("test", "meta/north", "--json").json] == ["meta/north"]


def test_one_of_several_is_disconnected_by_its_slug(north, proven):
    ran = Ran("disconnect", "meta/north", "--yes")

    assert ran.out == "Meta (north) is disconnected. Its history stays.\n"
    assert rows.find(proven.workspace, "meta").status == "connected"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "arguments",
    [
        ("list", "--workspace", "nowhere"),
        ("test", "myspace"),
        ("test", "meta/nowhere"),
        ("disconnect", "myspace", "--yes"),
        ("import", "/no/such/file.json"),
    ],
)
def test_what_is_not_known_ends_with_2_and_a_sentence(arguments):
    ran = Ran(*arguments)

    assert ran.code == 2
    assert ran.err.endswith(".")


def test_wrong_arguments_end_with_2(monkeypatch, capsys):
    with pytest.raises(SystemExit) as end:
        execute_from_command_line(["manage.py", "integrations", "test"])

    assert end.value.code == 2
    assert "--all" in capsys.readouterr().err


def test_the_help_tells_the_exit_codes(capsys):
    with pytest.raises(SystemExit):
        execute_from_command_line(["manage.py", "integrations", "test", "--help"])

    assert "3  no test failed, but at least one got no answer" in capsys.readouterr().out


# --- test ----------------------------------------------------------------------------------------


def test_a_passed_test_ends_with_0_and_is_kept_as_a_commands(connected, meta):
    ran = Ran("test", "meta")

    test = rows.find(connected.workspace, "meta").last_test
    assert (ran.code, ran.out) == (0, "Meta: passed. The test passed.\n")
    assert (test.outcome, test.trigger) == ("passed", Trigger.COMMAND)


def test_a_failed_test_ends_with_1_and_says_what_to_do(save, meta):
    save(access_token="EAAexpired", account_id="act_1001")

    ran = Ran("test", "meta")

    assert ran.code == 1
    assert ran.out.startswith("Meta: failed. The Meta access token has expired. Paste a new one")


def test_no_answer_ends_with_3(save, meta):
    save(access_token="EAAdown", account_id="act_1001")

    ran = Ran("test", "meta", "--json")

    assert ran.code == 3
    assert [test["outcome"] for test in ran.json] == ["inconclusive"]


def test_nothing_connected_ends_with_4(workspace, meta):
    named, everything = Ran("test", "meta"), Ran("test", "--all")

    assert (named.code, everything.code) == (4, 4)
    assert named.out.startswith("Meta: not connected. There is nothing to test yet.")
    assert everything.out == "Nothing is connected and enabled here.\n"


def test_a_failure_counts_more_than_no_answer_or_nothing_to_test(save, meta):
    save(access_token="EAAexpired", account_id="act_1001")

    assert Ran("test", "stripe", "meta").code == 1


def test_a_platform_without_a_test_says_so_and_ends_with_0(save, without_test):
    save("fiverr", account_id="acme")

    ran = Ran("test", "fiverr")

    assert (ran.code, ran.out) == (0, "Fiverr: not_implemented. Test not implemented yet.\n")


def test_all_leaves_out_what_is_disabled(save, meta, workspace):
    save(access_token="EAAhealthy", account_id="act_1001")
    saving.change_connection(rows.unread(workspace, "meta"), Changes(is_enabled=False), by=None)

    assert Ran("test", "--all").code == 4
    assert Ran("test", "meta").code == 0


@pytest.mark.django_db(transaction=True)  # its threads see only what is committed
def test_all_are_tested_at_once_and_printed_in_catalogue_order(save, together):
    save("stripe", access_token="rk_test_healthy")
    save(access_token="EAAhealthy", account_id="act_1001")

    ran = Ran("test", "--all", "--json")

    assert [(test["provider"], test["outcome"]) for test in ran.json] == [
        ("meta", "passed"),
        ("stripe", "passed"),
    ]
    assert ran.code == 0
    assert {test["trigger"] for test in ran.json} == {"command"}


@pytest.mark.django_db(transaction=True)
def test_of_all_one_failure_ends_with_1(save, together):
    save("stripe", access_token="rk_test_expired")
    save(access_token="EAAhealthy", account_id="act_1001")

    ran = Ran("test", "--all")

    passed, failed = ran.out.splitlines()
    assert ran.code == 1
    assert passed == "Meta: passed. The test passed."
    assert failed.startswith("Stripe: failed. ")


def test_all_joins_the_run_that_is_under_way(connected, meta, while_waiting):
    run = runs.start_run(connected.workspace, trigger=Trigger.PAGE, by=None).run
    while_waiting(lambda: runs.perform_item(run.items.get().pk))

    ran = Ran("test", "--all", "--json")

    assert [(test["outcome"], test["trigger"]) for test in ran.json] == [("passed", "page")]
    assert ConnectionTest.objects.count() == 1


def test_all_says_what_was_skipped_and_why(connected, meta, while_waiting, settings):
    settings.TEST_RATE = 1
    testing.test_connection(connected, trigger=Trigger.PAGE)
    run = runs.start_run(connected.workspace, trigger=Trigger.PAGE, by=None).run
    while_waiting(lambda: runs.perform_item(run.items.get().pk))

    ran = Ran("test", "--all")

    assert ran.out.startswith("Meta: not tested. Tested as often as a minute allows. Try again in")
    assert ran.code == 4


def test_all_says_when_somebody_stopped_it(connected, meta, while_waiting):
    runs.start_run(connected.workspace, trigger=Trigger.PAGE, by=None)
    while_waiting(lambda: runs.stop_run(connected.workspace))

    ran = Ran("test", "--all")

    assert (ran.code, ran.out) == (4, "Meta: not tested. Stopped before it was tested.\n")
    assert not meta.requests_seen


def test_what_tests_print_holds_no_secret(save, meta):
    save(access_token=CANARY, account_id="act_1001")

    ran = Ran("test", "meta", "--json")

    assert ran.code == 1
    assert CANARY not in ran.out + ran.err


# --- disconnect ----------------------------------------------------------------------------------


def test_disconnect_forgets_what_is_saved(connected):
    ran = Ran("disconnect", "meta", "--yes")

    assert ran.out == "Meta is disconnected. Its history stays.\n"
    assert rows.find(connected.workspace, "meta").saved_names == set()


def test_without_a_terminal_disconnect_wants_yes(connected, typed):
    typed("yes\n")

    ran = Ran("disconnect", "meta")

    assert ran.code == 2
    assert ran.err == (
        "Without Meta, Ads monitor and Pixel/CAPI lead tracking stop working. "
        "Add --yes if that is meant."
    )
    assert rows.find(connected.workspace, "meta").is_complete


@pytest.mark.parametrize(("answer", "code"), [("yes\n", 0), ("no\n", 2), ("", 2)])
def test_at_a_terminal_disconnect_asks(connected, typed, answer, code):
    typed(answer, is_terminal=True)

    ran = Ran("disconnect", "meta")

    assert ran.code == code
    assert "stop working. Type yes to disconnect it:" in ran.err
    assert rows.find(connected.workspace, "meta").is_complete == bool(code)


def test_disconnect_can_answer_in_json(connected):
    ran = Ran("disconnect", "meta", "--yes", "--json")

    assert ran.json["status"] == "not_connected"


# --- import --------------------------------------------------------------------------------------


ROW = {"provider": "meta", "accessToken": CANARY, "accountId": "1001"}


def test_import_says_what_became_of_each_row(workspace, tmp_path):
    file = tmp_path / "rows.json"
    file.write_text(json.dumps([ROW, ROW, {"provider": "meta", "password": CANARY}]))

    ran = Ran("import", str(file))

    assert ran.code == 1
    assert ran.out.splitlines() == [
        "Row 1, meta: imported.",
        "Row 2, meta: skipped. Something is saved here already. "
        "Use --replace to put these values over it.",
        "Row 3, meta: refused. The key password is not known. "
        "Rows have provider, slug, name, accessToken, accountId, baseUrl, isEnabled.",
    ]
    assert secrets_of(rows.find(workspace, "meta")) == {"access_token": CANARY}


def test_import_reads_standard_input(workspace, typed):
    typed(json.dumps(ROW) + "\n")

    ran = Ran("import", "-", "--json")

    assert ran.code == 0
    assert ran.json == [{"row": 1, "provider": "meta", "outcome": "imported", "message": ""}]


def test_an_unknown_one_is_answered_with_the_names_that_the_list_has(connected):
    assert Ran("test", "meta/nrth").err == "There is no such connection. Use one of meta."


def test_of_many_a_few_are_named_to_who_mistyped_one(connected):
    for number in range(1, 9):
        slug = f"north-{number}"
        IntegrationConnection.objects.create(
            workspace=connected.workspace, provider="meta", slug=slug, is_default=False, version=1
        )

    said = Ran("test", "meta/nrth").err

    assert said.endswith("Use one of meta, meta/north-1, meta/north-2 and 6 more.")


def test_a_dry_run_says_that_nothing_was_saved(workspace, typed):
    typed(json.dumps([ROW]))

    ran = Ran("import", "-", "--dry-run")

    assert ran.out.startswith("Row 1, meta: would be imported.\n")
    assert ran.out.endswith("This was a dry run: nothing was saved.\n")
    assert not rows.find(workspace, "meta").saved_names


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_what_an_editor_or_a_shell_of_windows_puts_out_is_read(workspace, typed, encoding):
    typed(json.dumps([ROW]), encoding=encoding)

    assert Ran("import", "-", "--json").json[0]["outcome"] == "imported"


def test_another_encoding_is_named_and_nothing_is_guessed(workspace, typed):
    typed(json.dumps([ROW | {"accountId": "é"}], ensure_ascii=False), encoding="latin-1")

    ran = Ran("import", "-")

    assert (ran.code, ran.err) == (2, "This is not UTF-8. Save it in that encoding.")


def test_a_file_that_is_no_json_ends_with_2_and_shows_nothing_of_it(workspace, typed):
    typed(f"accessToken={CANARY}")

    ran = Ran("import", "-")

    assert (ran.code, ran.err) == (2, "Line 1 is not JSON. Correct it, then import again.")


# --- owner_link ----------------------------------------------------------------------------------


def owner_link() -> str:
    out = io.StringIO()
    call_command("owner_link", stdout=out)
    return out.getvalue().strip()


def test_owner_link_prints_a_link_that_opens_once(db, client):
    link = owner_link()

    token = link.rstrip("/").rsplit("/", 1)[-1]
    assert link.endswith(reverse("welcome", args=[token]))
    assert client.get(reverse("welcome", args=[token])).status_code == 200
    assert token not in OwnerLink.objects.get().digest


def test_owner_link_refuses_once_somebody_has_an_account(owner):
    with pytest.raises(CommandError) as refused:
        owner_link()

    assert refused.value.returncode == 1
    assert str(refused.value).startswith("Somebody has an account already.")


# --- unlock --------------------------------------------------------------------------------------


def test_unlock_lets_everybody_try_again(editor):
    wrong = {"username": editor.username, "password": "wrong"}
    answers = [Client().post(reverse("login"), wrong).status_code for _ in range(5)]
    out = io.StringIO()
    call_command("unlock", stdout=out)

    assert answers[-1] == 429
    assert out.getvalue() == "Everybody may try again.\n"
    assert Client().post(reverse("login"), wrong).status_code == 200


def test_incidents_are_listed_by_their_causes(workspace):
    assert Ran("incidents").out == "No incident is open.\n"
    meta = world.connected(workspace)
    world.fails(meta, "auth_invalid", world.NOW)
    world.go_round(world.NOW)

    ran = Ran("incidents")
    assert ran.code == 1
    assert "2026-11-27T09:14:00Z  -      -         Meta ended the access token" in ran.out
    assert Ran("incidents", "--json").json[0]["title"] == "Meta ended the access token"

    world.passes(meta, world.NOW + world.HOUR)
    world.go_round(world.NOW + world.HOUR)
    assert Ran("incidents").code == 0
    assert "2026-11-27T10:14:00Z" in Ran("incidents", "--all").out
