"""After a sign-in nobody is told to paste something."""

import re

import pytest

from providers import errors, registry
from providers.run.advice import advise_signed_in, may_be_renewed

PASTED = re.compile(r"paste|new token|make a token|system user|service key", re.IGNORECASE)
WHO = {
    who.name: who
    for provider in registry.catalogue().values()
    for who in (provider, *(provider.for_values(values) for values in provider.oauth_variants))
    if who.oauth
}
each_platform = pytest.mark.parametrize("who", WHO.values(), ids=WHO.keys())


@each_platform
def test_no_rule_of_a_platform_speaks_of_pasted_values_after_a_sign_in(who):
    for rule in who.errors:
        error = rule.meant()
        advise_signed_in(error, who.name)
        assert not PASTED.search(error.action), rule


@pytest.mark.parametrize("error", [*errors.Refused.__subclasses__(), errors.Blocked])
def test_the_usual_advice_of_each_kind_is_one_for_a_sign_in_too(error):
    said = error()
    advise_signed_in(said, "Acme")

    assert said is not None
    assert "paste" not in said.action.lower()


def test_advice_that_has_nothing_to_do_with_a_token_stays():
    error = errors.PermissionMissing("No.", "Ask an admin.", action_url="https://acme.example")

    advise_signed_in(error, "Acme")

    assert (error.action, error.action_url) == ("Ask an admin.", "https://acme.example")


def test_another_token_helps_against_a_refused_one_and_an_address_that_is_gone():
    gone = errors.ProviderUnavailable()
    gone.renewal_may_help = True

    assert all(map(may_be_renewed, (errors.AuthInvalid(), errors.AuthExpired(), gone)))
    assert not may_be_renewed(errors.ProviderUnavailable())
    assert not may_be_renewed(None)
