"""What the refusals of YouTube mean."""

from providers.declare import codes, rule
from providers.errors import (
    AccountNotFound,
    AuthExpired,
    AuthInvalid,
    PermissionMissing,
    QuotaExhausted,
)
from providers.families.google import errors as google_errors
from providers.families.google.facts import CONSOLE_URL
from providers.outbound.reply import Reply

CREDENTIALS_URL = f"{CONSOLE_URL}/apis/credentials"
CHANNEL_URL = "https://www.youtube.com/account_advanced"
QUOTA_URL = f"{CONSOLE_URL}/apis/api/youtube.googleapis.com/quotas"

# With status 401 or 403: not a dead token.
NO_CHANNEL = rule(
    AccountNotFound, code=codes("youtubeSignupRequired", "NoLinkedYouTubeAccount")
).says(
    "This Google account has no YouTube channel.", "Sign in with the account that has the channel."
)
ERRORS = (
    NO_CHANNEL,
    rule(AuthExpired, text="api key expired").says(
        "The API key has expired.", "Make a new one and paste it here.", CREDENTIALS_URL
    ),
    rule(AuthInvalid, code=codes("API_KEY_INVALID", "keyInvalid", "keyExpired")).says(
        "YouTube does not accept this API key.", "Copy the key again.", CREDENTIALS_URL
    ),
    rule(
        PermissionMissing,
        code=codes(
            *("API_KEY_SERVICE_BLOCKED", "API_KEY_IP_ADDRESS_BLOCKED"),
            *("API_KEY_HTTP_REFERRER_BLOCKED", "ipRefererBlocked"),
        ),
    ).says(
        "The API key is restricted, and this use is not among what it allows.",
        "Let it use the YouTube Data API, from this server's address.",
        CREDENTIALS_URL,
    ),
    rule(QuotaExhausted, code="quotaExceeded").says(
        "Today's YouTube quota of the Cloud project is used up.",
        "Wait: it returns at midnight, Pacific time.",
        QUOTA_URL,
    ),
    google_errors.switched_off(
        "the YouTube Analytics API",
        "youtubeanalytics.googleapis.com",
        code="SERVICE_DISABLED",
        text="analytics api",
    ),
    *google_errors.rules("YouTube", "the YouTube Data API", "youtube.googleapis.com"),
    rule(PermissionMissing, code="insufficientPermissions").says(
        "The sign-in lacks one of the two permissions for YouTube.",
        "Sign in again and tick both boxes.",
    ),
    rule(PermissionMissing, code=codes("accountDelegationForbidden", "channelForbidden")).says(
        "This sign-in may not act for the channel.",
        "Sign in as the channel's owner and choose the channel there.",
    ),
    rule(PermissionMissing, code="forbidden").says(
        "This sign-in may not see the channel's statistics.",
        "Sign in as the channel's owner and choose the channel there.",
    ),
    rule(AccountNotFound, code=codes("channelNotFound", "notFound")).says(
        "YouTube knows no such channel.", "Copy the channel ID again.", CHANNEL_URL
    ),
)


def retry_after(reply: Reply) -> float | None:
    """Every quota of YouTube that is exceeded returns with the next day in California."""
    if google_errors.reason_of(reply) == "quotaExceeded":
        return google_errors.seconds_to_next_day()
    return google_errors.retry_after(reply)
