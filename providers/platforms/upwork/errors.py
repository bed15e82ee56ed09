"""What Upwork's refusals mean, those among them that come with status 200."""

from dataclasses import replace

from providers.access.refusals import APP_ACTION, AppRefused
from providers.declare import ErrorRule, codes
from providers.errors import (
    AuthExpired,
    AuthInvalid,
    Blocked,
    InvalidConfig,
    PermissionMissing,
    RateLimited,
    UnexpectedReply,
)
from providers.outbound.reply import Reply

KEYS_URL = "https://www.upwork.com/developer/keys/apply"

WRONG_KEY = "Upwork does not know this key, or not with this secret."
COPY_BOTH = "Copy both again from Upwork's Developer Center."
PAUSE_SECONDS = 60.0


class TokenRefused(AuthExpired):
    """A 401 without a reason: what it means depends on which host said it."""


WALL = ErrorRule(
    status=codes(range(400, 500)),
    text=r"^\s*<(!doctype|html)",
    error=Blocked,
    message="Upwork's protection against robots blocked this server.",
    action="Your key may be fine: test again later, or from another network.",
)
SWITCHED_OFF = ErrorRule(
    code=codes("invalid_client", "unauthorized_client", "invalid_request", "access_denied"),
    text="disabled|not approved|not active|inactive|suspended|rejected",
    error=AuthInvalid,
    message="Upwork has switched this API key off, or not approved it yet.",
    action="Check its status in Upwork's Developer Center.",
    action_url=KEYS_URL,
)
OTHER_CALLBACK = ErrorRule(
    code=codes("invalid_request", "redirect_uri_mismatch"),
    text="redirect.?uri",
    error=InvalidConfig,
    message="The callback address on the Upwork key is another one.",
    action="Copy the address shown here to the key exactly, then sign in again.",
    action_url=KEYS_URL,
)

# At the token's address of a sign-in, where a 401 without a reason is about the key.
SIGN_IN_ERRORS = (
    WALL,
    replace(SWITCHED_OFF, error=AppRefused),
    OTHER_CALLBACK,
    ErrorRule(
        code="invalid_grant",
        error=AuthExpired,
        message="Upwork has ended this sign-in: withdrawn there, or unused for two weeks.",
        action="Sign in again.",
    ),
    ErrorRule(
        status=401,
        error=AppRefused,
        message=WRONG_KEY,
        action=APP_ACTION,
    ),
)

ERRORS = (
    ErrorRule(
        status=429,
        error=RateLimited,
        message="Upwork is limiting requests at the moment.",
        action="Nothing to fix: wait a minute and test again.",
    ),
    WALL,
    SWITCHED_OFF,
    ErrorRule(
        code="invalid_client",
        error=AuthInvalid,
        message=WRONG_KEY,
        action=COPY_BOTH,
        action_url=KEYS_URL,
    ),
    ErrorRule(
        code="invalid_grant",
        error=AuthExpired,
        message="Upwork no longer accepts this refresh token.",
        action="Sign in with your key again and paste the new refresh token.",
    ),
    ErrorRule(
        code=codes("unauthorized_client", "unsupported_grant_type"),
        error=PermissionMissing,
        message="Upwork does not let this key sign in in this way.",
        action="Choose the way with a refresh token, or ask Upwork for a service account.",
    ),
    ErrorRule(
        code="access_denied",
        error=AuthInvalid,
        message="The access was declined on Upwork.",
        action="Sign in with your key again and press Allow.",
    ),
    OTHER_CALLBACK,
    ErrorRule(
        status=codes(200, 400),
        text="does not have permission|oauth2 permissions|authorization failed"
        "|no access to requested resource",
        error=PermissionMissing,
        message="The key works but may not read this data.",
        action="Tick the missing permission on the key, then sign in with it again.",
        action_url=KEYS_URL,
    ),
    ErrorRule(
        status=403,
        error=PermissionMissing,
        message="The key works but may not read this data.",
        action="Tick the missing permission on the key, then sign in with it again.",
        action_url=KEYS_URL,
    ),
    ErrorRule(
        status=codes(200, 400),
        subcode="ValidationError",
        error=UnexpectedReply,
        message="Upwork changed its interface: it did not understand what we asked.",
        action="Nothing to fix for you: tell whoever runs this installation.",
    ),
    ErrorRule(
        status=401,
        error=TokenRefused,
        message="Upwork no longer accepts this sign-in.",
        action="Sign in with your key again and paste the new token.",
    ),
)


def retry_after(reply: Reply) -> float | None:
    """Seconds to wait at a limit: Upwork names none, and counts by second and by minute."""
    if reply.status != 429 or reply.retry_after_seconds is not None:
        return None
    return PAUSE_SECONDS
