"""Stripe's API as its documents describe it: the last word of the key decides what happens.

The keys are not secrets: they are known to everybody and open nothing. Error bodies follow
https://docs.stripe.com/api/errors (read 2026-11-22).
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from providers.sandbox.breaks import NOT_SHOWN, NOTHING, SILENCES, Trial, breaks, values
from providers.sandbox.practice import Practice
from providers.sandbox.server import Answer, Asked, ok
from providers.sandbox.sign_in import AuthorizationServer
from providers.sandbox.stand_in import Platform, Story, does, trouble

ACCOUNT = "acct_1Sandbox"
CONNECTED = {"acct_1Shop": "Acme Shop", "acct_1Outlet": "Acme Outlet"}
LIST = {"limit", "starting_after", "ending_before", "expand[]"}
# Path -> its parameters, the permission it needs, the kind of its rows.
PATHS = {
    "balance": (set(), "rak_balance_read", "balance"),
    "account": (set(), "rak_accounts_kyc_basic_read", "account"),
    "accounts": (LIST, "rak_accounts_kyc_basic_read", "account"),
    "balance_transactions": (LIST, "rak_balance_transaction_source_read", "balance_transaction"),
    "charges": (LIST, "rak_charge_read", "charge"),
    "checkout/sessions": (LIST, "rak_checkout_session_read", "checkout.session"),
    "subscriptions": (LIST, "rak_subscription_read", "subscription"),
}
IDS = {
    "balance_transaction": "txn_1",
    "charge": "ch_1",
    "checkout.session": "cs_test_1",
    "subscription": "sub_1",
}


def refusal(status: int, message: str, **more: Any) -> Answer:
    """An error in Stripe's shape; `code` and `param` only where Stripe sends them."""
    body = {"error": {"type": "invalid_request_error", "message": message, **more}}
    return Answer(status, body, {"Request-Id": "req_sandbox"})


TROUBLE = {
    "rk_test_expired": (
        "expired",
        refusal(401, "Expired API Key provided: rk_test_***ired", code="api_key_expired"),
    ),
    "rk_test_elsewhere": (
        "may only be used from other addresses",
        refusal(403, "The API key provided does not allow requests from your IP address."),
    ),
    "rk_test_limited": (
        "over Stripe's limit",
        refusal(
            429,
            "Request rate limit exceeded. Learn more about rate limits in the docs.",
            code="rate_limit",
        ),
    ),
    "rk_test_failing": (
        "an error at Stripe",
        refusal(500, "An unknown error occurred.", type="api_error"),
    ),
    **trouble("rk_test_", object="balance"),
}
# Key -> what it does, and the permissions it lacks.
KEYS: dict[str, tuple[str, set[str]]] = {
    "rk_test_healthy": ("a restricted key that reads all that is needed", set()),
    "rk_live_healthy": ("the same, in live mode", set()),
    "sk_test_healthy": ("a secret key", set()),
    "rk_test_platform": ("the key of a Connect platform with two accounts", set()),
    "rk_test_empty": ("of an account without revenue", set()),
    "rk_test_closed": ("of an account that may not take payments", set()),
    "rk_test_noname": ("may not read the account's name", {"rak_accounts_kyc_basic_read"}),
    "rk_test_nocharges": ("may not read charges", {"rak_charge_read"}),
    "rk_test_nobalance": ("may not read the balance", {"rak_balance_read"}),
    "rk_test_nothing": ("may read nothing at all", {right for _, right, _ in PATHS.values()}),
}


