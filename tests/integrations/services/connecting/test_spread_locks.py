"""Whoever meets a spread half-way waits for it, and is ended by the database on no account."""

import threading
import time
from contextlib import contextmanager

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, transaction
from django.db import connection as database

from integrations.models import IntegrationConnection, Spread, Trigger, Workspace
from integrations.models import TestRun as Run
from integrations.services.connecting import (
    choosing,
    saving,
    several,
    spread_plans,
    spreading,
    tables,
)
from integrations.services.connecting.changes import Changes
from integrations.services.people import members
from integrations.services.proving import runs
from integrations.services.refusals import VersionConflict
from tests.integrations.services.connecting.agency import connect

PATIENCE_SECONDS = 20
WAITING = (
    "select count(*) from pg_stat_activity"
    " where wait_event_type = 'Lock' and datname = current_database()"
)


@pytest.fixture(autouse=True)
def one_try(monkeypatch):
    """A part that is tried again would hide that the database had to end it."""
    monkeypatch.setattr(spreading, "TRIES", 1)


def keep(connection, text, by=None):
    plan = spread_plans.plan(connection, tables.read(text), by=by)
    return spreading.keep(plan, trigger=Trigger.PAGE, by=by)


def carry_out(spread):
    return lambda: [*spreading.perform(spread.pk)]


@contextmanager
def meeting(held, *works):
    """Each in a thread of its own, when the one before waits for those rows or has ended.

    What they returned or raised is there afterwards. SQLite has one writer: nobody waits there.
    """
    results = [None] * len(works)

    def one(number):
        try:
            results[number] = works[number]()
        except Exception as error:  # noqa: BLE001 - the test looks at what was raised
            results[number] = error
        finally:
            database.close()

    threads = [threading.Thread(target=one, args=[number]) for number in range(len(works))]
    with transaction.atomic():
        list(held.select_for_update(no_key=True).values_list("pk"))
        for number, thread in enumerate(threads):
            thread.start()
            wait_until_it_waits(thread, number + 1)
        yield results
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()


def wait_until_it_waits(thread, number):
    until = time.monotonic() + PATIENCE_SECONDS
    while database.vendor == "postgresql" and thread.is_alive():
        assert time.monotonic() < until, "It neither waits nor ends."
        with database.cursor() as cursor:
            cursor.execute("select pg_stat_clear_snapshot()")
            cursor.execute(WAITING)
            if cursor.fetchone()[0] >= number:
                return
        thread.join(0.05)


def test_who_removes_the_connection_meanwhile_waits(both):
    agency, north = both
    spread = keep(agency, "1003,north")
    place = Workspace.objects.filter(pk=north.pk)

    with meeting(place, carry_out(spread), lambda: several.remove(agency, by=None)) as results:
        pass

    [part], removed = results
    assert part.problem in ("", spreading.GONE)
    assert not isinstance(removed, Exception), removed
    assert Spread.objects.get().connection is None


def test_a_spread_waits_for_who_deletes_the_account_of_whoever_began_it(both, caplog):
    agency, north = both
    other, root = (User.objects.create_superuser(name) for name in ("other", "root"))
    spread = keep(agency, "1003,north\n4001,south", by=root)

    def delete():
        with members.keeping_owners(by=other):
            User.objects.get(pk=root.pk).delete()

    with meeting(Workspace.objects.filter(pk=north.pk), delete, carry_out(spread)) as results:
        pass

    deleted, parts = results
    assert deleted is None
    assert "ended with" not in caplog.text
    assert not [part.problem for part in parts if part.problem]
    assert not Spread.objects.exists()


def lend_many(agency):
    """To the client: what lets in all of these is then one row."""
    ids = [one.account.id for one in choosing.reachable(agency)][1:12]
    carry_out(keep(agency, "\n".join(f"{one},north" for one in ids)))()
    return IntegrationConnection.objects.filter(lender=agency.workspace).order_by("pk")


def test_who_spreads_more_waits_for_none_that_was_lent_before(both):
    agency, _ = both
    held = IntegrationConnection.objects.filter(pk=lend_many(agency)[1].pk)
    Workspace.objects.create(slug="south", name="South")
    spread = keep(agency, "1003,south")

    with meeting(held, carry_out(spread)) as results:
        if database.vendor == "postgresql":
            assert results[0]

    [[part]] = results
    assert part.problem == ""


def test_who_tests_all_waits_for_nobody_who_changes_what_was_lent(both):
    agency, north = both
    held = IntegrationConnection.objects.filter(pk=lend_many(agency)[1].pk)

    def change():
        return connect(agency.workspace, access_token="EAAhealthy")

    with meeting(held, change) as results:
        if database.vendor == "postgresql":
            runs.start_run(north, trigger=Trigger.PAGE, by=None)

    assert not isinstance(results[0], Exception), results[0]
    assert Run.objects.filter(is_of_all=True).exists() == (database.vendor == "postgresql")


def test_two_workspaces_that_are_the_first_of_an_operator_are_made_at_once(both):
    agency, _ = both
    root = User.objects.create_superuser("root")
    root.memberships.all().delete()
    one, two = keep(agency, "1003,one", by=root), keep(agency, "4001,two", by=root)
    lender = Workspace.objects.filter(pk=agency.workspace_id)

    with meeting(lender, carry_out(one), carry_out(two)) as results:
        pass

    assert [[part.problem for part in parts] for parts in results] == [[""], [""]]
    assert sorted(root.memberships.values_list("is_default", flat=True)) == [False, True]


def test_what_was_changed_at_the_same_moment_is_not_removed(both):
    agency, _ = both
    agency.refresh_from_db()

    def remove():
        return several.remove(agency, by=None, expected_version=agency.version)

    with meeting(IntegrationConnection.objects.filter(pk=agency.pk), remove) as results:
        if database.vendor == "postgresql":
            saving.change_connection(agency, Changes(name="Renamed"), by=None)

    if database.vendor == "postgresql":
        assert isinstance(results[0], VersionConflict)
        assert IntegrationConnection.objects.get().name == "Renamed"


def test_a_part_that_the_database_ended_is_done_again(both, monkeypatch):
    agency, _ = both
    monkeypatch.setattr(spreading, "TRIES", 2)
    spread = keep(agency, "1003,north")
    ended = []

    def end_the_first(execute, sql, params, many, context):
        if not ended and sql.startswith("INSERT") and "integrationconnection" in sql:
            ended.append(sql)
            raise OperationalError("deadlock detected")
        return execute(sql, params, many, context)

    with database.execute_wrapper(end_the_first):
        [part] = spreading.perform(spread.pk)

    assert ended
    assert (part.problem, part.added) == ("", 1)
