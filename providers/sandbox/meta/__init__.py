"""Meta's Graph API as its documents describe it: the token decides what happens."""

import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from providers.sandbox.breaks import NOT_SHOWN, NOTHING, SILENCES, Trial, breaks, values
from providers.sandbox.meta.login import (
    APP_ID,
    APP_SECRET,
    SIGN_IN,
    TOKENS,
    UNREADABLE,
    Token,
    refusal,
    token_of,
)
from providers.sandbox.meta.objects import (
    ACCOUNTS,
    PIXELS,
    USED_UP,
    read,
    unknown_path,
    unsupported,
)
from providers.sandbox.practice import Practice
from providers.sandbox.server import Answer, Asked, ok
from providers.sandbox.stand_in import DOWN, SILENT, WALL, Platform, Story, Trouble, cut, does

__all__ = ["ACCOUNTS", "APP_ID", "APP_SECRET", "PIXELS", "SIGN_IN", "TOKENS", "USED_UP"]

NEWEST = (26, 0)
NO_TOKEN = refusal(104, "An access token is required to request this resource.")
NO_INPUT = refusal(100, "(#100) The parameter input_token is required")
PASSES = "An unexpected error has occurred. Please retry your request later."
TROUBLE = {
    "EAAdown": DOWN,
    "EAAplain": ("status 200, and Service Unavailable as text", Answer(200, "Service Unavailable")),
    "EAAtransient": (
        "an error that will pass",
        refusal(2, PASSES, status=500, is_transient=True),
    ),
    "EAAwall": WALL,
    "EAAcut": cut(id="1", name="Ads Robot"),
    "EAAsilent": SILENT,
    "EAAblocked": (
        "Meta has restricted the app",
        refusal(200, "API access blocked.", status=403),
    ),
}


def answer(asked: Asked) -> Answer:
    """Sign-in, or: version, token, proof, object, which is the order in which Meta complains."""
    if signed_in := SIGN_IN.answer(asked):
        return signed_in
    found = re.fullmatch(r"/v([0-9]+)\.([0-9])/(.+)", asked.path)
    if not found or (version := (int(found[1]), int(found[2]))) > NEWEST:
        return unknown_path(asked.path)
    path = found[3].rstrip("/")
    given = SIGN_IN.given_of(asked.bearer)
    removes = given if (asked.method, path) == ("DELETE", "me/permissions") else None
    if asked.method != "GET" and not removes:
        return unsupported(asked.method.lower(), path)
    text = asked.query.get("access_token") or asked.bearer
    if path == "debug_token":
        return _debug_token(text, asked.query.get("input_token", ""))
    token = _found(text, NO_TOKEN)
    if isinstance(token, Answer):
        return token
    if refused := _refuse_token(text, token, asked):
        return refused
    return SIGN_IN.remove_app(removes) if removes else read(path, version, token, asked)


def _found(text: str, missing: Answer) -> Token | Answer:
    """The token, or what is answered in its place."""
    if not text:
        return missing
    return TROUBLE[text][1] if text in TROUBLE else token_of(text) or UNREADABLE


