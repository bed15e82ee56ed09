"""A renewal has its answer in hand and the database is away, or does not take all of it."""

import threading
from contextlib import contextmanager

import pytest
from django.db import InterfaceError, OperationalError
from django.db import connection as database
from django.utils import timezone

from integrations.services.credentials import leases, tokens
from integrations.services.credentials.leases import UNDER_WAY
from providers.sandbox import calendly as sandbox
from providers.sandbox.server import Answer
from tests.integrations.kept import sign_ins
from tests.integrations.services.credentials import typed
from tests.integrations.services.credentials.renewals import (
    answer_renewals,
    is_accepted,
    renewals_seen,
    row_of,
    run_out,
)

pytestmark = pytest.mark.django_db(transaction=True)

NUL, HALF = "a\0b", "half a pair \ud800"


@pytest.fixture
def row(calendly_signed_in):
    """A sign-in with a refresh token that the platform replaces, whose token runs out now."""
    row = row_of(calendly_signed_in)
    run_out(row)
    return sign_ins().get()


class Away:
    """A database that this thread does not reach from the platform's answer on.

    It is back after so many tries. Whatever else happens at each of them.
    """

    def __init__(self, tries, happens=lambda: None, error=OperationalError):
        self.left = tries
        self.began = False
        self._happens, self._error = happens, error

    def __call__(self, execute, sql, params, many, context):
        if self.began and self.left:
            self.left -= 1
            self._happens()
            raise self._error("server closed the connection unexpectedly")
        return execute(sql, params, many, context)


@contextmanager
def away(server, watch, answer=sandbox.answer):
    """From the answer to the first renewal on."""

    def choose(asked):
        answered = answer(asked)
        watch.began = True
        return answered

    answer_renewals(server, choose)
    with database.execute_wrapper(watch):
        yield


def ask_in_thread(row, results):
    def ask():
        results.append(tokens.usable(row.pk).held.tokens.access_token)
        database.close()

    started = threading.Thread(target=ask)
    started.start()
    return started


@pytest.mark.parametrize("gone_for", [5, 35, 180])
@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_an_answer_in_hand_is_stored_when_the_database_is_back(
    row, calendly, time_machine, gone_for, error
):
    time_machine.move_to(timezone.now())
    watch = Away(10, lambda: time_machine.shift(gone_for / 10), error)

    with away(calendly, watch):
        used = tokens.usable(row.pk)

    assert watch.left == 0
    assert used.held.tokens.access_token == tokens.held_by(sign_ins().get()).access_token
    assert is_accepted(used.held.tokens.access_token)
    assert len(renewals_seen(calendly)) == 1
    assert sign_ins().get().lease is None


@pytest.mark.parametrize("gone_for", [35, 180])
def test_who_asks_when_it_is_back_leaves_the_old_refresh_token_alone(
    row, calendly, time_machine, gone_for
):
    """The lease has run out by then: whoever comes first waits a moment for the answer."""
    time_machine.move_to(timezone.now())
    results, others = [], []

    def last_try():
        if watch.left == 0:
            time_machine.shift(gone_for)
            others.extend(ask_in_thread(row, results) for _ in range(5))

    watch = Away(3, last_try)
    with away(calendly, watch):
        given = tokens.usable(row.pk).held.tokens.access_token
    for other in others:
        other.join(timeout=10)

    assert results == [given] * 5
    assert len(renewals_seen(calendly)) == 1


def test_an_answer_for_typed_secrets_is_stored_when_it_is_back(workspace):
    with typed.standing_in(typed.UPWORK_REFRESH) as server:
        server.numbering.rotates = True
        connection = typed.save(workspace, typed.UPWORK_REFRESH)
        watch = Away(5)

        def answer(asked):
            watch.began = True
            return server.numbering.answer(asked)

        server.answer = answer
        with database.execute_wrapper(watch):
            tokens.usable(typed.row_of(connection).pk)

        kept = typed.row_of(connection)
        assert watch.left == 0
        assert server.asked_for_tokens == 1
        assert kept.typed()["refresh_token"] == "a-refresh-token-0001"


def test_the_exit_of_a_process_waits_until_it_is_stored(row, calendly):
    """As `atexit` does it; a process of its own does so in `test_tokens_killed`."""
    is_back = threading.Event()
    waited = []

    def wait():
        UNDER_WAY.wait()
        waited.append(is_back.is_set())

    def begin_to_end():
        if watch.left == 2:
            ending.start()
        elif watch.left == 0:
            is_back.set()

    ending = threading.Thread(target=wait)
    watch = Away(3, begin_to_end)
    with away(calendly, watch):
        tokens.usable(row.pk)
    ending.join(timeout=10)

    assert waited == [True]
    assert leases.LAST_WAIT_SECONDS > 180


# --- What no database keeps ----------------------------------------------------------------------

STRANGE = {
    "NUL in a scope": {"scope": f"users:read {NUL}"},
    "half a pair in a scope": {"scope": f"users:read {HALF}"},
    "NUL in a fact": {"owner": NUL, "organization": "https://api.calendly.com/organizations/b"},
    "half a pair in a fact": {"owner": HALF},
    "a scope without end": {"scope": "users:read " + "x" * 10**6},
    "a fact without end": {"owner": "x" * 10**6},
    "very many scopes": {"scope": " ".join(map(str, range(10**5)))},
    "a scope that is no text": {"scope": ["users:read", {"a": NUL}, None, 1]},
    "a lifetime without end": {"expires_in": 9.9e9},
    "a lifetime that is none": {"expires_in": "NaN"},
    "tokens that no column would keep": {"access_token": NUL, "refresh_token": HALF},
    "a hint with NUL": {"refresh_token": "a-refresh-token\0"},
    "tokens without end": {"access_token": "x" * 10**5, "refresh_token": "y" * 10**5},
}


@pytest.mark.parametrize("strange", STRANGE.values(), ids=list(STRANGE))
def test_what_the_database_refuses_is_cleaned_or_left_out(row, calendly, strange):
    reply = {"access_token": "access-2", "refresh_token": "refresh-2", "expires_in": 7200}
    answer_renewals(calendly, Answer(200, {**reply, **strange}))

    used = tokens.usable(row.pk)

    expected = {**reply, **strange}
    stored = tokens.held_by(sign_ins().get())
    assert stored.access_token == used.held.tokens.access_token == expected["access_token"]
    assert stored.refresh_token == expected["refresh_token"]
    assert "\0" not in str(sign_ins().values_list("scopes", "facts").get())


@pytest.mark.parametrize("strange", STRANGE.values(), ids=list(STRANGE))
def test_the_same_for_typed_secrets(workspace, strange):
    with typed.standing_in(typed.SALESFORCE) as server:
        connection = typed.save(workspace, typed.SALESFORCE)
        moved = {"instance_url": strange["owner"]} if "owner" in strange else strange
        server.numbering.also = moved

        tokens.usable(typed.row_of(connection).pk)

        assert typed.row_of(connection).obtained()["access_token"]
