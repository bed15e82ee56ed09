"""A process is killed while it gets a token for typed secrets. What is stored says what is true.

Only a refresh token that the platform replaces with every use can be lost: then the next test
says so.
"""

import signal

import pytest
from django.db import connection as database

from integrations.models import Trigger
from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.credentials import tokens
from integrations.services.proving import testing
from providers import errors
from tests.integrations.kept import secrets_of
from tests.integrations.services.credentials import test_tokens_killed, typed
from tests.integrations.services.credentials.test_tokens_killed import after_the_lease

pytestmark = pytest.mark.django_db(transaction=True)

ROTATING = pytest.param(typed.UPWORK_REFRESH, id="rotating refresh token")
CLIENT = pytest.param(typed.SALESFORCE, id="client credentials")
INTERRUPTED = "A renewal was interrupted"


@pytest.fixture
def platform(case):
    with typed.standing_in(case) as server:
        server.numbering.rotates = "refresh_token" in case.config
        yield server


@pytest.fixture
def saved(workspace, case, platform):
    """Its token runs out now, and the refresh token was replaced once."""
    connection = typed.save(workspace, case)
    tokens.usable(typed.row_of(connection).pk)
    typed.run_out(connection)
    platform.requests_seen.clear()
    return rows.find(workspace, case.slug)


def kill(processes, task, connection, *args):
    """Whether the process that was to be killed was."""
    row = typed.row_of(connection)
    processes.start(f"{test_tokens_killed.__name__}:{task}", str(row.pk), *args)
    (ended,) = processes.ended()
    return ended.signal == signal.SIGKILL


def ask(connection):
    return testing.test_connection(connection, trigger=Trigger.SCHEDULE)


@pytest.mark.parametrize("case", [ROTATING, CLIENT])
@pytest.mark.parametrize(
    ("event", "name", "asked"),
    [
        pytest.param("call", "claim", 0, id="before anything"),
        pytest.param("call", "_asked_with_secrets", 0, id="before the request leaves"),
        pytest.param("return", "_renew", 1, id="after the commit"),
    ],
)
def test_before_the_request_and_after_the_commit_nothing_is_lost(
    processes, platform, saved, event, name, asked
):
    assert kill(processes, "ask_until", saved, event, name)

    assert platform.asked_for_tokens == asked
    with after_the_lease():
        assert ask(saved).outcome == "passed"
    assert platform.asked_for_tokens == 1


IN_HAND = [
    pytest.param("return", "_asked", id="with the answer in hand"),
    pytest.param("call", "_keep_obtained", id="in the transaction"),
    pytest.param("return", "_keep_lives", id="before the commit"),
]


@pytest.mark.parametrize("case", [CLIENT])
@pytest.mark.parametrize(("event", "name"), IN_HAND)
def test_before_the_commit_nothing_is_lost_where_secrets_stay(
    processes, platform, saved, event, name
):
    assert kill(processes, "ask_until", saved, event, name)

    with after_the_lease():
        assert ask(saved).outcome == "passed"
    assert platform.asked_for_tokens == 2


@pytest.mark.parametrize("case", [ROTATING])
@pytest.mark.parametrize(("event", "name"), IN_HAND)
def test_before_the_commit_a_refresh_token_is_lost_where_it_is_replaced(
    processes, platform, saved, event, name
):
    assert kill(processes, "ask_until", saved, event, name)

    with after_the_lease():
        test = ask(saved)

    found = rows.find(saved.workspace, saved.provider)
    assert test.outcome == "failed"
    assert INTERRUPTED in found.last_error
    assert (found.status, found.needs_reauth) == ("error", True)


@pytest.mark.parametrize("case", [ROTATING])
def test_at_whatever_step_it_dies_the_row_is_true(processes, platform, saved, workspace, case):
    processes.start(f"{test_tokens_killed.__name__}:ask_for", str(typed.row_of(saved).pk), 1000)
    steps = processes.ended()[0].answer

    lost = 0
    for step in range(1, steps + 1):
        platform.numbering.begin_again()
        saving.disconnect(rows.unread(workspace, case.slug), by=None)
        connection = typed.save(workspace, case)
        platform.requests_seen.clear()
        assert kill(processes, "ask_for", connection, step)
        was_asked = platform.asked_for_tokens == 1
        with after_the_lease():
            test = ask(connection)
        if test.outcome == "failed":
            assert INTERRUPTED in test.message
            assert was_asked
            lost += 1
        else:
            assert test.outcome == "passed"

    assert steps > 30
    assert 0 < lost < steps / 2


@pytest.mark.parametrize("case", [ROTATING])
def test_a_replaced_refresh_token_is_stored_before_the_token_is_used(platform, saved, workspace):
    seen = []

    def watch(asked):
        if asked.path == "/graphql" and not seen:
            found = rows.find(workspace, "upwork")
            seen.append((secrets_of(found)["refresh_token"], found.hints["refresh_token"]))
            database.close()
        return platform.numbering.answer(asked)

    platform.answer = watch
    assert ask(saved).outcome == "passed"

    assert seen == [("a-refresh-token-0002", "…0002")]


@pytest.mark.parametrize("case", [ROTATING])
def test_a_refusal_is_told_again_without_asking(platform, saved):
    platform.numbering.begin_again()

    for _ in range(2):
        with pytest.raises(errors.Refused):
            tokens.usable(typed.row_of(saved).pk)

    assert platform.asked_for_tokens == 1
