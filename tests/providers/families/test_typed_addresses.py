"""What answers at an address that a person typed, before it was proven and after."""

import pytest

from providers import errors
from providers.declare import Tokens
from providers.platforms.crm import PROVIDER as CRM
from providers.platforms.fiverr import PROVIDER as FIVERR
from providers.run.ladder import list_accounts, run_test
from providers.sandbox.crm import salesforce
from providers.sandbox.server import Answer
from tests.providers.contract.signing_in import app_of, run_signed_in
from tests.providers.platforms.crm_cases import METHODS, MY_DOMAIN, of_generic, of_salesforce

PASTED = {"vendor": "salesforce", "base_url": MY_DOMAIN, "access_token": "00D5f000000aBcD!healthy"}
SERVICE = {"base_url": "https://data.acme.example/fiverr", "access_token": "service-key-4321"}
PAGE = "<!DOCTYPE html><title>Back soon</title>"
WAYS = {
    "a data service": (FIVERR, SERVICE, "data_endpoint"),
    "another CRM": (CRM, of_generic(), "rest"),
    "a My Domain with an app": (CRM, of_salesforce(), METHODS[of_salesforce]),
    "a My Domain with a token": (CRM, PASTED, "access_token"),
}
ANSWERS = {
    "a web page": (200, PAGE),
    "a page of a missing site": (404, PAGE),
    "broken JSON": (200, '{"id": 7, "na'),
    "plain text": (200, "It works!"),
    "nothing": (200, ""),
    "a redirect": (302, "", {"Location": "https://elsewhere.example/"}),
    "a redirect with data": (301, {"moved": True}, {"Location": "https://elsewhere.example/"}),
    "far too much": (200, "x" * (10 * 2**20)),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize(("who", "values", "method"), WAYS.values(), ids=WAYS)
def test_it_is_the_persons_mistake_only_until_it_was_proven(platform, who, values, method, answer):
    fake, _ = platform(who, lambda _asked: Answer(*answer))

    before = run_test(fake, values, method=method)
    after = run_test(fake, values, method=method, was_proven=lambda: True)

    assert (before.outcome, before.error.kind) == ("failed", "invalid_config")
    assert (after.outcome, after.steps[0].outcome) == ("inconclusive", "inconclusive")
    assert after.error.kind in ("unexpected_reply", "blocked")
    assert after.error.action.startswith("It was right before: test again later.")
    assert after.steps[0].detail == after.error.message


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_an_address_that_a_sign_in_gave_is_never_the_persons_mistake(platform, answer):
    fake, _ = platform(CRM, lambda _asked: Answer(*answer))
    held = Tokens("00D5f000000aBcD!of-healthy-1", facts={"instance_url": MY_DOMAIN})

    result = run_signed_in(fake, app_of(salesforce.SIGN_IN), held, {"vendor": "salesforce"})

    assert result.outcome == "inconclusive"
    assert "address" not in result.error.action


def at_the_second_request(answer):
    """Data first: then Salesforce says what its newest version is."""

    def reply(asked):
        first = (200, [{"version": "68.0"}]) if asked.path == "/services/data/" else answer
        return Answer(*first)

    return reply


@pytest.mark.parametrize("name", ["nothing", "broken JSON", "a redirect", "far too much"])
def test_it_counts_where_a_token_is_asked_for_too(platform, name):
    fake, _ = platform(CRM, at_the_second_request(ANSWERS[name]))
    client = METHODS[of_salesforce]

    before = run_test(fake, of_salesforce(), method=client)
    after = run_test(fake, of_salesforce(), method=client, was_proven=lambda: True)

    assert [step.outcome for step in before.steps][:2] == ["passed", "failed"]
    assert [step.outcome for step in after.steps][:2] == ["passed", "inconclusive"]


OWN_ANSWERS = [
    (401, PAGE, "auth_invalid", "auth_invalid"),
    (401, {}, "auth_invalid", "auth_invalid"),
    (403, {}, "permission_missing", "permission_missing"),
    (403, PAGE, "permission_missing", "blocked"),
    (404, {}, "invalid_config", "unexpected_reply"),
    (200, {"error": "No."}, "invalid_config", "unexpected_reply"),
    (503, PAGE, "provider_unavailable", "provider_unavailable"),
]


@pytest.mark.parametrize(("status", "body", "before", "after"), OWN_ANSWERS)
def test_what_a_service_says_of_a_key_is_believed_whenever_it_says_it(
    platform, status, body, before, after
):
    fake, _ = platform(CRM, lambda _asked: Answer(status, body))

    first = run_test(fake, of_generic(), method="rest")
    later = run_test(fake, of_generic(), method="rest", was_proven=lambda: True)

    assert (first.error.kind, later.error.kind) == (before, after)


def test_what_a_platform_calls_its_error_by_is_its_own_answer(platform):
    refused = {"error": "invalid_grant", "error_description": "not supported on this domain"}
    fake, _ = platform(CRM, at_the_second_request((400, refused)))

    result = run_test(fake, of_salesforce(), method=METHODS[of_salesforce], was_proven=lambda: True)

    assert (result.outcome, result.error.kind) == ("failed", "invalid_config")


def test_nobody_asks_whether_it_was_proven_while_it_does_not_matter(platform):
    asked = []
    fake, _ = platform(CRM, lambda _asked: Answer(503, PAGE))

    run_test(fake, of_generic(), method="rest", was_proven=lambda: asked.append(1) or True)

    assert asked == []


@pytest.mark.parametrize(
    ("who", "values", "method"), [WAYS["a data service"], WAYS["a My Domain with a token"]]
)
def test_it_counts_for_the_list_of_accounts(platform, who, values, method):
    fake, _ = platform(who, lambda _asked: Answer(200, PAGE))

    with pytest.raises(errors.InvalidConfig):
        list_accounts(fake, values, method=method)
    with pytest.raises(errors.Unanswered):
        list_accounts(fake, values, method=method, was_proven=lambda: True)
