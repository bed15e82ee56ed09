"""Reddit's API as its documents describe it: the client or the token decides what happens.

These are not secrets: they are known to everybody and open nothing. Errors are as in the
replies that the tests of praw's prawcore have recorded (read 2026-11-22). Like Reddit, this
does not mind parameters that it does not know.
"""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from providers.outbound.basic import basic
from providers.sandbox.breaks import ENDED, NOT_SHOWN, NOTHING, SILENCES, Trial, breaks, values
from providers.sandbox.practice import Practice
from providers.sandbox.server import Answer, Asked, counts, ok, page
from providers.sandbox.sign_in import AuthorizationServer
from providers.sandbox.stand_in import DOWN, SILENT, Platform, Story, cut, does

CLIENT_ID = "sandbox-client-0"
CLIENT_SECRET = "sandbox-secret-0123456789abc"
LIFETIME_SECONDS = 86400
BLOCKED = page(403, "You've been blocked by network security.")


def refusal(status: int, message: str, **more: Any) -> Answer:
    """An error in the shape of Reddit's API."""
    return Answer(status, {"message": message, "error": status, **more})


def challenge(status: int, message: str, scheme: str, **more: str) -> Answer:
    told = ", ".join(f'{name}="{text}"' for name, text in {"realm": "reddit", **more}.items())
    return replace(refusal(status, message), headers={"WWW-Authenticate": f"{scheme} {told}"})


NO_CLIENT = challenge(401, "Unauthorized", "Basic")
NO_TOKEN = challenge(401, "Unauthorized", "Bearer", error="invalid_token")
NO_SCOPE = challenge(403, "Forbidden", "Bearer", error="insufficient_scope")
NOT_FOUND = refusal(404, "Not Found")
BAD_REQUEST = refusal(400, "Bad Request")
NONE_LEFT = counts("X-Ratelimit", Used=1000, Remaining=0.0, Reset=240)
OVER = replace(refusal(429, "Too Many Requests"), headers=NONE_LEFT)
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
    "rdt-down": (DOWN[0], page(503, "our CDN was unable")),
    "rdt-wall": ("a web page instead of data", page(200, "whoa there, pardner!")),
    "rdt-cut": cut(name="acme", id="abc"),
    "rdt-silent": SILENT,
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


def granted(text: str) -> Answer:
    scope = TOKENS[text].scope if text in TOKENS else FULL
    return ok(access_token=text, token_type="bearer", scope=scope, expires_in=LIFETIME_SECONDS)


REFRESH_TOKENS = {
    f"rdr-{word}": (f"gives rdt-{word}", granted(f"rdt-{word}"))
    for word in ("healthy", "anonymous", "noread", "blocked")
} | {"rdr-ended": ("is no longer accepted", BAD_REQUEST)}
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
        return NO_CLIENT
    if "refresh" in text:
        return BAD_REQUEST
    return ok(error=code)


SIGN_IN = AuthorizationServer(
    "Reddit",
    *("/api/v1/authorize", "/api/v1/access_token", "/api/v1/revoke_token"),
    people={word: TOKENS[f"rdt-{word}"].does for word in PEOPLE},
    access_token=lambda word, serial: f"rdt-{word}-signed-in-{serial}",
    client_id=CLIENT_ID,
    client_secret=CLIENT_SECRET,
    takes_basic=True,
    gives_refresh_token=lambda query: query.get("duration") == "permanent",
    expires_in=LIFETIME_SECONDS,
    refuse=refuse_sign_in,
    pasted=REFRESH_TOKENS,
)


def answer(asked: Asked) -> Answer:
    """User-Agent, then token, then scope, then the place that is asked for."""
    if asked.path == SIGN_IN.authorization_path:  # a browser asks, as it is
        return SIGN_IN.answer(asked) or NOT_FOUND
    agent = asked.headers.get("User-Agent", "")
    if not re.fullmatch(r"[^:\s]+:[^:\s]+:\S+( \(by /u/\S+\))?", agent):
        return page(429, "whoa there, pardner!")
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
        return NO_TOKEN
    needed = NEEDS.get(asked.path, "read")
    if not {needed, "*"} & set(token.scope.split()):
        return NO_SCOPE
    if asked.method != "GET":
        return NOT_FOUND
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
        return NO_CLIENT
    if asked.form.get("grant_type") == "client_credentials":
        return granted("rdt-app")
    return SIGN_IN.answer(asked) or NOT_FOUND


