"""What the dialog opens at: the value that is wrong, or the first that is missing."""

import pytest
from django.utils import timezone

from integrations.models import ConnectionTest, IntegrationConnection, Status
from integrations.pages import mending
from integrations.pages.mending import Mending
from integrations.services.connecting.changes import Changes

SECRETS = {"client_id", "client_secret", "refresh_token", "developer_token"}


def broken(provider, method, kind, message="It is refused.", **facts):
    facts = {"hints": dict.fromkeys(facts.pop("secrets", ["access_token"])), **facts}
    return IntegrationConnection(
        provider=provider,
        auth_method=method,
        status=Status.ERROR,
        is_complete=True,
        last_error=message,
        error_kind=kind,
        failing_since=timezone.now(),
        **facts,
    )


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        ("auth_invalid", "was refused"),
        ("auth_expired", "has ended"),
        ("permission_missing", "lacks a permission"),
    ],
)
def test_what_lets_one_in_is_at_fault_when_it_is_refused(kind, what):
    found = mending.of(broken("meta", "access_token", kind, secrets=["access_token", "app_secret"]))

    assert (found.fault, found.what) == ("access_token", what)


def test_of_several_secrets_the_one_that_the_error_names_is_at_fault():
    told = {"secrets": SECRETS, "message": "Google does not know this client secret."}

    found = mending.of(broken("google_ads", "refresh_token", "auth_invalid", **told))

    assert found.fault == "client_secret"


def test_where_none_is_named_it_is_the_one_that_belongs_to_this_way_alone():
    found = mending.of(broken("upwork", "refresh_token", "auth_expired", secrets=SECRETS))

    assert found.fault == "refresh_token"


def test_an_account_that_is_not_found_is_at_fault():
    found = mending.of(broken("x", "bearer_token", "account_not_found"))

    assert (found.fault, found.what) == ("account_id", "was not found")


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        ("The address is a web page.", "base_url"),
        ("There is nothing at the path to test.", "health_path"),
    ],
)
def test_of_wrong_values_the_named_one_is_at_fault_else_the_address(message, fault):
    config = {"vendor": "generic", "base_url": "https://a.example"}

    found = mending.of(broken("crm", "rest", "invalid_config", message, config=config))

    assert found.fault == fault


def test_what_was_typed_is_at_fault_when_its_test_failed():
    saved = broken("meta", "access_token", "auth_expired")
    typed = Changes(config={"access_token": "EAAother", "account_id": "act_1"})
    test = ConnectionTest(outcome="failed", error_kind="account_not_found", message="Not there.")

    found = mending.of_try(saved, typed, test)

    assert (found.fault, found.what) == ("account_id", "was not found")
    assert (found.is_tried, found.is_broken, found.is_known) == (True, True, True)


def test_what_got_no_clear_answer_is_no_fault_of_what_was_typed():
    new = IntegrationConnection(provider="meta", status=Status.NOT_CONNECTED)
    test = ConnectionTest(outcome="inconclusive", error_kind="network", message="Silence.")

    found = mending.of_try(new, Changes(), test)

    assert found == Mending(is_tried=True)


def test_what_nobody_can_tell_folds_nothing():
    found = mending.of(broken("meta", "access_token", "invalid_config"))

    assert (found.fault, found.is_known, found.is_broken) == ("", False, True)


def test_an_account_that_is_only_reported_is_no_fault_of_a_value():
    reported = IntegrationConnection(
        provider="meta", status=Status.ERROR, reported_error="No rows.", is_complete=True
    )

    assert mending.of(reported) == Mending(is_broken=True, is_report=True)


def test_what_is_half_set_up_lacks_its_required_values():
    half = IntegrationConnection(
        provider="upwork", status=Status.NOT_CONNECTED, auth_method="refresh_token", hints={}
    )
    half.config = {"client_id": "abc"}

    assert mending.of(half) == Mending(missing=("client_secret", "refresh_token"), is_half=True)


@pytest.mark.parametrize("status", [Status.CONNECTED, Status.DISABLED])
def test_what_works_or_is_off_needs_no_mending(status):
    assert mending.of(IntegrationConnection(provider="meta", status=status)) == Mending()
