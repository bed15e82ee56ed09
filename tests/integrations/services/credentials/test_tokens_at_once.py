"""Many ask for the token of one connection in the second it expires: one of them renews it."""

import threading
from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection as database
from django.utils import timezone

from integrations.models import Trigger
from integrations.services import rows
from integrations.services.connecting import disconnecting
from integrations.services.credentials import tokens
from integrations.services.keeping import renewals
from integrations.services.proving import testing
from providers import errors
from providers.sandbox import calendly as sandbox
from providers.sandbox.server import Answer
from tests.integrations.kept import sign_ins
from tests.integrations.services.credentials import typed
from tests.integrations.services.credentials.renewals import (
    DOWN,
    INVALID_GRANT,
    answer_renewals,
    go_round,
    is_accepted,
    is_renewal,
    renewals_seen,
    row_of,
    run_out,
)
from tests.integrations.services.proving.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def ask(sign_in_id):
    """The task of one process: `["token", …]`, or `["error", …]`."""
    try:
        return ["token", tokens.usable(sign_in_id).held.tokens.access_token]
    except errors.ProviderError as error:
        return ["error", error.message]


@pytest.fixture
def row(calendly_signed_in):
    """The sign-in of a connection whose access token runs out now."""
    row = row_of(calendly_signed_in)
    run_out(row)
    return sign_ins().get()


def ask_by_many(processes, row, count):
    processes.start(f"{__name__}:ask", str(row.pk), count=count)
    return [ended.answer for ended in processes.ended()]


def slowly(answer):
    """A platform that waits for a second renewal, which must not come, before it answers."""
    second = threading.Semaphore(0)
    first = threading.Lock()

    def answer_slowly(asked):
        if first.acquire(blocking=False):
            second.acquire(timeout=1)
        else:
            second.release()
        return answer(asked)

    return answer_slowly


def meanwhile(server, happens, answer=sandbox.answer):
    """While the first renewal is under way something else happens, then it is answered so."""
    first = threading.Lock()

    def choose(asked):
        if not first.acquire(blocking=False):
            return sandbox.answer(asked)
        answered = answer(asked)
        happens()
        database.close()
        return answered

    answer_renewals(server, choose)


def renew_as_another(row):
    """What another process does that takes the first one for dead."""
    sign_ins().filter(pk=row.pk).update(lease_until=timezone.now())
    tokens.usable(row.pk)


@pytest.fixture(params=["sign-in", "rotating refresh token", "client credentials"])
def running_out(request, workspace):
    """A row whose token runs out now, and how often its slow platform was asked for another."""
    if request.param == "sign-in":
        calendly = request.getfixturevalue("calendly")
        row = request.getfixturevalue("row")
        answer_renewals(calendly, slowly(sandbox.answer))
        yield row, lambda: len(renewals_seen(calendly))
        return
    rotates = "refresh" in request.param
    with typed.standing_in(typed.UPWORK_REFRESH if rotates else typed.SALESFORCE) as server:
        server.numbering.rotates = rotates
        connection = typed.save(workspace, server.numbering.typed)
        tokens.usable(typed.row_of(connection).pk)
        typed.run_out(connection)
        server.requests_seen.clear()
        server.answer = slowly(server.numbering.answer)
        yield typed.row_of(connection), lambda: server.asked_for_tokens


def test_of_fifty_processes_one_renews_and_all_get_the_new_token(processes, running_out):
    row, asked_for_tokens = running_out
    before = tokens.held_by(row).access_token

    answers = ask_by_many(processes, row, 50)

    row.refresh_from_db()
    after = tokens.held_by(row).access_token
    assert answers == [["token", after]] * 50
    assert after != before
    assert asked_for_tokens() == 1


def test_of_many_processes_one_has_no_answer_and_all_are_told(processes, calendly, row):
    answer_renewals(calendly, slowly(lambda _asked: DOWN))

    answers = ask_by_many(processes, row, 20)

    assert answers == [["error", "Calendly has a problem at the moment."]] * 20
    assert len(renewals_seen(calendly)) == 1


def test_of_many_processes_one_is_refused_and_all_are_told(processes, calendly, row):
    answer_renewals(calendly, slowly(lambda _asked: INVALID_GRANT))

    answers = ask_by_many(processes, row, 20)

    ended = "Calendly has ended this sign-in, or it was withdrawn there."
    assert answers == [["error", ended]] * 20
    assert len(renewals_seen(calendly)) == 1


def test_who_asks_during_a_renewal_waits_and_gets_what_comes_of_it(calendly, row):
    waits, results = threading.Event(), []

    def look_again(execute, sql, params, many, context):
        looks.append(sql)
        if len(looks) > 3:
            waits.set()
        return execute(sql, params, many, context)

    def wait():
        with database.execute_wrapper(look_again):
            results.append(tokens.usable(row.pk).held.tokens.access_token)
        database.close()

    looks, waiting = [], threading.Thread(target=wait)

    def begin_to_wait():
        waiting.start()
        assert waits.wait(timeout=10)

    meanwhile(calendly, begin_to_wait)
    given = tokens.usable(row.pk).held.tokens.access_token
    waiting.join(timeout=10)

    assert results == [given]
    assert len(renewals_seen(calendly)) == 1


