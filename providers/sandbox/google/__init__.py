"""Signing in at Google, one for its four platforms: by a page, a refresh token or a key file.

Nothing here is a secret: the names, and the key that signs for them, are known to everybody
and open nothing. Refusals follow RFC 6749 section 5.2 (read 2026-11-22).
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from providers.sandbox.breaks import ENDED, NOT_SHOWN, SILENCES, Break, Trial, breaks, values
from providers.sandbox.google.robots import KEY_ID, private_key, robot_of, service_account_json
from providers.sandbox.server import Answer, Asked, ok
from providers.sandbox.sign_in import AuthorizationServer, oauth_refusal

__all__ = ["KEY_ID", "private_key", "service_account_json"]

CLIENT_ID = "sandbox.apps.googleusercontent.com"
CLIENT_SECRET = "GOCSPX-sandbox"
ASSERTION = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPE = "https://www.googleapis.com/auth/"
LASTS_SECONDS = 3599

# Who signs in, and what happens then. Any of them may come by every way there is.
NAMES = {
    "healthy": "may read everything here",
    "noscope": "did not tick the box of this platform",
    "noaccess": "was not given access to the account",
    "off": "comes from a Cloud project in which the API is switched off",
    "limited": "is asking too fast",
    "spent": "has used up the quota",
    "expired": "was good until a while ago",
    "down": "gets status 503",
    "wall": "gets a web page instead of data",
    "cut": "gets half a reply",
    "silent": "gets no answer at all",
}


def refresh_token(name: str) -> str:
    return f"1//{name}"


def access_token(name: str) -> str:
    return f"ya29.{name}"


HEALTHY = {
    "client_id": CLIENT_ID,
    "client_secret": CLIENT_SECRET,
    "refresh_token": refresh_token("healthy"),
}


class GoogleSignIn(AuthorizationServer):
    """Revocation takes no client, refuses what is gone already, and ends all that the person has
    given to the app.
    """

    def _revocation(self, asked: Asked) -> Answer:
        found = self.approval_of(asked.form.get("token", ""))
        if found is None or found.is_revoked:
            return oauth_refusal("invalid_token", "Token expired or revoked")
        self.revoke_all(found.person)
        return ok()


def _refuse(_status: int, code: str, text: str) -> Answer:
    if code == "invalid_client":
        return oauth_refusal(code, "Unauthorized", 401)
    return HAS_ENDED if "revoked" in text else oauth_refusal(code, "Bad Request")


HAS_ENDED = oauth_refusal("invalid_grant", "Token has been expired or revoked.")
SIGN_IN = GoogleSignIn(
    "Google",
    *("/o/oauth2/v2/auth", "/token", "/revoke"),
    client_id=CLIENT_ID,
    client_secret=CLIENT_SECRET,
    # Whom a box is missing from is chosen on the page itself.
    people={name: does for name, does in NAMES.items() if name != "noscope"}
    | {"weekly": "gave access for seven days only"},
    access_token=lambda name, serial: f"ya29.signed-in-{serial}-{name}",
    gives_refresh_token=lambda query: (
        query.get("access_type") == "offline" and "consent" in query.get("prompt", "")
    ),
    expires_in=LASTS_SECONDS,
    reply=lambda given: {
        "token_type": "Bearer",
        **({"refresh_token_expires_in": 7 * 24 * 3600 - 1} if given.person == "weekly" else {}),
    },
    refuse=_refuse,
)
SIGN_INS = {"google": SIGN_IN}


def name_of(token: str, scope: str = "") -> str:
    """Who asks, by the access token, and with this scope; "" for nobody that is known."""
    if given := SIGN_IN.given_of(token):
        lacks = scope and SCOPE + scope not in given.scopes
        return "" if given.is_revoked else "noscope" if lacks else given.person
    name = token.removeprefix("ya29.")
    return name if name in NAMES else ""


def sign_in(asked: Asked, scopes: Iterable[str]) -> Answer | None:
    """The answer to every path of signing in, at its three hosts; None for any other path."""
    granted = ["openid", *(SCOPE + scope for scope in scopes)]
    if (asked.method, asked.path) == ("POST", "/token"):
        return _token(asked, granted)
    if (asked.method, asked.path) == ("GET", "/tokeninfo"):
        return _tokeninfo(asked.query.get("access_token", ""), granted)
    return SIGN_IN.answer(asked)


def _token(asked: Asked, scopes: list[str]) -> Answer | None:
    form = asked.form
    came_of_sign_in = SIGN_IN.approval_of(form.get("refresh_token", ""))
    if form.get("grant_type") == "authorization_code" or came_of_sign_in:
        return SIGN_IN.answer(asked)
    if form.get("grant_type") == "refresh_token":
        return _refreshed(form, scopes)
    if form.get("grant_type") == ASSERTION:
        return _asserted(form.get("assertion", ""), scopes)
    return oauth_refusal("unsupported_grant_type", "Invalid grant_type: ")


def _refreshed(form: Mapping[str, str], scopes: list[str]) -> Answer:
    if form.get("client_id") != CLIENT_ID:
        return oauth_refusal("invalid_client", "The OAuth client was not found.", 401)
    if form.get("client_secret") != CLIENT_SECRET:
        return oauth_refusal("invalid_client", "Unauthorized", 401)
    name = form.get("refresh_token", "").removeprefix("1//")
    if name == "expired":
        return HAS_ENDED
    if name not in NAMES:
        return oauth_refusal("invalid_grant", "Bad Request")
    return _issued(name, scope=_granted(name, scopes))


def _asserted(assertion: str, scopes: list[str]) -> Answer:
    name = robot_of(assertion, scopes[1:])
    if isinstance(name, Answer):
        return name
    if name not in NAMES:
        return oauth_refusal("invalid_grant", "Invalid grant: account not found")
    if name == "expired":  # a key that was deleted since
        return oauth_refusal("invalid_grant", "Invalid JWT Signature.")
    return _issued(name)


def _issued(name: str, **more: str) -> Answer:
    token = access_token(name)
    return ok(access_token=token, expires_in=LASTS_SECONDS, token_type="Bearer", **more)


def _tokeninfo(token: str, scopes: list[str]) -> Answer:
    name, given = name_of(token), SIGN_IN.given_of(token)
    if name in ("", "expired"):
        return oauth_refusal("invalid_token", "Invalid Value")
    return ok(
        azp=CLIENT_ID,
        aud=CLIENT_ID,
        scope=" ".join(given.scopes) if given else _granted(name, scopes),
        exp=str(int(time.time()) + LASTS_SECONDS),
        expires_in=str(LASTS_SECONDS),
        access_type="offline",
    )


def _granted(name: str, scopes: list[str]) -> str:
    return "openid" if name == "noscope" else " ".join(scopes)


def guide(does: Mapping[str, str]) -> dict[str, Sequence[tuple[str, str]]]:
    """How the people of a platform sign in, by every way; `does` says more of some of them."""
    known = {**NAMES, **does}

    def by(way: Callable[[str], str]) -> list[tuple[str, str]]:
        return [(way(name), known[name]) for name in known]

    return {
        "App for sign-in": SIGN_IN.shown("the client ID, of refresh tokens too"),
        "Refresh tokens": by(refresh_token),
        "Access tokens": by(access_token),
        "Service-account key file (put another of these names in place of healthy)": [
            (service_account_json("healthy"), "")
        ],
    }


# What google.rpc.ErrorInfo says of each, and RFC 6749 of a grant that ended.
BREAKS = {
    "noscope": "permission_missing",
    "noaccess": NOT_SHOWN,
    "off": "permission_missing",
    "limited": "rate_limited",
    "spent": "quota_exhausted",
    "expired": ENDED,
    **SILENCES,
}


def trials(account: str, instead: Mapping[str, str], **means: str) -> tuple[Trial, ...]:
    """With a refresh token, and what an account turns into. The token that was got last breaks
    with it, or is still good. `means` is what a platform says otherwise.
    """
    later = {refresh_token("healthy"): refresh_token("expired")}
    ended = Break("ended, while a token is kept", later, frozenset(ENDED.split()))
    broken = *breaks(BREAKS | means, refresh_token, access_token), ended, *values(instead, account)
    return (Trial(HEALTHY | {"account_id": account}, broken, "sign-in"),)
