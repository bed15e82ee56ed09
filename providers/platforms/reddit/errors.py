"""What Reddit's refusals mean, those among them that come with status 200."""

import re

from providers.access.refusals import APP_ACTION, AppRefused
from providers.declare import ErrorRule, codes
from providers.errors import (
    AccountNotFound,
    AuthExpired,
    Blocked,
    InvalidConfig,
    PermissionMissing,
    RateLimited,
    UnexpectedReply,
)
from providers.outbound.reply import Reply

APPS_URL = "https://www.reddit.com/prefs/apps"

SIGN_IN_AGAIN = "Sign in with your app again and paste the new refresh token."
LONGEST_WAIT_SECONDS = 60 * 60


class TokenRefused(AuthExpired):
    """A 401: what it means depends on which host said it, and to which method."""


class RequestRefused(UnexpectedReply):
    """A 400 without a reason: for a refresh token, that it has ended."""


# At the token's address of a sign-in: a 401 is about the app, and a 400 about the refresh token.
SIGN_IN_ERRORS = (
    ErrorRule(
        status=401,
        code=401,
        error=AppRefused,
        message="Reddit does not accept this app's client ID and secret.",
        action=APP_ACTION,
        action_url=APPS_URL,
    ),
    ErrorRule(
        code="unauthorized_client",
        error=AppRefused,
        message="This Reddit app is of a type that may not sign in in this way.",
        action="An owner makes an app of the type web app and enters its client ID and secret.",
        action_url=APPS_URL,
    ),
    ErrorRule(
        status=400,
        code=400,
        error=AuthExpired,
        message="Reddit has ended this sign-in, or it was withdrawn there.",
        action="Sign in again.",
    ),
)

ERRORS = (
    ErrorRule(
        status=429,
        error=RateLimited,
        message="Reddit is limiting requests at the moment.",
        action="Nothing to fix: wait a few minutes and test again.",
    ),
    ErrorRule(
        status=codes(range(400, 500)),
        text=r"^\s*<|blocked by network security|whoa there",
        error=Blocked,
        message="Reddit blocks this server or this app.",
        action="Check that Reddit approved the app and that your username is right.",
        action_url=APPS_URL,
    ),
    ErrorRule(
        code="invalid_grant",
        error=AuthExpired,
        message="Reddit has ended this connection.",
        action=SIGN_IN_AGAIN,
    ),
    ErrorRule(
        code="unauthorized_client",
        error=InvalidConfig,
        message="This Reddit app is of a type that may not sign in in this way.",
        action="Make an app of the type web or script, and enter its client ID and secret.",
        action_url=APPS_URL,
    ),
    ErrorRule(
        code=codes("unsupported_grant_type", "invalid_scope", "invalid_request"),
        error=UnexpectedReply,
        message="Reddit did not understand our sign-in.",
        action="Nothing to fix for you: tell whoever runs this installation.",
    ),
    ErrorRule(
        status=401,
        error=TokenRefused,
        message="Reddit no longer accepts this token.",
        action="Ask whoever made it for a new one, or choose another way to connect.",
    ),
    ErrorRule(
        status=codes(403, 404),
        subcode="banned",
        error=AccountNotFound,
        message="Reddit has closed this community.",
        action="Choose another community.",
    ),
    ErrorRule(
        status=codes(403, 404),
        subcode=codes("private", "gated", "quarantined", "gold_only"),
        error=PermissionMissing,
        message="This community is not open to everybody.",
        action="Join it with an account that signs in here, or choose another community.",
    ),
    ErrorRule(
        status=403,
        error=PermissionMissing,
        message="Reddit does not let this sign-in read that.",
        action="Sign in again and allow everything, or choose another community.",
    ),
    ErrorRule(
        status=404,
        error=AccountNotFound,
        message="There is no community with this name on Reddit.",
        action="Check the spelling of the community's name.",
    ),
    ErrorRule(
        status=400,
        error=RequestRefused,
        message="Reddit did not understand what we asked.",
        action="Nothing to fix for you: tell whoever runs this installation.",
    ),
)


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
        raise AccountNotFound(
            "There is no community with this name on Reddit.",
            "Check the spelling of the community's name.",
        )
    if re.search(r"/login\b", place):
        raise PermissionMissing(
            "Reddit shows this only to people who are signed in.",
            "Connect with a refresh token, or choose another community.",
        )


def retry_after(reply: Reply) -> float | None:
    """Seconds until Reddit answers again: X-Ratelimit-Reset counts what is left of them."""
    text = reply.headers.get("X-Ratelimit-Reset", "")
    if reply.status != 429 or reply.retry_after_seconds is not None:
        return None
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text):
        return None
    return min(float(text), LONGEST_WAIT_SECONDS)
