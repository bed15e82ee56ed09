"""How one signs in to Google, whichever of its platforms is meant."""

import base64
import json
import logging
from urllib.parse import parse_qsl

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from providers.platforms import ga4, google_ads
from providers.run.ladder import list_accounts, run_test
from providers.sandbox import google
from tests.providers.families.google_replies import (
    CLIENT,
    KEY_FILE,
    NEW_TOKEN,
    PASTED,
    ROBOT,
    TOKEN,
    detail,
    oauth,
    outcomes,
    paths,
    rpc,
    signed_in,
)

# The first call after the sign-in; refused, so that nothing else need be prepared.
STOP: dict[str, tuple[int, object]] = {"/v1beta/properties/1001": (503, {})}
READS = signed_in("analytics.readonly") | STOP
ACCOUNT = {"account_id": "1001"}
HEALTHY_GA4 = signed_in("analytics.readonly") | {
    "/v1beta/properties/1001": (200, {"name": "properties/1001", "displayName": "acme.example"}),
    "/v1beta/properties/1001:runReport": (200, {"kind": "analyticsData#runReport"}),
    "/v1beta/properties/1001/dataStreams": (200, {}),
    "/v1beta/properties/1001/keyEvents": rpc(403, "PERMISSION_DENIED"),
}


def form_of(request):
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    return dict(parse_qsl(request.body.decode()))


def part_of(assertion, index):
    part = assertion.split(".")[index]
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


# --- A service account


@time_machine.travel("2026-11-22T12:00:00Z", tick=False)
def test_a_service_account_signs_a_request_for_google_alone(platform):
    fake, requests_seen = platform(ga4.PROVIDER, READS)

    result = run_test(fake, ROBOT | ACCOUNT, method="service_account")

    assert (requests_seen[0].method, requests_seen[0].path) == ("POST", "/token")
    form = form_of(requests_seen[0])
    assert form.keys() == {"grant_type", "assertion"}
    assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    signed, _, _ = form["assertion"].rpartition(".")
    google.private_key().public_key().verify(
        part_of(form["assertion"], 2), signed.encode(), PKCS1v15(), SHA256()
    )
    assert json.loads(part_of(form["assertion"], 0)) == {
        "alg": "RS256",
        "typ": "JWT",
        "kid": google.KEY_ID,
    }
    claims = json.loads(part_of(form["assertion"], 1))
    assert 0 < claims.pop("exp") - claims["iat"] <= 3600
    assert claims == {
        "iss": "healthy@sandbox.iam.gserviceaccount.com",
        "scope": "https://www.googleapis.com/auth/analytics.readonly",
        "aud": "https://oauth2.googleapis.com/token",
        "iat": 1795348800,
    }
    assert "healthy@sandbox.iam.gserviceaccount.com" in detail(result, "Sign-in works")


def test_a_service_account_names_a_person_only_when_one_is_saved(platform):
    replies = signed_in("adwords") | {"/v26/customers:listAccessibleCustomers": (503, {})}
    fake, requests_seen = platform(google_ads.PROVIDER, replies)
    values = ROBOT | {"account_id": "1000000001", "impersonated_email": "ads@acme.example"}

    run_test(fake, values, method="service_account")

    claims = json.loads(part_of(form_of(requests_seen[0])["assertion"], 1))
    assert claims["sub"] == "ads@acme.example"


def changed(**changes):
    found = json.loads(KEY_FILE) | changes
    return json.dumps({name: value for name, value in found.items() if value is not None})


