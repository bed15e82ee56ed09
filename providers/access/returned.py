"""What a platform refuses when it sends a person back: RFC 6749 section 4.1.2.1, and its own words.

A platform's `OAuth.refusals` come first, then what is usual, then its rules of the token address.
What nobody knows is told with the platform's text, cut and cleared of whole secrets: a browser
brings it, so a person may have written it.
"""

import html
from collections.abc import Iterable, Mapping
from dataclasses import replace

from providers import errors
from providers.access.refusals import AppRefused, redirect_refused
from providers.declare import ErrorRule, OAuth, Provider, codes, rule
from providers.declare.provider import MOST_TEXT
from providers.declare.rules import ErrorFacts, first_match
from providers.errors import ProviderError
from providers.outbound.masking import masked

CODES_IN = ("error", "error_code", "errorCode", "error_type")
REASONS_IN = ("error_reason", "error_subcode")
TEXTS_IN = ("error_description", "error_message", "error_msg", "errorMessage", "error_uri")
LONGEST_TEXT = 200
CANCELLED = codes(
    "access_denied", "user_denied", "user_cancelled", "user_cancelled_login",
    "user_cancelled_authorize", "consent_denied",
)  # fmt: skip
SAID_NO = frozenset({"user_denied", "user_cancelled"})
ADMIN = r"\badmin|(needs?|requires?) approval|must be approved"
AGAIN = "Sign in again."
ALLOW = "Sign in again when you are ready, and allow what is asked."
AS_SETTINGS_SAY = "Check with an owner that the app is set up as Settings, Sign-in apps, says."
ADD_SCOPES = "An owner adds them to the app: Settings, Sign-in apps, says which."
ADD_SCOPE = "An owner adds it to the app at the platform, then sign in again."
ASK_ADMIN = "Ask an administrator of your account there to allow it, then sign in again."


def refusal_in(
    provider: Provider,
    callback: Mapping[str, str],
    values: Mapping[str, str],
    *,
    secrets: Iterable[str] = (),
) -> ProviderError | None:
    """The error that a callback tells of; None for one that tells of none."""
    code, text = _first(callback, CODES_IN), html.unescape(_first(callback, TEXTS_IN))
    if not code and not text:
        return None
    asked = provider.for_values(values)
    name = asked.name
    facts = ErrorFacts(0, code, _first(callback, REASONS_IN), text[:MOST_TEXT])
    own = asked.oauth.refusals if asked.oauth else ()
    at_token_url = asked.oauth.errors if asked.oauth else ()
    if found := first_match((*own, *_usual(name)), facts):
        return found.meant()
    if _is_about_scopes(facts):
        return _scope_missing(name, asked.oauth, facts.text, secrets)
    if found := first_match(
        (*_of_codes(name), *at_token_url, *_of_texts(name), *_of_apps(name)),
        facts,
    ):
        return found.meant()
    said = _quoted(facts.text or code, secrets)
    return errors.UnexpectedReply(f"{name} refused the sign-in{said}", AS_SETTINGS_SAY)


def _first(callback: Mapping[str, str], names: Iterable[str]) -> str:
    return next((callback[name] for name in names if callback.get(name)), "")


def _usual(name: str) -> tuple[ErrorRule, ...]:
    """A person's no, unless the platform says that it was not theirs."""
    cancelled = f"The sign-in at {name} was cancelled. Nothing was changed."
    return (
        rule(errors.PermissionMissing, subcode=SAID_NO).says(cancelled, ALLOW),
        *(replace(one, code="access_denied") for one in _of_texts(name)),
        rule(errors.PermissionMissing, code=CANCELLED).says(cancelled, ALLOW),
    )


def _of_codes(name: str) -> tuple[ErrorRule, ...]:
    """The codes of RFC 6749 and of OpenID Connect, which mean something else at the token."""
    return (
        rule(
            errors.AuthExpired,
            code=codes(
                "login_required", "interaction_required", "consent_required",
                "account_selection_required",
            ),
        ).says(f"{name} wants to hear from you first.", AGAIN),
        rule(errors.ProviderUnavailable, code=codes("temporarily_unavailable", "server_error"))
        .says(f"{name} has a problem at the moment.", AGAIN),
        redirect_refused(
            name,
            code=codes(
                "redirect_uri_mismatch", "invalid_redirect_uri", "redirect_uri_not_allowed"
            ),
        ),
    )  # fmt: skip


def _of_texts(name: str) -> tuple[ErrorRule, ...]:
    """What platforms write about causes that have no code of their own."""
    return (
        redirect_refused(name, text=r"redirect[ _-]?ur[il]|callback ur[il]|return url"),
        rule(AppRefused, text=r"\binstall").says(
            f"This app is not installed in your account at {name}.",
            "Ask an administrator there to install it, then sign in again.",
        ),
        rule(errors.PermissionMissing, text=ADMIN).says(
            f"An administrator has to allow this app at {name} first.", ASK_ADMIN
        ),
        rule(AppRefused, text=r"\bblocked\b|\bdisabled\b|\bsuspended\b|\brestricted\b").says(
            f"{name} has blocked or disabled this app.",
            "An owner looks at the app there, and does what it asks.",
        ),
        rule(AppRefused, text=r"development mode|\btesters?\b|test user|developer role").says(
            f"This app is not published at {name}, so it takes its own people only.",
            "An owner publishes it there, or gives you a role in it.",
        ),
    )


def _of_apps(name: str) -> tuple[ErrorRule, ...]:
    """What is left of RFC 6749 where no text says more."""
    return (
        rule(
            AppRefused,
            code=codes("unauthorized_client", "invalid_client", "invalid_client_id"),
        ).says(f"{name} does not let this app sign people in.", AS_SETTINGS_SAY),
        rule(
            errors.UnexpectedReply,
            code=codes("invalid_request", "unsupported_response_type", "request_not_supported"),
        ).says(f"{name} did not understand how it was asked to sign in.", AS_SETTINGS_SAY),
    )


def _is_about_scopes(facts: ErrorFacts) -> bool:
    return "scope" in str(facts.code).lower() or "scope" in facts.text.lower()


def _scope_missing(
    name: str, oauth: OAuth | None, text: str, secrets: Iterable[str]
) -> errors.PermissionMissing:
    """Which of the scopes that were asked for the app may not have, where the text names them."""
    words = {word.strip("\"'“”‘’`.,;:()[]") for word in text.replace(",", " ").split()}
    named = [scope for scope in (oauth.scopes if oauth else ()) if scope.name in words]
    if named:
        which = "; ".join(f"{scope.name} ({scope.gives})" for scope in named)
        return errors.PermissionMissing(f"{name} does not give this app {which}.", ADD_SCOPE)
    said = _quoted(text, secrets)
    return errors.PermissionMissing(
        f"{name} does not give this app the permissions that were asked for{said}", ADD_SCOPES
    )


def _quoted(text: str, secrets: Iterable[str]) -> str:
    """`, and says: “…”.`, or a full stop for a text with nothing to read in it."""
    said = masked(text, secrets, longest=LONGEST_TEXT, in_runs=False)
    said = " ".join("".join(one if one.isprintable() else " " for one in said).split())
    return f", and says: “{said.strip('.“” ')}”." if any(map(str.isalnum, said)) else "."
