"""What Meta's tester asks, in which order, and what it makes of each answer."""

import hashlib
import hmac
import logging

import pytest

from providers.declare import InvalidValues
from providers.platforms.meta import PROVIDER
from providers.run.ladder import run_test
from tests.providers.platforms.meta_replies import (
    ACCOUNT,
    APP,
    APP_SECRET,
    HEALTHY,
    MISSING_OBJECT,
    PIXEL,
    TOKEN,
    TOKEN_FACTS,
    VALUES,
    detail,
    error,
    inspected,
    outcomes,
)

# --- The ladder


def test_a_healthy_account_passes_every_step_in_order(platform):
    meta, requests_seen = platform(PROVIDER, HEALTHY | {"/v26.0/2001": (200, PIXEL)})

    result = run_test(meta, VALUES | {"pixel_id": "2001"})

    assert result.outcome == "passed"
    assert outcomes(result) == ["passed"] * 5
    assert (result.account.id, result.account.name) == ("act_1001", "Acme Shop")
    assert result.expires_at is None
    assert [request.path.removeprefix("/v26.0") for request in requests_seen] == [
        "/me",
        "/me/permissions",
        "/act_1001",
        "/act_1001/insights",
        "/2001",
    ]
    assert "12.34 EUR" in detail(result, "Ads data can be read")
    assert "2026-11-21 07:30 UTC" in detail(result, "Dataset (Pixel) reachable")


def test_the_token_travels_in_a_header_and_never_in_an_address(platform):
    meta, requests_seen = platform(PROVIDER, HEALTHY)

    run_test(meta, VALUES)

    assert len(requests_seen) == 4
    for request in requests_seen:
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        assert TOKEN not in str(request.query)
        assert "appsecret_proof" not in request.query


