"""What Meta's refusals mean.

Statuses are weak evidence, so the rules go by code and subcode. Texts are localised, so only
those are looked at that Meta gives no code of their own.
"""

import json
from collections.abc import Iterator
from typing import Any

from providers.access.refusals import APP_ACTION, AppRefused, app_refused, redirect_refused
from providers.declare import codes, ended, limited, misunderstood, rule
from providers.errors import (
    AccountNotFound,
    AuthExpired,
    AuthInvalid,
    CountedBy,
    PermissionMissing,
    ProviderUnavailable,
    RateLimited,
)
from providers.outbound.reply import Reply

APPS = "https://developers.facebook.com/apps/"
SYSTEM_USERS = "https://business.facebook.com/settings/system-users"
AD_ACCOUNTS = "https://business.facebook.com/settings/ad-accounts"

NEW_TOKEN = "Generate a new system user token and paste it here."
ENTER_ITS_APP = "Enter the App ID and App Secret of the app that made it."
LONGEST_WAIT_SECONDS = 24 * 60 * 60

TOKEN = codes(102, 190)
INVALID_PARAMETER = 100
CODE_REFUSED = "Meta did not accept the sign-in: it took too long, or was used already."
TEMPORARY = "Meta has a temporary problem."


class ForeignToken(AuthInvalid):
    """The token was made with another app than the one that asks about it."""


NOT_ACCEPTED = rule(AuthInvalid, code=TOKEN).says(
    "Meta does not accept this access token.", NEW_TOKEN, SYSTEM_USERS
)
# At /debug_token, where a token of another app is asked about.
FOREIGN = rule(
    ForeignToken,
    code=INVALID_PARAMETER,
    text="did not match the viewing app|must provide an app access token",
).says("The access token was made with another Meta app.", ENTER_ITS_APP, APPS)
# Graph API, Rate limits: of the app, of a user or a Page, of an ad account and its use cases.
APP_LIMITS, OWN_LIMITS, ACCOUNT_LIMITS = (4, 341), (17, 32), (613, range(80000, 80015))
OF_ACCOUNT_TOO = 2446079
LIMITS = (
    limited("Meta", code=codes(*APP_LIMITS), counted_by=CountedBy.APP),
    limited("Meta", code=codes(*OWN_LIMITS), subcode=OF_ACCOUNT_TOO),
    limited("Meta", code=codes(*OWN_LIMITS), counted_by=CountedBy.TOKEN),
    limited("Meta", code=codes(*ACCOUNT_LIMITS)),
)
WILL_PASS = (
    rule(RateLimited, code=368, counted_by=CountedBy.TOKEN).says(
        "Meta has blocked this for a while over a matter of policy.",
        "Look at Account Quality in Meta Business Suite, then test again.",
        "https://business.facebook.com/accountquality/",
    ),
    rule(ProviderUnavailable, transient=True).says(TEMPORARY),
)
ERRORS = (
    *LIMITS,
    *WILL_PASS,
    rule(AuthExpired, code=TOKEN, subcode=463).says(
        "The Meta access token has expired.",
        "Paste a new one: a system user token can be set never to expire.",
        SYSTEM_USERS,
    ),
    rule(AuthInvalid, code=TOKEN, subcode=460).says(
        "The Facebook password was changed, so Meta ended this token.", NEW_TOKEN, SYSTEM_USERS
    ),
    rule(AuthInvalid, code=TOKEN, subcode=458).says(
        "The Meta app was removed from this Facebook account.",
        "Accept the app again and paste the new token.",
        SYSTEM_USERS,
    ),
    rule(AuthInvalid, code=TOKEN, subcode=codes(459, 464)).says(
        "Facebook wants this person to confirm the account first.",
        "Log in at facebook.com, follow what it asks, then test again.",
        "https://www.facebook.com/",
    ),
    rule(PermissionMissing, code=TOKEN, subcode=492).says(
        "The person behind this token has no role on the Page.",
        "Ask an admin of the Page for access, then test again.",
    ),
    rule(
        PermissionMissing, code=190, text="must be granted before impersonating a user.s page"
    ).says(
        "The token lacks permissions for Pages.",
        "Grant them to the system user, then paste a new token.",
        SYSTEM_USERS,
    ),
    NOT_ACCEPTED,
    rule(AuthInvalid, code=100, text="appsecret_proof").says(
        "The App Secret is missing, or belongs to another Meta app.",
        "Copy it from App settings, Basic, of the app that made the token.",
        APPS,
    ),
    rule(AuthInvalid, code=101).says(
        "Meta does not know this App ID, or not with this App Secret.",
        "Copy both again from App settings, Basic.",
        APPS,
    ),
    FOREIGN,
    # Its text also speaks of missing permissions, so it comes before the rule that looks for them.
    rule(AccountNotFound, code=100, subcode=33).says(
        "Meta does not know this ID, or does not show it to this token.",
        "Check the number, and assign the ad account or dataset to the system user.",
        SYSTEM_USERS,
    ),
    rule(PermissionMissing, code=100, text="missing permissions").says(
        "This token may not read the account.",
        "Assign the ad account to the system user, then test again.",
        SYSTEM_USERS,
    ),
    rule(PermissionMissing, code=200, text="api access blocked").says(
        "Meta has restricted the app that made this token.",
        "Open the app's dashboard and follow what Meta asks there.",
        APPS,
    ),
    rule(PermissionMissing, code=200, text="ad account owner has not grant").says(
        "The permission ads_read is missing, or the ad account was disabled or removed.",
        "Check the ad account in Business settings, then the system user's permissions.",
        AD_ACCOUNTS,
    ),
    rule(PermissionMissing, code=codes(3, 10, range(200, 300))).says(
        "A permission is missing.",
        "Give the system user ads_read and the ad account, then paste a new token.",
        SYSTEM_USERS,
    ),
    rule(PermissionMissing, code=1, subcode=2853001).says(
        "The profile behind this token is not linked to the Page.",
        "Link it in Business settings, or paste a system user token.",
        SYSTEM_USERS,
    ),
    rule(ProviderUnavailable, code=codes(1, 2, 960)).says(TEMPORARY),
    misunderstood("Meta", code=codes(100, 2635)),
    # With status 200, as plain text.
    rule(ProviderUnavailable, status=200, text="^service unavailable").says(TEMPORARY),
)

