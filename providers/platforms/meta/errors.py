"""What Meta's refusals mean.

Statuses are weak evidence, so the rules go by code and subcode. Texts are localised, so only
those are looked at that Meta gives no code of their own.
"""

import json
from collections.abc import Iterator
from typing import Any

from providers.access.refusals import APP_ACTION, AppRefused
from providers.declare import ErrorRule, codes
from providers.errors import (
    AccountNotFound,
    AuthExpired,
    AuthInvalid,
    PermissionMissing,
    ProviderUnavailable,
    RateLimited,
    UnexpectedReply,
)
from providers.outbound.reply import Reply

APPS = "https://developers.facebook.com/apps/"
SYSTEM_USERS = "https://business.facebook.com/settings/system-users"
AD_ACCOUNTS = "https://business.facebook.com/settings/ad-accounts"

NEW_TOKEN = "Generate a new system user token and paste it here."
LONGEST_WAIT_SECONDS = 24 * 60 * 60

TOKEN = codes(102, 190)
APP_REFUSED = "Meta does not accept this app's ID and secret."
CODE_REFUSED = "Meta did not accept the sign-in: it took too long, or was used already."


class ForeignToken(AuthInvalid):
    """The token was made with another app than the one that asks about it."""


WILL_PASS = (
    ErrorRule(
        code=codes(4, 17, 32, 341, 613, range(80000, 80015)),
        error=RateLimited,
        message="Meta is limiting requests at the moment.",
        action="Nothing to fix: wait a little and test again.",
    ),
    ErrorRule(
        code=368,
        error=RateLimited,
        message="Meta has blocked this for a while over a matter of policy.",
        action="Look at Account Quality in Meta Business Suite, then test again.",
        action_url="https://business.facebook.com/accountquality/",
    ),
    ErrorRule(
        transient=True,
        error=ProviderUnavailable,
        message="Meta has a temporary problem.",
        action="Nothing to fix here: test again later.",
    ),
)
ERRORS = (
    *WILL_PASS,
    ErrorRule(
        code=TOKEN,
        subcode=463,
        error=AuthExpired,
        message="The Meta access token has expired.",
        action="Paste a new one: a system user token can be set never to expire.",
        action_url=SYSTEM_USERS,
    ),
    ErrorRule(
        code=TOKEN,
        subcode=460,
        error=AuthInvalid,
        message="The Facebook password was changed, so Meta ended this token.",
        action=NEW_TOKEN,
        action_url=SYSTEM_USERS,
    ),
    ErrorRule(
        code=TOKEN,
        subcode=458,
        error=AuthInvalid,
        message="The Meta app was removed from this Facebook account.",
        action="Accept the app again and paste the new token.",
        action_url=SYSTEM_USERS,
    ),
    ErrorRule(
        code=TOKEN,
        subcode=codes(459, 464),
        error=AuthInvalid,
        message="Facebook wants this person to confirm the account first.",
        action="Log in at facebook.com, follow what it asks, then test again.",
        action_url="https://www.facebook.com/",
    ),
    ErrorRule(
        code=TOKEN,
        subcode=492,
        error=PermissionMissing,
        message="The person behind this token has no role on the Page.",
        action="Ask an admin of the Page for access, then test again.",
    ),
    ErrorRule(
        code=190,
        text="must be granted before impersonating a user.s page",
        error=PermissionMissing,
        message="The token lacks permissions for Pages.",
        action="Grant them to the system user, then paste a new token.",
        action_url=SYSTEM_USERS,
    ),
    ErrorRule(
        code=TOKEN,
        error=AuthInvalid,
        message="Meta does not accept this access token.",
        action=NEW_TOKEN,
        action_url=SYSTEM_USERS,
    ),
    ErrorRule(
        code=100,
        text="appsecret_proof",
        error=AuthInvalid,
        message="The App Secret is missing, or belongs to another Meta app.",
        action="Copy it from App settings, Basic, of the app that made the token.",
        action_url=APPS,
    ),
    ErrorRule(
        code=101,
        error=AuthInvalid,
        message="Meta does not know this App ID, or not with this App Secret.",
        action="Copy both again from App settings, Basic.",
        action_url=APPS,
    ),
    ErrorRule(  # /debug_token, asked about a token of another app
        code=100,
        text="did not match the viewing app",
        error=ForeignToken,
        message="The access token was made with another Meta app.",
        action="Enter the App ID and App Secret of the app that made it.",
        action_url=APPS,
    ),
    # Its text also speaks of missing permissions, so it comes before the rule that looks for them.
    ErrorRule(
        code=100,
        subcode=33,
        error=AccountNotFound,
        message="Meta does not know this ID, or does not show it to this token.",
        action="Check the number, and assign the ad account or dataset to the system user.",
        action_url=SYSTEM_USERS,
    ),
    ErrorRule(
        code=100,
        text="missing permissions",
        error=PermissionMissing,
        message="This token may not read the account.",
        action="Assign the ad account to the system user, then test again.",
        action_url=SYSTEM_USERS,
    ),
    ErrorRule(
        code=200,
        text="api access blocked",
        error=PermissionMissing,
        message="Meta has restricted the app that made this token.",
        action="Open the app's dashboard and follow what Meta asks there.",
        action_url=APPS,
    ),
    ErrorRule(
        code=200,
        text="ad account owner has not grant",
        error=PermissionMissing,
        message="The permission ads_read is missing, or the ad account was disabled or removed.",
        action="Check the ad account in Business settings, then the system user's permissions.",
        action_url=AD_ACCOUNTS,
    ),
    ErrorRule(
        code=codes(3, 10, range(200, 300)),
        error=PermissionMissing,
        message="A permission is missing.",
        action="Give the system user ads_read and the ad account, then paste a new token.",
        action_url=SYSTEM_USERS,
    ),
    ErrorRule(
        code=1,
        subcode=2853001,
        error=PermissionMissing,
        message="The profile behind this token is not linked to the Page.",
        action="Link it in Business settings, or paste a system user token.",
        action_url=SYSTEM_USERS,
    ),
    ErrorRule(
        code=codes(1, 2, 960),
        error=ProviderUnavailable,
        message="Meta has a temporary problem.",
        action="Nothing to fix here: test again later.",
    ),
    ErrorRule(
        code=codes(100, 2635),
        error=UnexpectedReply,
        message="Meta did not understand what we asked.",
        action="Nothing to fix for you: tell whoever runs this installation.",
    ),
    # With status 200, as plain text.
    ErrorRule(
        status=200,
        text="^service unavailable",
        error=ProviderUnavailable,
        message="Meta has a temporary problem.",
        action="Nothing to fix here: test again later.",
    ),
)

