"""What the four sign-ins share: a token endpoint's refusals, under whatever name they come."""

from typing import Any

from providers.access.refusals import APP_ACTION, AppRefused
from providers.declare.rules import ErrorRule, rule


def app_refused(name: str, **when: Any) -> ErrorRule:
    """What RFC 6749 calls `invalid_client`."""
    message = f"{name} does not accept this app's ID and secret."
    return rule(AppRefused, **when).says(message, APP_ACTION)


def redirect_refused(name: str, **when: Any) -> ErrorRule:
    return rule(AppRefused, **when).says(
        f"{name} does not know the redirect URI of this installation.",
        "An owner copies it from Settings, Sign-in apps, into the app, letter for letter.",
    )