class Connect(AuthorizationServer):
    """Stripe Connect: the client secret is the platform's own key, and no token expires.

    https://docs.stripe.com/connect/oauth-reference (read 2026-11-22)
    """

    def answer(self, asked: Asked) -> Answer | None:
        if (asked.method, asked.path) == ("POST", "/oauth/deauthorize"):
            return self._deauthorize(asked)
        return super().answer(asked)

    def _deauthorize(self, asked: Asked) -> Answer:
        if asked.bearer != self.client_secret:
            return _unknown_key(asked.bearer)
        account = asked.form.get("stripe_user_id", "")
        # All who sign in here are people of the one account.
        connected = [one for one in self._by_access_token.values() if not one.is_revoked]
        if asked.form.get("client_id") != self.client_id:
            return self.refusal(401, "invalid_client", "No such application.")
        if account != ACCOUNT or not connected:
            text = f"This application is not connected to stripe account {account}, or that "
            return self.refusal(401, "invalid_client", f"{text}account does not exist.")
        for one in connected:
            one.is_revoked = True
        return ok(stripe_user_id=account)

    def _token(self, asked: Asked) -> Answer:
        if asked.form.get("client_secret") != self.client_secret:
            return _unknown_key(asked.form.get("client_secret", ""))
        return super()._token(asked)


SIGN_IN = Connect(
    "Stripe",
    *("/oauth/authorize", "/oauth/token"),
    people={word: KEYS[f"rk_test_{word}"][0] for word in ("healthy", "empty", "closed")},
    access_token=lambda person, serial: f"sk_test_signedin{person}{serial}",
    client_id="ca_SandboxPlatform",
    client_secret="sk_test_SandboxPlatform",
    expires_in=None,
    reply=lambda _person: {
        "livemode": False,
        "stripe_user_id": ACCOUNT,
        "stripe_publishable_key": "pk_test_signedin",
    },
)


def answer(asked: Asked) -> Answer:
    """Sign-in, or: key, then version, then path and parameters, then account, then permission."""
    if signed_in := SIGN_IN.answer(asked):
        return signed_in
    key = asked.bearer
    if given := SIGN_IN.given_of(key):
        if given.is_revoked:
            message = "The API key provided by your Connect platform has expired."
            return refusal(401, message, code="platform_api_key_expired")
        key = f"rk_test_{given.person}"
    if not key:
        return refusal(401, "You did not provide an API key.")
    if key in TROUBLE:
        return TROUBLE[key][1]
    if key.startswith("pk_"):
        message = "This API call cannot be made with a publishable API key."
        return refusal(403, message, code="secret_key_required")
    if key not in KEYS:
        return _unknown_key(key)
    version = asked.headers.get("Stripe-Version", "2026-10-28.endive")
    if not re.fullmatch(r"20\d\d-\d\d-\d\d(\.(acacia|basil|clover|dahlia|endive))?", version):
        return refusal(400, f"Invalid Stripe API version: {version}")
    path = asked.path.removeprefix("/v1/")
    if asked.method != "GET" or path == asked.path or path not in PATHS:
        return refusal(404, f"Unrecognized request URL ({asked.method}: {asked.path}).")
    return (
        _refuse_parameters(path, asked)
        or _refuse_account(key, path, asked)
        or _refuse_permission(key, path)
        or _data(key, path, asked)
    )


def _unknown_key(key: str) -> Answer:
    return refusal(401, f"Invalid API Key provided: {key[:8]}***{key[-4:]}")


def _refuse_parameters(path: str, asked: Asked) -> Answer | None:
    for name in asked.query.keys() - PATHS[path][0]:
        message = f"Received unknown parameter: {name}"
        return refusal(400, message, code="parameter_unknown", param=name)
    limit = asked.query.get("limit", "10")
    if not limit.isdigit():
        code = "parameter_invalid_integer"
        return refusal(400, f"Invalid integer: {limit}", code=code, param="limit")
    if not 1 <= int(limit) <= 100:
        return refusal(400, "This value must be from 1 to 100.", param="limit")
    return None


def _refuse_account(key: str, path: str, asked: Asked) -> Answer | None:
    wanted = asked.headers.get("Stripe-Account")
    if key == "rk_test_platform" and wanted in {None, *CONNECTED}:
        return None
    if wanted is not None:
        message = (
            f"The provided key '{key[:8]}***' does not have access to account '{wanted}' "
            "(or that account does not exist). Application access may have been revoked."
        )
        return refusal(403, message, code="account_invalid")
    if path == "accounts":
        return refusal(400, "Only Stripe Connect platforms can work with other accounts.")
    return None


