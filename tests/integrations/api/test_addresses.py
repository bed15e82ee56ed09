"""Addresses in answers are the site's own, by whatever name it was asked."""

import pytest

from integrations.models import Trigger
from integrations.services.proving import testing

ONE = "/api/integrations/meta"


@pytest.fixture
def misled(api, settings):
    """A script that names another host, at a site that answers to all."""
    settings.PUBLIC_URL = "https://center.example"
    settings.ALLOWED_HOSTS = ["*"]
    api.defaults["HTTP_HOST"] = "attacker.example"
    return api


def test_the_root_names_the_public_address(misled):
    addresses = misled.get("/api/").json().values()

    assert addresses
    assert all(address.startswith("https://center.example/api/") for address in addresses)


def test_older_tests_are_found_at_the_public_address(misled, connected, meta):
    for _ in range(2):
        testing.test_connection(connected, trigger=Trigger.SCHEDULE)

    following = misled.get(f"{ONE}/tests?pageSize=1").json()["next"]

    assert following.startswith(f"https://center.example{ONE}/tests?cursor=")


def test_a_test_that_is_not_waited_for_is_found_there_too(misled, connected, meta, worker_seen):
    headers = {"Prefer": "respond-async"}

    reply = misled.post(f"{ONE}/test", {}, "application/json", headers=headers)

    assert reply.headers["Location"].startswith(f"https://center.example{ONE}/tests/")


@pytest.mark.parametrize("path", ["/api", "/admin", "/accounts/login", "/dashboard/"])
def test_who_is_led_on_stays_where_the_browser_is(misled, path):
    assert "attacker.example" not in misled.get(path).headers.get("Location", "")
