"""Who is asked for which values, and what every vendor's tester has in common."""

from datetime import UTC, datetime

import pytest

from providers import declare as base
from providers.errors import InvalidConfig
from providers.platforms.crm import PROVIDER
from providers.run.ladder import list_accounts, run_test
from providers.sandbox import crm
from providers.sandbox.crm import generic, hubspot, pipedrive, salesforce, zoho
from providers.sandbox.crm.trouble import TROUBLE
from tests.providers.platforms.crm_cases import (
    METHODS,
    MY_DOMAIN,
    ask,
    method_of,
    of_generic,
    of_hubspot,
    of_pipedrive,
    of_salesforce,
    of_zoho,
    outcomes,
    said,
)

VENDORS = tuple(METHODS)


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"vendor": "hubspot"}, "HubSpot"),
        ({"base_url": "https://app-eu1.hubspot.com/contacts/1/"}, "HubSpot"),
        ({"base_url": "https://acme.my.salesforce.com"}, "Salesforce"),
        ({"base_url": "https://acme.pipedrive.com"}, "Pipedrive"),
        ({"base_url": "https://crm.zoho.eu"}, "Zoho CRM"),
        ({"vendor": "generic"}, "Your CRM"),
        ({"base_url": "https://hubspot.com.example.net"}, "Your CRM"),
        ({}, "CRM"),
    ],
)
def test_the_vendor_is_chosen_or_recognised(values, name):
    provider = PROVIDER.for_values(values)

    assert (provider.slug, provider.name) == ("crm", name)


def test_a_variant_stays_in_the_trial_that_it_was_pointed_at():
    trial = PROVIDER.pointed_at({"API": "http://127.0.0.1:9"})

    assert trial.for_values({"vendor": "hubspot"}).overrides == {"API": "http://127.0.0.1:9"}


def test_without_vendor_and_address_nobody_is_asked(platform):
    result, requests_seen = ask(platform, {"access_token": "anything-at-all"})

    assert result.error.kind == "invalid_config"
    assert result.error.message == "Nothing says which CRM you use."
    assert "Choose your CRM" in result.error.action
    assert requests_seen == []
    with pytest.raises(InvalidConfig):
        list_accounts(PROVIDER, {"access_token": "anything-at-all"})


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"vendor": "hubspot", "base_url": "https://a.pipedrive.com"}, "Pipedrive"),
        ({"vendor": "zoho", "base_url": "https://zoho.eu.example.net"}, "not an address of Zoho"),
        ({"vendor": "generic", "base_url": "https://api.hubapi.com"}, "HubSpot"),
        ({"base_url": "https://acme.lightning.force.com"}, "not your My Domain"),
        ({"base_url": "https://login.salesforce.com"}, "not your My Domain"),
        ({"data_centre": "us", "base_url": "https://crm.zoho.eu"}, "another data centre"),
        (
            {"vendor": "hubspot", "access_token": "0123abcd-0123-0123-0123-0123456789ab"},
            "old API key",
        ),
    ],
)
def test_values_that_do_not_go_together_are_refused_before_any_call(platform, values, word):
    result, requests_seen = ask(platform, {"access_token": "t0ken-of-acme"} | values)

    assert result.error.kind == "invalid_config"
    assert word in result.error.message
    assert result.error.action.endswith(".")
    assert requests_seen == []


@pytest.mark.parametrize(
    ("values", "method", "word"),
    [
        ({"vendor": "hubspot"}, "client_credentials", "service key"),
        ({"vendor": "pipedrive"}, "refresh_token", "API token"),
        ({"vendor": "salesforce"}, "access_token", "My Domain"),
        ({"vendor": "salesforce"}, "client_credentials", "My Domain"),
        ({"vendor": "zoho"}, "access_token", "data centre"),
        ({"vendor": "zoho"}, "refresh_token", "data centre"),
        ({"vendor": "zoho", "data_centre": "eu"}, "client_credentials", "Self Client"),
        ({"vendor": "generic"}, "access_token", "address of your CRM"),
    ],
)
def test_a_way_that_the_vendor_does_not_know_says_which_one_to_choose(
    platform, values, method, word
):
    result, requests_seen = ask(platform, values, method=method)

    assert result.error.kind == "invalid_config"
    assert word in result.error.message + result.error.action
    assert requests_seen == []


