"""What the sandboxes of the four Google platforms share: sign-in, and errors of google.rpc.

Nothing here is a secret: the names, and the key that signs for them, are known to everybody
and open nothing. Error bodies follow google/rpc/error_details.proto of googleapis/googleapis
and RFC 6749 section 5.2 (read 2026-11-22).
"""

import base64
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from providers.sandbox.server import Answer, Asked, page
from providers.sandbox.sign_in import AuthorizationServer, oauth_refusal

CLIENT_ID = "sandbox.apps.googleusercontent.com"
CLIENT_SECRET = "GOCSPX-sandbox"
ROBOTS = "@sandbox.iam.gserviceaccount.com"
KEY_ID = "5a4d1b0c5a4d1b0c"
AUDIENCE = "https://oauth2.googleapis.com/token"
ASSERTION = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPE = "https://www.googleapis.com/auth/"
LASTS_SECONDS = 3599

# Half as long as Google's own are, for reading a key proves it: that takes a fifth of the time.
P = (
    "f54124492d604a19e8f3919ffb68bd94c317289ee1c0b01f244bba9d98cfe3d0"
    "2aac650cddbf9a87cc2726535f4b7c6163865e38ca4ab9b57ff507876a588ced"
)
Q = (
    "dda7f27ce499d10cb48493cb7d9ce74fcf6d9f54ca2c1ea8b6c311155c796570"
    "2bd184aac8668000769ffc142d7d012b479d800fdf0df6ce39c9903ccb40a3a1"
)

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
STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
}
# Google's query parameters for every method.
COMMON = {"alt", "fields", "key", "prettyPrint", "quotaUser"}

TROUBLE = {
    "wall": page(200, "Are you a robot?"),
    "cut": Answer(200, {"kind": "sandbox", "items": []}, is_cut=True),
    "silent": Answer(is_silent=True),
}
# Name -> status, reason and message; "" is nobody that is known.
NOT_VALID = "Request had invalid authentication credentials."
REFUSED = {
    "": (401, None, NOT_VALID),
    "expired": (401, "ACCESS_TOKEN_EXPIRED", NOT_VALID),
    "noscope": (
        403,
        "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
        "Request had insufficient authentication scopes.",
    ),
    "off": (
        403,
        "SERVICE_DISABLED",
        "{} has not been used in project 1 before or it is disabled.",
    ),
    "down": (503, None, "The service is currently unavailable."),
}


def refusal(
    status: int,
    message: str,
    *,
    info: str | None = None,
    reason: str | None = None,
    domain: str = "global",
    details: Iterable[Mapping[str, Any]] = (),
    **metadata: str,
) -> Answer:
    """An error in Google's shape: `info` for google.rpc.ErrorInfo, `reason` for the older list."""
    error: dict[str, Any] = {"code": status, "message": message, "status": STATUSES[status]}
    if reason:
        error["errors"] = [{"message": message, "domain": domain, "reason": reason}]
    listed = [dict(detail) for detail in details]
    if info:
        about = {"reason": info, "domain": "googleapis.com", "metadata": metadata}
        listed.append({"@type": "type.googleapis.com/google.rpc.ErrorInfo", **about})
    if listed:
        error["details"] = listed
    return Answer(status, {"error": error})


def not_found() -> Answer:
    """What Google's front answers to a path, or a method of a path, that it does not know."""
    return page(404, "Error 404 (Not Found)!!1")


@cache
def private_key() -> rsa.RSAPrivateKey:
    """Made of two primes that anybody may know: the usual form would alarm every scanner."""
    p, q = int("".join(P), 16), int("".join(Q), 16)
    d = pow(65537, -1, (p - 1) * (q - 1))
    crt = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
    return rsa.RSAPrivateNumbers(p, q, d, *crt, rsa.RSAPublicNumbers(65537, p * q)).private_key()


def service_account_json(name: str) -> str:
    """The key file of the robot of this name, on one line."""
    pem = private_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return json.dumps(
        {
            "type": "service_account",
            "project_id": "sandbox",
            "private_key_id": KEY_ID,
            "private_key": pem.decode(),
            "client_email": f"{name}{ROBOTS}",
            "token_uri": "https://token-uri.invalid/never-used",
        }
    )


