"""X's API as its documents describe it: the token or the API key decides what happens.

These are not secrets: they are known to everybody and open nothing. Error bodies follow
https://docs.x.com/x-api/fundamentals/response-codes-and-errors (read 2026-11-22).
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from providers.outbound.basic import basic
from providers.sandbox.server import Answer, Asked
from providers.sandbox.sign_in import AuthorizationServer, Given, oauth_refusal
from providers.sandbox.stand_in import Platform, Story, does, trouble

CLIENT_ID = "c2FuZGJveDBhcHA6MTpjaQ"
CLIENT_SECRET = "sandbox0client0secret0that0is0fifty0characterslong"
API_SECRET = "sandbox0api0secret"
LIMIT_LASTS = timedelta(minutes=11)
# Path -> its parameters. A username stands in the second.
USAGE, COUNTS = "/2/usage/tweets", "/2/tweets/counts/recent"
ME, SEARCH = "/2/users/me", "/2/tweets/search/recent"
USERS = "/2/users/by/username/"
OF_APPS_ONLY, OF_PEOPLE_ONLY = {USAGE, COUNTS}, {ME}
USER_PARAMETERS = {"user.fields", "expansions", "tweet.fields", "post.fields"}
SEARCH_PARAMETERS = {
    *("query", "start_time", "end_time", "since_id", "until_id", "next_token", "pagination_token"),
}
PARAMETERS = {
    USAGE: {"days", "usage.fields"},
    USERS: USER_PARAMETERS,
    ME: USER_PARAMETERS,
    SEARCH: {"max_results", "sort_order", *SEARCH_PARAMETERS, *USER_PARAMETERS},
    COUNTS: {"granularity", "search_count.fields", *SEARCH_PARAMETERS},
}
FIELDS = {
    "usage.fields": {
        *("cap_reset_day", "daily_client_app_usage", "daily_project_usage"),
        *("project_cap", "project_id", "project_usage"),
    },
    "user.fields": {
        *("created_at", "description", "id", "location", "name", "protected"),
        *("public_metrics", "url", "username", "verified", "withheld"),
    },
}


def refusal(
    status: int,
    problem: str,
    title: str,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Answer:
    """An error in X's shape. `problem` is the end of its type, or about:blank."""
    kind = problem if problem == "about:blank" else f"https://api.x.com/2/problems/{problem}"
    body = {"title": title, "detail": f"{title}.", "type": kind, "status": status, **more}
    return Answer(status, body, headers or {})


def invalid(parameter: str, value: str) -> Answer:
    message = f"The value [{value}] of the query parameter [{parameter}] is not valid"
    return refusal(
        400,
        "invalid-request",
        "Invalid Request",
        errors=[{"parameters": {parameter: [value]}, "message": message}],
    )


TROUBLE = {
    "AAAAuser": (
        "a token of a person, which is of another kind",
        refusal(403, "unsupported-authentication", "Unsupported Authentication"),
    ),
    "AAAAnoproject": (
        "of an app that is in no project",
        refusal(
            403,
            "client-forbidden",
            "Client Forbidden",
            reason="client-not-enrolled",
            required_enrollment="Standard Basic",
        ),
    ),
    **trouble({"data": {"project_usage": 1}}, "AAAA", wall=403),
}
TOKENS = {
    "AAAAhealthy": "reads public data, 1 % of its cap is used",
    "AAAAnousage": "the same, and X does not tell how much it used",
    "AAAAcapped": "has read all that it may read this month",
    "AAAAnocredits": "of a developer account without credits",
    "AAAAspendcap": "of a developer account at its spending limit",
    "AAAAlimited": "over X's limit for searches: 11 minutes",
}
KEYS = {
    "sandbox0api0key": "AAAAhealthy",
    "sandbox0nocredits": "AAAAnocredits",
}
ACCOUNTS = {
    "acme": "a public account",
    "acme_private": "a private account",
    "acme_gone": "an account that X has closed",
}
CAP = 10000
# Whoever signs in does so as @acme, with credits and limits like those of a token.
PEOPLE = {
    "healthy": "the brand's own account",
    "nocredits": "the same, in an app without credits",
    "spendcap": "the same, in an app at its spending limit",
    "limited": "the same, over X's limit for searches",
}

