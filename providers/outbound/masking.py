"""Takes secrets out of texts, however they are written."""

from collections.abc import Iterable
from urllib.parse import quote, quote_plus

MASK = "•••"
SHORTEST_SECRET = 4


def masked(text: str, secrets: Iterable[str]) -> str:
    """The text without these secrets, however they are written; too short ones are left."""
    ways = {
        way
        for secret in secrets
        if len(secret) >= SHORTEST_SECRET
        for way in (secret, quote(secret, safe=""), quote_plus(secret))
    }
    for way in sorted(ways, key=len, reverse=True):
        text = text.replace(way, MASK)
    return text
