"""A process is killed while it renews a sign-in. After a restart, what is shown is true.

The platform may have replaced the refresh token without anybody here knowing: that one sign-in
is lost, and says so. In all other cases nothing is.
"""

import os
import signal
import sys
import threading
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from integrations.models import Trigger
from integrations.models.credentials import LEASE
from integrations.services import rows
from integrations.services.credentials import ends, leases, storing, tokens
from integrations.services.keeping import renewals
from providers import errors
from providers.sandbox import calendly as sandbox
from providers.sandbox.server import Answer
from tests.integrations.conftest import sign_in_as
from tests.integrations.kept import sign_ins
from tests.integrations.processes import order, process
from tests.integrations.services.credentials.renewals import (
    INVALID_GRANT,
    answer_as_usual,
    answer_renewals,
    go_round,
    is_accepted,
    renewals_seen,
    row_of,
    run_out,
)
from tests.integrations.services.credentials.test_tokens_at_once import ask

pytestmark = pytest.mark.django_db(transaction=True)

ROTATES = [pytest.param(True, id="rotating"), pytest.param(False, id="not rotating")]


# --- What the processes do -----------------------------------------------------------------------


def ask_until(sign_in_id, event, name):
    """Ask for a token, and die where the function of this name is called, or returns."""
    die_at(event, named(name))
    ask(sign_in_id)


def renew(sign_in_id):
    """Renew what is due."""
    tokens.renew(sign_in_id)


def renew_until(sign_in_id, event, name):
    """The same for a renewal ahead of the end."""
    die_at(event, named(name))
    tokens.renew(sign_in_id)


ROOM = (tokens, leases, storing, ends)
FILES = {module.__file__ for module in ROOM}


def named(name):
    """The function of the room that renews."""
    return next(getattr(module, name) for module in ROOM if hasattr(module, name))


def die_at(event, function):
    code = function.__code__

    def watch(frame, what, _argument):
        if what == event and frame.f_code is code:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(watch)


def ask_for(sign_in_id, steps):
    """Ask for a token, and die after so many steps; returns how many there were.

    A step is that a function of the service begins or ends.
    """
    left = steps

    def watch(frame, what, _argument):
        nonlocal left
        if what in ("call", "return") and frame.f_code.co_filename in FILES:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(watch)
    ask(sign_in_id)
    sys.setprofile(None)
    return steps - left


def tell_until(sign_in_id, event, name):
    """Renew as the schedule does, and die on the way."""
    die_at(event, getattr(renewals, name))
    renewals.renew(sign_in_id)


# --- What the tests see --------------------------------------------------------------------------


@pytest.fixture
def rotates(request, monkeypatch):
    monkeypatch.setattr(sandbox.SIGN_IN, "rotates", request.param)
    return request.param


def kill(processes, task, row, *args):
    """Whether the process that was to be killed was."""
    processes.start(f"{__name__}:{task}", str(row.pk), *args)
    (ended,) = processes.ended()
    return ended.signal == signal.SIGKILL


def after_the_lease():
    """The moment of a restart, when a lease that was left behind has run out."""
    return time_machine.travel(timezone.now() + LEASE + timedelta(seconds=1))


def assert_is_alive(connection):
    """What is stored is good now, and can be renewed again."""
    used = tokens.usable(row_of(connection).pk)
    assert is_accepted(used.held.tokens.access_token)
    run_out(row_of(connection))
    renewed = tokens.usable(row_of(connection).pk)
    assert renewed.held.tokens != used.held.tokens
    assert is_accepted(renewed.held.tokens.access_token)


def assert_is_lost_and_says_so(connection):
    found = rows.find(connection.workspace, connection.provider)
    assert (found.status, found.needs_reauth, found.error_kind) == ("error", True, "auth_expired")
    assert found.light(timezone.now()) == "red"
    assert "A renewal was interrupted" in found.last_error
    assert found.error_action == "Sign in to Calendly again."
    told = found.tests.filter(trigger=Trigger.SCHEDULE, revision=found.revision)
    assert [test.outcome for test in told] == ["failed"]
    with pytest.raises(errors.AuthExpired, match="interrupted"):
        tokens.usable(row_of(connection).pk)