# What is wrong with a sign-in, in X's words: they alone tell one refusal from another.
REFUSALS = {
    "refresh": "Value passed for the token was invalid.",
    "redirect": "Value passed for the redirect uri did not match the uri of the "
    "authorization code.",
    "verifier": "Value passed for the code verifier did not match the code challenge.",
    "code": "Value passed for the authorization code was invalid.",
}


def refuse_sign_in(status: int, code: str, text: str) -> Answer:
    if code == "invalid_client":
        code, text = "unauthorized_client", "Missing valid authorization header"
    elif code == "invalid_grant":
        code, text = "invalid_request", next(REFUSALS[word] for word in REFUSALS if word in text)
    return oauth_refusal(code, text, status)


# As https://docs.x.com/fundamentals/authentication/oauth-2-0 says (read 2026-11-22).
SIGN_IN = AuthorizationServer(
    name="X",
    authorization_path="/i/oauth2/authorize",
    token_path="/2/oauth2/token",
    revocation_path="/2/oauth2/revoke",
    people=PEOPLE,
    access_token=lambda word, serial: f"c2FuZGJveA{word}{serial}OjE6MTphdDox",
    client_id=CLIENT_ID,
    client_secret=CLIENT_SECRET,
    takes_basic=True,
    needs_pkce=True,
    gives_refresh_token=lambda query: "offline.access" in query.get("scope", "").split(),
    rotates=True,
    expires_in=7200,
    refuse=refuse_sign_in,
)


def answer(asked: Asked) -> Answer:
    """Sign-in, or: token, then path and parameters, then what credits and limits allow."""
    if signed_in := SIGN_IN.answer(asked):
        return signed_in
    if asked.path == "/oauth2/token":
        return _token(asked)
    token, given = asked.bearer, SIGN_IN.given_of(asked.bearer)
    if given:
        token = "" if given.is_revoked else f"AAAA{given.person}"
    if token in TROUBLE:
        return TROUBLE[token][1]
    if token not in TOKENS:
        return refusal(401, "about:blank", "Unauthorized")
    return _resource(asked, token, given)


def _resource(asked: Asked, token: str, given: Given | None) -> Answer:
    username = asked.path.removeprefix(USERS)
    path = USERS if username != asked.path else asked.path
    if asked.method != "GET" or path not in PARAMETERS:
        return refusal(404, "about:blank", "Not Found")
    refused = _refuse_kind(path, given) or _refuse_parameters(path, asked)
    if refused:
        return refused
    if path == USAGE:
        return _usage(token, asked)
    if refused := _refuse_use(token, path):
        return refused
    if path in (ME, USERS):
        return _user("acme" if path == ME else username, asked)
    return _counts() if path == COUNTS else _posts(asked)


def _refuse_kind(path: str, given: Given | None) -> Answer | None:
    """Some paths are for apps alone, one is for people alone, who allow one thing at a time."""
    if path in (OF_APPS_ONLY if given else OF_PEOPLE_ONLY):
        return refusal(403, "unsupported-authentication", "Unsupported Authentication")
    if given and not {"tweet.read", "users.read"} <= set(given.scopes):
        return refusal(403, "about:blank", "Forbidden")
    return None


def _token(asked: Asked) -> Answer:
    sent = asked.headers.get("Authorization", "")
    if asked.method != "POST" or asked.form.get("grant_type") != "client_credentials":
        code = {"code": 170, "label": "forbidden_missing_parameter"}
        return Answer(403, {"errors": [code | {"message": "Missing required parameter."}]})
    for key, token in KEYS.items():
        if sent == basic(key, API_SECRET):
            return Answer(200, {"token_type": "bearer", "access_token": token})
    error = {"code": 99, "label": "authenticity_token_error"}
    return Answer(403, {"errors": [error | {"message": "Unable to verify your credentials"}]})


def _refuse_parameters(path: str, asked: Asked) -> Answer | None:
    for name, value in asked.query.items():
        if name not in PARAMETERS[path]:
            return invalid(name, value)
        if set(value.split(",")) - FIELDS.get(name, set(value.split(","))):
            return invalid(name, value)
    if not re.fullmatch("[1-9][0-9]?", asked.query.get("days", "7")):
        return invalid("days", asked.query["days"])
    if asked.query.get("granularity", "hour") not in {"minute", "hour", "day"}:
        return invalid("granularity", asked.query["granularity"])
    fewest = asked.query.get("max_results", "10")
    if not re.fullmatch("[1-9][0-9]|100", fewest):
        return invalid("max_results", fewest)
    query = asked.query.get("query", "")
    if path in (COUNTS, SEARCH) and (not 1 <= len(query) <= 512 or query.count('"') % 2):
        return invalid("query", query)
    return None


