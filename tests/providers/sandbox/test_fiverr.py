"""The sandbox is a data service and Fiverr's pages, each key, path and seller as the guide says."""

import pytest

from providers.platforms.fiverr import PROVIDER
from providers.run.ladder import run_test
from providers.sandbox import fiverr as sandbox

ADDRESS = {"base_url": "https://data.acme.example"}
KEYS = {
    "svc-healthy": None,
    "svc-forbidden": "permission_missing",
    "svc-limited": "rate_limited",
    "svc-down": "provider_unavailable",
    "svc-cut": "network",
    "svc-silent": "network",
    "svc-unknown": "auth_invalid",
}
PATHS = {
    "/service/open": (None, "warned"),
    "/service/list": (None, "passed"),
    "/service/stale": (None, "passed"),
    "/service/other": ("account_not_found", "passed"),
    "/service/strange": (None, "passed"),
    "/service/error": ("invalid_config", "skipped"),
    "/service/accepted": ("invalid_config", "skipped"),
    "/service/login": ("invalid_config", "skipped"),
    "/service/moved": ("invalid_config", "skipped"),
    "/service/post": ("invalid_config", "skipped"),
    "/service/nothing": ("invalid_config", "skipped"),
}
SELLERS = {
    "acme_studio": "blocked",
    "gone_seller": "account_not_found",
    "walled": "blocked",
    "walled_200": "blocked",
    "empty_page": "blocked",
    "limited": "rate_limited",
    "down": "provider_unavailable",
    "silent": "network",
    "nobody_here": "account_not_found",
}


def kind(result):
    return result.error.kind if result.error else None


@pytest.mark.parametrize("key", KEYS)
def test_a_key_leads_to_what_it_promises(platform, key):
    fake, _ = platform(PROVIDER, sandbox.answer)
    patience = 0.3 if key == "svc-silent" else 30

    result = run_test(fake, ADDRESS | {"access_token": key}, deadline_seconds=patience)

    assert kind(result) == KEYS[key]


@pytest.mark.parametrize("path", PATHS)
def test_a_path_leads_to_what_it_promises(platform, path):
    fake, _ = platform(PROVIDER, sandbox.answer)
    values = {"access_token": sandbox.KEY, "health_path": path, "account_id": sandbox.USERNAME}

    result = run_test(fake, ADDRESS | values)

    assert (kind(result), result.steps[1].outcome) == PATHS[path]


@pytest.mark.parametrize("seller", SELLERS)
def test_a_seller_leads_to_what_it_promises(platform, seller):
    fake, _ = platform(PROVIDER, sandbox.answer)
    patience = 0.3 if seller == "silent" else 30
    values = {"account_id": seller, "live_lookup": "on"}

    result = run_test(fake, values, method="public_page", deadline_seconds=patience)

    assert kind(result) == SELLERS[seller]
    assert ("Public page found" in result.error.message) == (seller == sandbox.USERNAME)


def test_everything_in_the_guide_is_drilled():
    assert KEYS.keys() == {*sandbox.KEYS, "svc-unknown"}
    assert PATHS.keys() == {*dict(sandbox.SERVICE_PATHS), "/service/nothing"}
    assert SELLERS.keys() == {*sandbox.SELLERS, sandbox.NOBODY}