@pytest.mark.parametrize("rotates", ROTATES, indirect=True)
@pytest.mark.parametrize(
    ("event", "name"),
    [
        pytest.param("call", "claim", id="before anything"),
        pytest.param("call", "_asked", id="before the request leaves"),
    ],
)
def test_before_the_request_nothing_is_lost(
    processes, rotates, event, name, calendly, calendly_signed_in
):
    run_out(row_of(calendly_signed_in))

    assert kill(processes, "ask_until", row_of(calendly_signed_in), event, name)

    assert renewals_seen(calendly) == []
    with after_the_lease():
        go_round()
        assert len(renewals_seen(calendly)) == 1
        assert_is_alive(calendly_signed_in)


@pytest.mark.parametrize("rotates", [False], indirect=True)
@pytest.mark.parametrize(
    ("event", "name"),
    [
        pytest.param("return", "_asked", id="with the answer in hand"),
        pytest.param("call", "_keep_sign_in", id="in the transaction"),
        pytest.param("call", "keep_forecast", id="before the commit"),
    ],
)
def test_before_the_commit_nothing_is_lost_where_tokens_stay(
    processes, rotates, event, name, calendly, calendly_signed_in
):
    run_out(row_of(calendly_signed_in))

    assert kill(processes, "ask_until", row_of(calendly_signed_in), event, name)

    assert len(renewals_seen(calendly)) == 1
    with after_the_lease():
        go_round()
        assert_is_alive(calendly_signed_in)


@pytest.mark.parametrize("rotates", [True], indirect=True)
@pytest.mark.parametrize(
    ("event", "name"),
    [
        pytest.param("return", "_asked", id="with the answer in hand"),
        pytest.param("call", "_keep_sign_in", id="in the transaction"),
        pytest.param("call", "keep_forecast", id="before the commit"),
    ],
)
def test_before_the_commit_a_sign_in_is_lost_where_tokens_are_replaced(
    processes, rotates, event, name, calendly, calendly_signed_in
):
    run_out(row_of(calendly_signed_in))

    assert kill(processes, "ask_until", row_of(calendly_signed_in), event, name)

    with after_the_lease():
        go_round()
        go_round()
        assert_is_lost_and_says_so(calendly_signed_in)
    assert len(renewals_seen(calendly)) == 2


@pytest.mark.parametrize("rotates", ROTATES, indirect=True)
def test_after_the_commit_nothing_is_lost(processes, rotates, calendly, calendly_signed_in):
    run_out(row_of(calendly_signed_in))

    assert kill(processes, "ask_until", row_of(calendly_signed_in), "return", "_renew")

    with after_the_lease():
        go_round()
        assert len(renewals_seen(calendly)) == 1
        assert_is_alive(calendly_signed_in)


def kill_while_asked(processes, server, row, *, notices):
    """Kill it as its request arrives, which the platform then still answers, or never sees."""

    def answer(asked):
        answered = sandbox.answer(asked) if notices else Answer(is_reset=True)
        os.kill(processes.pids[0], signal.SIGKILL)
        return answered

    answer_renewals(server, answer)
    killed = kill(processes, "ask", row)
    answer_as_usual(server)
    return killed


@pytest.mark.parametrize("rotates", ROTATES, indirect=True)
def test_while_a_request_is_on_its_way_nothing_is_lost(
    processes, rotates, calendly, calendly_signed_in
):
    run_out(row_of(calendly_signed_in))

    assert kill_while_asked(processes, calendly, row_of(calendly_signed_in), notices=False)

    with after_the_lease():
        go_round()
        assert_is_alive(calendly_signed_in)


