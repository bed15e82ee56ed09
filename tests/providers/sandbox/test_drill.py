"""Each fault of a drill, shown by each platform's stand-in: the platform's own words come out."""

import pytest

from providers import registry
from providers.errors import AccountNotFound, AuthExpired, AuthInvalid, PermissionMissing
from providers.outbound.transport import Timeouts
from providers.sandbox import drill
from providers.sandbox.__main__ import PLATFORMS
from providers.sandbox.practice import Fault
from providers.sandbox.stand_in import DOWN

SOON, USUAL = Timeouts(read=0.05), Timeouts()
REVOKED = {AuthInvalid.kind, AuthExpired.kind}
LIMIT = {"rate_limited", "quota_exhausted"}
WRONG_ACCOUNT = {AccountNotFound.kind, PermissionMissing.kind}
KINDS = {
    Fault.REVOKED: REVOKED,
    Fault.OUTAGE: {"provider_unavailable"},
    Fault.LIMIT: LIMIT,
    Fault.ACCOUNT: WRONG_ACCOUNT,
    Fault.SILENCE: {"network"},
}
SAID = {
    Fault.OUTAGE: "has a problem at the moment.",
    Fault.SILENCE: "did not answer in time.",
}
# By slug, and for what is several by who is asked: what is said of revoked and account.
WORDS = {
    "Meta": ("does not accept this access token", "does not know this ID"),
    "Google Ads": ("Google ended this sign-in", "has no access to the customer"),
    "LinkedIn": ("was withdrawn in LinkedIn", "has no role on the Page"),
    "Upwork": ("no longer accepts this refresh token", "does not reach the chosen"),
    "Your data service": ("refused the key", "another Fiverr seller"),
    "X (Twitter)": ("does not accept this token", "no X account with this name"),
    "Reddit": ("has ended this connection", "no community with this name"),
    "YouTube": ("key has expired", "no channel with this ID"),
    "Google Analytics (GA4)": ("Google ended this sign-in", "no such property"),
    "Search Console": ("Google ended this sign-in", "not a user of exactly this property"),
    "Stripe": ("key has expired", "does not reach the connected account"),
    "Calendly": ("does not accept this token", "not a member of the chosen organization"),
    "HubSpot": ("has expired or was rotated", "another HubSpot account"),
    "Salesforce": ("is no longer active", "another Salesforce account"),
    "Pipedrive": ("refused the token", "another Pipedrive account"),
    "Zoho CRM": ("was revoked", "another Zoho CRM account"),
    "Your CRM": ("does not accept this key", ""),
}


def practised():
    """Each platform, or part of one, with what its drills are run with."""
    for slug, known in PLATFORMS.items():
        provider = registry.get(slug)
        for practice in known.practices:
            yield pytest.param(provider, practice, id=provider.for_values(practice.healthy).name)


EVERY = [*practised()]


def test_every_platform_and_every_vendor_can_be_practised():
    assert {one.id for one in EVERY} == WORDS.keys()
    assert {one.values[0].slug for one in EVERY} == set(PLATFORMS)
    for provider in registry.own():
        vendors = {one.value for one in provider.vendors}
        practised = {one.values[1].healthy.get(provider.asks_first) for one in EVERY}
        assert vendors <= practised


@pytest.mark.parametrize(("provider", "practice"), EVERY)
def test_without_a_fault_it_is_proven(provider, practice):
    result = drill.climb(provider, practice, None)

    assert (result.outcome, result.error) == ("passed", None)


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize(("provider", "practice"), EVERY)
def test_a_fault_is_told_in_the_platforms_own_words(provider, practice, fault):
    if fault not in practice.faults:
        assert (provider.for_values(practice.healthy).name, fault) == ("Your CRM", Fault.ACCOUNT)
        return
    name = provider.for_values(practice.healthy).name
    revoked, account = WORDS[name]

    timeouts = SOON if fault == Fault.SILENCE else USUAL
    result = drill.climb(provider, practice, fault, timeouts=timeouts)

    assert result.error.kind in KINDS[fault]
    said = SAID | {Fault.REVOKED: revoked, Fault.ACCOUNT: account}
    assert said.get(fault, "") in result.error.message
    assert result.error.action


@pytest.mark.parametrize(("provider", "practice"), EVERY)
def test_a_connection_is_practised_as_who_is_asked_about_it(provider, practice):
    assert drill.practice_of(provider, practice.healthy) is practice


def test_what_nobody_can_stand_in_for_is_not_practised():
    fiverr = registry.get("fiverr")

    assert drill.practice_of(fiverr, {"account_id": "acme_studio"}) is None  # the public page
    assert drill.practice_of(registry.get("crm"), {}) is None  # nobody's yet


def test_a_fault_that_cannot_be_shown_is_refused():
    (crm,) = (one.values for one in EVERY if one.id == "Your CRM")

    with pytest.raises(KeyError):
        drill.climb(*crm, Fault.ACCOUNT)


def test_the_stand_in_takes_the_place_of_every_host_for_its_call_alone(platform):
    meta = registry.get("meta")
    (practice,) = PLATFORMS["meta"].practices
    operators, seen = platform(meta, lambda _asked: DOWN[1])

    assert drill.climb(operators, practice, None).outcome == "passed"
    assert seen == []  # where the operator pointed it is left alone
    assert meta.overrides == {}