PEM = json.loads(KEY_FILE)["private_key"]
OTHER_KIND = ec.generate_private_key(ec.SECP256R1()).private_bytes(
    Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
)
DAMAGED = {
    "no JSON": ("{'private_key': 'client_email'}", "not whole"),
    "cut off": (KEY_FILE[:-300], "not whole"),
    "a list": (f"[{KEY_FILE}]", "not whole"),
    "far too deep": ("[" * 100_000, "not whole"),
    "no e-mail address": (changed(client_email=None), "not whole"),
    "a number for a key": (changed(private_key=5), "not whole"),
    "of another kind": (changed(type="authorized_user"), "another kind"),
    "half a key": (changed(private_key=PEM[: len(PEM) // 2]), "damaged"),
    "a key without its frame": (changed(private_key="MIIEvQIBADANBg"), "damaged"),
    "a key with other letters": (changed(private_key=PEM.replace("A", "B")), "damaged"),
    "a key that cannot be text": (changed(private_key="\ud800" * 9), "damaged"),
    "a key of another kind": (changed(private_key=OTHER_KIND.decode()), "damaged"),
}


@pytest.mark.parametrize(("text", "word"), DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_key_file_is_said_in_a_sentence_and_not_sent(platform, text, word, caplog):
    fake, requests_seen = platform(ga4.PROVIDER, {})
    values = {"service_account_json": text} | ACCOUNT

    result = run_test(fake, values, method="service_account")

    assert result.error.kind == "invalid_config"
    assert word in result.error.message
    assert result.error.action_url.startswith("https://console.cloud.google.com/")
    assert requests_seen == []
    # Errors of the libraries keep what they were given.
    assert (result.error.__cause__, result.error.__context__) == (None, None)
    shown = repr(result) + str(result.error) + caplog.text
    assert "PRIVATE KEY" not in shown
    assert "healthy@" not in shown


def test_a_key_without_an_id_or_a_kind_signs_as_well(platform):
    fake, requests_seen = platform(ga4.PROVIDER, READS)
    values = {"service_account_json": changed(private_key_id=None, type=None)} | ACCOUNT

    run_test(fake, values, method="service_account")

    assert "kid" not in json.loads(part_of(form_of(requests_seen[0])["assertion"], 0))


# --- A refresh token


def test_a_refresh_token_is_traded_for_an_access_token(platform):
    fake, requests_seen = platform(ga4.PROVIDER, READS)

    result = run_test(fake, CLIENT | ACCOUNT, method="refresh_token")

    assert form_of(requests_seen[0]) == {"grant_type": "refresh_token"} | CLIENT
    assert paths(requests_seen) == ["/token", "/tokeninfo", "/v1beta/properties/1001"]
    assert requests_seen[1].query == {"access_token": TOKEN}
    assert "Authorization" not in requests_seen[1].headers
    assert requests_seen[2].headers["Authorization"] == f"Bearer {TOKEN}"
    assert detail(result, "Sign-in works") == "Google accepts this sign-in."


@time_machine.travel("2026-11-22T12:00:00Z", tick=False)
def test_access_that_was_given_for_a_time_ends_then(platform):
    replies = HEALTHY_GA4 | {
        "/token": (200, NEW_TOKEN[1] | {"refresh_token_expires_in": 604800}),
    }
    fake, _ = platform(ga4.PROVIDER, replies)

    result = run_test(fake, CLIENT | ACCOUNT, method="refresh_token")

    assert result.expires_at.isoformat() == "2026-11-29T12:00:00+00:00"
    assert not result.expires_is_estimate


@pytest.mark.parametrize("method", ["refresh_token", "service_account"])
def test_lasting_access_has_no_known_end(platform, method):
    fake, _ = platform(ga4.PROVIDER, HEALTHY_GA4)

    result = run_test(fake, CLIENT | ROBOT | ACCOUNT, method=method)

    assert result.outcome == "passed"
    assert result.expires_at is None


# --- A pasted access token


def test_a_pasted_token_is_asked_about_and_ends_when_google_says(platform):
    fake, requests_seen = platform(ga4.PROVIDER, HEALTHY_GA4)

    result = run_test(fake, PASTED | ACCOUNT, method="access_token")

    assert result.outcome == "passed"
    assert result.expires_at.isoformat() == "2027-01-15T08:00:00+00:00"
    assert paths(requests_seen)[0] == "/tokeninfo"


def test_a_pasted_token_that_google_does_not_know_is_refused(platform):
    fake, _ = platform(ga4.PROVIDER, {"/tokeninfo": oauth("invalid_token", "Invalid Value")})

    result = run_test(fake, PASTED | ACCOUNT, method="access_token")

    assert result.error.kind == "auth_invalid"
    assert "one hour" in result.error.message
    assert outcomes(result) == ["failed", *["skipped"] * 5]


# --- Permissions


@pytest.mark.parametrize(
    ("scopes", "said"),
    [
        (["analytics.readonly"], "Has analytics.readonly."),
        (["analytics"], "Has analytics."),
        (
            ["webmasters", "analytics.readonly"],
            "Has analytics.readonly. Not needed here: webmasters.",
        ),
    ],
)
def test_what_was_granted_is_compared_with_what_is_needed(platform, scopes, said):
    fake, _ = platform(ga4.PROVIDER, signed_in(*scopes) | STOP)

    result = run_test(fake, CLIENT | ACCOUNT, method="refresh_token")

    assert detail(result, "Permissions") == said


def test_a_permission_that_was_not_granted_is_named(platform):
    fake, requests_seen = platform(ga4.PROVIDER, signed_in("webmasters.readonly"))

    result = run_test(fake, CLIENT | ACCOUNT, method="refresh_token")

    assert result.error.kind == "permission_missing"
    assert "analytics.readonly" in result.error.message
    assert "tick every box" in result.error.action
    assert len(requests_seen) == 2


@pytest.mark.parametrize(
    "reply", [oauth("invalid_token", "Invalid Value"), (404, {}), (200, {"exp": "1800000000"})]
)
def test_without_a_list_of_permissions_the_calls_are_the_proof(platform, reply):
    fake, _ = platform(ga4.PROVIDER, HEALTHY_GA4 | {"/tokeninfo": reply})

    result = run_test(fake, ROBOT | ACCOUNT, method="service_account")

    assert result.outcome == "passed"
    assert outcomes(result)[1] == "skipped"
    assert "next steps prove" in detail(result, "Permissions")


def test_the_scopes_of_the_trade_count_where_google_says_nothing_else(platform):
    granted = "https://www.googleapis.com/auth/analytics.readonly"
    replies = HEALTHY_GA4 | {
        "/token": (200, NEW_TOKEN[1] | {"scope": granted}),
        "/tokeninfo": oauth("invalid_token"),
    }
    fake, _ = platform(ga4.PROVIDER, replies)

    result = run_test(fake, CLIENT | ACCOUNT, method="refresh_token")

    assert detail(result, "Permissions") == "Has analytics.readonly."


def test_an_outage_of_the_token_endpoint_is_no_ones_fault(platform):
    fake, _ = platform(ga4.PROVIDER, {"/token": NEW_TOKEN, "/tokeninfo": (503, {})})

    result = run_test(fake, CLIENT | ACCOUNT, method="refresh_token")

    assert (result.outcome, result.error.kind) == ("inconclusive", "provider_unavailable")


# --- Secrets


@pytest.mark.parametrize(
    ("method", "values"),
    [("service_account", ROBOT), ("refresh_token", CLIENT), ("access_token", PASTED)],
)
def test_no_secret_is_in_a_result_or_a_log_even_when_google_repeats_them(
    platform, caplog, method, values
):
    sent = []

    def trade(asked):
        sent.append(dict(parse_qsl(asked.body.decode())))
        return (200, NEW_TOKEN[1] | {"refresh_token": "1//rotated4321", "id_token": "eyJ4321"})

    def parrot(asked):
        new = "1//rotated4321 eyJ4321" if sent else ""
        said = f"{asked.headers['Authorization']} {sent} {new}"
        return (200, {"name": "properties/1001", "displayName": said})

    caplog.set_level(logging.DEBUG)
    replies = HEALTHY_GA4 | {"/token": trade, "/v1beta/properties/1001": parrot}
    fake, _ = platform(ga4.PROVIDER, replies)

    result = run_test(fake, values | ACCOUNT, method=method)

    assert "•••" in detail(result, "Property reachable")
    shown = repr(result.steps) + repr(result.error) + caplog.text
    assert "PRIVATE KEY" not in shown
    secrets = [TOKEN, CLIENT["client_secret"], CLIENT["refresh_token"], "rotated4321", "eyJ4321"]
    secrets += [form["assertion"] for form in sent if "assertion" in form]
    for secret in secrets:
        assert secret not in shown


@pytest.mark.parametrize(
    ("method", "values"),
    [("service_account", ROBOT), ("refresh_token", CLIENT), ("access_token", PASTED)],
)
def test_accounts_are_listed_after_signing_in_by_any_way(platform, method, values):
    listed = {"accountSummaries": [{"propertySummaries": [{"property": "properties/7"}]}]}
    fake, requests_seen = platform(
        ga4.PROVIDER,
        signed_in("analytics.readonly") | {"/v1beta/accountSummaries": (200, listed)},
    )

    [account] = list_accounts(fake, values, method=method)

    assert account.id == "7"
    assert requests_seen[-1].headers["Authorization"] == f"Bearer {TOKEN}"
