"""What a token endpoint refuses, in the words of a person: RFC 6749 section 5.2."""

from providers import errors
from providers.declare import ErrorRule, codes, ended, rule

APP_ACTION = "An owner corrects both in Settings, Sign-in apps."


class AppRefused(errors.InvalidConfig):
    """The platform does not accept the app's client ID or secret: an owner's to correct."""


class CannotRenew(errors.AuthExpired):
    """What the sign-in gave cannot be renewed: the person has to come back."""


class NotRevocable(Exception):
    """The platform has no way to revoke."""


def rules_for(name: str) -> tuple[ErrorRule, ...]:
    """RFC 6749 section 5.2, in the words of a person."""
    return (
        ended(name, code="invalid_grant"),
        rule(AppRefused, code=codes("invalid_client", "unauthorized_client")).says(
            f"{name} does not accept this app's ID and secret.", APP_ACTION
        ),
        rule(errors.PermissionMissing, code="invalid_scope").says(
            f"{name} does not give this app the permissions that were asked for.",
            "An owner adds them to the app at the platform, then sign in again.",
        ),
        rule(
            errors.ProviderUnavailable, code=codes("server_error", "temporarily_unavailable")
        ).says(f"{name} has a problem at the moment.", "Nothing to fix here: it is tried again."),
        rule(errors.RateLimited, code="slow_down").says(
            f"{name} is limiting sign-ins at the moment.", "Nothing to fix: it is tried again."
        ),
        rule(errors.UnexpectedReply, code=codes("invalid_request", "unsupported_grant_type")).says(
            f"{name} did not understand how it was asked to sign in."
        ),
    )
