"""What Google's refusals mean wherever one meets them: at the token endpoint and in google.rpc.

Sources: google/api/error_reason.proto and google/rpc/error_details.proto in
googleapis/googleapis, and RFC 6749 section 5.2 (read 2026-11-22).
Quirk: the token endpoint has one code for many things, so there its English text decides.
"""

import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from providers.declare import ErrorRule, codes, dig
from providers.errors import (
    AuthExpired,
    AuthInvalid,
    PermissionMissing,
    ProviderUnavailable,
    QuotaExhausted,
    RateLimited,
    UnexpectedReply,
)
from providers.families.google import (
    CLIENTS_URL,
    CONSOLE_URL,
    REFUSED_BY_ADMIN,
    SERVICE_ACCOUNTS_URL,
)
from providers.outbound.reply import Reply

# {"error": "invalid_grant", "error_description": "…"} of the token endpoint, or
# {"error": {"status": "…", "message": "…", "details": [{"reason": "…"}], "errors": […]}}.
CODE_AT = ("error.details.*.reason", "error.errors.*.reason", "error")
STATUS_AT = "error.status"
TEXT_AT = ("error_description", "error.message")

# google.rpc.RetryInfo, and where Google Ads writes the same.
DELAYS_AT = (
    "error.details.*.retryDelay",
    "error.details.*.errors.*.details.quotaErrorDetails.retryDelay",
)
DAILY = "per day|daily"
LONGEST_WAIT_SECONDS = 24 * 60 * 60.0
SIGN_IN_AGAIN = "Sign in again with the same client and paste the new token."

TOKEN_ENDPOINT = (
    ErrorRule(
        code="invalid_grant",
        text="reasonable timeframe",
        error=UnexpectedReply,
        message="Google takes this server's clock to be wrong.",
        action="Set the clock of this server, then test again.",
    ),
    ErrorRule(
        code="invalid_grant",
        text="jwt|signature|account not found|account disabled|user id|principal",
        error=AuthInvalid,
        message="Google does not accept this service-account key any more.",
        action="Make a new JSON key of the service account and paste all of it.",
        action_url=SERVICE_ACCOUNTS_URL,
    ),
    ErrorRule(
        code="invalid_grant",
        text="expired or revoked|invalid_rapt|^$",
        error=AuthExpired,
        message="Google ended this sign-in.",
        action=SIGN_IN_AGAIN,
    ),
    ErrorRule(
        code="invalid_grant",
        error=AuthInvalid,
        message="Google does not know this refresh token, or it is of another client.",
        action=SIGN_IN_AGAIN,
    ),
    ErrorRule(
        code="invalid_client",
        text="client was not found",
        error=AuthInvalid,
        message="Google does not know this client ID.",
        action="Copy the client ID and the client secret again.",
        action_url=CLIENTS_URL,
    ),
    ErrorRule(
        code="unauthorized_client",
        text="using this method|scopes requested",
        error=PermissionMissing,
        message="The service account may not act for this person.",
        action="Ask your Google Workspace admin for domain-wide delegation, or name nobody.",
    ),
    ErrorRule(
        code=codes("invalid_client", "unauthorized_client", "deleted_client", "disabled_client"),
        error=AuthInvalid,
        message="The client ID or the client secret is wrong, or the client is gone.",
        action="Copy the client ID and the client secret again.",
        action_url=CLIENTS_URL,
    ),
    REFUSED_BY_ADMIN,
    ErrorRule(
        code="invalid_token",
        error=AuthInvalid,
        message="Google does not accept this access token, which lasts for one hour only.",
        action="Paste a new one, or choose another way to connect.",
    ),
)


