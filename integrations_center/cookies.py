"""Names of cookies: a browser sends those of one host to every port and path of it.

So each installation has names of its own, and two on one host sign nobody out of the other.
"""

from urllib.parse import urlsplit

from providers.outbound.addresses import DEFAULT_PORTS


def name(use: str, public_url: str) -> str:
    """`session`, `https://example.com/a/b` -> `__Secure-icc_session_443+a+b`.

    A browser takes what begins with __Host- from this very host over https alone, and what
    begins with __Secure- over https: a page beside it cannot lay one under.
    """
    parts = urlsplit(public_url)
    port = parts.port or DEFAULT_PORTS[parts.scheme]
    prefix = "" if parts.scheme == "http" else "__Secure-" if parts.path else "__Host-"
    return f"{prefix}icc_{use}_{port}{parts.path.replace('/', '+')}"
