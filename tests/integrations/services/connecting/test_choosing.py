"""Many accounts at once: each becomes a connection of its own, with its own verdict."""

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations import platforms, queue
from integrations.models import (
    Credential,
    Event,
    IntegrationConnection,
    RunItem,
    Trigger,
    Workspace,
)
from integrations.models import TestRun as Run
from integrations.services import rows
from integrations.services.connecting import choosing, disconnecting, saving, several
from integrations.services.connecting.changes import Changes
from integrations.services.proving import background, runs
from integrations.services.refusals import InvalidChange, NothingToTest
from providers import registry
from providers.declare import App
from providers.sandbox import google as google_sandbox
from providers.sandbox import google_ads as google_ads_sandbox
from providers.sandbox.meta.objects import CLIENTS
from providers.sandbox.server import Server
from tests.integrations.kept import secrets_of
from tests.integrations.services.connecting.agency import VALUES, connect
from tests.integrations.services.connecting.google import sign_in_to
from tests.integrations.services.proving.test_races import at_once

SOME = ["act_1003", "act_4001", "act_4002"]


def by_account(workspace):
    every = IntegrationConnection.objects.filter(workspace=workspace, provider="meta")
    return {one.config["account_id"]: one for one in every.select_related("last_test")}


def add(connection, *account_ids, by=None):
    return choosing.add_many(connection, account_ids, by=by)


def sentence_of(caught):
    [said] = caught.value.errors["accounts"]
    return said


# --- What is offered -----------------------------------------------------------------------------


def test_all_accounts_are_offered_each_with_the_connection_that_has_it(agency):
    offered = choosing.reachable(agency)

    assert len(offered) == 312
    assert [(one.account.id, one.connection) for one in offered if one.connection] == [
        ("act_1001", agency)
    ]


def test_an_account_that_is_used_at_another_address_is_offered(agency, workspace, meta):
    several.add(
        workspace,
        "meta",
        Changes(
            config={
                "access_token": "EAAhealthy",
                "account_id": "act_1003",
                "base_url": "https://graph.facebook.com",
            }
        ),
        by=None,
    )

    taken = [one.account.id for one in choosing.reachable(agency) if one.connection]

    assert taken == ["act_1001"]


def test_a_list_is_of_one_workspace_alone(agency, workspace):
    elsewhere = Workspace.objects.create(slug="else", name="Else")
    saving.change_connection(
        rows.unread(elsewhere, "meta"),
        Changes(config=VALUES | {"account_id": "act_1003"}),
        by=None,
    )

    assert [one.account.id for one in choosing.reachable(agency) if one.connection] == ["act_1001"]


# --- What becomes of the chosen ------------------------------------------------------------------


def test_each_account_becomes_a_connection_with_its_own_verdict(agency, worker_seen, editor):
    run = add(agency, "act_4008", *SOME, by=editor)

    added = by_account(agency.workspace)
    assert {id_: added[id_].last_test.outcome for id_ in [*SOME, "act_4008"]} == {
        "act_1003": "passed",
        "act_4001": "passed",
        "act_4002": "passed",
        "act_4008": "failed",
    }
    run = runs.chosen_run(agency.workspace, run.pk)
    assert (run.total, run.done, dict(run.outcomes)) == (4, 4, {"failed": 1, "passed": 3})
    assert added["act_1001"].last_test is None


def test_the_added_are_let_in_by_the_same_credential_and_named_by_the_platform(agency, editor):
    add(agency, *SOME, by=editor)

    added = by_account(agency.workspace)
    assert Credential.objects.count() == 1
    for id_ in SOME:
        one = rows.find_by_id(agency.workspace, added[id_].pk)
        assert secrets_of(one) == {"access_token": "EAAagency"}
        assert one.credential == agency.credential
        assert (one.key_id, one.hints) == (agency.key_id, agency.hints)
        assert (one.version, one.revision, one.is_default) == (1, 1, False)
        assert one.edited_by == editor
    names = [added[id_].title for id_ in SOME]
    assert names == ["Acme Winter", CLIENTS["4001"]["name"], CLIENTS["4002"]["name"]]
    slugs = [added[id_].slug for id_ in SOME]
    assert slugs == ["acme-winter", "atlas-cycles-1", "borough-bakery-1"]


