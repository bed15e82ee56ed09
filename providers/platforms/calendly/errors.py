"""What Calendly's refusals mean: by status, as its titles are only partly known."""

from providers.declare import ErrorRule, codes
from providers.errors import (
    AccountNotFound,
    AuthExpired,
    AuthInvalid,
    Blocked,
    PermissionMissing,
    RateLimited,
    UnexpectedReply,
)
from providers.outbound.reply import Reply

TOKENS_URL = "https://calendly.com/integrations/api_webhooks"

NEW_TOKEN = "Make a new one under Integrations, API and webhooks, and paste it here."
LONGEST_WAIT_SECONDS = 60 * 60


class ArgumentRefused(UnexpectedReply):
    """A value of the request is not right: ours, unless a person typed it."""


ERRORS = (
    ErrorRule(
        status=429,
        error=RateLimited,
        message="Calendly is limiting requests at the moment.",
        action="Nothing to fix: wait a minute and test again.",
    ),
    ErrorRule(
        status=codes(range(400, 500)),
        text=r"^\s*<(!doctype|html)",
        error=Blocked,
        message="A web page answered where Calendly's data was due.",
        action="The token may be fine: test again later, or from another network.",
    ),
    ErrorRule(
        code="invalid_grant",
        error=AuthExpired,
        message="Calendly has ended this connection.",
        action="Sign in with Calendly again.",
    ),
    ErrorRule(
        code="invalid_client",
        error=AuthInvalid,
        message="Calendly does not know this client ID, or not with this secret.",
        action="Copy both again from your app in Calendly's developer account.",
        action_url="https://developer.calendly.com",
    ),
    ErrorRule(
        status=401,
        text="expire",
        error=AuthExpired,
        message="The Calendly token has expired.",
        action=NEW_TOKEN,
        action_url=TOKENS_URL,
    ),
    ErrorRule(
        status=401,
        error=AuthInvalid,
        message="Calendly does not accept this token, or a new password has ended it.",
        action=NEW_TOKEN,
        action_url=TOKENS_URL,
    ),
    ErrorRule(
        status=403,
        error=PermissionMissing,
        message="Calendly says this token may not read this.",
        action="Make a new token with the scopes for reading, best as an admin.",
        action_url=TOKENS_URL,
    ),
    ErrorRule(
        status=404,
        error=AccountNotFound,
        message="Calendly no longer shows this user or organization to this token.",
        action="Correct the address, or make a token as a member of the organization.",
        action_url=TOKENS_URL,
    ),
    ErrorRule(
        status=400,
        error=ArgumentRefused,
        message="Calendly did not understand what we asked.",
        action="Nothing to fix for you: tell whoever runs this installation.",
    ),
)


def retry_after(reply: Reply) -> float | None:
    """Seconds until Calendly answers again: X-RateLimit-Reset counts what is left of them."""
    text = reply.headers.get("X-RateLimit-Reset", "")
    if reply.status != 429 or not text.isdecimal() or len(text) > 9:
        return None
    return float(min(int(text), LONGEST_WAIT_SECONDS))
