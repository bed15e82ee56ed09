"""What Zoho's refusals mean, and how long one has to wait."""

from dataclasses import replace

from providers.declare import ErrorRule, codes, dig, limited, misunderstood, rule, troubled
from providers.errors import AuthExpired, AuthInvalid, PermissionMissing, RateLimited
from providers.outbound.reply import Reply

PAUSE_SECONDS = 600.0
NEW_CODE = "Generate a new code in the Self Client, and enter the new refresh token."


class ScopeMissing(PermissionMissing):
    """The approval lacks a scope: the step that met this knows which."""


# What is put right in the console of the data centre.
OF_CREDENTIALS = (
    rule(AuthInvalid, code="invalid_client").says(
        "Zoho does not know this client ID in this data centre.",
        "Check the client ID and the data centre.",
    ),
    rule(AuthInvalid, code="invalid_client_secret").says(
        "Zoho does not accept this client secret.",
        "Copy it again; it can differ from one data centre to the next.",
    ),
    rule(AuthExpired, code="invalid_code").says(
        "The approval in Zoho was revoked, or is of another client.", NEW_CODE
    ),
    rule(AuthExpired, code="INVALID_TOKEN").says(
        "Zoho does not accept this access token in this data centre.",
        "Check the data centre, then enter the credentials again.",
    ),
    rule(AuthInvalid, code="AUTHENTICATION_FAILURE").says(
        "Zoho does not accept these credentials.", NEW_CODE
    ),
    rule(ScopeMissing, code="OAUTH_SCOPE_MISMATCH").says(
        "The approval in Zoho lacks a scope.",
        "Create the approval again with the scopes for users, the organization, leads, contacts "
        "and deals.",
    ),
)
OF_DATA = (
    rule(PermissionMissing, code=codes("NO_PERMISSION", "NOT_ALLOWED")).says(
        "This Zoho user's profile may not use the API or this module.",
        "Ask a Zoho CRM administrator to allow both in the profile.",
    ),
    limited("Zoho", code="TOO_MANY_REQUESTS"),
    troubled("Zoho", code="INTERNAL_ERROR"),
    misunderstood(
        "Zoho",
        code=codes(
            *("INVALID_MODULE", "INVALID_DATA", "REQUIRED_PARAM_MISSING"),
            *("API_NOT_SUPPORTED", "INVALID_URL_PATTERN"),
        ),
    ),
)


def rules(console: str) -> tuple[ErrorRule, ...]:
    """The error table, linking to the console of one data centre."""
    return (
        rule(RateLimited, code="Access Denied", text="too many requests").says(
            "Zoho asks for a pause of about ten minutes.", "Nothing to fix: test again after it."
        ),
        *(replace(one, action_url=console) for one in OF_CREDENTIALS),
        *OF_DATA,
    )


def retry_after(reply: Reply) -> float | None:
    """Ten minutes for the limit of the sign-in, which sends no Retry-After."""
    return PAUSE_SECONDS if dig(reply.json_or_none(), "error") == "Access Denied" else None
