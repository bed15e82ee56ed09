"""What Calendly's refusals mean: by status, as its titles are only partly known."""

from providers.access.refusals import app_refused
from providers.declare import limited, misunderstood, rule, walled
from providers.declare.waiting import seconds_in
from providers.errors import (
    AccountNotFound,
    AuthExpired,
    AuthInvalid,
    PermissionMissing,
    UnexpectedReply,
)

TOKENS_URL = "https://calendly.com/integrations/api_webhooks"
FIND_URL = "https://developer.calendly.com/how-to-find-the-organization-or-user-uri"

NEW_TOKEN = "Make a new one under Integrations, API and webhooks, and paste it here."


class ArgumentRefused(UnexpectedReply):
    """A value of the request is not right: ours, unless a person typed it."""


# At the token's address of a sign-in, where a web page is a wall's and not Calendly's.
SIGN_IN_ERRORS = (app_refused("Calendly", status=403, text=r"^(?!\s*<)"),)

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


retry_after = seconds_in("X-RateLimit-Reset", at_most=60 * 60)
