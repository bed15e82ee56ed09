"""What X's refusals mean.

A problem is named by the end of its `type`: the host in front of it moved during 2026.
"""

from datetime import UTC, datetime

from providers.access.refusals import APP_ACTION, AppRefused
from providers.declare import codes, dig, ended, limited, misunderstood, rule, walled
from providers.declare.access import Instead
from providers.errors import (
    AccountNotFound,
    AuthExpired,
    AuthInvalid,
    PermissionMissing,
    QuotaExhausted,
    UnexpectedReply,
)
from providers.outbound.reply import Reply

CONSOLE_URL = "https://console.x.com"
LONGEST_WAIT_SECONDS = 24 * 60 * 60
CAPPED = "/usage-capped"
COPY_AGAIN = "Copy the Bearer token again from the X console."
NO_SUCH_ACCOUNT = "There is no X account with this name.", "Check the spelling of the username."


class RequestRefused(UnexpectedReply):
    """A value of the request is not right: ours, unless a person typed it."""


# At the token's address of a sign-in. X tells what has ended by its words alone.
SIGN_IN_ERRORS = (
    rule(
        AuthExpired,
        code=codes("invalid_request", "invalid_grant"),
        text="for the authorization code",
    ).says("The sign-in took longer than the 30 seconds that X allows.", "Sign in once more."),
    ended("X", code="invalid_request", text="for the (refresh )?token"),
    rule(AppRefused, code=codes("invalid_client", "unauthorized_client")).says(
        "X does not accept this app's client ID and secret, or got the API key's pair.", APP_ACTION
    ),
)

ERRORS = (
    rule(QuotaExhausted, status=402).says(
        "The X developer account has no credits left.",
        "Buy credits in the X console, then test again.",
        CONSOLE_URL,
    ),
    rule(QuotaExhausted, code="SpendCapReached").says(
        "The spending limit of the X developer account is reached.",
        "Raise it in the X console, or wait for the next month.",
        CONSOLE_URL,
    ),
    rule(QuotaExhausted, text=rf"/spend-cap[a-z-]*$|{CAPPED}$").says(
        "The X developer account has used up what it may read this month.",
        "Raise the limit in the X console, or wait for the next month.",
        CONSOLE_URL,
    ),
    limited("X", "a quarter of an hour"),
    walled("X", "The key"),
    rule(AuthInvalid, code=99).says(
        "X does not know this API key, or not with this secret.",
        "Copy both again: the client ID and client secret are another pair.",
        CONSOLE_URL,
    ),
    rule(AuthInvalid, code=89).says(
        "X does not accept this token, or no longer.", COPY_AGAIN, CONSOLE_URL
    ),
    rule(AuthInvalid, status=401).says("X does not accept this token.", COPY_AGAIN, CONSOLE_URL),
    rule(PermissionMissing, text="/unsupported-authentication$").says(
        "X does not take this kind of token here.",
        "Paste the Bearer token of your X app, which starts with AAAA.",
        CONSOLE_URL,
    ),
    rule(PermissionMissing, text="/client-forbidden$").says(
        "The X app is not inside a project.",
        "Open the X console and attach the app to a project.",
        CONSOLE_URL,
    ),
    rule(PermissionMissing, status=codes(200, 403), text="/not-authorized-for-resource$").says(
        "This X account is private.", "Enter a public account, or make this one public."
    ),
    rule(PermissionMissing, status=403).says(
        "X says this app may not read this.",
        "Check the app's project and its access in the X console.",
        CONSOLE_URL,
    ),
    rule(AccountNotFound, status=200, text="/resource-not-found$").says(*NO_SUCH_ACCOUNT),
    rule(AccountNotFound, status=404).says(*NO_SUCH_ACCOUNT),
    misunderstood("X", RequestRefused),
)

# At the address that gives an app its token.
NO_TOKENS_HERE: Instead = {
    AccountNotFound: rule(UnexpectedReply).says("X does not know what we asked for.")
}


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
