"""What the four sign-ins share: a token endpoint's refusals, under whatever name they come."""

from typing import Any

from providers.access.refusals import APP_ACTION, AppRefused
from providers.declare import ErrorRule
from providers.errors import AuthExpired


def ended(name: str, **when: Any) -> ErrorRule:
    """What RFC 6749 calls `invalid_grant`, of a refresh token or a code."""
    return ErrorRule(
        **when,
        error=AuthExpired,
        message=f"{name} has ended this sign-in, or it was withdrawn there.",
        action="Sign in again.",
    )


def app_refused(name: str, **when: Any) -> ErrorRule:
    """What RFC 6749 calls `invalid_client`."""
    return ErrorRule(
        **when,
        error=AppRefused,
        message=f"{name} does not accept this app's ID and secret.",
        action=APP_ACTION,
    )


def redirect_refused(name: str, **when: Any) -> ErrorRule:
    return ErrorRule(
        **when,
        error=AppRefused,
        message=f"{name} does not know the redirect URI of this installation.",
        action="An owner copies it from Settings, Sign-in apps, into the app, letter for letter.",
    )
