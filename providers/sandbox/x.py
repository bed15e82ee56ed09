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
from providers.sandbox.breaks import NOT_SHOWN, NOTHING, SILENCES, Trial, breaks, values
from providers.sandbox.practice import Practice
from providers.sandbox.server import Answer, Asked, counts, ok, page
from providers.sandbox.sign_in import AuthorizationServer, Given, oauth_refusal
from providers.sandbox.stand_in import ANY, Platform, Story, any_of, does, trouble, wrong_in

CLIENT_ID = "c2FuZGJveDBhcHA6MTpjaQ"
CLIENT_SECRET = "sandbox0client0secret0that0is0fifty0characterslong"
API_SECRET = "sandbox0api0secret"
LIMIT_LASTS = timedelta(minutes=11)
# A username stands in the last.
USAGE, COUNTS = "/2/usage/tweets", "/2/tweets/counts/recent"
ME, SEARCH = "/2/users/me", "/2/tweets/search/recent"
USERS = "/2/users/by/username/"
OF_APPS_ONLY, OF_PEOPLE_ONLY, SEARCHES = {USAGE, COUNTS}, {ME}, {COUNTS, SEARCH}


def some_of(*names: str) -> str:
    """The pattern of a list of these, with commas between them."""
    one = "|".join(names)
    return f"({one})(,({one}))*"


