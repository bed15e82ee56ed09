"""Who asks LinkedIn: tokens that can be pasted, and signing in.

The tokens are not secrets: they are known to everybody and open nothing. Error bodies follow
https://learn.microsoft.com/linkedin/shared/api-guide/concepts/error-handling (read 2026-11-22).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from providers.sandbox.server import Answer, Asked, ok, page
from providers.sandbox.sign_in import AuthorizationServer, oauth_refusal
from providers.sandbox.stand_in import DOWN, SILENT, cut

CLIENT_ID = "77sandbox0client"
PARTNER_ID = "77sandbox0partner"
CLIENT_SECRET = "WPL_AP1.sandbox"
INTROSPECTION = "/oauth/v2/introspectToken"
REFRESH_LASTS = timedelta(days=200)


def refusal(status: int, code: str, message: str, number: int | None = None) -> Answer:
    """An error in the shape of /rest and /v2; an old one has a number of its own as well."""
    body: dict[str, Any] = {"status": status, "code": code, "message": message}
    if number is not None:
        body["serviceErrorCode"] = number
    return Answer(status, body, {"x-li-request-id": "sandbox"})


TROUBLE = {
    "AQlimited": (
        "over the daily allowance",
        refusal(429, "TOO_MANY_REQUESTS", "Resource level throttle limit for calls is reached."),
    ),
    "AQdown": DOWN,
    "AQwall": ("the wall against robots", page(999, "Request denied")),
    "AQpage": ("a web page instead of data", page(200, "Sign in")),
    "AQcut": cut(sub="p1", name="Ada Page"),
    "AQsilent": SILENT,
}

SELF_SERVE = ("openid", "profile", "w_member_social")
PAGES = (*SELF_SERVE, "rw_organization_admin", "r_organization_social")
EVERYTHING = (*PAGES, "r_ads", "r_marketing_leadgen_automation")


@dataclass(frozen=True)
class Token:
    """What a token may do. `dead` is what LinkedIn says of it: expired or revoked."""

    does: str
    scopes: tuple[str, ...] = EVERYTHING
    roles: tuple[tuple[str, str], ...] = (("1001", "ADMINISTRATOR"),)
    lasts: timedelta = timedelta(days=60)
    dead: str = ""


TOKENS = {
    "AQhealthy": Token("an admin of one Page, with every permission"),
    "AQpages": Token("the same, without ads and leads", scopes=PAGES),
    "AQtwopages": Token(
        "an admin of two Pages", roles=(("1001", "ADMINISTRATOR"), ("1002", "ADMINISTRATOR"))
    ),
    "AQanalyst": Token("may look at one Page, but is no admin", roles=(("1001", "ANALYST"),)),
    "AQanonymous": Token("does not tell who it is", scopes=PAGES[2:]),
    "AQnopermission": Token("lacks rw_organization_admin", scopes=SELF_SERVE),
    "AQnorole": Token("has no role on any Page", roles=()),
    "AQexpired": Token("expired", lasts=timedelta(days=-1), dead="expired"),
    "AQrevoked": Token("revoked", dead="revoked"),
}
REFRESH_TOKENS = {
    f"AQR{word}": (
        f"gives AQ{word}",
        ok(
            access_token=f"AQ{word}",
            expires_in=5184000,
            refresh_token=f"AQR{word}",
            refresh_token_expires_in=int(REFRESH_LASTS.total_seconds()),
        ),
    )
    for word in ("healthy", "nopermission", "limited")
} | {
    "AQRexpired": (
        "is no longer accepted",
        oauth_refusal("invalid_grant", "The provided refresh token is expired"),
    )
}
# Whoever signs in has the roles of one of the tokens, and the scopes that were asked for.
PEOPLE = ("healthy", "twopages", "analyst", "norole")
# What the product Community Management API lets an app ask for.
PRODUCT = {
    *("r_basicprofile", "w_member_social", "r_member_social"),
    *("rw_organization_admin", "r_organization_social", "w_organization_social"),
}


def refuse_sign_in(status: int, code: str, text: str) -> Answer:
    if code == "invalid_client":
        return oauth_refusal(code, "Client authentication failed", 401)
    if code == "invalid_grant" and "refresh" not in text:
        return oauth_refusal(
            "invalid_request",
            "Unable to retrieve access token: appid/redirect uri/code verifier does not match "
            "authorization code. Or authorization code expired. Or external member binding exists",
        )
    return oauth_refusal(code, text, status)


def server_for(client_id: str, *, is_partner: bool) -> AuthorizationServer:
    return AuthorizationServer(
        "LinkedIn",
        *("/oauth/v2/authorization", "/oauth/v2/accessToken", "/oauth/v2/revoke"),
        people={word: TOKENS[f"AQ{word}"].does for word in PEOPLE},
        access_token=lambda word, serial: f"AQ{word}-{client_id}-{serial}",
        client_id=client_id,
        client_secret=CLIENT_SECRET,
        gives_refresh_token=lambda _query: is_partner,
        expires_in=5184000,
        scope_separator=",",
        reply=lambda _word: {"refresh_token_expires_in": 31536000} if is_partner else {},
        refuse=refuse_sign_in,
        pasted=REFRESH_TOKENS,
        denial={
            "error": "user_cancelled_authorize",
            "error_description": "The user cancelled the authorization",
        },
    )


# Few apps are a partner's, to which LinkedIn gives refresh tokens.
SIGN_IN = server_for(CLIENT_ID, is_partner=False)
PARTNER = server_for(PARTNER_ID, is_partner=True)
OAUTH = {
    *(SIGN_IN.authorization_path, SIGN_IN.token_path, SIGN_IN.revocation_path, INTROSPECTION),
}
MISSING = oauth_refusal("invalid_request", "A required parameter is missing")


def token_of(text: str) -> Token | None:
    given = SIGN_IN.given_of(text) or PARTNER.given_of(text)
    if given is None:
        return TOKENS.get(text)
    dead = "revoked" if given.is_revoked else ""
    return replace(TOKENS[f"AQ{given.person}"], scopes=given.scopes, dead=dead)


def sign_in(asked: Asked) -> Answer:
    """Signing in, and what an app asks with its own secret, sent in the body of a form."""
    sent = asked.query if asked.path == SIGN_IN.authorization_path else asked.form
    if asked.path == SIGN_IN.authorization_path and (refused := _refuse_scopes(asked.query)):
        return refused
    if asked.path in (SIGN_IN.token_path, INTROSPECTION):
        if asked.method != "POST" or not sent:
            return MISSING
        client = sent.get("client_id"), sent.get("client_secret")
        if client not in ((CLIENT_ID, CLIENT_SECRET), (PARTNER_ID, CLIENT_SECRET)):
            return oauth_refusal("invalid_client", "Client authentication failed", 401)
        if sent.get("grant_type") == "refresh_token" and not sent.get("refresh_token"):
            return MISSING
    if asked.path == INTROSPECTION:
        return _introspect(sent)
    server = PARTNER if sent.get("client_id") == PARTNER_ID else SIGN_IN
    return server.answer(asked) or oauth_refusal("invalid_request", "Another method is due")


def _refuse_scopes(query: Mapping[str, str]) -> Answer | None:
    """LinkedIn refuses everything when one scope is not of the app's product."""
    wrong = next((scope for scope in query.get("scope", "").split() if scope not in PRODUCT), None)
    if not wrong or "redirect_uri" not in query:
        return None
    told = {
        "error": "unauthorized_scope_error",
        "error_description": f'Scope "{wrong}" is not authorized for your application',
        "state": query.get("state", ""),
    }
    return Answer(302, "", {"Location": f"{query['redirect_uri']}?{urlencode(told)}"})


def _introspect(form: Mapping[str, str]) -> Answer:
    text = form.get("token", "")
    token = token_of(text) or (TOKENS["AQhealthy"] if text in TROUBLE else None)
    if token is None:
        return ok(active=False)
    now = datetime.now(UTC)
    return ok(
        active=not token.dead,
        status=token.dead or "active",
        auth_type="3L",
        client_id=form["client_id"],
        scope=",".join(token.scopes),
        authorized_at=int(now.timestamp()),
        created_at=int(now.timestamp()),
        expires_at=int((now + token.lasts).timestamp()),
    )
