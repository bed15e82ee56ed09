"""What HubSpot's refusals mean."""

from providers.declare import codes, limited, rule
from providers.errors import (
    AuthExpired,
    AuthInvalid,
    PermissionMissing,
    ProviderUnavailable,
    QuotaExhausted,
    UnexpectedReply,
)

KEYS_URL = (
    "https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication"
    "/account-service-keys"
)
NEW_KEY = "Copy the service key again, from Development, Keys, Service keys."


class ScopeMissing(PermissionMissing):
    """The key lacks a scope: the step that met this knows which."""


ERRORS = (
    rule(AuthInvalid, code="INVALID_AUTHENTICATION").says(
        "HubSpot does not know this key or sign-in.", NEW_KEY, KEYS_URL
    ),
    rule(AuthExpired, code="EXPIRED_AUTHENTICATION").says(
        "HubSpot says that this key or sign-in has expired or was rotated.", NEW_KEY, KEYS_URL
    ),
    rule(AuthInvalid, code="BANNED").says(
        "HubSpot has blocked this app or account.",
        "Ask HubSpot's support why, then make a new service key.",
        KEYS_URL,
    ),
    rule(ScopeMissing, code="MISSING_SCOPES").says(
        "The key lacks a scope.", "Add it in HubSpot, then test again.", KEYS_URL
    ),
    rule(PermissionMissing, code="USER_DOES_NOT_HAVE_PERMISSIONS").says(
        "The HubSpot user behind this connection may not read this.",
        "Ask a super admin for the permission, or to connect HubSpot themselves.",
        KEYS_URL,
    ),
    rule(QuotaExhausted, subcode="DAILY").says(
        "HubSpot's daily quota is used up.", "It returns at midnight in the account's time zone."
    ),
    limited("HubSpot", code=codes("RATE_LIMITS", "RATE_LIMIT")),
    rule(ProviderUnavailable, status=codes(423, 477)).says(
        "HubSpot is busy, or is moving this account."
    ),
    rule(UnexpectedReply, status=404).says("HubSpot no longer knows what we asked for."),
)
