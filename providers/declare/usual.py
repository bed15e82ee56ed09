"""The rules that many platforms share, in the same words about another name."""

from typing import Any

from providers.declare.rules import ErrorRule, codes, rule
from providers.errors import (
    AuthExpired,
    Blocked,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    UnexpectedReply,
)

AGAIN = "Sign in again."
OUR_FAULT = UnexpectedReply.default_action
OUTAGE = codes(408, range(500, 1000))
WEB_PAGE = r"^\s*<(!doctype|html)"  # at the start of what should be data


def limited(platform: str, wait: str = "a little", **when: Any) -> ErrorRule:
    """Too many calls; `wait` says how long: "a minute"."""
    return rule(RateLimited, **when or {"status": 429}).says(
        f"{platform} is limiting requests at the moment.",
        f"Nothing to fix: wait {wait} and test again.",
    )


def troubled(platform: str, **when: Any) -> ErrorRule:
    """The platform's own problem."""
    return rule(ProviderUnavailable, **when).says(f"{platform} has a problem at the moment.")


def misunderstood(
    platform: str, error: type[ProviderError] = UnexpectedReply, **when: Any
) -> ErrorRule:
    """Our fault, as long as no value of the request was typed by a person."""
    return rule(error, **when or {"status": 400}).says(
        f"{platform} did not understand what we asked.", OUR_FAULT
    )


def walled(platform: str, entered: str, message: str = "") -> ErrorRule:
    """A web page with a status of refusal. `entered` is what it says nothing about: "The key"."""
    return rule(Blocked, status=codes(range(400, 500)), text=WEB_PAGE).says(
        message or f"A web page answered where {platform}'s data was due.",
        f"{entered} may be fine: test again later, or from another network.",
    )


def ended(platform: str, **when: Any) -> ErrorRule:
    """At the token endpoint: what a sign-in gave is renewed no longer."""
    return rule(AuthExpired, **when).says(
        f"{platform} has ended this sign-in, or it was withdrawn there.", AGAIN
    )
