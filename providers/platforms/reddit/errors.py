"""What Reddit's refusals mean, those among them that come with status 200."""

import re
from dataclasses import replace

from providers.access.refusals import APP_ACTION, AppRefused
from providers.declare import ErrorRule, codes, ended, limited, misunderstood, rule
from providers.declare.waiting import seconds_in
from providers.errors import (
    AccountNotFound,
    AuthExpired,
    AuthInvalid,
    Blocked,
    InvalidConfig,
    PermissionMissing,
    ProviderError,
    UnexpectedReply,
)
from providers.outbound.reply import Reply

APPS_URL = "https://www.reddit.com/prefs/apps"

NO_COMMUNITY = (
    "There is no community with this name on Reddit.",
    "Check the spelling of the community's name.",
)
ENDED = rule(AuthExpired).says(
    "Reddit has ended this connection.",
    "Sign in with your app again and paste the new refresh token.",
)


class TokenRefused(AuthExpired):
    """A 401: what it means depends on which host said it, and to which method."""


class RequestRefused(UnexpectedReply):
    """A 400 without a reason: for a refresh token, that it has ended."""


# At the token's address of a sign-in: a 401 is about the app, and a 400 about the refresh token.
OF_OTHER_TYPE = rule(AppRefused, code="unauthorized_client").says(
    "This Reddit app is of a type that may not sign in in this way.",
    "An owner makes an app of the type web app and enters its client ID and secret.",
    APPS_URL,
)
SIGN_IN_ERRORS = (
    rule(AppRefused, status=401, code=401).says(
        "Reddit does not accept this app's client ID and secret.", APP_ACTION, APPS_URL
    ),
    OF_OTHER_TYPE,
    ended("Reddit", status=400, code=400),
)

ERRORS = (
    limited("Reddit", "a few minutes"),
    rule(
        Blocked, status=codes(range(400, 500)), text=r"^\s*<|blocked by network security|whoa there"
    ).says(
        "Reddit blocks this server or this app.",
        "Check that Reddit approved the app and that your username is right.",
        APPS_URL,
    ),
    replace(ENDED, code="invalid_grant"),
    rule(InvalidConfig, code="unauthorized_client").says(
        "This Reddit app is of a type that may not sign in in this way.",
        "Make an app of the type web or script, and enter its client ID and secret.",
        APPS_URL,
    ),
    rule(
        UnexpectedReply, code=codes("unsupported_grant_type", "invalid_scope", "invalid_request")
    ).says("Reddit did not understand our sign-in."),
    rule(TokenRefused, status=401).says(
        "Reddit no longer accepts this token.",
        "Ask whoever made it for a new one, or choose another way to connect.",
    ),
    rule(AccountNotFound, status=codes(403, 404), subcode="banned").says(
        "Reddit has closed this community.", "Choose another community."
    ),
    rule(
        PermissionMissing,
        status=codes(403, 404),
        subcode=codes("private", "gated", "quarantined", "gold_only"),
    ).says(
        "This community is not open to everybody.",
        "Join it with an account that signs in here, or choose another community.",
    ),
    rule(PermissionMissing, status=403).says(
        "Reddit does not let this sign-in read that.",
        "Sign in again and allow everything, or choose another community.",
    ),
    rule(AccountNotFound, status=404).says(*NO_COMMUNITY),
    misunderstood("Reddit", RequestRefused),
)


# At the token's address with what was entered, where a 401 is about the app.
REFUSED: dict[type[ProviderError], ErrorRule] = {
    TokenRefused: rule(AuthInvalid).says(
        "The Reddit client ID or secret is wrong.",
        "Copy both again from your app at Reddit.",
        APPS_URL,
    ),
    AccountNotFound: rule(UnexpectedReply).says("Reddit does not know what we asked for."),
}
NOT_RENEWED = {**REFUSED, RequestRefused: ENDED}


def judge_headers(reply: Reply) -> None:
    """Raise what Reddit says outside of the body: a missing scope, or where to go instead."""
    if "insufficient_scope" in reply.headers.get("WWW-Authenticate", ""):
        raise PermissionMissing(
            "A permission was not granted at the sign-in.",
            "Sign in again with the scopes read, identity and mysubreddits.",
        )
    if not 300 <= reply.status < 400:
        return
    place = reply.headers.get("Location", "")
    if "/subreddits/search" in place:
        raise AccountNotFound(*NO_COMMUNITY)
    if re.search(r"/login\b", place):
        raise PermissionMissing(
            "Reddit shows this only to people who are signed in.",
            "Connect with a refresh token, or choose another community.",
        )


retry_after = seconds_in("X-Ratelimit-Reset", at_most=60 * 60)
