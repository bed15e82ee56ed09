"""Standings: right whatever changes a connection, and whenever time alone does."""

import threading
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.db import transaction

from integrations import crypto, marks, platforms
from integrations.models import (
    IntegrationConnection,
    Membership,
    Role,
    Standing,
    StandingMark,
    Stands,
    Workspace,
)
from integrations.services.watching import standings
from tests.integrations.services.watching.world import HOUR, NOW, connected, fails, passes
from tests.integrations.services.watching.world import workspace as made_workspace

DAY = timedelta(days=1)


@pytest.fixture
def olga(workspace):
    user = User.objects.create_user("olga")
    user.memberships.all().delete()
    Membership.objects.create(user=user, workspace=workspace, role=Role.OWNER)
    return user


@pytest.fixture
def meta(workspace):
    return connected(workspace)


def stands(user, now=NOW):
    """Of the person's workspaces, by slug."""
    return {one.slug: Stands(one.stands) for one in standings.of(user, now)}


def every(pk):
    return IntegrationConnection.objects.filter(pk=pk)


def test_one_in_which_nothing_is_connected_stands_so(olga):
    assert stands(olga) == {"main": Stands.NOTHING}


def test_it_counts_each_connection_once(olga, workspace, meta):
    fails(connected(workspace, "stripe"), "auth_invalid", NOW)
    fails(connected(workspace, "calendly"), "network", NOW)

    [one] = standings.of(olga, NOW)

    counted = one.standing
    assert (counted.broken, counted.silent, counted.soon, counted.well) == (1, 1, 0, 1)
    assert counted.since == NOW
    assert one.stands == Stands.BROKEN


def test_a_proof_runs_out_by_time_alone(olga, meta):
    assert stands(olga) == {"main": Stands.WELL}
    row = Standing.objects.values().get()

    assert stands(olga, NOW + 22 * HOUR) == {"main": Stands.WELL}
    assert Standing.objects.values().get() == row
    assert stands(olga, NOW + 23 * HOUR) == {"main": Stands.SOON}


def test_an_end_comes_near_by_time_alone(olga, meta):
    every(meta.pk).update(expires_at=NOW + 14 * DAY + 10 * HOUR, proven_at=NOW)
    assert stands(olga) == {"main": Stands.WELL}

    assert stands(olga, NOW + 10 * HOUR) == {"main": Stands.WELL}  # 14 days are not less than 14
    assert stands(olga, NOW + 10 * HOUR + timedelta(seconds=1)) == {"main": Stands.SOON}


def test_of_what_ends_soon_a_silence_is_told_once_it_lasts(olga, meta):
    every(meta.pk).update(expires_at=NOW + DAY, unanswered_since=NOW)
    assert stands(olga) == {"main": Stands.SOON}

    assert stands(olga, NOW + 31 * timedelta(minutes=1)) == {"main": Stands.SILENT}


