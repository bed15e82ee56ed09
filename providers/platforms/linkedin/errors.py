"""What LinkedIn's refusals mean, and when its daily allowance returns.

Rules go by status and code, never by the message of a REST reply, which LinkedIn rewords.
"""

from datetime import UTC

from providers import errors
from providers.declare import codes, ended, misunderstood, rule, walled
from providers.declare.waiting import is_silent_limit, seconds_to_midnight
from providers.outbound.reply import Reply

APPS = "https://www.linkedin.com/developers/apps"
TOKENS = "https://www.linkedin.com/developers/tools/oauth"

NEW_TOKEN = "Make a new token in LinkedIn's developer portal and paste it here."
SIGN_IN_AGAIN = "Make a new token or sign in with the app again, and paste the result here."
WITHDRAWN = "The access was withdrawn in LinkedIn."
ENDED = "The 60 days of this access to LinkedIn are over."


class Revoked(errors.AuthInvalid):
    """LinkedIn also says this of a token that it made a few seconds ago."""


class ClientRefused(errors.AuthInvalid):
    """About the app and not about the token: of a sign-in, an owner's to correct."""


class VersionRetired(errors.UnexpectedReply):
    """The version that was asked for is over, or does not exist yet."""


NO_MORE = (
    "LinkedIn no longer accepts this refresh token.",
    "Sign in with the app again and paste the new refresh token.",
)
RETIRED = (
    "LinkedIn has retired the API version that this app asks for.",
    "Update this app, or enter a newer API version.",
)
# Its code is `invalid_request`.
TOKEN_ENDED = r"\A(?=.*refresh.?token).*(expired|revoked|invalid)"

# At the token's address of a sign-in.
SIGN_IN_ERRORS = (
    ended("LinkedIn", code="invalid_request", text=TOKEN_ENDED),
    rule(
        errors.InvalidConfig,
        code="invalid_request",
        text="redirect uri|code verifier|authorization code",
    ).says(
        "The sign-in took too long, or its return address is another one.",
        "Start again; if it repeats, check the redirect address in the LinkedIn app.",
        APPS,
    ),
    # To an app that is good, but was not approved for refresh tokens.
    rule(errors.PermissionMissing, code=codes("unauthorized_client", "access_denied")).says(
        "LinkedIn has not approved this app for renewing a sign-in.",
        "Sign in again when it ends, or ask LinkedIn to approve the app.",
        APPS,
    ),
)

ERRORS = (
    rule(errors.QuotaExhausted, status=429).says(
        "LinkedIn's daily allowance is used up.", "Nothing to fix: it returns at midnight UTC."
    ),
    # The status of the wall before www.linkedin.com.
    rule(errors.Blocked, status=999).says(
        "LinkedIn's protection against robots blocked this server.",
        "Your token may be fine: test again later, or from another network.",
    ),
    walled("LinkedIn", "Your token"),
    rule(errors.AuthExpired, code=codes(65602, "EXPIRED_ACCESS_TOKEN")).says(
        ENDED, NEW_TOKEN, TOKENS
    ),
    rule(Revoked, code=codes(65601, "REVOKED_ACCESS_TOKEN")).says(WITHDRAWN, SIGN_IN_AGAIN, TOKENS),
    rule(ClientRefused, code="invalid_client").says(
        "LinkedIn does not know this client ID, or not with this client secret.",
        "Copy both again from the Auth tab of the LinkedIn app.",
        APPS,
    ),
    rule(errors.AuthExpired, code="invalid_grant").says(*NO_MORE),
    rule(errors.AuthExpired, code="invalid_request", text=TOKEN_ENDED).says(*NO_MORE),
    rule(VersionRetired, status=426).says(*RETIRED),
    rule(VersionRetired, code="NONEXISTENT_VERSION").says(*RETIRED),
    rule(errors.PermissionMissing, code="NO_PERMISSION_ON_ENTITY").says(
        "Your LinkedIn user has no role on this Page or ad account.",
        "Ask its admin for one, then test again.",
    ),
    rule(errors.PermissionMissing, status=403).says(
        "This LinkedIn app or token is not approved for that data.",
        "Add the product to the app under Products, then connect again.",
        APPS,
    ),
    # 65600 INVALID_ACCESS_TOKEN, and a token that is empty.
    rule(errors.AuthInvalid, status=401).says(
        "LinkedIn does not recognise this token.", NEW_TOKEN, TOKENS
    ),
    rule(errors.AccountNotFound, status=404).says(
        "LinkedIn does not know this Page, or does not show it to this login.",
        "Check the organization ID, or ask an admin of the Page for a role.",
    ),
    misunderstood("LinkedIn"),
)


def retry_after(reply: Reply) -> float | None:
    """Seconds until midnight UTC for a limit: LinkedIn counts by day and sends no Retry-After."""
    return seconds_to_midnight(UTC) if is_silent_limit(reply) else None
