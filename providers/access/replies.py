"""What a token endpoint gave: RFC 6749 section 5.1, and what platforms make of it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from providers.access.lifetimes import seconds_told
from providers.declare import Tokens

# Names that servers use for how long the refresh token lives, in seconds.
REFRESH_LIVES = ("refresh_token_expires_in", "refresh_expires_in", "x_refresh_token_expires_in")


def tokens_in(
    reply: Mapping[str, Any],
    keeps: tuple[str, ...],
    *,
    lives: timedelta | None = None,
    refresh_lives: timedelta | None = None,
) -> Tokens:
    """`keeps` are the plain values of the reply that the platform's file wants kept.

    The last two are the published lifetimes.
    """
    found = (seconds_told(reply.get(name), refresh_lives) for name in REFRESH_LIVES)
    refresh_token = reply.get("refresh_token")
    return Tokens(
        access_token=reply["access_token"],
        refresh_token=refresh_token if isinstance(refresh_token, str) else None,
        expires_in=seconds_told(reply.get("expires_in"), lives),
        refresh_token_expires_in=next((seconds for seconds in found if seconds), None),
        scopes=_scopes_in(reply.get("scope", reply.get("scopes"))),
        facts={name: reply[name] for name in keeps if isinstance(reply.get(name), str)},
    )


def _scopes_in(value: Any) -> frozenset[str] | None:
    """`"a b"`, `"a,b"` or a list; None where nothing is said."""
    if isinstance(value, list):
        return frozenset(str(scope) for scope in value)
    if not isinstance(value, str) or not value.strip():
        return None
    return frozenset(value.replace(",", " ").split())
