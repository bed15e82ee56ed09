"""What a token endpoint refuses, in the words of a person: RFC 6749 section 5.2."""

from typing import Any

from providers import errors
from providers.declare import ErrorRule, codes, dig, ended, rule, troubled
from providers.declare.provider import MOST_TEXT
from providers.declare.usual import AGAIN, OUTAGE

APP_ACTION = "An owner corrects both in Settings, Sign-in apps."
AGAIN_LATER = "Sign in again in a few minutes."
BY_ITSELF = "It is tried again by itself."


class AppRefused(errors.InvalidConfig):
    """The platform does not accept the app's client ID or secret: an owner's to correct."""


class CannotRenew(errors.AuthExpired):
    """What the sign-in gave cannot be renewed: the person has to come back."""


class NotNow(errors.ProviderUnavailable):
    """An `invalid_grant` whose words say that it passes; some say so for ever."""


class NotRevocable(Exception):
    """The platform has no way to revoke."""


# What `error_description` and `error_subtype` of an `invalid_grant` say, the first match wins: what
# names an end is one, also where the person is told to try again.
INVALID_GRANT: tuple[tuple[type[errors.ProviderError], str, str, str], ...] = (
    (
        errors.PermissionMissing,
        r"\bip (restrict|range|address)|login hours|trusted (network|location)",
        "{} lets this sign-in be used neither from this server's address nor at any hour.",
        f"Ask an admin there to allow it. {BY_ITSELF}",
    ),
    (
        errors.AuthExpired,
        r"_rapt\b|re-?auth|session (policy|control)",
        "A rule of your organization at {} asks people to sign in anew every so often.",
        "Sign in again, and ask an admin there to exempt this app.",
    ),
    (
        errors.AuthExpired,
        "inactive (user|account)|(user|account) (is |has been )?(inactive|disabled|suspended)",
        "The person who signed in to {} is no longer active there.",
        "Sign in again as somebody who has access.",
    ),
    (
        CannotRenew,
        "already (been )?(used|exchanged|redeemed)|was used before|reuse",
        "{} had replaced what renews this sign-in, and got the old one.",
        AGAIN,
    ),
    (
        CannotRenew,
        "(has been|was) (revoked|withdrawn)|uninstalled|deauthori[sz]ed",
        "This sign-in was withdrawn at {}.",
        AGAIN,
    ),
    (CannotRenew, "(has|is|was) expired|^expired", "This sign-in to {} has run out.", AGAIN),
    (
        NotNow,
        "try again|try later|retry|temporar|too many|rate limit|rate exceeded|being processed",
        "{} could not renew the sign-in at the moment.",
        "Nothing to fix here: it is tried again.",
    ),
)


def app_refused(name: str, **when: Any) -> ErrorRule:
    message = f"{name} does not accept this app's ID and secret."
    return rule(AppRefused, **when).says(message, APP_ACTION)


def redirect_refused(name: str, **when: Any) -> ErrorRule:
    return rule(AppRefused, **when).says(
        f"{name} does not know the redirect URI of this installation.",
        "An owner copies it from Settings, Sign-in apps, into the app, letter for letter.",
    )


def said_in(body: Any) -> str:
    """What a reply says about its error, in the field of RFC 6749 section 5.2 and a newer one."""
    said = (dig(body, field) for field in ("error_description", "error_subtype"))
    return " ".join(text for text in said if isinstance(text, str))[:MOST_TEXT]


def invalid_grant(name: str) -> tuple[ErrorRule, ...]:
    """RFC 6749 section 5.2 has one code for the end and for what passes: servers' words decide.

    What is not AuthExpired is tried again. Which words are seen where stands in each platform's
    documents; a platform whose own differ has rules of its own, which go first.
    """
    code = "invalid_grant"
    told = (
        rule(error, code=code, text=words).says(message.format(name), action)
        for error, words, message, action in INVALID_GRANT
    )
    return (*told, ended(name, code=code))


def of_code(name: str, error: errors.ProviderError) -> None:
    """Word an error of the exchange of a code, which nobody tries again: the code is spent.

    Its rules are those of renewals. What the person or an admin can do about it stays.
    """
    if isinstance(error, CannotRenew) or error.message == ended(name).message:
        error.message = f"{name} did not accept the sign-in: it took too long, or was used already."
        error.action = AGAIN
    elif isinstance(error, NotNow):
        error.message = f"{name} could not take the sign-in at the moment."
    if isinstance(error, errors.Unanswered):
        error.action = AGAIN_LATER
    error.action = error.action.replace(BY_ITSELF, "Then sign in again.")


def rules_for(name: str) -> tuple[ErrorRule, ...]:
    return (
        *invalid_grant(name),
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
