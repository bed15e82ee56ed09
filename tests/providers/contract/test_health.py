"""What every platform promises of a healthy credential, and of a wrong one."""

import pytest

from providers import registry
from providers.platforms.crm.vendors import VENDORS
from providers.sandbox.__main__ import PLATFORMS
from tests.providers.contract.cases import CASES
from tests.providers.contract.trial import attempt

CATALOGUE = registry.catalogue()
each_case = pytest.mark.parametrize("case", CASES, ids=str)
each_platform = pytest.mark.parametrize("slug", CATALOGUE)
PUBLIC_PAGE_FOUND = "Public page found"


@each_platform
def test_every_way_to_connect_has_a_healthy_case_in_the_sandbox(slug):
    tried = {case.method for case in CASES if case.slug == slug}

    assert slug in PLATFORMS
    assert tried == {method.slug for method in CATALOGUE[slug].methods}


def test_every_vendor_of_the_crm_has_a_healthy_case():
    assert {case.values["vendor"] for case in CASES if case.slug == "crm"} == dict(VENDORS).keys()


@each_case
def test_a_case_is_what_a_person_could_type(case):
    cleaned, _ = case.provider.clean(case.values)

    assert cleaned == case.values
    assert case.provider.missing(case.method, case.values) == []
    assert case.provider.contradictions(case.values) == {}
    assert case.values.keys() <= {field.name for field in case.provider.fields_of(case.method)}


@each_case
def test_a_healthy_credential_is_proven(case, healthy):
    result = healthy(case).result

    if not case.proves:
        assert result.outcome == "inconclusive"
        assert result.error.message.startswith(PUBLIC_PAGE_FOUND)
        return
    assert result.outcome == "passed"
    assert result.error is None
    assert {step.outcome for step in result.steps} <= {"passed", "warned", "skipped"}
    assert "passed" in {step.outcome for step in result.steps}


@each_case
def test_a_proof_says_whose_data_it_reaches(case, healthy):
    account = healthy(case).result.account

    if not case.proves:
        assert account is None
        return
    assert account.id
    assert len(account.id) <= 200
    if "account_id" in case.values:
        assert account.id == case.values["account_id"]


@each_case
def test_a_test_really_asks_and_stays_within_its_declared_cost(case, healthy):
    calls = healthy(case).calls

    assert case.who.cost is not None
    assert 1 <= len(calls) <= case.who.cost.calls <= case.provider.cost.calls
    assert case.who.cost.note


@each_case
def test_every_host_that_is_called_is_declared(case, healthy):
    assert {call.host for call in healthy(case).calls} <= case.provider.hosts.keys()


@each_case
def test_only_steps_that_are_shown_say_something(case, healthy):
    for step in healthy(case).result.steps:
        assert step.label
        assert step.detail, step.label


def altered(secret):
    """Another value of the same form, which the sandbox does not know."""
    return secret.replace("healthy", "nobody") if "healthy" in secret else f"{secret}0"


WRONG = [(case, name) for case in CASES for name in sorted(case.secret_names)]


@pytest.mark.parametrize(("case", "name"), WRONG, ids=[f"{case}-{name}" for case, name in WRONG])
def test_a_wrong_secret_never_passes(case, name, server):
    result = attempt(server, case, changes={name: altered}).result

    # A wrong secret of the app is an owner's to correct: nobody is sent to sign in again.
    of_app = name not in (*case.secrets, "access_token")
    kinds = ("invalid_config",) if of_app else ("auth_invalid", "auth_expired")
    assert result.outcome == "failed"
    assert result.error.kind in kinds
    assert result.error.action


@pytest.mark.parametrize("case", [case for case in CASES if case.proves], ids=str)
def test_every_required_secret_is_tried_in_a_wrong_way_too(case):
    required = {field.name for field in case.provider.missing(case.method, ()) if field.secret}

    assert required <= case.secret_names
    assert case.secret_names
