"""What the refusals of Google Analytics mean."""

import re

from providers.declare import codes, dig, rule
from providers.errors import (
    AccountNotFound,
    AuthInvalid,
    PermissionMissing,
    QuotaExhausted,
    RateLimited,
)
from providers.families.google import errors as google_errors
from providers.families.google.facts import SERVICE_ACCOUNTS_URL
from providers.outbound.reply import Reply

ADMIN_URL = "https://analytics.google.com"
CONCURRENT = "concurrent requests"
HOURLY = "per hour|thresholded requests"

ERRORS = (
    rule(RateLimited, subcode="RESOURCE_EXHAUSTED", text=CONCURRENT).says(
        "Too many reports of this property are running at once.",
        "Nothing to fix: test again in half a minute.",
    ),
    rule(QuotaExhausted, subcode="RESOURCE_EXHAUSTED", text=HOURLY).says(
        "This property's quota for the hour is used up.", "Wait: it returns within the hour."
    ),
    rule(AuthInvalid, code=codes("CREDENTIALS_MISSING", "ACCESS_TOKEN_TYPE_UNSUPPORTED")).says(
        "Google Analytics does not take this kind of credential.",
        "An API key is not enough: paste a service-account key file instead.",
        SERVICE_ACCOUNTS_URL,
    ),
    google_errors.switched_off(
        "the Google Analytics Admin API",
        "analyticsadmin.googleapis.com",
        code="SERVICE_DISABLED",
        text="admin api",
    ),
    *google_errors.rules(
        "Google Analytics", "the Google Analytics Data API", "analyticsdata.googleapis.com"
    ),
    rule(AccountNotFound, subcode="PERMISSION_DENIED", text="caller does not have permission").says(
        "Google Analytics shows this sign-in no such property.",
        "Check the number, and give the sign-in the role Viewer on the property.",
        ADMIN_URL,
    ),
    rule(AccountNotFound, subcode="NOT_FOUND").says(
        "Google Analytics knows no such property.",
        "Copy the property ID again, from GA4, Admin, Property details.",
        ADMIN_URL,
    ),
    rule(PermissionMissing, subcode="PERMISSION_DENIED").says(
        "This sign-in may not read the property's reports.",
        "Give it the role Viewer in GA4, Admin, Property access management.",
        ADMIN_URL,
    ),
)


def retry_after(reply: Reply) -> float | None:
    """Half a minute or half an hour, by the name of the quota: Analytics sends no number."""
    message = str(dig(reply.json_or_none(), "error.message"))
    for quota, seconds in ((CONCURRENT, 30.0), (HOURLY, 30 * 60.0)):
        if reply.status == 429 and re.search(quota, message, re.IGNORECASE):
            return seconds
    return google_errors.retry_after(reply)
