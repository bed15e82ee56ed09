"""Who asks Meta: tokens that can be pasted, and Facebook Login.

The tokens are not secrets: they are known to everybody and open nothing. Error bodies follow
https://developers.facebook.com/docs/graph-api/guides/error-handling (read 2026-11-22).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from providers.sandbox.server import Answer, Asked, ok
from providers.sandbox.sign_in import AuthorizationServer, Given
from providers.sandbox.stand_in import does

APP_ID = "1000200030004000"
APP_SECRET = "5a4d1b0c5a4d1b0c5a4d1b0c5a4d1b0c"
SHORT_LIVED, LONG_LIVED = 5400, 5183944  # seconds


def refusal(
    code: int,
    message: str,
    *,
    subcode: int | None = None,
    status: int = 400,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Answer:
    """An error in Meta's shape. Its texts are localised in truth; here they are English."""
    error = {"message": message, "type": "OAuthException", "code": code, **more}
    if subcode is not None:
        error["error_subcode"] = subcode
    return Answer(status, {"error": {**error, "fbtrace_id": "Asandbox"}}, headers or {})


UNREADABLE = refusal(190, "Invalid OAuth access token - Cannot parse access token")
PASSWORD_CHANGED = 460, "Error validating access token: the user has changed their password."
NOT_AUTHORIZED = (
    458,
    "Error validating access token: The user has not authorized application.",
)


@dataclass(frozen=True)
class Token:
    """Whose token, and what is wrong with it. `dead` is an error subcode and its text."""

    does: str
    kind: str = "SYSTEM_USER"
    scopes: tuple[str, ...] = ("ads_read", "business_management")
    declined: tuple[str, ...] = ()
    lasts: timedelta | None = None
    dead: tuple[int, str] | None = None
    needs_proof: bool = False
    is_of_other_app: bool = False
    is_limited: bool = False
    has_assets: bool = True
    is_agency: bool = False

    @property
    def reads_ads(self) -> bool:
        return bool({"ads_read", "ads_management"} & set(self.scopes))


TOKENS = {
    "EAAhealthy": Token("a system user that may read; never expires"),
    "EAAsixtydays": Token("the same, for 60 days", lasts=timedelta(days=60)),
    "EAAagency": Token("an agency's, which reaches 312 ad accounts", is_agency=True),
    "EAAproof": Token("the same, of an app that requires the App Secret", needs_proof=True),
    "EAAperson": Token("a person who granted ads_read", "USER", lasts=timedelta(days=55)),
    "EAAdeclined": Token(
        "a person who declined ads_read", "USER", ("public_profile",), declined=("ads_read",)
    ),
    "EAAexpired": Token(
        "expired",
        lasts=timedelta(days=-1),
        dead=(463, "Error validating access token: Session has expired."),
    ),
    "EAArevoked": Token("revoked", dead=(467, "Error validating access token: session invalid.")),
    "EAApassword": Token("ended by a new password", "USER", dead=PASSWORD_CHANGED),
    "EAAnopermission": Token("lacks ads_read", scopes=("business_management",)),
    "EAAnoaccount": Token("no ad account or dataset assigned", has_assets=False),
    "EAAlimited": Token("over Meta's limit for reports: 12 minutes", is_limited=True),
    "EAApage": Token("the token of a Page", "PAGE", has_assets=False),
    "EAAotherapp": Token("made with another app", is_of_other_app=True),
}

# Whoever signs in. Their permissions are those that they granted.
SIGNED_IN = Token("sees three ad accounts", "USER", lasts=timedelta(days=60))
ENDS_EARLY = "cleo"
PEOPLE = {
    "ada": SIGNED_IN,
    "ben": replace(SIGNED_IN, does="sees no ad account", has_assets=False),
    ENDS_EARLY: replace(SIGNED_IN, does="changes the password before the first renewal"),
}


class FacebookLogin(AuthorizationServer):
    """Tokens are given by GET and traded for long-lived ones; there are no refresh tokens.

    https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow (read
    2026-11-22). Errors of the token's address are those that apps report of it.
    """

    def answer(self, asked: Asked) -> Answer | None:
        if asked.path == self.token_path and asked.method == "GET":
            with self._lock:
                return self._token(asked)
        return super().answer(asked)

    def remove_app(self, given: Given) -> Answer:
        """What a person removes is the app itself, with all that was ever approved."""
        self.revoke_all(given.person)
        return ok(success=True)

    def _back(self, query: Mapping[str, str], answer: Mapping[str, str]) -> Answer:
        given = self._codes.get(answer.get("code", ""))
        if given and query.get("return_scopes") == "true":
            denied = [scope for scope in self._asked_scopes(query) if scope not in given.scopes]
            told = {"granted_scopes": ",".join(given.scopes), "denied_scopes": ",".join(denied)}
            answer = {**answer, **told}
        return super()._back(query, answer)

    def _token(self, asked: Asked) -> Answer:
        query = asked.query
        if query.get("client_id") != self.client_id:
            return refusal(101, "Error validating application. Cannot get application info.")
        if query.get("client_secret") != self.client_secret:
            return refusal(1, "Error validating client secret.")
        match query.get("grant_type", "authorization_code"):
            case "authorization_code":
                return self._exchange(query)
            case "fb_exchange_token":
                return self._trade(query.get("fb_exchange_token", ""))
            case "client_credentials":
                return ok(access_token=f"{APP_ID}|{APP_SECRET}")
        return refusal(100, "Invalid grant_type. Supported types: authorization_code, …")

    def _trade(self, text: str) -> Answer:
        given = self.given_of(text)
        if given is None:
            return UNREADABLE
        dead = NOT_AUTHORIZED if given.is_revoked else None
        if given.person == ENDS_EARLY and not dead:
            is_first = sum(one is given for one in self._by_access_token.values()) == 1
            dead = None if is_first else PASSWORD_CHANGED
        if dead:
            return refusal(190, dead[1], subcode=dead[0])
        reply = self._tokens(given, shows_refresh_token=False)
        return ok(**reply.body | {"expires_in": LONG_LIVED})


SIGN_IN = FacebookLogin(
    "Facebook",
    *("/v26.0/dialog/oauth", "/v26.0/oauth/access_token"),
    people=dict(does(PEOPLE)),
    access_token=lambda person, serial: f"EAAsignedin{person}{serial}",
    client_id=APP_ID,
    client_secret=APP_SECRET,
    gives_refresh_token=lambda _query: False,
    expires_in=SHORT_LIVED,
    scope_separator=",",
    tells_scopes=False,
    refuse=lambda _status, _code, _text: refusal(
        100, "This authorization code has been used.", subcode=36009
    ),
    denial={
        "error": "access_denied",
        "error_code": "200",
        "error_description": "Permissions error",
        "error_reason": "user_denied",
    },
)


def token_of(text: str) -> Token | None:
    """What a token may do, pasted or from a sign-in."""
    given = SIGN_IN.given_of(text)
    if given is None:
        return TOKENS.get(text)
    scopes, dead = ("public_profile", *given.scopes), NOT_AUTHORIZED if given.is_revoked else None
    return replace(PEOPLE[given.person], scopes=scopes, dead=dead)
