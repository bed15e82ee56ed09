import pytest
from django.test import override_settings

from integrations import crypto
from tests.integrations.kept import secrets_of

TOKEN = "EAAlongEnoughx9Qd"
VALUES = {"access_token": TOKEN, "account_id": "1001"}


@pytest.mark.parametrize("new_place", ["https://elsewhere.example/v1", None])
def test_a_saved_secret_is_never_sent_to_another_address(save, errors_of, new_place):
    save(
        "crm",
        config={
            "vendor": "generic",
            "access_token": TOKEN,
            "base_url": "https://crm.example/v1",
        },
    )

    errors = errors_of(provider="crm", config={"base_url": new_place})

    assert "Enter the secrets again" in errors["config"]["base_url"][0]


def test_a_vendor_decides_where_a_secret_goes_too(save, errors_of):
    save("crm", config={"vendor": "hubspot", "access_token": TOKEN})

    errors = errors_of(provider="crm", config={"vendor": "pipedrive"})

    assert "vendor" in errors["config"]


def test_with_the_secrets_sent_again_the_address_may_change(save):
    first = {"vendor": "generic", "access_token": TOKEN, "base_url": "https://crm.example/v1"}
    save("crm", config=first)

    moved = save("crm", config={"base_url": "https://new.example/v1", "access_token": "another1"})

    assert moved.config["base_url"] == "https://new.example/v1"
    assert secrets_of(moved) == {"access_token": "another1"}


def test_metas_address_can_only_be_metas(errors_of):
    errors = errors_of(config={**VALUES, "base_url": "https://evil.example"})

    assert "not an address of Meta" in errors["config"]["base_url"][0]


def test_unreadable_secrets_can_only_be_replaced_or_removed_knowingly(save, errors_of):
    save(config={**VALUES, "app_secret": "5a4d1b0c5a4d1b0c5a4d1b0c5a4d1b0c"})

    with override_settings(CREDENTIAL_KEYS=[crypto.new_key()]):
        errors = errors_of(config={"access_token": "EAAnewtoken12"})
        assert "cannot be read" in errors["config"]["app_secret"][0]

        saved = save(config={"access_token": "EAAnewtoken12", "app_secret": None})
        assert secrets_of(saved) == {"access_token": "EAAnewtoken12"}
        assert not saved.is_unreadable


def test_a_name_left_out_keeps_its_value_and_null_clears_it(save):
    save(config={**VALUES, "pixel_id": "2001"})

    assert save(config={"account_id": "act_1002"}).config["pixel_id"] == "2001"
    assert "pixel_id" not in save(config={"pixel_id": None}).config