def test_an_app_secret_proves_every_call_even_without_the_app_id(platform):
    meta, requests_seen = platform(PROVIDER, HEALTHY)
    proof = hmac.new(APP_SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()

    result = run_test(meta, VALUES | {"app_secret": APP_SECRET})

    assert result.outcome == "passed"
    assert [request.query["appsecret_proof"] for request in requests_seen] == [proof] * 4


def test_with_app_id_and_secret_the_token_is_inspected_first(platform):
    meta, requests_seen = platform(PROVIDER, inspected(expires_at=1800000000))

    result = run_test(meta, VALUES | APP)

    first = requests_seen[0]
    assert first.path == "/v26.0/debug_token"
    assert first.query == {"input_token": TOKEN, "access_token": f"555|{APP_SECRET}"}
    assert "Authorization" not in first.headers
    assert "/v26.0/me/permissions" not in {request.path for request in requests_seen}
    assert result.expires_at.isoformat() == "2027-01-15T08:00:00+00:00"
    assert "System user token that expires on 2027-01-15" in detail(result, "Token is valid")


@pytest.mark.parametrize(
    ("kind", "ends_at", "shown"),
    [("SYSTEM_USER", None, "never expires"), ("USER", 1700000000, "expires on 2023-11-14")],
)
def test_only_a_persons_consent_to_read_data_ends(platform, kind, ends_at, shown):
    replies = inspected(type=kind, data_access_expires_at=1700000000)
    meta, _ = platform(PROVIDER, replies)

    result = run_test(meta, VALUES | APP)

    assert shown in detail(result, "Token is valid")
    assert (result.expires_at and result.expires_at.timestamp()) == ends_at


@pytest.mark.parametrize(
    ("changes", "kind", "word"),
    [
        ({"is_valid": False}, "auth_invalid", "not accept"),
        ({"is_valid": False, "error": {"code": 190, "subcode": 463}}, "auth_expired", "expired"),
        ({"is_valid": False, "error": {"code": 190, "subcode": 460}}, "auth_invalid", "password"),
        ({"is_valid": False, "error": {"code": 190}}, "auth_invalid", "not accept"),
        ({"is_valid": False, "error": {"code": 100}}, "auth_invalid", "not accept"),
        ({"is_valid": False, "error": "of another shape"}, "auth_invalid", "not accept"),
        ({"is_valid": False, "expires_at": 1500000000}, "auth_expired", "expired"),
        ({"app_id": "777"}, "auth_invalid", "another Meta app"),
        ({"type": "PAGE"}, "auth_invalid", "token of a Page"),
        ({"type": "APP"}, "auth_invalid", "token of an app"),
        ({"scopes": []}, "permission_missing", "ads_read is missing"),
        ({"expires_at": 10**30}, "unexpected_reply", "did not expect"),
    ],
)
def test_an_inspected_token_tells_what_is_wrong_with_it(platform, changes, kind, word):
    unknown_app = {"/v26.0/app": (400, error(190))}
    meta, _ = platform(PROVIDER, inspected(**changes) | unknown_app)

    result = run_test(meta, VALUES | APP)

    assert result.error.kind == kind
    assert word in result.error.message


@pytest.mark.parametrize(
    "reply",
    [
        error(190, message="Invalid OAuth access token signature."),
        error(101, message="Error validating application."),
    ],
)
def test_a_refused_inspection_is_about_the_app_and_not_the_token(platform, reply):
    meta, _ = platform(PROVIDER, {"/v26.0/debug_token": (400, reply)})

    result = run_test(meta, VALUES | APP)

    assert result.error.kind == "auth_invalid"
    assert "App ID and App Secret" in result.error.message


NO_APP_TOKEN = (
    "(#100) You must provide an app access token, or a user access token that is an owner or "
    "developer of the app"
)
NOT_VIEWING = "(#100) The App_id in the input_token did not match the Viewing App"
FOREIGN = [
    (400, error(100, message=NO_APP_TOKEN)),
    (400, error(100, message=NOT_VIEWING)),
    (400, error(100, message="(#100) Words that change.")),
    (200, {"data": {"is_valid": False, "error": {"code": 100, "message": NOT_VIEWING}}}),
    (200, {"data": TOKEN_FACTS | {"app_id": "777", "application": "Other Tools"}}),
]


@pytest.mark.parametrize("reply", FOREIGN)
def test_a_token_of_another_app_says_of_which(platform, reply):
    replies = {
        "/v26.0/debug_token": reply,
        "/v26.0/app": (200, {"id": "777", "name": "Other Tools"}),
    }
    meta, requests_seen = platform(PROVIDER, replies)

    result = run_test(meta, VALUES | APP)

    assert result.error.kind == "auth_invalid"
    assert result.error.message == (
        "The access token belongs to another Meta app: Other Tools (777)."
    )
    assert "of the app that made it" in result.error.action
    for asked in requests_seen[1:]:
        assert asked.query == {"access_token": TOKEN, "fields": "id,name"}


@pytest.mark.parametrize("app", [(400, error(190)), (200, {}), (500, {})])
@pytest.mark.parametrize("reply", FOREIGN[:2] + FOREIGN[3:4])
def test_a_token_of_an_app_that_meta_does_not_name_is_of_another_one(platform, reply, app):
    meta, _ = platform(PROVIDER, {"/v26.0/debug_token": reply, "/v26.0/app": app})

    result = run_test(meta, VALUES | APP)

    assert result.error.kind == "auth_invalid"
    assert result.error.message == "The access token was made with another Meta app."


def test_an_inspection_that_meta_does_not_understand_is_our_fault(platform):
    replies = {"/v26.0/debug_token": FOREIGN[2], "/v26.0/app": (200, {"id": "555"})}
    meta, _ = platform(PROVIDER, replies)

    assert run_test(meta, VALUES | APP).error.kind == "unexpected_reply"


def test_the_name_of_another_app_shows_no_secret(platform):
    named = {"id": "777", "name": f"App of {APP_SECRET}"}
    meta, _ = platform(PROVIDER, {"/v26.0/debug_token": FOREIGN[0], "/v26.0/app": (200, named)})

    assert APP_SECRET not in run_test(meta, VALUES | APP).error.message


# --- Permissions


@pytest.mark.parametrize(
    ("rows", "word"),
    [
        ({"public_profile": "granted"}, "ads_read is missing"),
        ({"ads_read": "declined"}, "ads_read was declined"),
        ({"ads_read": "expired", "ads_management": "declined"}, "ads_read has expired"),
    ],
)
def test_a_permission_that_is_not_granted_is_named(platform, rows, word):
    listed = [{"permission": name, "status": status} for name, status in rows.items()]
    meta, _ = platform(PROVIDER, HEALTHY | {"/v26.0/me/permissions": (200, {"data": listed})})

    result = run_test(meta, VALUES)

    assert result.error.kind == "permission_missing"
    assert word in result.error.message
    assert outcomes(result) == ["passed", "failed", "skipped", "skipped", "skipped"]


def test_permission_to_manage_ads_is_enough_and_the_rest_is_named(platform):
    meta, _ = platform(PROVIDER, inspected(scopes=["ads_management", "leads_retrieval"]))

    result = run_test(meta, VALUES | APP)

    said = detail(result, "Permissions")
    assert said == "Has ads_management. Not needed here: leads_retrieval."


@pytest.mark.parametrize(
    "reply", [(200, {"data": []}), (400, error(100, 33, MISSING_OBJECT)), (400, error(100))]
)
def test_no_list_of_permissions_is_no_failure(platform, reply):
    meta, _ = platform(PROVIDER, HEALTHY | {"/v26.0/me/permissions": reply})

    result = run_test(meta, VALUES)

    assert result.outcome == "passed"
    assert outcomes(result)[1] == "skipped"
    assert "next steps prove" in detail(result, "Permissions")


# --- Ad account, data, dataset


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (2, "disabled"),
        (3, "unsettled"),
        (7, "review"),
        (8, "settle"),
        (9, "grace"),
        (100, "about to be closed"),
        (101, "closed"),
        (42, "status 42"),
    ],
)
def test_an_account_that_is_not_active_warns_and_fails_nothing(platform, status, word):
    account = (200, ACCOUNT | {"account_status": status})
    meta, _ = platform(PROVIDER, HEALTHY | {"/v26.0/act_1001": account})

    result = run_test(meta, VALUES)

    assert result.outcome == "passed"
    assert outcomes(result)[2] == "warned"
    assert word in detail(result, "Ad account reachable")


