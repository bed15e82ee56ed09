"""What the refusals of Search Console mean."""

from providers.declare import codes, rule
from providers.errors import (
    AccountNotFound,
    CountedBy,
    PermissionMissing,
    QuotaExhausted,
    RateLimited,
)
from providers.families.google import errors as google_errors
from providers.outbound.reply import Reply

USERS_URL = "https://search.google.com/search-console/users"
PROPERTIES_URL = "https://search.google.com/search-console"
PAUSE_SECONDS = 15 * 60.0

ERRORS = (
    rule(AccountNotFound, text="sufficient permission for site").says(
        "This sign-in is not a user of exactly this property.",
        "Choose the property from the list, or ask its owner to add the sign-in.",
        USERS_URL,
    ),
    rule(
        QuotaExhausted,
        code="quotaExceeded",
        text="daily|per day",
        counted_by=CountedBy.ACCOUNT,
    ).says(
        "Today's Search Console quota is used up.", "Wait: it returns at midnight, Pacific time."
    ),
    rule(RateLimited, code="quotaExceeded", counted_by=CountedBy.ACCOUNT).says(
        "Search Console has had too many requests.",
        "Wait 15 minutes; if this returns, test again tomorrow.",
    ),
    *google_errors.rules(
        "Search Console", "the Google Search Console API", "searchconsole.googleapis.com"
    ),
    rule(PermissionMissing, code=codes("forbidden", "insufficientPermissions")).says(
        "This sign-in may not read the property.",
        "Ask an owner of the property to add it as a user.",
        USERS_URL,
    ),
    rule(AccountNotFound, code="notFound").says(
        "Search Console knows no such property.",
        "Check http or https, www and the final slash, or choose it from the list.",
        PROPERTIES_URL,
    ),
)


def retry_after(reply: Reply) -> float | None:
    """A quarter of an hour for the load quota, about which Google sends no number."""
    said = google_errors.retry_after(reply)
    if said is None and google_errors.reason_of(reply) == "quotaExceeded":
        return PAUSE_SECONDS
    return said