def test_what_belongs_to_one_account_is_not_taken_along(agency):
    add(agency, "act_1003")

    assert by_account(agency.workspace)["act_1003"].config == {"account_id": "act_1003"}


def test_who_added_it_is_written_down_once_each(agency, editor):
    add(agency, *SOME, by=editor)

    told = Event.objects.filter(by=editor).exclude(connection=None)
    accounts = [(one.connection.config["account_id"], one.data["fields"]) for one in told]
    assert accounts == [(id_, ["added", "Ad account ID"]) for id_ in SOME]


def test_new_secrets_of_one_are_new_for_all_that_were_added(agency):
    add(agency, *SOME)

    saving.change_connection(agency, Changes(config={"access_token": "EAAhealthy"}), by=None)

    for one in by_account(agency.workspace).values():
        assert secrets_of(one) == {"access_token": "EAAhealthy"}


def test_what_is_connected_already_is_left_as_it_is(agency):
    add(agency, "act_1003")
    before = by_account(agency.workspace)

    run = add(agency, "act_1001", "act_1003", "act_1003", "act_4001")

    assert [item.connection.config["account_id"] for item in run.items.all()] == ["act_4001"]
    after = by_account(agency.workspace)
    assert after["act_1003"].version == before["act_1003"].version
    assert len(after) == 3


def test_beside_a_draft_alone_the_first_is_the_default(agency, client_of):
    connect(client_of)
    several.begin_another(client_of, "meta")
    several.remove(rows.find(client_of, "meta"), by=None)

    first, second = choosing.added_for(
        agency, choosing.offered(agency, SOME[:2]), by=None, into=client_of
    )

    assert (first.is_default, first.slug, second.is_default) == (True, "main", False)
    assert rows.find(client_of, "meta") == first


def test_an_account_that_was_not_offered_is_refused_and_nothing_is_added(agency):
    with pytest.raises(InvalidChange) as caught:
        add(agency, "act_1003", "act_999")

    assert sentence_of(caught) == choosing.NOT_OFFERED
    assert len(by_account(agency.workspace)) == 1


def test_nobody_adds_nothing(agency):
    with pytest.raises(InvalidChange) as caught:
        add(agency)

    assert sentence_of(caught) == choosing.NONE_CHOSEN


def test_what_was_changed_since_the_list_was_asked_for_is_refused(agency):
    choosing.reachable(agency)
    saving.change_connection(
        rows.again(agency), Changes(config={"access_token": "EAAhealthy"}), by=None
    )

    with pytest.raises(InvalidChange) as caught:
        add(agency, "act_4001")

    assert sentence_of(caught) == choosing.CHANGED
    assert len(by_account(agency.workspace)) == 1


def test_what_was_disconnected_meanwhile_is_refused(agency):
    choosing.reachable(agency)
    disconnecting.disconnect(rows.again(agency), by=None)

    with pytest.raises(InvalidChange) as caught:
        add(agency, "act_4001")

    assert sentence_of(caught) == choosing.CHANGED


def test_a_sign_in_that_has_ended_meanwhile_is_refused(agency):
    Credential.objects.update(is_ended=True, failure_kind="auth_expired")

    with pytest.raises(InvalidChange) as caught:
        add(agency, "act_4001")

    assert sentence_of(caught) == choosing.ENDED


def test_a_token_that_ends_during_the_run_is_told_of_each_and_of_nothing_else(agency):
    run = add(agency, *SOME)
    saving.change_connection(
        rows.again(agency), Changes(config={"access_token": "EAArevoked"}), by=None
    )

    queue.beat(timezone.now())
    background.try_again(runs.chosen_run(agency.workspace, run.pk))

    run = runs.chosen_run(agency.workspace, run.pk)
    assert {item.test.error_kind for item in run.items.all()} == {"auth_invalid"}
    assert rows.again(agency).last_test is None