@pytest.mark.parametrize("rotates", [False], indirect=True)
def test_while_the_platform_answers_nothing_is_lost_where_tokens_stay(
    processes, rotates, calendly, calendly_signed_in
):
    run_out(row_of(calendly_signed_in))

    assert kill_while_asked(processes, calendly, row_of(calendly_signed_in), notices=True)

    with after_the_lease():
        go_round()
        assert_is_alive(calendly_signed_in)


@pytest.mark.parametrize("rotates", [True], indirect=True)
def test_while_the_platform_answers_a_sign_in_is_lost_where_tokens_are_replaced(
    processes, rotates, calendly, calendly_signed_in
):
    run_out(row_of(calendly_signed_in))

    assert kill_while_asked(processes, calendly, row_of(calendly_signed_in), notices=True)

    with after_the_lease():
        go_round()
        assert_is_lost_and_says_so(calendly_signed_in)


def test_at_whatever_step_it_dies_the_state_is_true(
    processes, calendly, workspace, editor, settings
):
    settings.TEST_RATE = 1000
    run_out(row_of(sign_in_as("healthy", workspace, editor)))
    processes.start(f"{__name__}:ask_for", str(sign_ins().get().pk), 1000)
    steps = processes.ended()[0].answer

    lost = 0
    for step in range(1, steps + 1):
        connection = sign_in_as("healthy", workspace, editor)
        run_out(row_of(connection))
        calendly.requests_seen.clear()
        assert kill(processes, "ask_for", row_of(connection), step)
        was_asked = bool(renewals_seen(calendly))
        with after_the_lease():
            go_round()
            if row_of(connection).is_ended:
                assert_is_lost_and_says_so(connection)
                assert was_asked
                lost += 1
            else:
                assert_is_alive(connection)

    assert steps > 30
    assert 0 < lost < steps / 2


def test_who_asks_before_the_lease_has_run_out_waits_and_takes_over(
    processes, calendly, calendly_signed_in
):
    run_out(row_of(calendly_signed_in))
    assert kill(processes, "ask_until", row_of(calendly_signed_in), "call", "_asked")
    row = row_of(calendly_signed_in)

    with time_machine.travel(row.lease_until - timedelta(milliseconds=300)):
        used = tokens.usable(row.pk)

    assert is_accepted(used.held.tokens.access_token)


def test_a_token_that_is_still_good_is_given_though_a_renewal_died(
    processes, calendly, calendly_signed_in
):
    row = row_of(calendly_signed_in)
    assert kill(processes, "renew_until", row, "call", "_asked")

    used = tokens.usable(row.pk)

    assert row_of(calendly_signed_in).is_leased(timezone.now())
    assert used.held.tokens.access_token == tokens.held_by(row).access_token


def test_an_end_that_nobody_was_told_of_is_told_after_a_restart(
    processes, calendly, calendly_signed_in
):
    answer_renewals(calendly, INVALID_GRANT)
    run_out(row_of(calendly_signed_in))
    assert kill(processes, "tell_until", row_of(calendly_signed_in), "call", "_tell")
    assert row_of(calendly_signed_in).is_ended

    go_round()
    go_round()

    found = rows.find(calendly_signed_in.workspace, "calendly")
    told = found.tests.filter(trigger=Trigger.SCHEDULE)
    assert (found.status, found.needs_reauth) == ("error", True)
    assert [test.outcome for test in told] == ["failed"]
    assert len(renewals_seen(calendly)) == 1


def test_a_process_that_ends_waits_for_its_renewal(calendly, calendly_signed_in):
    run_out(row_of(calendly_signed_in))
    is_leaving = threading.Event()
    with process("leave") as ending:

        def answer(asked):
            answered = sandbox.answer(asked)
            ending.say("end")
            assert ending.hear() == "leaving"
            is_leaving.set()
            return answered

        answer_renewals(calendly, answer)
        ending.say(order(f"{__name__}:renew", str(row_of(calendly_signed_in).pk)))
        assert is_leaving.wait(timeout=30)

    assert len(renewals_seen(calendly)) == 1
    answer_as_usual(calendly)
    assert_is_alive(calendly_signed_in)