def rules(platform: str, apis: str, service: str) -> tuple[ErrorRule, ...]:
    """What no platform says in words of its own. They go after the platform's rules.

    `apis` is said in a sentence ("the YouTube Data API"), `service` is in an address
    ("youtube.googleapis.com").
    """
    return (
        *TOKEN_ENDPOINT,
        ErrorRule(
            code=codes("ACCESS_TOKEN_EXPIRED", "expired"),
            error=AuthExpired,
            message="The access token has expired.",
            action="Paste a new one, or choose another way to connect.",
        ),
        ErrorRule(
            code="ACCESS_TOKEN_SCOPE_INSUFFICIENT",
            error=PermissionMissing,
            message=f"The sign-in lacks the permission for {platform}.",
            action="Sign in again and tick every box that Google shows.",
        ),
        ErrorRule(
            text="insufficient authentication scopes",
            error=PermissionMissing,
            message=f"The sign-in lacks the permission for {platform}.",
            action="Sign in again and tick every box that Google shows.",
        ),
        ErrorRule(
            code=codes("SERVICE_DISABLED", "accessNotConfigured"),
            error=PermissionMissing,
            message=f"The Cloud project has not switched on {apis}.",
            action="Enable it there, wait a few minutes, then test again.",
            action_url=f"{CONSOLE_URL}/apis/library/{service}",
        ),
        ErrorRule(
            code=codes(
                *("BILLING_DISABLED", "CONSUMER_INVALID", "CONSUMER_SUSPENDED"),
                *("USER_PROJECT_DENIED", "USER_BLOCKED_BY_ADMIN"),
            ),
            error=PermissionMissing,
            message=f"Google has blocked the Cloud project from {platform}.",
            action="Look at the project in the Cloud console and follow what it asks.",
            action_url=CONSOLE_URL,
        ),
        ErrorRule(
            code=codes("dailyLimitExceeded", "dailyLimitExceededUnreg"),
            error=QuotaExhausted,
            message=f"Today's {platform} quota of the Cloud project is used up.",
            action="Wait: it returns at midnight, Pacific time.",
        ),
        ErrorRule(
            subcode="RESOURCE_EXHAUSTED",
            text=DAILY,
            error=QuotaExhausted,
            message=f"Today's {platform} quota of the Cloud project is used up.",
            action="Wait: it returns at midnight, Pacific time.",
        ),
        ErrorRule(
            code=codes("rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"),
            error=RateLimited,
            message=f"{platform} is limiting requests at the moment.",
            action="Nothing to fix: wait a little and test again.",
        ),
        ErrorRule(
            subcode="RESOURCE_EXHAUSTED",
            error=RateLimited,
            message=f"{platform} is limiting requests at the moment.",
            action="Nothing to fix: wait a little and test again.",
        ),
        ErrorRule(
            code=codes("backendError", "internalError", "TRANSIENT_ERROR", "INTERNAL_ERROR"),
            error=ProviderUnavailable,
            message=f"{platform} has a problem at the moment.",
            action="Nothing to fix here: test again later.",
        ),
        ErrorRule(
            subcode="UNAUTHENTICATED",
            error=AuthInvalid,
            message=f"{platform} does not accept this sign-in.",
            action="Sign in again, or make a new key, and paste it here.",
        ),
        ErrorRule(
            code=codes("authError", "unauthorized", "required"),
            status=401,
            error=AuthInvalid,
            message=f"{platform} does not accept this sign-in.",
            action="Sign in again, or make a new key, and paste it here.",
        ),
    )


def retry_after(reply: Reply) -> float | None:
    """Seconds until Google answers again, where a reply says it: `"retryDelay": "30s"`.

    Daily quotas return at midnight in California.
    """
    if reply.status not in (403, 429):
        return None
    body = reply.json_or_none()
    for path in DELAYS_AT:
        delay = dig(body, path)
        if isinstance(delay, str) and re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?s", delay):
            return min(float(delay[:-1]), LONGEST_WAIT_SECONDS)
    is_daily = re.search(DAILY, str(dig(body, "error.message")), re.IGNORECASE)
    if is_daily or reason_of(reply) == "dailyLimitExceeded":
        return seconds_to_midnight()
    return None


def reason_of(reply: Reply) -> Any:
    """The first reason that a reply gives, of google.rpc or of the older list."""
    body = reply.json_or_none()
    return next((found for path in CODE_AT if (found := dig(body, path))), None)


def seconds_to_midnight() -> float | None:
    """Until the next day begins in California; None on a machine without time zones."""
    try:
        now = datetime.now(ZoneInfo("America/Los_Angeles"))
    except ZoneInfoNotFoundError:
        return None
    tomorrow = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return tomorrow.timestamp() - now.timestamp()