def test_a_day_without_delivery_passes(platform):
    meta, requests_seen = platform(
        PROVIDER, HEALTHY | {"/v26.0/act_1001/insights": (200, {"data": []})}
    )

    result = run_test(meta, VALUES)

    assert result.outcome == "passed"
    assert "Nothing was delivered" in detail(result, "Ads data can be read")
    assert requests_seen[-1].query == {
        "level": "account",
        "date_preset": "yesterday",
        "fields": "spend,impressions,clicks",
        "limit": "1",
    }


def test_without_a_dataset_id_the_dataset_is_not_asked_for(platform):
    meta, _ = platform(PROVIDER, HEALTHY)

    result = run_test(meta, VALUES)

    assert outcomes(result)[4] == "skipped"
    assert "No dataset ID" in detail(result, "Dataset (Pixel) reachable")


@pytest.mark.parametrize(
    ("reply", "word"),
    [
        ((200, {"id": "2001", "name": "acme"}), "never received"),
        ((200, PIXEL | {"is_unavailable": True}), "unavailable"),
        ((400, error(100, 33, MISSING_OBJECT)), "know this ID"),
        ((403, error(200)), "permission is missing"),
    ],
)
def test_a_dataset_that_is_not_well_warns_and_fails_nothing(platform, reply, word):
    meta, _ = platform(PROVIDER, HEALTHY | {"/v26.0/2001": reply})

    result = run_test(meta, VALUES | {"pixel_id": "2001"})

    assert result.outcome == "passed"
    assert outcomes(result)[4] == "warned"
    assert word in detail(result, "Dataset (Pixel) reachable")


# --- Secrets


def test_no_secret_is_in_a_result_or_a_log_even_when_meta_repeats_them(platform, caplog):
    def parrot(asked):
        said = f"{asked.headers['Authorization']} {asked.query}"
        return (200, {"id": "1", "name": said})

    caplog.set_level(logging.DEBUG)
    replies = inspected() | {"/v26.0/me": parrot, "/v26.0/act_1001": (400, error(190, 463, TOKEN))}
    meta, requests_seen = platform(PROVIDER, replies)

    result = run_test(meta, VALUES | APP)

    proof = requests_seen[1].query["appsecret_proof"]
    shown = repr(result) + repr(result.error) + caplog.text
    assert "•••" in detail(result, "Token is valid")
    for secret in (TOKEN, APP_SECRET, proof):
        assert secret not in shown


# --- What people type


@pytest.mark.parametrize(
    ("name", "typed", "kept"),
    [
        ("account_id", "1234567890", "act_1234567890"),
        ("account_id", " act_1234567890 ", "act_1234567890"),
        ("pixel_id", "2001", "2001"),
    ],
)
def test_an_id_is_kept_in_one_form(name, typed, kept):
    assert PROVIDER.clean({name: typed}) == ({name: kept}, {})


@pytest.mark.parametrize(
    ("name", "typed", "word"),
    [
        ("access_token", "123|abcdef", "app's token"),
        ("access_token", "https://graph.facebook.com/me", "web address"),
        ("account_id", "https://adsmanager.facebook.com/?act=12", "is a number"),
        ("account_id", "act_12a", "is a number"),
        ("pixel_id", "act_1001", "ad account"),
        ("app_id", "Acme Reporting", "is a number"),
        ("base_url", "https://graph.facebook.com.example.net", "not an address of Meta"),
    ],
)
def test_a_mix_up_is_refused_in_words(name, typed, word):
    with pytest.raises(InvalidValues) as refused:
        PROVIDER.clean({name: typed})

    assert word in refused.value.by_field[name][0]


@pytest.mark.parametrize(
    ("name", "typed", "word"),
    [("access_token", "EAB-12", "start with EAA"), ("app_secret", TOKEN, "32 characters")],
)
def test_an_unusual_secret_is_kept_with_a_warning(name, typed, word):
    cleaned, warnings = PROVIDER.clean({name: typed})

    assert cleaned == {name: typed}
    assert word in warnings[name]