def _place(asked: Asked, token: Token) -> Answer:
    if asked.path == "/api/v1/me":
        return _me(token)
    if asked.path == "/subreddits/mine/subscriber":
        return _listing([_community("marketing")]) if token.user else USER_REQUIRED
    found = re.fullmatch(r"/r/([^/]+)/(about|new)", asked.path)
    if not found:
        return NOT_FOUND
    name, what = found.groups()
    if name in CLOSED:
        return CLOSED[name]
    if what == "about":
        return Answer(200, _community(name)) if name in COMMUNITIES else NOT_FOUND
    return _listing([] if name == "acme_quiet" else [_post(name)])


def _me(token: Token) -> Answer:
    if not token.user:
        return USER_REQUIRED
    return ok(
        name=token.user,
        id="abc12",
        created_utc=1500000000.0,
        link_karma=512,
        comment_karma=88,
        has_verified_email=True,
        is_suspended=token.is_suspended,
        is_mod=False,
    )


USER_REQUIRED = refusal(
    403, "Forbidden", reason="USER_REQUIRED", explanation="Please log in to do that."
)
CLOSED = {
    "acme_secret": refusal(403, "Forbidden", reason="private"),
    "acme_closed": refusal(404, "Not Found", reason="banned"),
    "acme_missing": NOT_FOUND,
    "acme_unheard": Answer(302, "", {"Location": "/subreddits/search?q=acme_unheard"}),
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
    left = counts("X-Ratelimit", Used=1, Remaining=999.0, Reset=599)
    return Answer(200, {"kind": "Listing", "data": data}, left)


HEALTHY = {
    "client_id": CLIENT_ID,
    "client_secret": CLIENT_SECRET,
    "account_id": "marketing",
    "reddit_username": "acme",
}
# What the replies say that prawcore has recorded; nothing tells why a refresh token is refused.
BREAKS = {
    "noread": "permission_missing",
    "limited": "rate_limited",
    "blocked": "blocked",
    "anonymous": NOTHING,  # only its name is not told
    "suspended": NOTHING,  # may still read
    **SILENCES,
}
PLACES = {
    "acme_quiet": NOTHING,
    **dict.fromkeys(("acme_secret", "acme_closed", "acme_missing", "acme_unheard"), NOT_SHOWN),
}
PLATFORM = Platform(
    answer,
    {
        "App for sign-in": SIGN_IN.shown(),
        "Client IDs": ((CLIENT_ID, "an approved app"), *does(CLIENTS)),
        "Client secret": ((CLIENT_SECRET, "the secret of each"),),
        "Refresh tokens": does(REFRESH_TOKENS),
        "Access tokens": does(TOKENS, TROUBLE),
        "Communities": tuple(COMMUNITIES.items()),
    },
    healthy=HEALTHY | {"refresh_token": "rdr-healthy"},
    story=Story(values=HEALTHY, tests=0),
    practices=(
        Practice(
            healthy=HEALTHY | {"refresh_token": "rdr-healthy"},
            revoked={"refresh_token": "rdr-ended"},
            limited={"client_id": "sandbox-limited-0"},
            elsewhere={"account_id": "acme_missing"},
        ),
    ),
    trials=(
        Trial(
            HEALTHY | {"refresh_token": "rdr-healthy"},
            breaks(BREAKS, lambda word: f"rdt-{word}")
            + values({"rdr-ended": ENDED}, "rdr-healthy")
            + values({"sandbox-limited-0": "rate_limited"}, CLIENT_ID)
            + values(PLACES, "marketing"),
        ),
    ),
    sign_ins={"reddit": SIGN_IN},
)