def _refuse_permission(key: str, path: str) -> Answer | None:
    right = PATHS[path][1]
    if right not in KEYS[key][1]:
        return None
    return refusal(
        403,
        f"The provided key '{key[:8]}***' does not have the required permissions for this "
        f"endpoint on account '{ACCOUNT}'. Having the '{right}' permission would allow this "
        "request to continue.",
    )


def _data(key: str, path: str, asked: Asked) -> Answer:
    kind = PATHS[path][2]
    if path == "balance":
        cash = [{"amount": 421700, "currency": "eur", "source_types": {"card": 421700}}]
        return ok(object=kind, livemode="_live_" in key, available=cash, pending=cash)
    if path == "account":
        number = asked.headers.get("Stripe-Account", ACCOUNT)
        name = CONNECTED.get(number, "Acme")
        return Answer(200, _account(number, name, takes_payments=key != "rk_test_closed"))
    if path == "accounts":
        rows = [_account(number, name) for number, name in CONNECTED.items()]
    else:
        created = int((datetime.now(UTC) - timedelta(hours=1)).timestamp())
        rows = [{"id": IDS[kind], "object": kind, "currency": "eur", "created": created}]
    if key == "rk_test_empty":
        rows = []
    return _page(path, rows, asked)


def _page(path: str, rows: list[dict[str, Any]], asked: Asked) -> Answer:
    after = asked.query.get("starting_after")
    ids = [row["id"] for row in rows]
    if after is not None and after not in ids:
        return refusal(400, f"No such object: '{after}'", code="resource_missing")
    begin = ids.index(after) + 1 if after else 0
    end = begin + int(asked.query.get("limit", 10))
    return ok(object="list", url=f"/v1/{path}", has_more=end < len(rows), data=rows[begin:end])


def _account(number: str, name: str, *, takes_payments: bool = True) -> dict[str, Any]:
    return {
        "id": number,
        "object": "account",
        "country": "DE",
        "default_currency": "eur",
        "charges_enabled": takes_payments,
        "payouts_enabled": takes_payments,
        "details_submitted": True,
        "email": "shop@acme.example",
        "business_profile": {"name": f"{name} GmbH"},
        "settings": {"dashboard": {"display_name": name, "timezone": "Europe/Berlin"}},
    }


# As https://docs.stripe.com/api/errors and the page on keys tell them apart.
BREAKS = {
    "withdrawn": "auth_invalid",
    "expired": "auth_expired",
    "elsewhere": "permission_missing",
    "nothing": "permission_missing",
    "limited": "rate_limited",
    "failing": "provider_unavailable",
    "empty": NOTHING,
    # What it lacks is not needed for payments and results.
    "noname": NOTHING,
    "nocharges": NOTHING,
    "nobalance": NOTHING,
    **SILENCES,
}
PLATFORM = Platform(
    answer,
    {
        "App for sign-in": SIGN_IN.shown(client_secret="the secret key of the platform"),
        "Keys": does(KEYS, TROUBLE),
        "Accounts, for the key of the Connect platform": tuple(CONNECTED.items()),
    },
    healthy={"access_token": "rk_test_healthy"},
    story=Story(values={"access_token": "rk_live_healthy"}, tests=8),
    practices=(
        Practice(
            healthy={"access_token": "rk_test_healthy"},
            revoked={"access_token": "rk_test_expired"},
            limited={"access_token": "rk_test_limited"},
            elsewhere={"account_id": "acct_1Elsewhere"},
        ),
    ),
    trials=(
        Trial({"access_token": "rk_test_healthy"}, breaks(BREAKS, lambda word: f"rk_test_{word}")),
        Trial(
            {"access_token": "rk_test_platform", "account_id": "acct_1Shop"},
            values({"acct_1Elsewhere": NOT_SHOWN}, "acct_1Shop"),
            "account of a platform",
        ),
    ),
    sign_ins={"stripe": SIGN_IN},
)
