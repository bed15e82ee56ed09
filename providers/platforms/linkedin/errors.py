"""What LinkedIn's refusals mean, and when its daily allowance returns.

Rules go by status and code, never by the message of a REST reply, which LinkedIn rewords.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from providers.declare import ErrorRule, codes
from providers.errors import (
    AccountNotFound,
    AuthExpired,
    AuthInvalid,
    Blocked,
    InvalidConfig,
    PermissionMissing,
    QuotaExhausted,
    UnexpectedReply,
)
from providers.outbound.reply import Reply

APPS = "https://www.linkedin.com/developers/apps"
TOKENS = "https://www.linkedin.com/developers/tools/oauth"

NEW_TOKEN = "Make a new token in LinkedIn's developer portal and paste it here."
SIGN_IN_AGAIN = "Make a new token or sign in with the app again, and paste the result here."
WITHDRAWN = "The access was withdrawn in LinkedIn."
ENDED = "The 60 days of this access to LinkedIn are over."


class Revoked(AuthInvalid):
    """LinkedIn also says this of a token that it made a few seconds ago."""


class ClientRefused(AuthInvalid):
    """About the app and not about the token: of a sign-in, an owner's to correct."""


class VersionRetired(UnexpectedReply):
    """The version that was asked for is over, or does not exist yet."""


REFRESH_TOKEN_ENDED = ErrorRule(
    code="invalid_request",
    text=r"refresh.?token.*(expired|revoked|invalid)|(expired|revoked|invalid).*refresh.?token",
    error=AuthExpired,
    message="LinkedIn no longer accepts this refresh token.",
    action="Sign in with the app again and paste the new refresh token.",
)

# At the token's address of a sign-in.
SIGN_IN_ERRORS = (
    replace(
        REFRESH_TOKEN_ENDED,
        message="LinkedIn has ended this sign-in, or it was withdrawn there.",
        action="Sign in again.",
    ),
    ErrorRule(
        code="invalid_request",
        text="redirect uri|code verifier|authorization code",
        error=InvalidConfig,
        message="The sign-in took too long, or its return address is another one.",
        action="Start again; if it repeats, check the redirect address in the LinkedIn app.",
        action_url=APPS,
    ),
    ErrorRule(  # to an app that is good, but was not approved for refresh tokens
        code=codes("unauthorized_client", "access_denied"),
        error=PermissionMissing,
        message="LinkedIn has not approved this app for renewing a sign-in.",
        action="Sign in again when it ends, or ask LinkedIn to approve the app.",
        action_url=APPS,
    ),
)

ERRORS = (
    ErrorRule(
        status=429,
        error=QuotaExhausted,
        message="LinkedIn's daily allowance is used up.",
        action="Nothing to fix: it returns at midnight UTC.",
    ),
    ErrorRule(  # the status of the wall before www.linkedin.com
        status=999,
        error=Blocked,
        message="LinkedIn's protection against robots blocked this server.",
        action="Your token may be fine: test again later, or from another network.",
    ),
    ErrorRule(
        status=codes(range(400, 500)),
        text=r"^\s*<(!doctype|html)",
        error=Blocked,
        message="A web page answered where LinkedIn's data was due.",
        action="Your token may be fine: test again later, or from another network.",
    ),
    ErrorRule(
        code=codes(65602, "EXPIRED_ACCESS_TOKEN"),
        error=AuthExpired,
        message=ENDED,
        action=NEW_TOKEN,
        action_url=TOKENS,
    ),
    ErrorRule(
        code=codes(65601, "REVOKED_ACCESS_TOKEN"),
        error=Revoked,
        message=WITHDRAWN,
        action=SIGN_IN_AGAIN,
        action_url=TOKENS,
    ),
    ErrorRule(
        code="invalid_client",
        error=ClientRefused,
        message="LinkedIn does not know this client ID, or not with this client secret.",
        action="Copy both again from the Auth tab of the LinkedIn app.",
        action_url=APPS,
    ),
    ErrorRule(
        code="invalid_grant",
        error=AuthExpired,
        message="LinkedIn no longer accepts this refresh token.",
        action="Sign in with the app again and paste the new refresh token.",
    ),
    REFRESH_TOKEN_ENDED,
    ErrorRule(
        status=426,
        error=VersionRetired,
        message="LinkedIn has retired the API version that this app asks for.",
        action="Your token is fine: update this app, or enter a newer API version.",
    ),
    ErrorRule(
        code="NONEXISTENT_VERSION",
        error=VersionRetired,
        message="LinkedIn has retired the API version that this app asks for.",
        action="Your token is fine: update this app, or enter a newer API version.",
    ),
    ErrorRule(
        code="NO_PERMISSION_ON_ENTITY",
        error=PermissionMissing,
        message="Your LinkedIn user has no role on this Page or ad account.",
        action="Ask its admin for one, then test again.",
    ),
    ErrorRule(
        status=403,
        error=PermissionMissing,
        message="This LinkedIn app or token is not approved for that data.",
        action="Add the product to the app under Products, then connect again.",
        action_url=APPS,
    ),
    ErrorRule(  # 65600 INVALID_ACCESS_TOKEN, and a token that is empty
        status=401,
        error=AuthInvalid,
        message="LinkedIn does not recognise this token.",
        action=NEW_TOKEN,
        action_url=TOKENS,
    ),
    ErrorRule(
        status=404,
        error=AccountNotFound,
        message="LinkedIn does not know this Page, or does not show it to this login.",
        action="Check the organization ID, or ask an admin of the Page for a role.",
    ),
    ErrorRule(
        status=400,
        error=UnexpectedReply,
        message="LinkedIn did not understand what we asked.",
        action="Nothing to fix for you: tell whoever runs this installation.",
    ),
)


def retry_after(reply: Reply) -> float | None:
    """Seconds until midnight UTC for a limit: LinkedIn counts by day and sends no Retry-After."""
    if reply.status != 429 or reply.retry_after_seconds is not None:
        return None
    now = datetime.now(UTC)
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight - now).total_seconds()