@pytest.mark.parametrize(
    ("vendor", "token", "facts"),
    [
        (of_salesforce, "00D5f000000aBcD!healthy", {"instance_url": MY_DOMAIN}),
        (of_zoho, "1000.access.healthy", {"api_domain": "https://www.zohoapis.eu"}),
    ],
)
def test_a_token_that_is_kept_is_not_asked_for_again(platform, vendor, token, facts):
    kept = base.Held(base.Tokens(token, facts=facts), datetime.now(UTC), is_kept=True)
    fake, requests_seen = platform(PROVIDER, crm.answer)

    result = run_test(fake, vendor(), method=METHODS[vendor], tokens=lambda: kept)

    assert result.outcome == "passed"
    assert {one.method for one in requests_seen} == {"GET"}


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_healthy_connection_passes_within_its_cost(platform, vendor):
    values = vendor()

    result, requests_seen = ask(platform, values)

    assert result.outcome == "passed"
    assert set(outcomes(result)) <= {"passed", "skipped"}
    assert len(requests_seen) == PROVIDER.for_values(values).cost.calls
    assert len(requests_seen) <= PROVIDER.cost.calls


@pytest.mark.parametrize(
    ("vendor", "account"),
    [
        (of_hubspot, ("12345678", "")),
        (of_pipedrive, ("4321", "Acme Sales")),
        (of_salesforce, ("00D5f000000aBcDEAU", "Acme")),
        (of_zoho, ("755574505", "Acme GmbH")),
    ],
)
def test_the_account_behind_the_credentials_is_found(platform, vendor, account):
    fake, _ = platform(PROVIDER, crm.answer)

    [found] = list_accounts(fake, vendor(), method=METHODS[vendor])

    assert (found.id, found.name) == account


def test_another_crm_lists_no_accounts(platform):
    fake, requests_seen = platform(PROVIDER, crm.answer)

    assert list_accounts(fake, of_generic(), method="rest") is None
    assert requests_seen == []


@pytest.mark.parametrize(
    ("vendor", "account_id"),
    [
        (of_hubspot, "12345678"),
        (of_pipedrive, "4321"),
        (of_salesforce, "00D5f000000aBcDEAU"),
        (of_salesforce, "00D5f000000aBcD"),
        (of_zoho, "755574505"),
        (of_zoho, "org755574505"),
        (of_zoho, "4150868000000225003"),
    ],
)
def test_the_account_that_was_entered_is_recognised(platform, vendor, account_id):
    result, _ = ask(platform, vendor() | {"account_id": account_id})

    assert result.outcome == "passed"


@pytest.mark.parametrize("vendor", [of_hubspot, of_pipedrive, of_salesforce, of_zoho])
def test_another_account_than_the_one_entered_is_not_taken(platform, vendor):
    result, _ = ask(platform, vendor() | {"account_id": "999"})

    assert result.error.kind == "account_not_found"
    assert "another" in result.error.message
    assert result.account is None


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize(
    ("word", "kind"), [("down", "provider_unavailable"), ("cut", "network"), ("wall", "blocked")]
)
def test_an_outage_turns_no_one_red(platform, vendor, word, kind):
    result, _ = ask(platform, vendor(word))

    typed_by_a_person = vendor is of_generic and word == "wall"
    assert result.error.kind == ("invalid_config" if typed_by_a_person else kind)


@pytest.mark.parametrize("vendor", VENDORS)
def test_silence_ends_with_the_deadline(platform, vendor):
    fake, _ = platform(PROVIDER, crm.answer)

    result = run_test(fake, vendor("silent"), method=METHODS[vendor], deadline_seconds=0.3)

    assert (result.outcome, result.error.kind) == ("inconclusive", "network")


@pytest.mark.parametrize("vendor", VENDORS)
def test_no_secret_is_shown_even_when_the_vendor_repeats_it(platform, vendor):
    """Every text in every reply is the text of the request."""
    values = vendor() | {"account_name_path": "data.company"}

    def parrot(asked):
        reply = crm.answer(asked)
        sent = f"{asked.headers} {asked.body.decode()} {asked.query}"
        return type(reply)(reply.status, echoed(reply.body, sent), reply.headers)

    result, requests_seen = ask(platform, values, parrot)

    assert len(requests_seen) >= 2
    for name in PROVIDER.secret_names & values.keys():
        assert values[name] not in said(result)