def refresh_token(name: str) -> str:
    return f"1//{name}"


def access_token(name: str) -> str:
    return f"ya29.{name}"


HEALTHY = {
    "client_id": CLIENT_ID,
    "client_secret": CLIENT_SECRET,
    "refresh_token": refresh_token("healthy"),
}


# --- Sign-in


class GoogleSignIn(AuthorizationServer):
    """One for all four platforms. Revocation takes no client, refuses what is gone already, and
    ends all that the person has given to the app.
    """

    def gave(self, refresh_token: str) -> bool:
        return refresh_token in self._by_refresh_token

    def _revocation(self, asked: Asked) -> Answer:
        found = self.approval_of(asked.form.get("token", ""))
        if found is None or found.is_revoked:
            return oauth_refusal("invalid_token", "Token expired or revoked")
        for given in self._by_access_token.values():
            given.is_revoked |= given.person == found.person
        return Answer(200, {})


def _refuse(_status: int, code: str, text: str) -> Answer:
    if code == "invalid_client":
        return oauth_refusal(code, "Unauthorized", 401)
    if "revoked" in text:
        return oauth_refusal(code, "Token has been expired or revoked.")
    return oauth_refusal(code, "Bad Request")


SIGN_IN = GoogleSignIn(
    name="Google",
    authorization_path="/o/oauth2/v2/auth",
    token_path="/token",
    revocation_path="/revoke",
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
    reply=lambda name: {
        "token_type": "Bearer",
        **({"refresh_token_expires_in": 7 * 24 * 3600 - 1} if name == "weekly" else {}),
    },
    refuse=_refuse,
)
SIGN_INS = {"google": SIGN_IN}


def sign_in(asked: Asked, scopes: Iterable[str]) -> Answer | None:
    """The answer to every path of signing in, at its three hosts; None for any other path."""
    granted = [SCOPE + scope for scope in scopes]
    if (asked.method, asked.path) == ("POST", "/token"):
        return _token(asked, granted)
    if (asked.method, asked.path) == ("GET", "/tokeninfo"):
        return _tokeninfo(asked, granted)
    return SIGN_IN.answer(asked)


def _token(asked: Asked, scopes: list[str]) -> Answer | None:
    form = asked.form
    came_of_sign_in = SIGN_IN.gave(form.get("refresh_token", ""))
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
        return oauth_refusal("invalid_grant", "Token has been expired or revoked.")
    if name not in NAMES:
        return oauth_refusal("invalid_grant", "Bad Request")
    return _issued(name, scope=" ".join(_granted(name, scopes)))


