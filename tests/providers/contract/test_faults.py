"""Whatever a platform answers, at whichever call, a test ends in time with a true sentence."""

import logging
import re
import ssl

import pytest
import trustme

from providers import errors, registry
from providers.outbound.transport import Timeouts
from providers.run.ladder import NOT_TRIED, run_test
from tests.providers.asking import held
from tests.providers.contract.cases import CASES
from tests.providers.contract.faults import FAULTS, OUTAGES, TOLERATED, is_tolerated
from tests.providers.contract.trial import attempt, given
from tests.providers.servers import RawServer, ok

NAMED = ("401", "403", "404", "429", "500", "timeout", "reset", "HTML")
USUAL, IMPATIENT = Timeouts(), Timeouts(dns=0.5, read=0.5)
LONGEST_MS = 10_000
each_case = pytest.mark.parametrize("case", CASES, ids=str)
each_fault = pytest.mark.parametrize("fault", FAULTS)
# One way of each platform, and every vendor of the CRM: their way to the first host differs.
FIRST = list({(case.slug, case.values.get("vendor")): case for case in CASES}.values())


def suffer(server, case, fault, at):
    patience = IMPATIENT if fault == "timeout" else USUAL
    return attempt(server, case, fault=FAULTS[fault].answer, at_call=at, timeouts=patience)


def place(case, call):
    return f"{case.slug}: {case.steps[call.step].label} at {call.path}"


def ends_here(case, call, fault):
    """Whether a fault at this call must end the test at the step that made it."""
    return not case.steps[call.step].optional and not is_tolerated(place(case, call), fault)


def said_of_the_end(result, at, case, fault):
    """What is wrong with a result that should have ended at this step; nothing when all is well."""
    error = result.error
    if error is None:
        yield "it passed"
        return
    if [step.outcome for step in result.steps].index(error.outcome) != at:
        yield "it ended at another step"
    if {step.detail for step in result.steps[at + 1 :]} - {NOT_TRIED}:
        yield "it went on"
    if error.kind not in FAULTS[fault].may_mean(case) or error.outcome != result.outcome:
        yield f"it was taken for {error.kind}"
    if not error.message or not error.action:
        yield "it does not say what happened and what to do"


def said_of_secrets(case, trial, logged):
    """Looks for them as they were typed, as obtained, and for a part of a key inside a file."""
    error = trial.result.error
    shown = repr(trial.result) + repr(error) + logged
    shown += f"{error.message} {error.action} {error.action_url}" if error else ""
    typed = set(case.secrets.values())
    parts = {secret[500:600] for secret in typed if len(secret) > 600}
    if any(secret in shown for secret in typed | parts | trial.obtained):
        yield "it gives a secret away"


def said_of_going_on(result, at):
    step = result.steps[at]
    if result.outcome != "passed" or step.outcome not in ("passed", "warned", "skipped"):
        yield f"a step that need not pass ended the test: {step.outcome}"
    if not step.detail:
        yield "it does not say what happened"


@each_fault
@each_case
def test_a_fault_ends_the_test_at_the_step_that_met_it(case, fault, server, healthy, caplog):
    caplog.set_level(logging.DEBUG)
    found = []
    for at, call in enumerate(healthy(case).calls):
        caplog.clear()
        trial = suffer(server, case, fault, at)
        result = trial.result
        if ends_here(case, call, fault) or result.error:
            wrong = said_of_the_end(result, call.step, case, fault)
        else:
            wrong = said_of_going_on(result, call.step)
        wrong = [*wrong, *said_of_secrets(case, trial, caplog.text)]
        found += [f"{place(case, call)}: {what}" for what in wrong]
        assert result.duration_ms < LONGEST_MS

    assert found == []


@pytest.mark.parametrize("fault", OUTAGES)
def test_no_outage_may_mean_that_anyone_did_something_wrong(fault):
    outcomes = {error.kind: error.outcome for error in errors.Refused.__subclasses__()}

    assert FAULTS[fault].kinds.isdisjoint(outcomes)
    assert FAULTS[fault].typed.isdisjoint(outcomes)


def test_every_provider_stops_where_each_named_fault_is_injected(server, healthy):
    stopped = {
        (slug, fault)
        for slug in registry.catalogue()
        for fault in NAMED
        if stops_where_injected(slug, fault, server, healthy)
    }

    assert len(stopped) == len(registry.catalogue()) * len(NAMED)
    assert len(stopped) >= 13 * 8


def stops_where_injected(slug, fault, server, healthy):
    """Tries the calls from the last on, where most has passed already, until one ends the test."""
    calls = [
        (case, at, call)
        for case in CASES
        if case.slug == slug
        for at, call in enumerate(healthy(case).calls)
        if not case.steps[call.step].optional
    ]
    for case, at, call in sorted(calls, key=lambda found: found[1], reverse=True):
        result = suffer(server, case, fault, at).result
        if result.error:
            return list(said_of_the_end(result, call.step, case, fault)) == []
    return False


@pytest.mark.parametrize("at", TOLERATED)
def test_every_tolerance_is_of_a_call_that_is_made(at, healthy):
    places = [place(case, call) for case in CASES for call in healthy(case).calls]

    assert any(re.search(at, call) for call in places)


@each_case
def test_json_that_is_sent_as_plain_text_is_json_all_the_same(case, server, healthy):
    as_usual = healthy(case).result

    result = attempt(server, case, content_type="text/plain").result

    assert result.outcome == as_usual.outcome
    assert [step.outcome for step in result.steps] == [step.outcome for step in as_usual.steps]


def at_address(server, case, url):
    values, grant = given(server, case)
    fake = case.provider.pointed_at(dict.fromkeys(case.provider.hosts, url))
    return run_test(
        fake, values, method=case.method, tokens=held(values, grant), timeouts=IMPATIENT
    )


@pytest.mark.parametrize("case", FIRST, ids=str)
def test_a_name_that_does_not_resolve_is_nobodys_fault(case, server):
    result = at_address(server, case, "https://nowhere.invalid")

    assert (result.outcome, result.error.kind) == ("inconclusive", "network")
    assert "could not be looked up" in result.error.message


@pytest.fixture(scope="module")
def untrusted():
    """A server whose certificate no authority that we know has signed."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)
    with RawServer(ok(), tls=tls) as running:
        yield running


@pytest.mark.parametrize("case", FIRST, ids=str)
def test_a_certificate_that_is_not_trusted_gets_no_request(case, server, untrusted):
    result = at_address(server, case, f"https://127.0.0.1:{untrusted.port}")

    assert (result.outcome, result.error.kind) == ("inconclusive", "network")
    assert "No secure connection" in result.error.message
    assert untrusted.requests == []
