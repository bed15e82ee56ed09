"""How a test runs: its steps in order, told as they happen, ending at the first failure."""

import json
import logging
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from providers import declare as base
from providers import errors
from providers.declare import Account, Method, Passed, Provider, Skipped, Warned, access_token, step
from providers.run.ladder import NOT_TRIED, list_accounts, run_test
from providers.sandbox.server import Answer

KEY = "k3y-of-acme-4321"
VALUES = {"access_token": KEY}
DETAIL = Passed("All is well.")
ACME = Provider(
    slug="acme",
    name="Acme",
    used_by=("Tests",),
    docs_url="https://acme.example/docs",
    hosts={"API": "https://api.acme.example"},
    methods=(Method("api_key", "Key"), Method("sign_in", "Sign-in")),
    fields=(access_token(),),
)


def acme(*asks, optional=()):
    """Acme, tested by one step for each function of the tester, or for what it answers."""
    steps = {
        f"step_{number}": step(f"Step {number}", optional=number in optional)(as_function(ask))
        for number, ask in enumerate(asks, 1)
    }
    return replace(ACME, tester=type("AcmeTester", (base.Tester,), steps))


def as_function(ask):
    def answer(tester):
        if isinstance(ask, Exception):
            raise ask
        return ask

    return ask if callable(ask) else answer


def outcomes(result):
    return [step.outcome for step in result.steps]


def test_steps_run_in_the_order_they_are_written():
    result = run_test(acme(DETAIL, Warned("Nearly full."), Skipped("Not asked for.")), VALUES)

    assert result.outcome == "passed"
    assert result.error is None
    assert [(step.label, step.outcome, step.detail) for step in result.steps] == [
        ("Step 1", "passed", "All is well."),
        ("Step 2", "warned", "Nearly full."),
        ("Step 3", "skipped", "Not asked for."),
    ]


def test_a_step_of_another_method_is_not_in_the_ladder():
    steps = {
        "by_key": step("By key", methods=("api_key",))(as_function(DETAIL)),
        "by_sign_in": step("By sign-in", methods=("sign_in",))(as_function(DETAIL)),
    }
    provider = replace(ACME, tester=type("AcmeTester", (base.Tester,), steps))

    result = run_test(provider, VALUES, method="sign_in")

    assert [one.label for one in result.steps] == ["By sign-in"]


def test_the_whole_ladder_is_told_whenever_a_step_begins():
    told = []

    run_test(
        acme(DETAIL, errors.AuthInvalid(), DETAIL),
        VALUES,
        on_progress=lambda steps: told.append([step.outcome for step in steps]),
    )

    assert told == [
        ["running", "waiting", "waiting"],
        ["passed", "running", "waiting"],
    ]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (errors.AuthInvalid("No.", "Do this."), "failed"),
        (errors.InvalidConfig("No.", "Do this."), "failed"),
        (errors.RateLimited("No.", "Do this.", retry_after_seconds=60), "inconclusive"),
        (errors.ProviderUnavailable("No.", "Do this."), "inconclusive"),
    ],
)
def test_the_first_failure_ends_the_test(error, outcome):
    asked = []

    result = run_test(acme(DETAIL, error, asked.append), VALUES)

    assert (result.outcome, result.error) == (outcome, error)
    assert outcomes(result) == ["passed", outcome, "skipped"]
    assert [step.detail for step in result.steps[1:]] == ["No.", NOT_TRIED]
    assert asked == []


@pytest.mark.parametrize(
    "error",
    [
        errors.PermissionMissing("Not this stream.", "Ask an admin."),
        errors.ProviderUnavailable("Not this stream.", "Ask an admin."),
    ],
)
def test_an_optional_step_that_is_refused_warns_and_the_rest_runs(error):
    result = run_test(acme(DETAIL, error, DETAIL, optional=[2]), VALUES)

    assert result.outcome == "passed"
    assert result.error is None
    assert outcomes(result) == ["passed", "warned", "passed"]
    assert result.steps[1].detail == "Not this stream. Ask an admin."


UNEXPECTED = {
    "a key is missing": ({}, lambda reply: reply["data"]),
    "a list is empty": ({"data": []}, lambda reply: reply["data"][0]),
    "a list is an object": ({"data": {"a": 1}}, lambda reply: reply["data"][0]),
    "a value is null": ({"data": None}, lambda reply: reply["data"]["id"]),
    "an object is text": ("private-text-of-acme", lambda reply: reply.get("id")),
    "a number is text": (
        {"count": "private-text-of-acme"},
        lambda reply: int(reply["count"]),
    ),
    "a moment is too far away": (
        {"ends": 10**30},
        lambda reply: datetime.fromtimestamp(reply["ends"], UTC),
    ),
}


@pytest.mark.parametrize(("body", "read"), UNEXPECTED.values(), ids=UNEXPECTED.keys())
def test_a_reply_of_another_shape_is_our_fault_and_turns_no_one_red(platform, body, read, caplog):
    def ask(tester):
        read(tester.api.get("/things"))

    provider, _ = platform(acme(ask, DETAIL), {"/things": Answer(200, as_json(body))})

    result = run_test(provider, VALUES)

    assert (result.outcome, result.error.kind) == ("inconclusive", "unexpected_reply")
    assert outcomes(result) == ["inconclusive", "skipped"]
    [record] = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert "AcmeTester" in record.getMessage()
    assert "private-text" not in caplog.text


def as_json(body):
    """JSON for the server to send as it is: text of ours would go out as text."""
    return json.dumps(body).encode()