def _asserted(assertion: str, scopes: list[str]) -> Answer:
    parts = assertion.split(".")
    try:
        claims = json.loads(_decoded(parts[1]))
        header = json.loads(_decoded(parts[0]))
        signed = ".".join(parts[:2]).encode()
        private_key().public_key().verify(_decoded(parts[2]), signed, PKCS1v15(), SHA256())
    except InvalidSignature:
        return oauth_refusal("invalid_grant", "Invalid JWT Signature.")
    except (ValueError, IndexError):
        return oauth_refusal("invalid_request", "Bad Request")
    if header.get("alg") != "RS256" or header.get("kid") != KEY_ID:
        return oauth_refusal("invalid_grant", "Invalid JWT Signature.")
    if claims.get("aud") != AUDIENCE:
        return oauth_refusal("invalid_grant", "Invalid JWT: Failed audience check.")
    now, begins, ends = time.time(), claims.get("iat", 0), claims.get("exp", 0)
    if not (begins - 300 <= now <= ends <= begins + 3600):
        return oauth_refusal(
            "invalid_grant",
            "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable "
            "timeframe. Check your iat and exp values in the JWT claim.",
        )
    if not set(claims.get("scope", "").split()) <= set(scopes) or not claims.get("scope"):
        return oauth_refusal("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
    if claims.get("sub"):
        return oauth_refusal(
            "unauthorized_client",
            "Client is unauthorized to retrieve access tokens using this method, or client not "
            "authorized for any of the scopes requested.",
            401,
        )
    name, at, _ = claims.get("iss", "").partition(ROBOTS)
    if not at or name not in NAMES:
        return oauth_refusal("invalid_grant", "Invalid grant: account not found")
    if name == "expired":  # a key that was deleted since
        return oauth_refusal("invalid_grant", "Invalid JWT Signature.")
    return _issued(name)


def _issued(name: str, **more: str) -> Answer:
    token = access_token(name)
    return Answer(
        200,
        {"access_token": token, "expires_in": LASTS_SECONDS, "token_type": "Bearer", **more},
    )


def _tokeninfo(asked: Asked, scopes: list[str]) -> Answer:
    token = asked.query.get("access_token", "")
    name = _name_of(token)
    if name in ("", "expired"):
        return oauth_refusal("invalid_token", "Invalid Value")
    given = SIGN_IN.given_of(token)
    return Answer(
        200,
        {
            "azp": CLIENT_ID,
            "aud": CLIENT_ID,
            "scope": " ".join(given.scopes if given else _granted(name, scopes)),
            "exp": str(int(time.time()) + LASTS_SECONDS),
            "expires_in": str(LASTS_SECONDS),
            "access_type": "offline",
        },
    )


def _granted(name: str, scopes: list[str]) -> list[str]:
    return ["openid"] if name == "noscope" else ["openid", *scopes]


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


# --- In front of every API


def name_of(asked: Asked) -> str:
    """Who asks, by the access token; "" for nobody that is known."""
    return _name_of(asked.bearer)


def _name_of(token: str) -> str:
    if given := SIGN_IN.given_of(token):
        return "" if given.is_revoked else given.person
    name = token.removeprefix("ya29.")
    return name if name in NAMES else ""


def refuse_sign_in(asked: Asked, service: str, title: str, scope: str) -> Answer | None:
    """What no API gets to see: no token, a dead one, one without the scope, and every trouble."""
    if not asked.headers.get("Authorization"):
        return refusal(
            401,
            "Request is missing required authentication credential. Expected OAuth 2 access "
            "token, login cookie or other valid authentication credential.",
            info="CREDENTIALS_MISSING",
            service=service,
        )
    name = name_of(asked)
    given = SIGN_IN.given_of(asked.bearer)
    lacks = name and given and SCOPE + scope not in given.scopes
    return refuse_name("noscope" if lacks else name, service, title)


def at_the_door(asked: Asked, service: str, title: str, scope: str) -> Answer | None:
    """A sign-in's own replies, and what refuses one at an API; None for a call that may go on."""
    return sign_in(asked, [scope]) or refuse_sign_in(asked, service, title, scope)


def refuse_name(name: str, service: str, title: str) -> Answer | None:
    if name in TROUBLE:
        return TROUBLE[name]
    if name not in REFUSED:
        return None
    status, info, message = REFUSED[name]
    links = [{"@type": "type.googleapis.com/google.rpc.Help", "links": []}]
    return refusal(
        status,
        message.format(title),
        info=info,
        details=links if name == "off" else (),
        service=service,
    )


def refuse_names(given: Iterable[str], known: Iterable[str], where: str) -> Answer | None:
    """Google refuses a name that its description of the method does not have."""
    unknown = sorted(set(given) - set(known))
    if not unknown:
        return None
    return refusal(
        400,
        f'Invalid JSON payload received. Unknown name "{unknown[0]}": {where}.',
        reason="badRequest",
    )


def is_period(given: Mapping[str, Any]) -> bool:
    """Whether there are two dates, in their order."""
    try:
        return date.fromisoformat(given["startDate"]) <= date.fromisoformat(given["endDate"])
    except (KeyError, TypeError, ValueError):
        return False


def refuse_query(asked: Asked, *known: str) -> Answer | None:
    return refuse_names(asked.query, {*known, *COMMON}, "Cannot bind query parameter")


def json_body(asked: Asked) -> Any:
    """The body as a dict; None when it is not sent as JSON."""
    if asked.headers.get_content_type() != "application/json":
        return None
    try:
        body = json.loads(asked.body)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


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
