"""What a token endpoint refuses, in the words of a person: RFC 6749 section 5.2."""

from typing import Any

from providers import errors
from providers.declare import ErrorRule, codes, ended, rule, troubled
from providers.declare.usual import OUTAGE

APP_ACTION = "An owner corrects both in Settings, Sign-in apps."


class AppRefused(errors.InvalidConfig):
    """The platform does not accept the app's client ID or secret: an owner's to correct."""


class CannotRenew(errors.AuthExpired):
    """What the sign-in gave cannot be renewed: the person has to come back."""


class NotRevocable(Exception):
    """The platform has no way to revoke."""


def app_refused(name: str, **when: Any) -> ErrorRule:
    message = f"{name} does not accept this app's ID and secret."
    return rule(AppRefused, **when).says(message, APP_ACTION)


def redirect_refused(name: str, **when: Any) -> ErrorRule:
    return rule(AppRefused, **when).says(
        f"{name} does not know the redirect URI of this installation.",
        "An owner copies it from Settings, Sign-in apps, into the app, letter for letter.",
    )


def rules_for(name: str) -> tuple[ErrorRule, ...]:
    return (
        ended(name, code="invalid_grant"),
        app_refused(name, code=codes("invalid_client", "unauthorized_client")),
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


def by_status(name: str) -> tuple[ErrorRule, ...]:
    """What is left where a reply names no error that anybody knows."""
    return (
        rule(errors.RateLimited, status=429).says(f"{name} is limiting sign-ins at the moment."),
        troubled(name, status=OUTAGE),
        app_refused(name, status=401),
    )