def _refuse_token(text: str, token: Token, asked: Asked) -> Answer | None:
    if token.dead:
        subcode, message = token.dead
        return refusal(190, message, subcode=subcode, status=401)
    proof = asked.query.get("appsecret_proof")
    if proof is None:
        demand = "API calls from the server require an appsecret_proof argument"
        return refusal(100, demand) if token.needs_proof else None
    right = hmac.new(APP_SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
    if token.is_of_other_app or not hmac.compare_digest(proof, right):
        return refusal(100, "Invalid appsecret_proof provided in the API argument")
    return None


def _debug_token(asks: str, text: str) -> Answer:
    if asks != f"{APP_ID}|{APP_SECRET}":
        return refusal(190, "Invalid OAuth access token signature.")
    token = _found(text, NO_INPUT)
    if token is UNREADABLE:
        error = {"code": 190, "message": "Malformed access token"}
        return ok(data={"error": error, "is_valid": False, "scopes": []})
    if isinstance(token, Answer):
        return token
    if token.is_of_other_app:
        return refusal(100, "(#100) The App_id in the input_token did not match the Viewing App")

    def after(life: timedelta | None) -> int:
        return int((datetime.now(UTC) + life).timestamp()) if life else 0

    data: dict[str, Any] = {
        "app_id": APP_ID,
        "type": token.kind,
        "application": "Acme Reporting",
        "is_valid": token.dead is None,
        "issued_at": after(timedelta(days=-5)),
        "expires_at": after(token.lasts),
        "data_access_expires_at": after(timedelta(days=90) if token.kind == "USER" else None),
        "scopes": list(token.scopes),
        "granular_scopes": [{"scope": scope} for scope in token.scopes],
        "user_id": "90010",
    }
    if token.dead:
        data["error"] = {"code": 190, "message": token.dead[1], "subcode": token.dead[0]}
    return ok(data=data)


HEALTHY = {
    "access_token": "EAAhealthy",
    "account_id": "act_1001",
    "pixel_id": "2001",
    "app_id": APP_ID,
    "app_secret": APP_SECRET,
}
# As https://developers.facebook.com/docs/graph-api/guides/error-handling tells them apart.
BREAKS = {
    "expired": "auth_expired",
    "revoked": "auth_invalid",
    "password": "auth_invalid",
    "nopermission": "permission_missing",
    "declined": "permission_missing",
    "noaccount": NOT_SHOWN,
    "proof": "auth_invalid invalid_config",  # the App Secret is missing from what lets in
    "limited": "rate_limited",
    "blocked": "auth_invalid permission_missing",
    "transient": "provider_unavailable",
    "plain": "provider_unavailable unexpected_reply",
    "sixtydays": NOTHING,
    "person": NOTHING,
    "agency": NOTHING,
    **SILENCES,
}
# A disabled account and a dataset that is unavailable are still read: nothing is refused.
ACCOUNTS_INSTEAD = {"act_1002": NOTHING, "act_1003": NOTHING, "act_9009": NOT_SHOWN}
PIXELS_INSTEAD = {"2002": NOTHING, "2003": NOTHING}
OF_APP = {name: BREAKS[name] for name in ("expired", "revoked", "down", "silent")}
WITHOUT_APP = {name: HEALTHY[name] for name in ("access_token", "account_id", "pixel_id")}
PLATFORM = Platform(
    answer,
    {
        "App for sign-in": SIGN_IN.shown("the App ID, for pasted tokens too", "the App Secret"),
        "Access tokens": does(TOKENS, TROUBLE),
        "Ad accounts": [(f"act_{number}", what) for number, what in does(ACCOUNTS)],
        "Datasets": does(PIXELS),
    },
    healthy=HEALTHY,
    story=Story(
        values=HEALTHY | {"access_token": "EAAsixtydays", "pixel_id": "2002"},
        tests=9,
        known_for=86,
        troubles=(
            Trouble(67, "silent", 112),
            Trouble(45, "error", 130),
            Trouble(25, "error", 41),
            Trouble(2, "error", 602),
            Trouble(3, "error", 886),
        ),
    ),
    practices=(
        Practice(
            healthy=HEALTHY,
            revoked={"access_token": "EAArevoked"},
            limited={"access_token": "EAAlimited"},
            elsewhere={"account_id": "act_9009"},
        ),
    ),
    trials=(
        Trial(
            WITHOUT_APP,
            breaks(BREAKS, lambda word: f"EAA{word}")
            + values(ACCOUNTS_INSTEAD, "act_1001")
            + values(PIXELS_INSTEAD, "2001"),
        ),
        Trial(HEALTHY, breaks(OF_APP, lambda word: f"EAA{word}"), "with its app"),
    ),
    sign_ins={"meta": SIGN_IN},
)