# Where tokens are given. A wrong secret has the code of an outage, so its text comes first.
SIGN_IN_ERRORS = (
    ErrorRule(
        text="validating client secret",
        error=AppRefused,
        message=APP_REFUSED,
        action=APP_ACTION,
    ),
    *WILL_PASS,
    ErrorRule(code=101, error=AppRefused, message=APP_REFUSED, action=APP_ACTION),
    ErrorRule(
        code=TOKEN,
        error=AuthExpired,
        message="Meta has ended this sign-in, or it was withdrawn there.",
        action="Sign in again.",
    ),
    ErrorRule(
        code=100,
        subcode=codes(range(36007, 36010)),
        error=AuthExpired,
        message=CODE_REFUSED,
        action="Sign in again.",
    ),
    ErrorRule(  # the same without a subcode
        code=100,
        text="(verification|authorization) code",
        error=AuthExpired,
        message=CODE_REFUSED,
        action="Sign in again.",
    ),
)


def retry_after(reply: Reply) -> float | None:
    """Seconds until Meta answers again, from its usage headers; it sends no Retry-After.

    X-Business-Use-Case-Usage counts minutes, X-Ad-Account-Usage seconds. The second tells its
    number with every reply, so it counts only where the account is used up.
    """
    usage = _header(reply, "X-Business-Use-Case-Usage")
    waits = [60 * minutes for minutes in _numbers(usage, "estimated_time_to_regain_access")]
    account = _header(reply, "X-Ad-Account-Usage")
    if any(percent >= 100 for percent in _numbers(account, "acc_id_util_pct")):
        waits += _numbers(account, "reset_time_duration")
    longest = max((wait for wait in waits if wait > 0), default=None)
    return None if longest is None else float(min(longest, LONGEST_WAIT_SECONDS))


def _header(reply: Reply, name: str) -> Any:
    try:
        return json.loads(reply.headers.get(name, ""))
    except (ValueError, RecursionError):
        return None


def _numbers(value: Any, key: str) -> Iterator[float]:
    """Every number under this key, however deep."""
    if isinstance(value, dict):
        if isinstance(value.get(key), int | float):
            yield value[key]
        for inner in value.values():
            yield from _numbers(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _numbers(inner, key)