def _refuse_use(token: str, path: str) -> Answer | None:
    if token == "AAAAnocredits":
        return refusal(402, "credits", "CreditsDepleted")
    if token == "AAAAspendcap":
        return refusal(403, "about:blank", "SpendCapReached")
    if token == "AAAAcapped" and path in (COUNTS, SEARCH):
        return refusal(429, "usage-capped", "UsageCapExceeded", period="Monthly", scope="Product")
    if token == "AAAAlimited" and path in (COUNTS, SEARCH):
        reset = str(int((datetime.now(UTC) + LIMIT_LASTS).timestamp()))
        headers = {
            "x-rate-limit-limit": "300",
            "x-rate-limit-remaining": "0",
            "x-rate-limit-reset": reset,
        }
        return refusal(429, "about:blank", "Too Many Requests", headers)
    return None


def _usage(token: str, asked: Asked) -> Answer:
    if token == "AAAAnousage":
        return Answer(404, "")
    used = CAP if token == "AAAAcapped" else CAP // 100
    known = {
        "cap_reset_day": 7,
        "project_cap": str(CAP),
        "project_id": "1700000000000000001",
        "project_usage": str(used),
    }
    wanted = asked.query.get("usage.fields", "project_id").split(",")
    return Answer(200, {"data": {name: known[name] for name in wanted if name in known}})


def _user(username: str, asked: Asked) -> Answer:
    if not re.fullmatch("[A-Za-z0-9_]{1,15}", username):
        return invalid("username", username)
    if username == "acme_private":
        return _partial("not-authorized-for-resource", "Authorization Error", username)
    if username != "acme":
        return _partial("resource-not-found", "Not Found Error", username)
    user: dict[str, Any] = {"id": "2244994945", "name": "Acme Shop", "username": "acme"}
    if "public_metrics" in asked.query.get("user.fields", ""):
        user["public_metrics"] = {
            "followers_count": 5120,
            "following_count": 88,
            "tweet_count": 1200,
            "listed_count": 3,
        }
    return Answer(200, {"data": user})


def _partial(problem: str, title: str, username: str) -> Answer:
    """A good status, and only errors in the body."""
    error = {
        "value": username,
        "detail": f"Could not find user with username: [{username}].",
        "title": title,
        "resource_type": "user",
        "parameter": "username",
        "resource_id": username,
        "type": f"https://api.twitter.com/2/problems/{problem}",
    }
    return Answer(200, {"errors": [error]})


def _counts() -> Answer:
    days = [datetime.now(UTC) - timedelta(days=ago) for ago in range(7, -1, -1)]
    stamps = [f"{day:%Y-%m-%d}T00:00:00.000Z" for day in days]
    rows = [{"start": start, "end": end, "tweet_count": 6} for start, end in pairwise(stamps)]
    return Answer(200, {"data": rows, "meta": {"total_tweet_count": 6 * len(rows)}})


def _posts(asked: Asked) -> Answer:
    number = int(asked.query.get("max_results", 10))
    ids = [str(1990000000000000000 + at) for at in range(number, 0, -1)]
    meta = {"newest_id": ids[0], "oldest_id": ids[-1], "result_count": number}
    posts = [{"id": one, "text": "Acme again", "edit_history_tweet_ids": [one]} for one in ids]
    return Answer(200, {"data": posts, "meta": meta | {"next_token": "b26v89c19zqg8o3f"}})


PLATFORM = Platform(
    answer,
    {
        "App for sign-in": SIGN_IN.shown(),
        "Bearer tokens": (*TOKENS.items(), *does(TROUBLE)),
        "API keys and their secret": (
            *((key, f"gives {token}") for key, token in KEYS.items()),
            (API_SECRET, "the secret of each"),
        ),
        "Usernames": tuple(ACCOUNTS.items()),
    },
    healthy={
        "api_key": "sandbox0api0key",
        "api_key_secret": API_SECRET,
        "account_id": "acme",
    },
    story=Story(
        values={"access_token": "AAAAhealthy", "account_id": "acme"},
        tests=4,
        later={"account_id": "acme_gone"},
    ),
    sign_ins={"x": SIGN_IN},
)
