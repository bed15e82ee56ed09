"""What Calendly's refusals mean: by status, as its titles are only partly known."""

from providers.access.refusals import APP_ACTION, AppRefused
from providers.declare.rules import rule
from providers.declare.usual import limited, misunderstood, walled
from providers.errors import (
    AccountNotFound,
    AuthExpired,
    AuthInvalid,
    PermissionMissing,
    UnexpectedReply,
)
from providers.outbound.reply import Reply

TOKENS_URL = "https://calendly.com/integrations/api_webhooks"
FIND_URL = "https://developer.calendly.com/how-to-find-the-organization-or-user-uri"

NEW_TOKEN = "Make a new one under Integrations, API and webhooks, and paste it here."
LONGEST_WAIT_SECONDS = 60 * 60


class ArgumentRefused(UnexpectedReply):
    """A value of the request is not right: ours, unless a person typed it."""


# At the token's address of a sign-in, where a web page is a wall's and not Calendly's.
SIGN_IN_ERRORS = (
    rule(AppRefused, status=403, text=r"^(?!\s*<)").says(
        "Calendly does not accept this app's ID and secret.", APP_ACTION
    ),
)

ERRORS = (
    limited("Calendly", "a minute"),
    walled("Calendly", "The token"),
    rule(AuthExpired, code="invalid_grant").says(
        "Calendly has ended this connection.", "Sign in with Calendly again."
    ),
    rule(AuthInvalid, code="invalid_client").says(
        "Calendly does not know this client ID, or not with this secret.",
        "Copy both again from your app in Calendly's developer account.",
        "https://developer.calendly.com",
    ),
    rule(AuthExpired, status=401, text="expire").says(
        "The Calendly token has expired.", NEW_TOKEN, TOKENS_URL
    ),
    rule(AuthInvalid, status=401).says(
        "Calendly does not accept this token, or a new password has ended it.",
        NEW_TOKEN,
        TOKENS_URL,
    ),
    rule(PermissionMissing, status=403).says(
        "Calendly says this token may not read this.",
        "Make a new token with the scopes for reading, best as an admin.",
        TOKENS_URL,
    ),
    rule(AccountNotFound, status=404).says(
        "Calendly no longer shows this user or organization to this token.",
        "Correct the address, or make a token as a member of the organization.",
        TOKENS_URL,
    ),
    misunderstood("Calendly", ArgumentRefused),
)


def retry_after(reply: Reply) -> float | None:
    """Seconds until Calendly answers again: X-RateLimit-Reset counts what is left of them."""
    text = reply.headers.get("X-RateLimit-Reset", "")
    if reply.status != 429 or not text.isdecimal() or len(text) > 9:
        return None
    return float(min(int(text), LONGEST_WAIT_SECONDS))