def test_an_account_below_a_manager_takes_the_manager_along(workspace, settings, worker_seen):
    with Server(google_ads_sandbox.PLATFORM.answer) as server:
        settings.PROVIDER_ORIGINS = {
            "google_ads": dict.fromkeys(registry.get("google_ads").hosts, server.url)
        }
        platforms.catalogue.cache_clear()
        values = google_ads_sandbox.PLATFORM.healthy
        saved = saving.change_connection(
            rows.unread(workspace, "google_ads"), Changes(config=values), by=None
        ).connection
        run = add(saved, "1000000005")
    platforms.catalogue.cache_clear()

    [item] = run.items.all()
    assert item.connection.config["login_customer_id"] == google_ads_sandbox.MANAGER
    assert item.test.outcome == "passed"


def test_who_signs_in_and_takes_an_account_below_a_manager_keeps_the_manager(
    workspace, editor, settings
):
    known = google_sandbox.SIGN_IN
    settings.APPS = {"google": App(known.client_id, known.client_secret)}
    settings.PUBLIC_URL = "http://testserver"
    with Server(google_ads_sandbox.PLATFORM.answer) as server:
        settings.PROVIDER_ORIGINS = {
            "google_ads": dict.fromkeys(registry.get("google_ads").hosts, server.url)
        }
        platforms.catalogue.cache_clear()
        sign_in_to(rows.find(workspace, "google_ads"), editor, chosen="1000000005")
    platforms.catalogue.cache_clear()

    saved = rows.find(workspace, "google_ads")
    assert saved.config["login_customer_id"] == google_ads_sandbox.MANAGER
    assert saved.platform_account_id == "1000000005"
    assert saved.proven_at


# --- The run -------------------------------------------------------------------------------------


def test_without_a_worker_each_says_what_to_do(agency):
    run = add(agency, *SOME)

    assert run.finished_at
    assert run.problem == background.NO_WORKER_HERE
    assert len(by_account(agency.workspace)) == 4


def test_a_run_of_chosen_ones_is_no_run_of_all(agency, workspace):
    everything = runs.start_run(workspace, trigger=Trigger.PAGE, by=None).run

    chosen = runs.start_chosen(workspace, [agency], trigger=Trigger.PAGE, by=None)
    runs.start_chosen(workspace, [agency], trigger=Trigger.PAGE, by=None)

    assert chosen.is_running
    assert runs.latest_run(workspace) == everything
    assert runs.start_run(workspace, trigger=Trigger.PAGE, by=None).run == everything
    runs.stop_run(workspace)
    assert runs.chosen_run(workspace, chosen.pk).is_running


def test_a_run_of_chosen_ones_has_time_for_all_of_them(agency, workspace):
    few = runs.start_chosen(workspace, [agency], trigger=Trigger.PAGE, by=None)
    many = add(agency, *[f"act_{number}" for number in CLIENTS])

    spans = [run.lease_until - run.started_at for run in (few, many)]
    assert spans[1] > 4 * spans[0]


def test_what_was_not_proven_is_tested_again_in_the_same_run(agency, worker_seen):
    run = add(agency, "act_4008", *SOME)
    tests = {item.connection_id: item.test_id for item in run.items.all()}

    assert background.try_again(run)

    again = runs.chosen_run(agency.workspace, run.pk)
    changed = [item for item in again.items.all() if item.test_id != tests[item.connection_id]]
    assert [item.connection.config["account_id"] for item in changed] == ["act_4008"]
    assert (again.total, again.done) == (4, 4)


def test_one_alone_is_tested_again(agency, worker_seen):
    run = add(agency, "act_4008", "act_4005")
    first, second = run.items.order_by("pk")

    background.try_again(run, first.connection_id)

    assert RunItem.objects.get(pk=first.pk).test_id != first.test_id
    assert RunItem.objects.get(pk=second.pk).test_id == second.test_id


