"""What X's refusals mean.

A problem is named by the end of its `type`: the host in front of it moved during 2026.
"""

from datetime import UTC, datetime

from providers.access.refusals import APP_ACTION, AppRefused
from providers.declare import ErrorRule, codes, dig
from providers.errors import (
    AccountNotFound,
    AuthExpired,
    AuthInvalid,
    Blocked,
    PermissionMissing,
    QuotaExhausted,
    RateLimited,
    UnexpectedReply,
)
from providers.outbound.reply import Reply

CONSOLE_URL = "https://console.x.com"
LONGEST_WAIT_SECONDS = 24 * 60 * 60
CAPPED = "/usage-capped"


class RequestRefused(UnexpectedReply):
    """A value of the request is not right: ours, unless a person typed it."""


# At the token's address of a sign-in. X tells what has ended by its words alone.
SIGN_IN_ERRORS = (
    ErrorRule(
        code=codes("invalid_request", "invalid_grant"),
        text="for the authorization code",
        error=AuthExpired,
        message="The sign-in took longer than the 30 seconds that X allows.",
        action="Sign in once more.",
    ),
    ErrorRule(
        code="invalid_request",
        text="for the (refresh )?token",
        error=AuthExpired,
        message="X has ended this sign-in, or it was withdrawn there.",
        action="Sign in again.",
    ),
    ErrorRule(
        code=codes("invalid_client", "unauthorized_client"),
        error=AppRefused,
        message="X does not accept this app's client ID and secret, or got the API key's pair.",
        action=APP_ACTION,
    ),
)

ERRORS = (
    ErrorRule(
        status=402,
        error=QuotaExhausted,
        message="The X developer account has no credits left.",
        action="Buy credits in the X console, then test again.",
        action_url=CONSOLE_URL,
    ),
    ErrorRule(
        code="SpendCapReached",
        error=QuotaExhausted,
        message="The spending limit of the X developer account is reached.",
        action="Raise it in the X console, or wait for the next month.",
        action_url=CONSOLE_URL,
    ),
    ErrorRule(
        text=rf"/spend-cap[a-z-]*$|{CAPPED}$",
        error=QuotaExhausted,
        message="The X developer account has used up what it may read this month.",
        action="Raise the limit in the X console, or wait for the next month.",
        action_url=CONSOLE_URL,
    ),
    ErrorRule(
        status=429,
        error=RateLimited,
        message="X is limiting requests at the moment.",
        action="Nothing to fix: wait a quarter of an hour and test again.",
    ),
    ErrorRule(
        status=codes(range(400, 500)),
        text=r"^\s*<(!doctype|html)",
        error=Blocked,
        message="A web page answered where X's data was due.",
        action="The key may be fine: test again later, or from another network.",
    ),
    ErrorRule(
        code=99,
        error=AuthInvalid,
        message="X does not know this API key, or not with this secret.",
        action="Copy both again: the client ID and client secret are another pair.",
        action_url=CONSOLE_URL,
    ),
    ErrorRule(
        code=89,
        error=AuthInvalid,
        message="X does not accept this token, or no longer.",
        action="Copy the Bearer token again from the X console.",
        action_url=CONSOLE_URL,
    ),
    ErrorRule(
        status=401,
        error=AuthInvalid,
        message="X does not accept this token.",
        action="Copy the Bearer token again from the X console.",
        action_url=CONSOLE_URL,
    ),
    ErrorRule(
        text="/unsupported-authentication$",
        error=PermissionMissing,
        message="X does not take this kind of token here.",
        action="Paste the Bearer token of your X app, which starts with AAAA.",
        action_url=CONSOLE_URL,
    ),
    ErrorRule(
        text="/client-forbidden$",
        error=PermissionMissing,
        message="The X app is not inside a project.",
        action="Open the X console and attach the app to a project.",
        action_url=CONSOLE_URL,
    ),
    ErrorRule(
        status=codes(200, 403),
        text="/not-authorized-for-resource$",
        error=PermissionMissing,
        message="This X account is private.",
        action="Enter a public account, or make this one public.",
    ),
    ErrorRule(
        status=403,
        error=PermissionMissing,
        message="X says this app may not read this.",
        action="Check the app's project and its access in the X console.",
        action_url=CONSOLE_URL,
    ),
    ErrorRule(
        status=200,
        text="/resource-not-found$",
        error=AccountNotFound,
        message="There is no X account with this name.",
        action="Check the spelling of the username.",
    ),
    ErrorRule(
        status=404,
        error=AccountNotFound,
        message="There is no X account with this name.",
        action="Check the spelling of the username.",
    ),
    ErrorRule(
        status=400,
        error=RequestRefused,
        message="X did not understand what we asked.",
        action="Nothing to fix for you: tell whoever runs this installation.",
    ),
)


def retry_after(reply: Reply) -> float | None:
    """Seconds until X answers again: x-rate-limit-reset is a moment, in seconds since 1970.

    It is about the quarter of an hour, and says nothing about a month that is used up.
    """
    text = reply.headers.get("x-rate-limit-reset", "")
    problem = str(dig(reply.json_or_none(), "type"))
    if reply.status != 429 or problem.endswith(CAPPED) or not text.isdecimal():
        return None
    left = min(int(text[:12]) - datetime.now(UTC).timestamp(), LONGEST_WAIT_SECONDS)
    return left if left > 0 else None
