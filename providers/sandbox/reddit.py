"""Reddit's API as its documents describe it: the client or the token decides what happens.

These are not secrets: they are known to everybody and open nothing. Errors are as in the
replies that the tests of praw's prawcore have recorded (read 2026-11-22). Like Reddit, this
does not mind parameters that it does not know.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from providers.outbound.basic import basic
from providers.sandbox.server import Answer, Asked
from providers.sandbox.sign_in import AuthorizationServer
from providers.sandbox.stand_in import Platform, Story

CLIENT_ID = "sandbox-client-0"
CLIENT_SECRET = "sandbox-secret-0123456789abc"
LIFETIME_SECONDS = 86400
HTML = "<!DOCTYPE html><html><head><title>{0}</title></head><body>{0}</body></html>"
BLOCKED = Answer(403, HTML.format("You've been blocked by network security."))


def refusal(status: int, message: str, **more: Any) -> Answer:
    """An error in the shape of Reddit's API."""
    return Answer(status, {"message": message, "error": status, **more})


def unauthorized(challenge: str) -> Answer:
    body = {"message": "Unauthorized", "error": 401}
    return Answer(401, body, {"WWW-Authenticate": challenge})


OVER = Answer(
    429,
    {"message": "Too Many Requests", "error": 429},
    {
        "X-Ratelimit-Used": "1000",
        "X-Ratelimit-Remaining": "0.0",
        "X-Ratelimit-Reset": "240",
    },
)
# What a client ID other than the healthy one gets, with the same secret.
CLIENTS = {
    "sandbox-installed-0": (
        "an app of a type without a secret",
        Answer(200, {"error": "unauthorized_client"}),
    ),
    "sandbox-unapproved-0": ("an app that Reddit did not approve", BLOCKED),
    "sandbox-limited-0": ("an app over Reddit's limit: 4 minutes", OVER),
}
TROUBLE = {
    "rdt-limited": ("over Reddit's limit: 4 minutes", OVER),
    "rdt-blocked": ("a page that blocks this server", BLOCKED),
    "rdt-down": ("a page with status 503", Answer(503, HTML.format("our CDN was unable"))),
    "rdt-wall": ("a web page instead of data", Answer(200, HTML.format("whoa there, pardner!"))),
    "rdt-cut": ("half a reply", Answer(200, {"name": "acme", "id": "abc"}, is_cut=True)),
    "rdt-silent": ("no answer at all", Answer(is_silent=True)),
}
FULL = "identity mysubreddits read"


@dataclass(frozen=True)
class Token:
    """What a token may do. One of an app alone has no user."""

    does: str
    scope: str = FULL
    user: str = "acme"
    is_suspended: bool = False


TOKENS = {
    "rdt-healthy": Token("a person who granted all that is needed"),
    "rdt-app": Token("an app alone, without a person", scope="*", user=""),
    "rdt-anonymous": Token("lacks the scope identity", scope="read"),
    "rdt-noread": Token("lacks the scope read", scope="identity"),
    "rdt-suspended": Token("of an account that is suspended", is_suspended=True),
}
REFRESH_TOKENS = {
    "rdr-healthy": ("gives rdt-healthy", "rdt-healthy"),
    "rdr-anonymous": ("gives rdt-anonymous", "rdt-anonymous"),
    "rdr-noread": ("gives rdt-noread", "rdt-noread"),
    "rdr-blocked": ("gives rdt-blocked", "rdt-blocked"),
    "rdr-ended": ("is no longer accepted", ""),
}
COMMUNITIES = {
    "marketing": "public, with posts",
    "acme_quiet": "public, without posts",
    "acme_secret": "private",
    "acme_closed": "closed by Reddit",
    "acme_missing": "does not exist",
    "acme_unheard": "does not exist, which is told by a redirect",
}
NEEDS = {"/api/v1/me": "identity", "/subreddits/mine/subscriber": "mysubreddits"}
# Whoever signs in is like the owner of a token, with the scopes that were asked for.
PEOPLE = ("healthy", "suspended")


def refuse_sign_in(_status: int, code: str, text: str) -> Answer:
    """A code that is not good is refused with status 200, a refresh token without a reason."""
    if code == "invalid_client":
        return unauthorized('Basic realm="reddit"')
    if "refresh" in text:
        return refusal(400, "Bad Request")
    return Answer(200, {"error": code})


SIGN_IN = AuthorizationServer(
    name="Reddit",
    authorization_path="/api/v1/authorize",
    token_path="/api/v1/access_token",
    revocation_path="/api/v1/revoke_token",
    people={word: TOKENS[f"rdt-{word}"].does for word in PEOPLE},
    access_token=lambda word, serial: f"rdt-{word}-signed-in-{serial}",
    client_id=CLIENT_ID,
    client_secret=CLIENT_SECRET,
    takes_basic=True,
    gives_refresh_token=lambda query: query.get("duration") == "permanent",
    expires_in=LIFETIME_SECONDS,
    refuse=refuse_sign_in,
)


def answer(asked: Asked) -> Answer:
    """User-Agent, then token, then scope, then the place that is asked for."""
    if asked.path == SIGN_IN.authorization_path:  # a browser asks, as it is
        return SIGN_IN.answer(asked) or refusal(404, "Not Found")
    agent = asked.headers.get("User-Agent", "")
    if not re.fullmatch(r"[^:\s]+:[^:\s]+:\S+( \(by /u/\S+\))?", agent):
        return Answer(429, HTML.format("whoa there, pardner!"))
    if asked.path == "/api/v1/access_token":
        return _access_token(asked)
    if revoked := SIGN_IN.answer(asked):
        return revoked if revoked.status != 200 else Answer(204, "")
    # Reddit says bearer in small letters, and reads it in any.
    text = asked.bearer
    if text in TROUBLE:
        return TROUBLE[text][1]
    token = _known(text)
    if token is None:
        return unauthorized('Bearer realm="reddit", error="invalid_token"')
    needed = NEEDS.get(asked.path, "read")
    if not {needed, "*"} & set(token.scope.split()):
        challenge = 'Bearer realm="reddit", error="insufficient_scope"'
        body = {"message": "Forbidden", "error": 403}
        return Answer(403, body, {"WWW-Authenticate": challenge})
    if asked.method != "GET":
        return refusal(404, "Not Found")
    return _place(asked, token)