def echoed(body, sent):
    names = {"Name", "name", "full_name", "company_name", "portalName", "accountType", "company"}
    if isinstance(body, list):
        return [echoed(one, sent) for one in body]
    if isinstance(body, dict):
        return {k: sent if k in names else echoed(v, sent) for k, v in body.items()}
    return body


def test_every_tester_has_steps_and_every_sentence_is_short():
    for vendor in VENDORS:
        provider = PROVIDER.for_values(vendor())
        assert provider.tester.steps()
        assert provider.tester.accounts is not base.Tester.accounts or vendor is of_generic
        for rule in provider.errors:
            assert rule.message.endswith(".")
            assert rule.action.endswith(".")
            assert max(len(rule.message), len(rule.action)) < 100
            assert (rule.action_url or "https://").startswith("https://")


# --- The sandbox

DRILLS = {
    of_hubspot: {
        "healthy": None,
        "nodetails": None,
        "nodeals": None,
        "nocontacts": "permission_missing",
        "nouser": "permission_missing",
        "empty": None,
        "expired": "auth_expired",
        "banned": "auth_invalid",
        "limited": "rate_limited",
        "daily": "quota_exhausted",
        "moving": "provider_unavailable",
        "unknown": "auth_invalid",
    },
    of_pipedrive: {
        "healthy": None,
        "empty": None,
        "unpaid": "permission_missing",
        "nodeals": "permission_missing",
        "nopipelines": None,
        "limited": "rate_limited",
        "edge": "rate_limited",
        "unknown": "auth_invalid",
    },
    of_salesforce: {
        "healthy": None,
        "sandbox": None,
        "empty": None,
        "noid": None,
        "norunas": "permission_missing",
        "noflow": "auth_invalid",
        "noscope": "permission_missing",
        "noapi": "permission_missing",
        "nolead": "permission_missing",
        "noopportunity": None,
        "inactive": "auth_expired",
        "expired": "auth_expired",
        "daily": "quota_exhausted",
        "limited": "rate_limited",
        "maintenance": "provider_unavailable",
        "unknown": "auth_invalid",
    },
    of_zoho: {
        "healthy": None,
        "empty": None,
        "nousers": None,
        "revoked": "auth_expired",
        "otherdc": "auth_expired",
        "noleads": "permission_missing",
        "nodeals": None,
        "noprofile": "permission_missing",
        "bigin": "account_not_found",
        "throttled": "rate_limited",
        "limited": "rate_limited",
        "broken": "provider_unavailable",
        "unknown": "auth_expired",
    },
    of_generic: {
        "healthy": None,
        "denied": "permission_missing",
        "limited": "rate_limited",
        "error": "invalid_config",
        "unknown": "auth_invalid",
    },
}
CASES = [(vendor, word) for vendor, drills in DRILLS.items() for word in drills]


@pytest.mark.parametrize(
    ("vendor", "word"), CASES, ids=lambda part: getattr(part, "__name__", part)
)
def test_a_credential_of_the_sandbox_leads_to_the_failure_it_promises(platform, vendor, word):
    result, _ = ask(platform, vendor(word))

    assert (result.error and result.error.kind) == DRILLS[vendor][word]


@pytest.mark.parametrize(
    ("vendor", "does"),
    [
        (of_hubspot, hubspot.DOES),
        (of_pipedrive, pipedrive.DOES),
        (of_salesforce, salesforce.DOES),
        (of_zoho, zoho.DOES),
        (of_generic, generic.DOES),
    ],
)
def test_every_credential_of_the_sandbox_is_drilled_and_in_its_guide(vendor, does):
    shown = {value for entries in crm.PLATFORM.guide.values() for value, _ in entries}

    assert DRILLS[vendor].keys() == {*does, "unknown"}
    for word in (*does, *TROUBLE):
        assert shown & set(vendor(word).values())


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_the_guide_gives_can_be_entered(vendor):
    values = vendor()

    cleaned, _ = PROVIDER.clean(values)

    assert cleaned == values
    assert PROVIDER.contradictions(values) == {}
    assert PROVIDER.missing(method_of(values), values) == []