def test_nothing_is_tested_again_where_all_are_proven(agency, worker_seen):
    assert not background.try_again(add(agency, *SOME))


def test_a_run_whose_process_died_is_ended(agency, workspace, time_machine):
    run = runs.start_chosen(workspace, [agency], trigger=Trigger.PAGE, by=None)
    time_machine.move_to(run.lease_until)

    ended = runs.chosen_run(workspace, run.pk)

    assert ended.finished_at
    assert ended.problem == runs.INTERRUPTED


def test_a_run_that_waits_for_a_busy_worker_is_ended_by_no_look(agency, workspace, time_machine):
    run = runs.start_chosen(workspace, [agency], trigger=Trigger.PAGE, by=None)
    time_machine.move_to(run.lease_until)
    queue.beat(timezone.now())

    assert runs.chosen_run(workspace, run.pk).is_running

    time_machine.move_to(run.lease_until + queue.WAITS)
    queue.beat(timezone.now())
    assert not runs.chosen_run(workspace, run.pk).is_running


def test_a_commands_run_ends_with_its_lease_though_a_worker_lives(agency, workspace, time_machine):
    run = runs.start_chosen(workspace, [agency], trigger=Trigger.COMMAND, by=None)
    time_machine.move_to(run.lease_until)
    queue.beat(timezone.now())

    assert not runs.chosen_run(workspace, run.pk).is_running


# --- At once, and many ---------------------------------------------------------------------------


@pytest.fixture
def here(transactional_db, meta):
    """Transactional tests empty the tables, and with them the first migration's workspace."""
    return Workspace.objects.get_or_create(slug="main", defaults={"name": "Main"})[0]


def test_of_two_who_choose_the_same_at_once_each_account_is_added_once(here):
    first = connect(here)
    choosing.reachable(first)

    results = at_once(2, lambda _: add(rows.again(first), *SOME))

    assert all(isinstance(one, Run) for one in results), results
    assert sorted(one.items.count() for one in results) == [0, 3]
    assert sorted(by_account(here)) == ["act_1001", *SOME]
    assert IntegrationConnection.objects.count() == 4


def test_who_disconnects_while_others_choose_leaves_what_lets_in_or_they_are_refused(here):
    for _ in range(5):
        first = connect(here)
        choosing.reachable(first)

        def do(number, first=first):
            if number:
                return add(rows.again(first), *SOME)
            return disconnecting.disconnect(rows.again(first), by=None)

        results = at_once(2, do)

        [added] = [one for one in results if isinstance(one, Run | Exception)]
        if isinstance(added, Run):
            for item in added.items.select_related("connection__credential"):
                assert secrets_of(item.connection) == {"access_token": "EAAagency"}
        else:
            assert isinstance(added, InvalidChange | NothingToTest), added
        IntegrationConnection.objects.all().delete()
        Credential.objects.all().delete()


def test_who_edits_and_who_chooses_wait_for_each_other(here):
    first = connect(here)
    choosing.reachable(first)

    def do(number):
        if number:
            return add(rows.again(first), *SOME)
        return saving.change_connection(
            rows.again(first), Changes(config={"access_token": "EAAhealthy"}), by=None
        )

    results = at_once(2, do)

    assert not any(isinstance(one, database.Database.Error) for one in results)
    for one in by_account(here).values():
        assert secrets_of(one) == {"access_token": "EAAhealthy"}


def test_three_hundred_at_once_take_less_than_two_seconds_of_the_database(agency):
    choosing.reachable(agency)
    ids = [f"act_{number}" for number in CLIENTS]

    with CaptureQueriesContext(database) as queries:
        add(agency, *ids)

    assert IntegrationConnection.objects.count() == 310
    assert sum(float(one["time"]) for one in queries) < 2
    # One a connection, for its event: the rest does not grow with them but in batches.
    assert len(queries) < len(ids) + 40
