"""What a token endpoint gave: RFC 6749 section 5.1, and what platforms make of it."""

from collections.abc import Mapping
from typing import Any

from providers.declare import Tokens

# Names that servers use for how long the refresh token lives, in seconds.
REFRESH_LIVES = ("refresh_token_expires_in", "refresh_expires_in", "x_refresh_token_expires_in")


def tokens_in(reply: Mapping[str, Any], keeps: tuple[str, ...]) -> Tokens:
    """`keeps` are the plain values of the reply that the platform's file wants kept."""
    found = (_seconds(reply.get(name)) for name in REFRESH_LIVES)
    refresh_token = reply.get("refresh_token")
    return Tokens(
        access_token=reply["access_token"],
        refresh_token=refresh_token if isinstance(refresh_token, str) else None,
        expires_in=_seconds(reply.get("expires_in")),
        refresh_token_expires_in=next((seconds for seconds in found if seconds), None),
        scopes=_scopes_in(reply.get("scope", reply.get("scopes"))),
        facts={name: reply[name] for name in keeps if isinstance(reply.get(name), str)},
    )


def _seconds(value: Any) -> float | None:
    """A lifetime; None for none, for nonsense, and for 0, which some servers write for never."""
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return seconds if 0 < seconds < 10**10 else None


def _scopes_in(value: Any) -> frozenset[str] | None:
    """`"a b"`, `"a,b"` or a list; None where nothing is said."""
    if isinstance(value, list):
        return frozenset(str(scope) for scope in value)
    if not isinstance(value, str) or not value.strip():
        return None
    return frozenset(value.replace(",", " ").split())
