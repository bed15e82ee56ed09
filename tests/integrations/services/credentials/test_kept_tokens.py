"""A token that was got for typed secrets serves every test of an hour, and no candidate."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from integrations.models import Trigger
from integrations.services import rows
from integrations.services.connecting import background, candidates
from integrations.services.connecting.changes import Changes
from integrations.services.proving import discovery, testing
from providers.families.google.assertion import KEY_FILE
from providers.sandbox import google
from providers.sandbox.crm import zoho
from tests.integrations.services.credentials import typed
from tests.integrations.services.credentials.typed import row_of

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SESSION = "session-of-emil"
OTHERS = {
    KEY_FILE: google.service_account_json("stranger"),
    "client_secret": "0123456789",
    "refresh_token": f"{zoho.PREFIX}revoked",
    "api_key": "another-key",
    "api_key_secret": "another-secret",
}
GOT = "Its token was got on 2026-11-23 at 12:00 UTC."


@pytest.fixture(autouse=True)
def clock(time_machine):
    """It stands still; `clock.shift(timedelta)` moves it."""
    time_machine.move_to(NOW, tick=False)
    return time_machine


@pytest.fixture(params=typed.ALL.values(), ids=list(typed.ALL))
def case(request):
    return request.param


@pytest.fixture
def platform(case):
    with typed.standing_in(case) as server:
        yield server


@pytest.fixture
def saved(workspace, case, platform):
    return typed.save(workspace, case)


def ask(connection):
    return testing.test_connection(connection, trigger=Trigger.SCHEDULE)


def details(test):
    return " ".join(step["detail"] for step in test.steps)


def try_and_save(workspace, case, user, **config):
    """Test and save, as the dialog does it."""
    kept = background.start_proof(
        rows.unread(workspace, case.slug),
        Changes(config=config, auth_method=case.method),
        user=user,
        session_key=SESSION,
        base_version=rows.find(workspace, case.slug).version,
    )
    return candidates.find(rows.find(workspace, case.slug), kept.pk, user=user, session_key=SESSION)


def test_a_hundred_tests_within_the_hour_ask_for_one_token(saved, platform, clock):
    outcomes = set()
    for _ in range(100):
        outcomes.add(ask(saved).outcome)
        clock.shift(timedelta(seconds=30))

    assert outcomes == {"passed"}
    assert platform.asked_for_tokens == 1


def test_after_the_hour_it_is_asked_for_once_more(saved, platform, clock):
    ask(saved)

    clock.shift(HOUR)
    assert [ask(saved).outcome for _ in range(3)] == ["passed"] * 3

    assert platform.asked_for_tokens == 2


@pytest.mark.parametrize("left", [60, 59])
def test_shortly_before_its_end_it_is_asked_for_once_more(saved, platform, clock, left):
    platform.numbering.also = {"expires_in": 600}
    ask(saved)

    clock.shift(timedelta(seconds=600 - left))
    ask(saved)

    assert platform.asked_for_tokens == (1 if left == 60 else 2)


def test_the_ladder_says_when_a_kept_token_was_got(saved, platform, clock):
    first = ask(saved)
    clock.shift(timedelta(minutes=7))
    second = ask(saved)

    assert "Its token was got" not in details(first)
    assert details(second).count(GOT) == 1


@pytest.mark.parametrize(
    "case", [typed.SERVICE_ACCOUNT, typed.UPWORK], ids=["google", "upwork"], indirect=True
)
def test_a_list_of_accounts_uses_the_kept_token(saved, platform):
    ask(saved)

    assert discovery.accounts(saved)

    assert platform.asked_for_tokens == 1


def test_test_and_save_of_typed_secrets_asks_anew(saved, case, platform, workspace, editor, clock):
    ask(saved)
    clock.shift(1)

    kept = try_and_save(workspace, case, editor, **case.config)

    assert (kept.problem, kept.test.outcome) == ("", "passed")
    assert "Its token was got" not in details(kept.test)
    assert platform.asked_for_tokens == 2


def test_test_and_save_of_another_account_alone_asks_anew(
    saved, case, platform, workspace, editor, clock
):
    ask(saved)
    clock.shift(1)

    kept = try_and_save(workspace, case, editor, **case.other_account)

    assert (kept.problem, kept.test.outcome) == ("", "passed")
    assert "Its token was got" not in details(kept.test)
    assert platform.asked_for_tokens == 2


def test_a_kept_token_that_is_refused_is_replaced_once(saved, platform, clock):
    ask(saved)
    clock.shift(1)
    platform.numbering.refuses = lambda number: number == 1

    test = ask(saved)

    assert test.outcome == "passed"
    assert "Its token was got" not in details(test)
    assert platform.asked_for_tokens == 2
    assert row_of(saved).obtained()["access_token"].endswith("~2")


def test_a_second_refusal_is_believed(saved, platform, clock, workspace):
    ask(saved)
    clock.shift(1)
    platform.numbering.refuses = lambda _number: True

    test = ask(saved)

    assert test.outcome == "failed"
    assert rows.find(workspace, saved.provider).status == "error"
    assert platform.asked_for_tokens == 2


def test_a_token_that_was_got_just_now_is_believed_at_once(saved, platform):
    platform.numbering.refuses = lambda _number: True

    assert ask(saved).outcome == "failed"

    assert platform.asked_for_tokens == 1


def test_a_refused_token_is_asked_for_anew_by_the_next_test(saved, platform, clock):
    platform.numbering.refuses = lambda _number: True
    ask(saved)
    clock.shift(1)
    platform.numbering.refuses = lambda number: number == 1

    assert ask(saved).outcome == "passed"
    assert platform.asked_for_tokens == 2


def test_other_secrets_are_never_tested_with_the_kept_token(saved, case, platform, workspace):
    ask(saved)

    name = next(name for name in saved.hints)
    typed.save(workspace, replace(case, config={**case.config, name: OTHERS[name]}))
    test = ask(rows.find(workspace, case.slug))

    assert test.outcome == "failed"
    assert "Its token was got" not in details(test)
