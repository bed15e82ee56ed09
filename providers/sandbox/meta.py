"""Meta's Graph API as its documents describe it: the token decides what happens.

The tokens are not secrets: they are known to everybody and open nothing. Error bodies follow
https://developers.facebook.com/docs/graph-api/guides/error-handling (read 2026-11-22).
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from providers.sandbox.server import Answer, Asked, page
from providers.sandbox.sign_in import AuthorizationServer, Given
from providers.sandbox.stand_in import Platform, Story, does

APP_ID = "1000200030004000"
APP_SECRET = "5a4d1b0c5a4d1b0c5a4d1b0c5a4d1b0c"
NEWEST = (26, 0)
OLDEST_FOR_ADS = (25, 0)
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


USED_UP = {
    "X-Business-Use-Case-Usage": json.dumps(
        {
            "1001": [
                {
                    "type": "ads_insights",
                    "call_count": 100,
                    "total_cputime": 25,
                    "total_time": 25,
                    "estimated_time_to_regain_access": 12,
                    "ads_api_access_tier": "development_access",
                }
            ]
        }
    )
}
TROUBLE = {
    "EAAdown": ("a page with status 503", page(503, "Service Unavailable")),
    "EAAplain": ("status 200, and Service Unavailable as text", Answer(200, "Service Unavailable")),
    "EAAtransient": (
        "an error that will pass",
        refusal(
            2,
            "An unexpected error has occurred. Please retry your request later.",
            status=500,
            is_transient=True,
        ),
    ),
    "EAAwall": ("a web page instead of data", page(200, "Are you a robot?")),
    "EAAcut": ("half a reply", Answer(200, {"id": "1", "name": "Ads Robot"}, is_cut=True)),
    "EAAsilent": ("no answer at all", Answer(is_silent=True)),
    "EAAblocked": (
        "Meta has restricted the app",
        refusal(200, "API access blocked.", status=403),
    ),
}


@dataclass(frozen=True)
class Token:
    """Whose token, and what is wrong with it. `dead` is an error subcode and its text."""

    does: str
    kind: str = "SYSTEM_USER"
    scopes: tuple[str, ...] = ("ads_read", "business_management")
    declined: tuple[str, ...] = ()
    lasts: timedelta | None = None
    dead: tuple[int | None, str] | None = None
    needs_proof: bool = False
    is_of_other_app: bool = False
    is_limited: bool = False
    has_assets: bool = True


PASSWORD_CHANGED = "Error validating access token: the user has changed their password."
NOT_AUTHORIZED = "Error validating access token: The user has not authorized application."
TOKENS = {
    "EAAhealthy": Token("a system user that may read; never expires"),
    "EAAsixtydays": Token("the same, for 60 days", lasts=timedelta(days=60)),
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
    "EAApassword": Token(
        "ended by a new password",
        "USER",
        dead=(460, PASSWORD_CHANGED),
    ),
    "EAAnopermission": Token("lacks ads_read", scopes=("business_management",)),
    "EAAnoaccount": Token("no ad account or dataset assigned", has_assets=False),
    "EAAlimited": Token("over Meta's limit for reports: 12 minutes", is_limited=True),
    "EAApage": Token("the token of a Page", "PAGE", has_assets=False),
    "EAAotherapp": Token("made with another app", is_of_other_app=True),
}

# Whoever signs in. Their permissions are those that they granted.
PEOPLE = {
    "ada": Token("sees three ad accounts", "USER", lasts=timedelta(days=60)),
    "ben": Token("sees no ad account", "USER", lasts=timedelta(days=60), has_assets=False),
    "cleo": Token(
        "changes the password before the first renewal", "USER", lasts=timedelta(days=60)
    ),
}
ENDS_EARLY = "cleo"


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
        for one in self._by_access_token.values():
            one.is_revoked = one.is_revoked or one.person == given.person
        return Answer(200, {"success": True})

    def _back(self, query: Mapping[str, str], answer: Mapping[str, str]) -> Answer:
        code = self._codes.get(answer.get("code", ""))
        if code and query.get("return_scopes") == "true":
            granted = code.given.scopes
            denied = [scope for scope in self._asked_scopes(query) if scope not in granted]
            told = {"granted_scopes": ",".join(granted), "denied_scopes": ",".join(denied)}
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
                return Answer(200, {"access_token": f"{APP_ID}|{APP_SECRET}"})
        return refusal(100, "Invalid grant_type. Supported types: authorization_code, …")

    def _trade(self, text: str) -> Answer:
        given = self.given_of(text)
        if given is None:
            return refusal(190, "Invalid OAuth access token - Cannot parse access token")
        if given.is_revoked:
            return refusal(190, NOT_AUTHORIZED, subcode=458)
        is_first = sum(one is given for one in self._by_access_token.values()) == 1
        if given.person == ENDS_EARLY and not is_first:
            return refusal(190, PASSWORD_CHANGED, subcode=460)
        reply = self._tokens(given, shows_refresh_token=False)
        return Answer(200, reply.body | {"expires_in": LONG_LIVED})


SIGN_IN = FacebookLogin(
    name="Facebook",
    authorization_path="/v26.0/dialog/oauth",
    token_path="/v26.0/oauth/access_token",
    people={name: token.does for name, token in PEOPLE.items()},
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

ACCOUNTS: dict[str, dict[str, Any]] = {
    "1001": {"name": "Acme Shop", "account_status": 1},
    "1002": {"name": "Acme Outlet", "account_status": 2, "disable_reason": 1},
    "1003": {"name": "Acme Winter", "account_status": 1},
}
WITHOUT_DELIVERY = "1003"
ACCOUNT_FIELDS = {
    *("id", "account_id", "name", "account_status", "disable_reason"),
    *("currency", "timezone_name", "user_tasks"),
}
INSIGHT_FIELDS = {"spend", "impressions", "clicks", "account_id", "account_name"}
PIXEL_FIELDS = {"id", "name", "last_fired_time", "is_unavailable"}
PIXELS: dict[str, dict[str, Any]] = {
    "2001": {"name": "acme.example", "is_unavailable": False, "fired": True},
    "2002": {"name": "new.acme.example", "is_unavailable": False, "fired": False},
    "2003": {"name": "old.acme.example", "is_unavailable": True, "fired": True},
}


def answer(asked: Asked) -> Answer:
    """Sign-in, or: version, token, proof, object, which is the order in which Meta complains."""
    if signed_in := SIGN_IN.answer(asked):
        return signed_in
    found = re.fullmatch(r"/v([0-9]+)\.([0-9])/(.+)", asked.path)
    if not found or (version := (int(found[1]), int(found[2]))) > NEWEST:
        return _unknown_path(asked.path)
    path = found[3].rstrip("/")
    given = SIGN_IN.given_of(asked.bearer)
    removes = given if (asked.method, path) == ("DELETE", "me/permissions") else None
    if asked.method != "GET" and not removes:
        return _unsupported(asked.method.lower(), path)
    if path == "debug_token":
        return _debug_token(asked)
    text = asked.query.get("access_token") or asked.bearer
    if not text:
        return refusal(104, "An access token is required to request this resource.")
    if text in TROUBLE:
        return TROUBLE[text][1]
    token = _known(text)
    if token is None:
        return refusal(190, "Invalid OAuth access token - Cannot parse access token")
    if refused := _refuse_token(text, token, asked):
        return refused
    return SIGN_IN.remove_app(removes) if removes else _object(path, version, token, asked)


def _known(text: str) -> Token | None:
    """What a token may do, pasted or from a sign-in."""
    given = SIGN_IN.given_of(text)
    if given is None:
        return TOKENS.get(text)
    return replace(
        PEOPLE[given.person],
        scopes=("public_profile", *given.scopes),
        dead=(458, NOT_AUTHORIZED) if given.is_revoked else None,
    )


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


def _object(path: str, version: tuple[int, int], token: Token, asked: Asked) -> Answer:
    if path == "me":
        name = "Ada Page" if token.kind == "USER" else "Ads Robot"
        return _picked(asked, {"id": "90010", "name": name}, {"id", "name"}, "SystemUser")
    if path == "me/permissions":
        return _permissions(token)
    if path == "me/adaccounts":
        return _accounts(token, asked)
    found = re.fullmatch(r"(act_)?([0-9]+)(/insights)?", path)
    if not found:
        return _unknown_path(f"/{path}")
    if version < OLDEST_FOR_ADS:
        return refusal(2635, "(#2635) You are calling a deprecated version of the Ads API.")
    act, number, insights = found.groups()
    known = ACCOUNTS if act else PIXELS
    if not token.has_assets or number not in known or (insights and not act):
        return _unsupported("get", path)
    if not {"ads_read", "ads_management"} & set(token.scopes):
        return _not_granted(act is not None)
    if insights:
        return _insights(number, token, asked)
    return _account(number, asked) if act else _pixel(number, asked)


def _debug_token(asked: Asked) -> Answer:
    if (asked.query.get("access_token") or asked.bearer) != f"{APP_ID}|{APP_SECRET}":
        return refusal(190, "Invalid OAuth access token signature.")
    text = asked.query.get("input_token")
    if not text:
        return refusal(100, "(#100) The parameter input_token is required")
    if text in TROUBLE:
        return TROUBLE[text][1]
    token = _known(text)
    if token is None:
        error = {"code": 190, "message": "Malformed access token"}
        return Answer(200, {"data": {"error": error, "is_valid": False, "scopes": []}})
    if token.is_of_other_app:
        return refusal(100, "(#100) The App_id in the input_token did not match the Viewing App")
    now = datetime.now(UTC)
    data: dict[str, Any] = {
        "app_id": APP_ID,
        "type": token.kind,
        "application": "Acme Reporting",
        "is_valid": token.dead is None,
        "issued_at": int((now - timedelta(days=5)).timestamp()),
        "expires_at": int((now + token.lasts).timestamp()) if token.lasts else 0,
        "data_access_expires_at": 0,
        "scopes": list(token.scopes),
        "granular_scopes": [{"scope": scope} for scope in token.scopes],
        "user_id": "90010",
    }
    if token.kind == "USER":
        data["data_access_expires_at"] = int((now + timedelta(days=90)).timestamp())
    if token.dead:
        data["error"] = {"code": 190, "message": token.dead[1], "subcode": token.dead[0]}
    return Answer(200, {"data": data})


def _permissions(token: Token) -> Answer:
    """The documents know this list for people; for system users they do not say."""
    status = dict.fromkeys(token.scopes, "granted") | dict.fromkeys(token.declined, "declined")
    rows = [{"permission": name, "status": how} for name, how in status.items()]
    return Answer(200, {"data": rows if token.kind == "USER" else []})


def _accounts(token: Token, asked: Asked) -> Answer:
    """Two pages of at most two, with a cursor; the last has no `next`."""
    if not {"ads_read", "ads_management"} & set(token.scopes):
        return _not_granted(True)
    numbers = sorted(ACCOUNTS) if token.has_assets else []
    start = numbers.index(asked.query["after"]) + 1 if "after" in asked.query else 0
    shown = numbers[start : start + 2]
    rows = [_account(number, asked) for number in shown]
    if any(row.status != 200 for row in rows):
        return rows[0]
    paging: dict[str, Any] = {}
    if shown:
        paging["cursors"] = {"before": shown[0], "after": shown[-1]}
    if start + 2 < len(numbers):
        paging["next"] = "https://graph.facebook.com/next"
    return Answer(200, {"data": [row.body for row in rows], "paging": paging})


def _account(number: str, asked: Asked) -> Answer:
    node = {
        "id": f"act_{number}",
        "account_id": number,
        "currency": "EUR",
        "timezone_name": "Europe/Berlin",
        "user_tasks": ["ANALYZE"],
        **ACCOUNTS[number],
    }
    return _picked(asked, node, ACCOUNT_FIELDS, "AdAccount")


def _insights(number: str, token: Token, asked: Asked) -> Answer:
    if token.is_limited:
        return refusal(
            80000,
            "(#80000) There have been too many calls from this ad-account.",
            subcode=2446079,
            headers=USED_UP,
        )
    if asked.query.get("level") not in {"account", "campaign", "adset", "ad"}:
        return refusal(100, "(#100) level must be one of the following values: ad, adset, …")
    if asked.query.get("date_preset") != "yesterday":
        return refusal(100, "(#100) date_preset must be one of the following values: …")
    day = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    values = {"spend": "42.17", "impressions": "5120", "clicks": "88", "account_id": number}
    row = _picked(asked, values, INSIGHT_FIELDS, "AdsInsights")
    if row.status != 200:
        return row
    rows = [] if number == WITHOUT_DELIVERY else [row.body | {"date_start": day, "date_stop": day}]
    return Answer(
        200, {"data": rows, "paging": {"cursors": {"before": "MAZDZD", "after": "MAZDZD"}}}
    )


def _pixel(number: str, asked: Asked) -> Answer:
    node = {"id": number} | PIXELS[number]
    if node.pop("fired"):
        an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
        node["last_fired_time"] = an_hour_ago.strftime("%Y-%m-%dT%H:%M:%S+0000")
    return _picked(asked, node, PIXEL_FIELDS, "AdsPixel")


def _picked(asked: Asked, node: dict[str, Any], known: set[str], kind: str) -> Answer:
    """Only the fields that were asked for, and always the id."""
    wanted = [name for name in asked.query.get("fields", "id").split(",") if name]
    unknown = next((name for name in wanted if name not in known), None)
    if unknown:
        message = f"(#100) Tried accessing nonexisting field ({unknown}) on node type ({kind})"
        return refusal(100, message)
    return Answer(200, {name: node[name] for name in ("id", *wanted) if name in node})


def _not_granted(is_account: bool) -> Answer:
    if is_account:
        said = "Ad account owner has NOT grant ads_management or ads_read permission"
        return refusal(200, f"(#200) {said}", status=403)
    return refusal(10, "(#10) Application does not have permission for this action", status=403)


def _unknown_path(path: str) -> Answer:
    return refusal(2500, f"Unknown path components: {path}")


def _unsupported(method: str, path: str) -> Answer:
    return refusal(
        100,
        f"Unsupported {method} request. Object with ID '{path}' does not exist, cannot be loaded "
        "due to missing permissions, or does not support this operation. Please read the Graph "
        "API documentation at https://developers.facebook.com/docs/graph-api",
        subcode=33,
    )


HEALTHY = {
    "access_token": "EAAhealthy",
    "account_id": "act_1001",
    "pixel_id": "2001",
    "app_id": APP_ID,
    "app_secret": APP_SECRET,
}
PLATFORM = Platform(
    answer,
    {
        "App for sign-in": SIGN_IN.shown("the App ID, for pasted tokens too", "the App Secret"),
        "Access tokens": does(TOKENS, TROUBLE),
        "Ad accounts": (
            ("act_1001", "active, with delivery"),
            ("act_1002", "disabled"),
            ("act_1003", "active, without delivery"),
        ),
        "Datasets": (
            ("2001", "receives events"),
            ("2002", "has never received one"),
            ("2003", "unavailable"),
        ),
    },
    healthy=HEALTHY,
    story=Story(values=HEALTHY | {"access_token": "EAAsixtydays", "pixel_id": "2002"}, tests=9),
    sign_ins={"meta": SIGN_IN},
)
