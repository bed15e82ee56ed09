"""Where an address leads: its scheme, host and port."""

from urllib.parse import urlsplit

from providers.outbound.addresses import DEFAULT_PORTS

Origin = tuple[str, str, int]


def origin_of(url: str) -> Origin:
    """`"http://127.0.0.1:9000/x"` -> `("http", "127.0.0.1", 9000)`. Raises ValueError."""
    parts = urlsplit(url)
    port = parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
    return parts.scheme, parts.hostname or "", port