# Where tokens are given. A wrong secret has the code of an outage, so its text comes first.
SIGN_IN_ERRORS = (
    app_refused("Meta", text="validating client secret"),
    limited(
        "Meta",
        code=codes(*APP_LIMITS, *OWN_LIMITS, *ACCOUNT_LIMITS),
        counted_by=CountedBy.APP,
    ),
    *WILL_PASS,
    app_refused("Meta", code=101),
    ended("Meta", code=TOKEN),
    rule(AuthExpired, code=100, subcode=codes(range(36007, 36010))).says(
        CODE_REFUSED, "Sign in again."
    ),
    # The same without a subcode.
    rule(AuthExpired, code=100, text="(verification|authorization) code").says(
        CODE_REFUSED, "Sign in again."
    ),
)

# What comes back instead of a code: `error_code` and `error_message`.
CALLBACK_REFUSALS = (
    redirect_refused("Meta", code=codes(191, 1349048)),
    redirect_refused("Meta", text="url blocked|app.s domains|redirect_uri"),
    rule(AppRefused, text="development mode|developer role|app not set up|not active").says(
        "This Meta app is in Development mode, or you have no role in it.",
        "An owner publishes the app, or gives you a role in it.",
        APPS,
    ),
    rule(AppRefused, text="feature unavailable|currently unavailable for this app").says(
        "Meta has switched Facebook Login off for this app for now.",
        "An owner opens the app's dashboard and follows what Meta asks there.",
        APPS,
    ),
    rule(AppRefused, code=101).says("Meta does not know this app.", APP_ACTION, APPS),
    rule(ProviderUnavailable, code=codes(1, 2)).says(TEMPORARY, "Sign in again."),
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