@contextmanager
def another_before_the_lock(processes, row):
    """After this thread read the row, and before it locks it, a process asks as well.

    A thread would not do: on SQLite the writers of one process take turns, and this one has its.
    """
    first, answers = threading.Lock(), []

    def watch(execute, sql, params, many, context):
        # SQLite locks with the transaction, PostgreSQL with the row.
        locks = sql.startswith("BEGIN") or "FOR UPDATE" in sql
        if locks and first.acquire(blocking=False):
            answers.extend(ask_by_many(processes, row, 1))
        return execute(sql, params, many, context)

    with database.execute_wrapper(watch):
        yield answers


def test_who_is_late_for_the_lock_does_not_renew_again(processes, calendly, row):
    with another_before_the_lock(processes, row) as answers:
        used = tokens.usable(row.pk)

    stored = tokens.held_by(sign_ins().get()).access_token
    assert used.held.tokens.access_token == stored
    assert answers == [["token", stored]]
    assert len(renewals_seen(calendly)) == 1


def test_who_is_late_for_the_lock_does_not_fail_again(processes, calendly, row):
    answer_renewals(calendly, DOWN)

    with another_before_the_lock(processes, row) as answers:
        answer = ask(row.pk)

    assert answer == ["error", "Calendly has a problem at the moment."]
    assert answers == [answer]
    assert len(renewals_seen(calendly)) == 1


def test_who_comes_back_late_gets_what_was_stored_meanwhile(calendly, row):
    newer = {"access_token": "eyJzYW5kYm94.healthy.newer", "refresh_token": "newer"}
    late = {**newer, "access_token": "eyJzYW5kYm94.healthy.late", "refresh_token": "late"}
    meanwhile(calendly, lambda: renew_as_another(row), lambda _asked: Answer(200, late))

    used = tokens.usable(row.pk)

    stored = tokens.held_by(sign_ins().get())
    assert used.held.tokens.access_token == stored.access_token != late["access_token"]
    assert is_accepted(stored.access_token)


def test_a_refusal_of_tokens_that_were_replaced_meanwhile_ends_nothing(calendly, row):
    meanwhile(calendly, lambda: renew_as_another(row), lambda _asked: INVALID_GRANT)

    used = tokens.usable(row.pk)

    assert is_accepted(used.held.tokens.access_token)
    assert not sign_ins().get().is_ended


def forget(workspace):
    """A disconnection that leaves the platform alone."""
    disconnecting.disconnect(rows.unread(workspace, "calendly"), by=None, revokes=False)


@pytest.mark.parametrize(
    "answer", [sandbox.answer, lambda _asked: INVALID_GRANT, lambda _asked: DOWN]
)
def test_who_is_disconnected_during_a_renewal_gets_nothing(calendly, row, workspace, answer):
    meanwhile(calendly, lambda: forget(workspace), answer)

    with pytest.raises(errors.AuthExpired, match="disconnected in the meantime"):
        tokens.usable(row.pk)

    assert not sign_ins().exists()
    assert rows.find(workspace, "calendly").status == "not_connected"


def test_a_disconnection_during_a_renewal_of_the_schedule_is_no_error(calendly, row, workspace):
    meanwhile(calendly, lambda: forget(workspace))

    renewals.renew(row.pk)

    found = rows.find(workspace, "calendly")
    assert (found.status, found.tests.filter(trigger=Trigger.SCHEDULE).count()) == (
        "not_connected",
        0,
    )


def refusing(server, bearer, happens):
    """The API refuses one access token, and something happens at its first refusal."""
    first = threading.Lock()

    def answer(asked):
        if is_renewal(asked) or asked.bearer != bearer:
            return sandbox.answer(asked)
        if first.acquire(blocking=False):
            happens()
            database.close()
        return sandbox.refusal(401, "Unauthenticated", "The access token is invalid")

    server.answer = answer


def test_a_refused_token_that_somebody_else_renewed_is_not_renewed_again(
    calendly, calendly_signed_in
):
    row = row_of(calendly_signed_in)
    refusing(calendly, tokens.held_by(row).access_token, lambda: tokens.renew(row.pk))

    test = testing.test_connection(calendly_signed_in, trigger=Trigger.SCHEDULE)

    assert test.outcome == "passed"
    assert len(renewals_seen(calendly)) == 1


def test_a_refusal_during_a_renewal_waits_for_its_end(calendly, calendly_signed_in):
    row = row_of(calendly_signed_in)
    until = timedelta(milliseconds=300)

    def lease():
        sign_ins().update(lease=uuid4(), lease_until=timezone.now() + until)

    refusing(calendly, tokens.held_by(row).access_token, lease)

    test = testing.test_connection(calendly_signed_in, trigger=Trigger.SCHEDULE)

    assert test.outcome == "passed"


def test_of_many_schedules_one_renews_what_is_due(calendly, row):
    at_once(4, lambda _number: go_round())

    assert len(renewals_seen(calendly)) == 1
    assert is_accepted(tokens.usable(row.pk).held.tokens.access_token)


def test_of_many_schedules_one_tells_of_an_end(calendly, row, workspace):
    answer_renewals(calendly, INVALID_GRANT)

    at_once(4, lambda _number: go_round())
    go_round()

    found = rows.find(workspace, "calendly")
    told = found.tests.filter(trigger=Trigger.SCHEDULE)
    assert [test.error_kind for test in told] == ["auth_expired"]
    assert (found.status, found.needs_reauth) == ("error", True)
