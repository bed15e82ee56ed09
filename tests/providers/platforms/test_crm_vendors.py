"""Which CRM an address belongs to, and what is said about values that do not go together."""

import pytest

from providers.platforms.crm import PROVIDER
from providers.platforms.crm.vendors import data_centre_of, vendor_of

LOOKALIKES = ["https://hubspot.com.example.net", "https://nothubspot.com", "https://acme.test/crm"]


@pytest.mark.parametrize(
    ("address", "vendor"),
    [
        ("https://api.hubapi.com", "hubspot"),
        ("https://app-eu1.hubspot.com/contacts/123", "hubspot"),
        ("https://ACME.my.salesforce.com.", "salesforce"),
        ("https://acme--test.sandbox.my.salesforce.com", "salesforce"),
        ("https://acme.lightning.force.com", "salesforce"),
        ("https://acme.pipedrive.com", "pipedrive"),
        ("https://www.zohoapis.com.au", "zoho"),
        ("https://crm.zohocloud.ca/crm/org1", "zoho"),
        *((address, "generic") for address in LOOKALIKES),
    ],
)
def test_an_empty_vendor_is_recognised_by_its_host(address, vendor):
    assert vendor_of({"base_url": address}) == vendor


def test_nothing_is_recognised_without_vendor_and_address():
    assert vendor_of({"access_token": "t"}) is None
    assert PROVIDER.contradictions({"access_token": "t"}) == {}


@pytest.mark.parametrize(
    ("address", "centre"),
    [
        ("https://www.zohoapis.com", "us"),
        ("https://accounts.zoho.eu", "eu"),
        ("https://sandbox.zohoapis.in", "in"),
        ("https://crm.zoho.com.cn/crm/org1", "cn"),
        ("https://accounts.zohocloud.ca", "ca"),
        ("https://www.zohoapis.com.example.net", None),
    ],
)
def test_the_data_centre_is_recognised_by_the_whole_host(address, centre):
    assert data_centre_of(address) == centre


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"vendor": "hubspot", "base_url": "https://a.pipedrive.com"}, "vendor", "Pipedrive"),
        ({"vendor": "zoho", "base_url": LOOKALIKES[0]}, "base_url", "Zoho CRM"),
        ({"vendor": "generic", "base_url": "https://api.hubapi.com"}, "vendor", "HubSpot"),
        ({"vendor": "generic"}, "base_url", "Enter the address"),
        ({"base_url": "https://acme.lightning.force.com"}, "base_url", ".my.salesforce.com"),
        ({"base_url": "https://login.salesforce.com"}, "base_url", "My Domain"),
        ({"data_centre": "us", "base_url": "https://crm.zoho.eu"}, "data_centre", "another"),
        (
            {"vendor": "hubspot", "access_token": "0123abcd-0123-0123-0123-0123456789ab"},
            "access_token",
            "service key",
        ),
    ],
)
def test_values_that_do_not_go_together_are_named(values, field, words):
    found = PROVIDER.contradictions(values)

    assert list(found) == [field]
    assert words in found[field][0]


@pytest.mark.parametrize(
    "values",
    [
        {"vendor": "hubspot", "access_token": "pat-eu1-0123abcd"},
        {"vendor": "salesforce", "base_url": "https://acme.develop.my.salesforce.com"},
        {"vendor": "zoho", "data_centre": "eu", "base_url": "https://www.zohoapis.eu"},
        {"vendor": "generic", "base_url": "https://crm.example.com/api"},
        {"base_url": LOOKALIKES[1], "access_token": "0123abcd-0123-0123-0123-0123456789ab"},
        {"vendor": None, "base_url": None},
    ],
)
def test_values_that_go_together_are_left_alone(values):
    assert PROVIDER.contradictions(values) == {}


def test_a_secret_of_a_listed_crm_has_a_host_of_that_crm():
    hosts = PROVIDER.hosts

    assert hosts["HUBSPOT"] == "https://api.hubapi.com"
    assert hosts["PIPEDRIVE"] == "https://api.pipedrive.com"
    assert hosts["ZOHO_CA"] == "https://www.zohoapis.ca"
    assert hosts["ZOHO_CA_ACCOUNTS"] == "https://accounts.zohocloud.ca"