USER_FIELDS = some_of(
    *("created_at", "description", "id", "location", "name", "protected"),
    *("public_metrics", "url", "username", "verified", "withheld"),
)
USER = any_of("expansions", "tweet.fields", "post.fields") | {"user.fields": USER_FIELDS}
# Up to 512 characters, with a quotation mark at the end of each quotation.
QUERY = {"query": r'(?s)(?=.{1,512}\Z)[^"]*("[^"]*"[^"]*)*'} | any_of(
    *("start_time", "end_time", "since_id", "until_id", "next_token", "pagination_token")
)
USAGE_FIELDS = some_of(
    *("cap_reset_day", "daily_client_app_usage", "daily_project_usage"),
    *("project_cap", "project_id", "project_usage"),
)
# Path -> its parameters, and the pattern of each.
PARAMETERS = {
    USAGE: {"days": "[1-9][0-9]?", "usage.fields": USAGE_FIELDS},
    USERS: USER,
    ME: USER,
    SEARCH: {"max_results": "[1-9][0-9]|100", "sort_order": ANY, **QUERY, **USER},
    COUNTS: {"granularity": "minute|hour|day", "search_count.fields": ANY, **QUERY},
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
    errors = [{"parameters": {parameter: [value]}, "message": message}]
    return refusal(400, "invalid-request", "Invalid Request", errors=errors)


OTHER_KIND = refusal(403, "unsupported-authentication", "Unsupported Authentication")
NO_PROJECT = refusal(
    403,
    "client-forbidden",
    "Client Forbidden",
    reason="client-not-enrolled",
    required_enrollment="Standard Basic",
)
TROUBLE = {
    "AAAAuser": ("a token of a person, which is of another kind", OTHER_KIND),
    "AAAAnoproject": ("of an app that is in no project", NO_PROJECT),
    **trouble("AAAA", data={"project_usage": 1}),
    "AAAAwall": ("a web page instead of data", page(403, "Are you a robot?")),
}
TOKENS = {
    "AAAAhealthy": "reads public data, 1 % of its cap is used",
    "AAAAnousage": "the same, and X does not tell how much it used",
    "AAAAcapped": "has read all that it may read this month",
    "AAAAnocredits": "of a developer account without credits",
    "AAAAspendcap": "of a developer account at its spending limit",
    "AAAAlimited": "over X's limit for searches: 11 minutes",
}
SPENT = {
    "AAAAnocredits": refusal(402, "credits", "CreditsDepleted"),
    "AAAAspendcap": refusal(403, "about:blank", "SpendCapReached"),
}
CAPPED = refusal(429, "usage-capped", "UsageCapExceeded", period="Monthly", scope="Product")
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
    "X",
    *("/i/oauth2/authorize", "/2/oauth2/token", "/2/oauth2/revoke"),
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
    if refused := _refuse(path, asked, given):
        return refused
    if path == USAGE:
        return _usage(token, asked)
    if refused := _refuse_use(token, path):
        return refused
    if path in SEARCHES:
        return _counts() if path == COUNTS else _posts(asked)
    return _user("acme" if path == ME else username, asked)


def _refuse(path: str, asked: Asked, given: Given | None) -> Answer | None:
    """Some paths are for apps alone, one is for people alone, who allow one thing at a time."""
    if path in (OF_APPS_ONLY if given else OF_PEOPLE_ONLY):
        return OTHER_KIND
    if given and not {"tweet.read", "users.read"} <= set(given.scopes):
        return refusal(403, "about:blank", "Forbidden")
    sent = dict.fromkeys(["query"] if path in SEARCHES else [], "") | dict(asked.query)
    wrong = wrong_in(sent, PARAMETERS[path])
    return invalid(wrong, sent[wrong]) if wrong else None


def _token(asked: Asked) -> Answer:
    sent = asked.headers.get("Authorization", "")
    if asked.method != "POST" or asked.form.get("grant_type") != "client_credentials":
        code, label, message = 170, "forbidden_missing_parameter", "Missing required parameter."
    else:
        for key, token in KEYS.items():
            if sent == basic(key, API_SECRET):
                return ok(token_type="bearer", access_token=token)
        code, label, message = 99, "authenticity_token_error", "Unable to verify your credentials"
    return Answer(403, {"errors": [{"code": code, "label": label, "message": message}]})


def _refuse_use(token: str, path: str) -> Answer | None:
    if token in SPENT:
        return SPENT[token]
    if token == "AAAAcapped" and path in SEARCHES:
        return CAPPED
    if token == "AAAAlimited" and path in SEARCHES:
        reset = int((datetime.now(UTC) + LIMIT_LASTS).timestamp())
        headers = counts("x-rate-limit", limit=300, remaining=0, reset=reset)
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
    return ok(data={name: known[name] for name in wanted if name in known})


def _user(username: str, asked: Asked) -> Answer:
    if not re.fullmatch("[A-Za-z0-9_]{1,15}", username):
        return invalid("username", username)
    if username == "acme_private":
        return _partial("not-authorized-for-resource", "Authorization Error", username)
    if username != "acme":
        return _partial("resource-not-found", "Not Found Error", username)
    user: dict[str, Any] = {"id": "2244994945", "name": "Acme Shop", "username": "acme"}
    if "public_metrics" in asked.query.get("user.fields", ""):
        metrics = {"followers": 5120, "following": 88, "tweet": 1200, "listed": 3}
        user["public_metrics"] = {f"{name}_count": count for name, count in metrics.items()}
    return ok(data=user)


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
    return ok(errors=[error])


def _counts() -> Answer:
    days = [datetime.now(UTC) - timedelta(days=ago) for ago in range(7, -1, -1)]
    stamps = [f"{day:%Y-%m-%d}T00:00:00.000Z" for day in days]
    rows = [{"start": start, "end": end, "tweet_count": 6} for start, end in pairwise(stamps)]
    return ok(data=rows, meta={"total_tweet_count": 6 * len(rows)})


def _posts(asked: Asked) -> Answer:
    number = int(asked.query.get("max_results", 10))
    ids = [str(1990000000000000000 + at) for at in range(number, 0, -1)]
    meta = {"newest_id": ids[0], "oldest_id": ids[-1], "result_count": number}
    posts = [{"id": one, "text": "Acme again", "edit_history_tweet_ids": [one]} for one in ids]
    return ok(data=posts, meta=meta | {"next_token": "b26v89c19zqg8o3f"})


HEALTHY = {"access_token": "AAAAhealthy", "account_id": "acme"}
WITH_KEY = {"api_key": "sandbox0api0key", "api_key_secret": API_SECRET, "account_id": "acme"}
# As https://docs.x.com/x-api/fundamentals/response-codes-and-errors names them.
BREAKS = {
    "withdrawn": "auth_invalid",
    "noproject": "permission_missing",
    "capped": "quota_exhausted",
    "nocredits": "quota_exhausted",
    "spendcap": "quota_exhausted",
    "limited": "rate_limited",
    "nousage": NOTHING,
    **SILENCES,
}
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
    healthy=WITH_KEY,
    story=Story(values=HEALTHY, tests=4, later={"account_id": "acme_gone"}),
    practices=(
        Practice(
            healthy=HEALTHY,
            revoked={"access_token": "AAAAwithdrawn"},
            limited={"access_token": "AAAAlimited"},
            elsewhere={"account_id": "acme_gone"},
        ),
    ),
    trials=(
        Trial(
            HEALTHY,
            breaks(BREAKS, lambda word: f"AAAA{word}")
            + values({"acme_private": NOT_SHOWN, "acme_gone": NOT_SHOWN}, "acme"),
            "bearer token",
        ),
        Trial(
            WITH_KEY,
            values({"sandbox0withdrawn": "auth_invalid"}, "sandbox0api0key"),
            "API key",
        ),
    ),
    sign_ins={"x": SIGN_IN},
)