WRITES = {
    "a bulk update": lambda one: every(one.pk).update(
        last_error="No.", error_kind="auth_invalid", failing_since=NOW, proven_at=None
    ),
    "a report": lambda one: every(one.pk).update(reported_error="No.", reported_at=NOW),
    "a key": lambda one: every(one.pk).update(key_id="unknown"),
    "what was taken back": lambda one: every(one.pk).update(taken_back_at=NOW),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_whatever_writes_is_seen(olga, meta, write):
    assert stands(olga) == {"main": Stands.WELL}

    write(meta)

    assert stands(olga) == {"main": Stands.BROKEN}


def test_a_hand_at_the_database_is_seen(olga, meta):
    stands(olga)

    with database.cursor() as cursor:
        table = IntegrationConnection._meta.db_table
        cursor.execute(f"UPDATE {table} SET is_enabled = FALSE")

    assert stands(olga) == {"main": Stands.NOTHING}


def test_what_is_removed_is_seen(olga, meta):
    stands(olga)
    meta.delete()

    assert stands(olga) == {"main": Stands.NOTHING}


def test_what_goes_to_another_workspace_is_seen_in_both(olga, meta):
    other = made_workspace("other")
    Membership.objects.create(user=olga, workspace=other, role=Role.VIEWER)
    stands(olga)

    every(meta.pk).update(workspace=other)

    assert stands(olga) == {"main": Stands.NOTHING, "other": Stands.WELL}


def test_a_proof_after_it_ran_out_is_seen(olga, meta):
    assert stands(olga, NOW + 2 * DAY) == {"main": Stands.SOON}

    passes(meta, NOW + 2 * DAY)

    assert stands(olga, NOW + 2 * DAY) == {"main": Stands.WELL}


def test_a_proof_that_is_renewed_in_time_marks_nothing(olga, meta):
    stands(olga)

    passes(meta, NOW)  # an hour after the last one

    assert not StandingMark.objects.exists()
    assert stands(olga, NOW + 23 * HOUR + timedelta(minutes=30)) == {"main": Stands.WELL}
    assert stands(olga, NOW + DAY) == {"main": Stands.SOON}


def test_no_platforms_proof_lasts_less_than_the_marks_suppose():
    assert all(one.proof_budget >= marks.SHORTEST_PROOF for one in platforms.catalogue().values())


def test_another_set_of_keys_is_seen(olga, meta, settings):
    used = next(iter(crypto.known_ids()))
    every(meta.pk).update(key_id=used)
    assert stands(olga) == {"main": Stands.WELL}

    settings.CREDENTIAL_KEYS = [crypto.new_key()]

    assert stands(olga) == {"main": Stands.BROKEN}


def test_another_platforms_connections_are_none_of_the_catalogue(olga, meta):
    stands(olga)
    every(meta.pk).update(provider="gone")

    assert stands(olga) == {"main": Stands.NOTHING}


def test_a_change_that_is_undone_leaves_it_as_it_was(olga, meta):
    stands(olga)
    with transaction.atomic():
        every(meta.pk).update(is_enabled=False)
        transaction.set_rollback(True)

    assert not StandingMark.objects.exists()
    assert stands(olga) == {"main": Stands.WELL}


def test_only_what_is_marked_is_counted_anew(olga, meta, django_assert_num_queries):
    stands(olga)
    with django_assert_num_queries(2):  # what is marked, what has turned
        standings.renew(NOW)


def test_a_workspace_that_is_gone_keeps_nothing_waiting(olga, workspace, meta):
    Workspace.objects.filter(pk=workspace.pk).delete()

    standings.renew(NOW)

    assert not StandingMark.objects.exists()
    assert not Standing.objects.exists()


def test_the_triggers_are_made_once_and_again_when_they_are_gone(db):
    assert marks.are_kept(database)
    with database.cursor() as cursor:
        cursor.execute(marks.EXISTING[database.vendor], [marks.CONNECTIONS])
        name = min(one for (one,) in cursor.fetchall() if one.startswith(marks.NAME))
        on = f" ON {marks.CONNECTIONS}" if database.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER {name}{on}")
    assert not marks.are_kept(database)

    marks.keep()

    assert marks.are_kept(database)


@pytest.mark.django_db(transaction=True)
def test_who_began_to_count_before_a_change_does_not_write_over_who_came_after(
    olga, meta, monkeypatch
):
    stands(olga)
    every(meta.pk).update(reported_error="Odd.", reported_at=NOW)
    counts, counted, finished = standings._counted, threading.Event(), threading.Event()

    def slowly(*args):
        """The first one writes after the second one, unless that one has to wait for it."""
        found = list(counts(*args))
        if not counted.is_set():
            counted.set()
            finished.wait(timeout=1)
        return found

    def change_and_renew():
        counted.wait(timeout=30)
        every(meta.pk).update(reported_error="", reported_at=None)
        standings.renew(NOW)
        finished.set()

    monkeypatch.setattr(standings, "_counted", slowly)
    in_threads(lambda: standings.renew(NOW), change_and_renew)

    assert stands(olga) == {"main": Stands.WELL}
    assert not StandingMark.objects.exists()


def in_threads(*works):
    problems = []

    def closing(work):
        try:
            work()
        except Exception as problem:  # noqa: BLE001 - the test looks at what was raised
            problems.append(problem)
        finally:
            database.close()

    threads = [threading.Thread(target=closing, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not problems
