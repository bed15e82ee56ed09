"""What Upwork's refusals mean, those among them that come with status 200."""

from dataclasses import replace

from providers.access.refusals import APP_ACTION, AppRefused
from providers.declare import codes, limited, rule, walled
from providers.declare.access import Instead
from providers.declare.waiting import is_silent_limit
from providers.errors import (
    AuthExpired,
    AuthInvalid,
    InvalidConfig,
    PermissionMissing,
    UnexpectedReply,
)
from providers.outbound.reply import Reply

KEYS_URL = "https://www.upwork.com/developer/keys/apply"

WRONG_KEY = "Upwork does not know this key, or not with this secret."
COPY_BOTH = "Copy both again from Upwork's Developer Center."
MAY_NOT_READ = (
    "The key works but may not read this data.",
    "Tick the missing permission on the key, then sign in with it again.",
    KEYS_URL,
)
PAUSE_SECONDS = 60.0


class TokenRefused(AuthExpired):
    """A 401 without a reason: what it means depends on which host said it."""


WALL = walled("Upwork", "Your key", "Upwork's protection against robots blocked this server.")
SWITCHED_OFF = rule(
    AuthInvalid,
    code=codes("invalid_client", "unauthorized_client", "invalid_request", "access_denied"),
    text="disabled|not approved|not active|inactive|suspended|rejected",
).says(
    "Upwork has switched this API key off, or not approved it yet.",
    "Check its status in Upwork's Developer Center.",
    KEYS_URL,
)
OTHER_CALLBACK = rule(
    InvalidConfig, code=codes("invalid_request", "redirect_uri_mismatch"), text="redirect.?uri"
).says(
    "The callback address on the Upwork key is another one.",
    "Copy the address shown here to the key exactly, then sign in again.",
    KEYS_URL,
)

# At the token's address of a sign-in, where a 401 without a reason is about the key.
SIGN_IN_ERRORS = (
    WALL,
    replace(SWITCHED_OFF, error=AppRefused),
    OTHER_CALLBACK,
    rule(AuthExpired, code="invalid_grant").says(
        "Upwork has ended this sign-in: withdrawn there, or unused for two weeks.", "Sign in again."
    ),
    rule(AppRefused, status=401).says(WRONG_KEY, APP_ACTION),
)

ERRORS = (
    limited("Upwork", "a minute"),
    WALL,
    SWITCHED_OFF,
    rule(AuthInvalid, code="invalid_client").says(WRONG_KEY, COPY_BOTH, KEYS_URL),
    rule(AuthExpired, code="invalid_grant").says(
        "Upwork no longer accepts this refresh token.",
        "Sign in with your key again and paste the new refresh token.",
    ),
    rule(PermissionMissing, code=codes("unauthorized_client", "unsupported_grant_type")).says(
        "Upwork does not let this key sign in in this way.",
        "Choose the way with a refresh token, or ask Upwork for a service account.",
    ),
    rule(AuthInvalid, code="access_denied").says(
        "The access was declined on Upwork.", "Sign in with your key again and press Allow."
    ),
    OTHER_CALLBACK,
    rule(
        PermissionMissing,
        status=codes(200, 400),
        text="does not have permission|oauth2 permissions|authorization failed"
        "|no access to requested resource",
    ).says(*MAY_NOT_READ),
    rule(PermissionMissing, status=403).says(*MAY_NOT_READ),
    rule(UnexpectedReply, status=codes(200, 400), subcode="ValidationError").says(
        "Upwork changed its interface: it did not understand what we asked."
    ),
    rule(TokenRefused, status=401).says(
        "Upwork no longer accepts this sign-in.",
        "Sign in with your key again and paste the new token.",
    ),
)

# At the token's address with what was entered.
REFUSED: Instead = {TokenRefused: rule(AuthInvalid).says(WRONG_KEY, COPY_BOTH, KEYS_URL)}


def retry_after(reply: Reply) -> float | None:
    """Seconds to wait at a limit: Upwork names none, and counts by second and by minute."""
    return PAUSE_SECONDS if is_silent_limit(reply) else None
