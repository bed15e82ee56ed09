"""The sandbox refuses what each vendor refuses, in the vendor's own words."""

import pytest
import requests

from providers.declare import dig
from providers.sandbox import crm
from providers.sandbox.crm import salesforce, zoho
from providers.sandbox.server import Server

HUBSPOT = {"Authorization": "Bearer pat-na1-healthy"}
PIPEDRIVE = {"x-api-token": "pd-healthy"}
SALESFORCE = {"Authorization": f"Bearer {salesforce.TOKEN}healthy"}
ZOHO = {"Authorization": "Zoho-oauthtoken 1000.access.healthy"}
HUBSPOT_CONTACTS = "/crm/objects/2026-09/contacts"
QUERY = "/services/data/v68.0/query"
LEADS = "/crm/v8/Leads"


@pytest.fixture
def ask():
    with Server(crm.answer) as server:

        def send(method, path, headers=None, **more):
            return requests.request(method, server.url + path, headers=headers, timeout=5, **more)

        yield send


@pytest.mark.parametrize(
    ("path", "headers", "status", "at", "code"),
    [
        (HUBSPOT_CONTACTS, {}, 401, "category", "INVALID_AUTHENTICATION"),
        (HUBSPOT_CONTACTS, {"Authorization": "healthy"}, 401, "category", "INVALID_AUTHENTICATION"),
        ("/crm/objects/v3/contacts", HUBSPOT, 404, "category", "OBJECT_NOT_FOUND"),
        (f"{HUBSPOT_CONTACTS}?limit=101", HUBSPOT, 400, "category", "VALIDATION_ERROR"),
        (f"{HUBSPOT_CONTACTS}?count=1", HUBSPOT, 400, "category", "VALIDATION_ERROR"),
        ("/account-info/2026-09/details?a=1", HUBSPOT, 400, "category", "VALIDATION_ERROR"),
        ("/v1/users/me", {}, 401, "errorCode", 401),
        ("/v1/users/me", {"Authorization": "Bearer pd-healthy"}, 401, "errorCode", 401),
        ("/v1/deals", PIPEDRIVE, 404, "success", False),
        ("/api/v2/deals?start=0", PIPEDRIVE, 400, "code", "ERR_SCHEMA_VALIDATION_FAILED"),
        ("/api/v2/deals?limit=501", PIPEDRIVE, 400, "code", "ERR_SCHEMA_VALIDATION_FAILED"),
        (QUERY, {}, 401, "0.errorCode", "INVALID_SESSION_ID"),
        (QUERY, SALESFORCE, 400, "0.errorCode", "MALFORMED_QUERY"),
        (f"{QUERY}?q=SELECT+Id+FROM+Nothing", SALESFORCE, 400, "0.errorCode", "INVALID_TYPE"),
        (f"{QUERY}?q=SELECT+Name+FROM+Lead", SALESFORCE, 400, "0.errorCode", "INVALID_FIELD"),
        ("/services/data/v99.0/limits", SALESFORCE, 404, "0.errorCode", "NOT_FOUND"),
        ("/services/data/v31.0/limits", SALESFORCE, 410, "0.errorCode", "UNSUPPORTED_API_VERSION"),
        ("/crm/v9/Leads", ZOHO, 404, "code", "INVALID_URL_PATTERN"),
        (LEADS, {"Authorization": "Bearer x"}, 401, "code", "AUTHENTICATION_FAILURE"),
        (LEADS, {"Authorization": "Zoho-oauthtoken x"}, 401, "code", "INVALID_TOKEN"),
        (LEADS, ZOHO, 400, "code", "REQUIRED_PARAM_MISSING"),
        (f"{LEADS}?limit=1", ZOHO, 400, "code", "INVALID_DATA"),
        ("/crm/v8/org?fields=id", ZOHO, 400, "code", "INVALID_DATA"),
        ("/me", {"Authorization": "Basic %%%"}, 401, "error", "unauthorized"),
    ],
)
def test_it_refuses_what_the_vendor_refuses(ask, path, headers, status, at, code):
    reply = ask("GET", path, headers)

    assert (reply.status_code, dig(reply.json(), at)) == (status, code)


@pytest.mark.parametrize(
    ("path", "headers"), [(HUBSPOT_CONTACTS, HUBSPOT), ("/api/v2/deals", PIPEDRIVE), (LEADS, ZOHO)]
)
def test_it_only_reads(ask, path, headers):
    assert ask("POST", path, headers).status_code in (404, 405)


SIGN_IN = {
    "grant_type": "client_credentials",
    "client_id": "3MVG9healthy",
    "client_secret": salesforce.SECRET,
}
REFRESH = {
    "grant_type": "refresh_token",
    "client_id": zoho.CLIENT_ID,
    "client_secret": zoho.CLIENT_SECRET,
    "refresh_token": f"{zoho.PREFIX}healthy",
}


@pytest.mark.parametrize(
    ("path", "sent", "error"),
    [
        ("/services/oauth2/token", {"json": SIGN_IN}, "invalid_request"),
        (
            "/services/oauth2/token",
            {"data": SIGN_IN | {"grant_type": "password"}},
            "unsupported_grant_type",
        ),
        (
            "/services/oauth2/token",
            {"data": SIGN_IN | {"client_secret": "wrong"}},
            "invalid_client",
        ),
        ("/services/oauth2/token", {"data": SIGN_IN | {"client_id": "x"}}, "invalid_client_id"),
        ("/oauth/v2/token", {"params": REFRESH}, "invalid_request"),
        ("/oauth/v2/token", {"data": REFRESH | {"scope": "x"}}, "invalid_request"),
        ("/oauth/v2/token", {"data": REFRESH | {"client_id": "x"}}, "invalid_client"),
        (
            "/oauth/v2/token",
            {"data": REFRESH | {"client_secret": "wrong"}},
            "invalid_client_secret",
        ),
    ],
)
def test_a_sign_in_that_is_not_as_documented_is_refused(ask, path, sent, error):
    assert ask("POST", path, **sent).json()["error"] == error
