"""The ways to prove who one is."""

from dataclasses import dataclass
from datetime import timedelta

from providers.declare.oauth import SIGN_IN


@dataclass(frozen=True)
class Method:
    """One way to prove who one is: a pasted token, an API key, a service account …

    `lives` is the published life of what is pasted, for an estimate of when it ends.
    """

    slug: str
    label: str
    help: str = ""
    warning: str = ""
    lives: timedelta | None = None


def sign_in(label: str, explained: str, *, warning: str = "") -> Method:
    """The method in which a person signs in at the platform instead of pasting anything."""
    return Method(SIGN_IN, label, help=explained, warning=warning)
