"""What a callback without a usable code means: RFC 6749 section 4.1.2.1, and platforms' words."""

from collections.abc import Mapping

from integrations.services.connecting.begun import AGAIN
from providers import errors
from providers.access import flow as oauth
from providers.declare import Provider
from providers.errors import ProviderError

CANCELLED = frozenset(
    {"access_denied", "user_cancelled_login", "user_cancelled_authorize", "user_denied"}
)
REFUSED_SCOPES = frozenset({"invalid_scope", "unauthorized_scope_error"})
ASKS_AGAIN = frozenset({"login_required", "interaction_required", "consent_required"})
TRY_LATER = frozenset({"temporarily_unavailable", "server_error"})


class NotThePlatform(errors.Blocked):
    """Somebody else answered."""


def check(platform: Provider, callback: Mapping[str, str], values: Mapping[str, str]) -> None:
    """Raise the ProviderError that a callback without a usable code means."""
    name = platform.for_values(values).name
    issuer = callback.get("iss")
    if issuer and not oauth.is_issued_by(platform, issuer, values):
        raise NotThePlatform(
            f"Somebody other than {name} answered this sign-in, so it was stopped.",
            "Sign in again, and tell whoever runs this installation if it happens twice.",
        )
    refusal = callback.get("error") or callback.get("error_code")
    if refusal:
        raise _meaning_of(refusal, callback, name)
    if not callback.get("code"):
        raise errors.UnexpectedReply(f"{name} sent you back without an answer.", AGAIN)


def _meaning_of(refusal: str, callback: Mapping[str, str], name: str) -> ProviderError:
    """RFC 6749 section 4.1.2.1, and the platforms' own words for it."""
    if refusal in CANCELLED or callback.get("error_reason") in CANCELLED:
        return errors.PermissionMissing(
            f"The sign-in at {name} was cancelled. Nothing was changed.",
            "Sign in again when you are ready, and allow what is asked.",
        )
    if refusal in REFUSED_SCOPES:
        return errors.PermissionMissing(
            f"{name} does not give this app the permissions that were asked for.",
            "An owner adds them to the app: Settings, Sign-in apps, says which.",
        )
    if refusal in ASKS_AGAIN:
        return errors.AuthExpired(f"{name} wants to hear from you first.", AGAIN)
    if refusal in TRY_LATER:
        return errors.ProviderUnavailable(f"{name} has a problem at the moment.", AGAIN)
    return errors.UnexpectedReply(
        f"{name} refused the sign-in.",
        "Check with an owner that the app is set up as Settings, Sign-in apps, says.",
    )
