"""What a token endpoint refuses, in the words of a person: RFC 6749 section 5.2."""

from providers import errors
from providers.declare import ErrorRule

APP_ACTION = "An owner corrects both in Settings, Sign-in apps."
OUR_FAULT = "Nothing to fix for you: tell whoever runs this installation."


class AppRefused(errors.InvalidConfig):
    """The platform does not accept the app's client ID or secret: an owner's to correct."""


class CannotRenew(errors.AuthExpired):
    """What the sign-in gave cannot be renewed: the person has to come back."""


class NotRevocable(Exception):
    """The platform has no way to revoke."""


def rules_for(name: str) -> tuple[ErrorRule, ...]:
    """RFC 6749 section 5.2, in the words of a person."""
    return (
        ErrorRule(
            code="invalid_grant",
            error=errors.AuthExpired,
            message=f"{name} has ended this sign-in, or it was withdrawn there.",
            action="Sign in again.",
        ),
        ErrorRule(
            code=frozenset({"invalid_client", "unauthorized_client"}),
            error=AppRefused,
            message=f"{name} does not accept this app's ID and secret.",
            action=APP_ACTION,
        ),
        ErrorRule(
            code="invalid_scope",
            error=errors.PermissionMissing,
            message=f"{name} does not give this app the permissions that were asked for.",
            action="An owner adds them to the app at the platform, then sign in again.",
        ),
        ErrorRule(
            code=frozenset({"server_error", "temporarily_unavailable"}),
            error=errors.ProviderUnavailable,
            message=f"{name} has a problem at the moment.",
            action="Nothing to fix here: it is tried again.",
        ),
        ErrorRule(
            code="slow_down",
            error=errors.RateLimited,
            message=f"{name} is limiting sign-ins at the moment.",
            action="Nothing to fix: it is tried again.",
        ),
        ErrorRule(
            code=frozenset({"invalid_request", "unsupported_grant_type"}),
            error=errors.UnexpectedReply,
            message=f"{name} did not understand how it was asked to sign in.",
            action=OUR_FAULT,
        ),
    )