def _known(text: str) -> Token | None:
    given = SIGN_IN.given_of(text)
    if given is None:
        return TOKENS.get(text)
    if given.is_revoked:
        return None
    return replace(TOKENS[f"rdt-{given.person}"], scope=" ".join(given.scopes))


def _access_token(asked: Asked) -> Answer:
    sent = asked.headers.get("Authorization", "")
    for client, (_, reply) in CLIENTS.items():
        if sent == basic(client, CLIENT_SECRET):
            return reply
    if asked.method != "POST" or sent != basic(CLIENT_ID, CLIENT_SECRET):
        return unauthorized('Basic realm="reddit"')
    grant = asked.form.get("grant_type")
    if grant == "client_credentials":
        return _granted("rdt-app")
    pasted = asked.form.get("refresh_token", "")
    if grant != "refresh_token" or pasted not in REFRESH_TOKENS:
        return SIGN_IN.answer(asked) or refusal(404, "Not Found")
    _, text = REFRESH_TOKENS[pasted]
    return _granted(text) if text else refusal(400, "Bad Request")


def _granted(text: str) -> Answer:
    scope = TOKENS[text].scope if text in TOKENS else FULL
    given = {"access_token": text, "token_type": "bearer", "scope": scope}
    return Answer(200, given | {"expires_in": LIFETIME_SECONDS})


def _place(asked: Asked, token: Token) -> Answer:
    if asked.path == "/api/v1/me":
        return _me(token)
    if asked.path == "/subreddits/mine/subscriber":
        return _listing([_community("marketing")]) if token.user else _user_required()
    found = re.fullmatch(r"/r/([^/]+)/(about|new)", asked.path)
    if not found:
        return refusal(404, "Not Found")
    name, what = found.groups()
    if name in CLOSED:
        return CLOSED[name]()
    if what == "about":
        return Answer(200, _community(name)) if name in COMMUNITIES else refusal(404, "Not Found")
    return _listing([] if name == "acme_quiet" else [_post(name)])


def _me(token: Token) -> Answer:
    if not token.user:
        return _user_required()
    person = {
        "name": token.user,
        "id": "abc12",
        "created_utc": 1500000000.0,
        "link_karma": 512,
        "comment_karma": 88,
        "has_verified_email": True,
        "is_suspended": token.is_suspended,
        "is_mod": False,
    }
    return Answer(200, person)


def _user_required() -> Answer:
    explanation = "Please log in to do that."
    return refusal(403, "Forbidden", reason="USER_REQUIRED", explanation=explanation)


CLOSED: dict[str, Callable[[], Answer]] = {
    "acme_secret": lambda: refusal(403, "Forbidden", reason="private"),
    "acme_closed": lambda: refusal(404, "Not Found", reason="banned"),
    "acme_missing": lambda: refusal(404, "Not Found"),
    "acme_unheard": lambda: Answer(302, "", {"Location": "/subreddits/search?q=acme_unheard"}),
}


def _community(name: str) -> dict[str, Any]:
    about = {
        "display_name": name,
        "name": "t5_2qhmg",
        "title": f"All about {name}",
        "subscribers": 5120,
        "subreddit_type": "public",
        "created_utc": 1300000000.0,
    }
    return {"kind": "t5", "data": about}


def _post(community: str) -> dict[str, Any]:
    created = (datetime.now(UTC) - timedelta(hours=1)).timestamp()
    post = {
        "name": "t3_abc12",
        "subreddit": "marketing" if community == "all" else community,
        "title": "Which report do you read first?",
        "score": 42,
        "num_comments": 7,
        "created_utc": created,
    }
    return {"kind": "t3", "data": post}


def _listing(children: list[dict[str, Any]]) -> Answer:
    data = {"after": None, "before": None, "dist": len(children), "children": children}
    headers = {
        "X-Ratelimit-Used": "1",
        "X-Ratelimit-Remaining": "999.0",
        "X-Ratelimit-Reset": "599",
    }
    return Answer(200, {"kind": "Listing", "data": data}, headers)


PLATFORM = Platform(
    answer,
    {
        "App for sign-in": ((CLIENT_ID, "the client ID"), (CLIENT_SECRET, "the client secret")),
        "Client IDs": (
            (CLIENT_ID, "an approved app"),
            *((client, does) for client, (does, _) in CLIENTS.items()),
        ),
        "Client secret": ((CLIENT_SECRET, "the secret of each"),),
        "Refresh tokens": tuple((text, does) for text, (does, _) in REFRESH_TOKENS.items()),
        "Access tokens": (
            *((text, token.does) for text, token in TOKENS.items()),
            *((text, does) for text, (does, _) in TROUBLE.items()),
        ),
        "Communities": tuple(COMMUNITIES.items()),
    },
    healthy={
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "refresh_token": "rdr-healthy",
        "account_id": "marketing",
        "reddit_username": "acme",
    },
    story=Story(
        values={
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "reddit_username": "acme",
            "account_id": "marketing",
        },
        tests=0,
    ),
    sign_ins={"reddit": SIGN_IN},
)