def test_another_shape_in_an_optional_step_only_warns():
    result = run_test(acme(DETAIL, KeyError("data"), optional=[2]), VALUES)

    assert result.outcome == "passed"
    assert outcomes(result) == ["passed", "warned"]


def test_a_platform_without_a_tester_is_not_implemented():
    result = run_test(ACME, VALUES)

    assert (result.outcome, result.error, result.steps) == ("not_implemented", None, [])


def test_what_a_tester_learns_is_handed_on():
    ends = datetime(2027, 1, 31, tzinfo=UTC)

    def learn(tester):
        tester.account = Account("7", "Acme Inc")
        tester.expires_at, tester.expires_is_estimate = ends, True
        return DETAIL

    result = run_test(acme(learn), VALUES)

    assert result.account == Account("7", "Acme Inc")
    assert (result.expires_at, result.expires_is_estimate) == (ends, True)


def test_the_account_is_known_also_when_a_later_step_fails():
    def learn(tester):
        tester.account = Account("7")
        return DETAIL

    result = run_test(acme(learn, errors.PermissionMissing()), VALUES)

    assert result.account == Account("7")


@pytest.mark.parametrize(("chosen", "used"), [("sign_in", "sign_in"), (None, "api_key")])
def test_the_tester_knows_the_method_the_plain_values_and_which_secrets_there_are(chosen, used):
    def tell(tester):
        return Passed(f"{tester.method} {tester.values} {tester.has('access_token')}")

    result = run_test(acme(tell), VALUES | {"account_id": "7"}, method=chosen)

    assert result.steps[0].detail == f"{used} {{'account_id': '7'}} True"


def test_a_secret_in_a_detail_is_masked():
    result = run_test(acme(Passed(f"You sent {KEY}.")), VALUES)

    assert result.steps[0].detail == "You sent •••."
    assert KEY not in repr(result)


def test_a_secret_in_an_accounts_name_is_masked():
    def learn(tester):
        tester.account = Account("7", f"Acme {KEY}")
        return DETAIL

    result = run_test(acme(learn), VALUES)

    assert result.account == Account("7", "Acme •••")


def test_a_test_without_any_step_proves_nothing():
    assert run_test(acme(), VALUES).outcome == "not_implemented"


@pytest.mark.parametrize("patience", [0.1, 0])
def test_one_deadline_ends_all_the_steps(platform, patience):
    def ask(tester):
        tester.api.get("/silent")

    provider, requests_seen = platform(acme(ask, DETAIL), {"/silent": Answer(is_silent=True)})

    result = run_test(provider, VALUES, deadline_seconds=patience)

    assert (result.outcome, result.error.kind) == ("inconclusive", "network")
    assert outcomes(result) == ["inconclusive", "skipped"]
    assert result.duration_ms < 5000
    assert len(requests_seen) == (1 if patience else 0)


def test_a_step_and_the_test_say_how_long_they_took(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("providers.run.ladder.time", SimpleNamespace(monotonic=lambda: now[0]))

    def take_long(tester):
        now[0] += 0.25
        return DETAIL

    result = run_test(acme(take_long, take_long), VALUES)

    assert [step.duration_ms for step in result.steps] == [250, 250]
    assert result.duration_ms == 500


def test_what_a_platform_calls_the_account_can_be_stored():
    """Half a surrogate pair, a NUL and a name without end come from a reply as they like."""

    def learn(tester):
        tester.account = Account(7, "A\ud800\0" + "b" * 500)
        return Passed("Named A\ud800\0")

    result = run_test(acme(learn), VALUES)

    assert result.account == Account("7", "A?" + "b" * 198)
    assert result.steps[0].detail == "Named A?"


def test_a_list_of_accounts_can_be_stored_and_shown_too():
    listed = [Account(7, None), Account("8", f"A\ud800{KEY}")]
    tester = type("AcmeTester", (base.Tester,), {"accounts": lambda _tester: listed})

    found = list_accounts(replace(ACME, tester=tester), VALUES)

    assert found == [Account("7", ""), Account("8", "A?•••")]


def test_a_detail_without_end_is_cut():
    result = run_test(acme(Passed("x" * 100_000)), VALUES)

    assert len(result.steps[0].detail) == 500


def moves_and_raises(error):
    def ask(tester):
        tester.api.move("API", "https://given.acme.example")
        raise error

    return ask


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (errors.Forwarded(), ("provider_unavailable", "Nothing to fix here: test again later.")),
        (
            errors.NoSuchHost("Unknown.", "Check the address for typing mistakes."),
            ("network", "Check this server's DNS and its connection to the internet."),
        ),
    ],
)
def test_an_address_that_a_sign_in_gave_is_nobodys_to_correct(error, told):
    result = run_test(acme(moves_and_raises(error)), VALUES, method="sign_in")

    assert result.outcome == "inconclusive"
    assert (result.error.kind, result.error.action) == told
    assert result.error.renewal_may_help


@pytest.mark.parametrize("error", [errors.Forwarded("Moved."), errors.NoSuchHost("Unknown.")])
def test_an_address_that_a_person_typed_is_theirs(error):
    result = run_test(acme(moves_and_raises(error)), VALUES, method="api_key")

    assert (result.error.message, result.error.kind) == (error.message, error.kind)
    assert not result.error.renewal_may_help


def test_what_an_optional_step_warns_of_is_advised_after_a_sign_in_too():
    refused = errors.AuthInvalid("No.", "Paste a new token.")

    result = run_test(acme(refused, optional=[1]), VALUES, method="sign_in")

    assert result.steps[0].detail == "No. Sign in to Acme again."
