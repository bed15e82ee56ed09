"""Believes X-Forwarded-* only from the addresses in TRUSTED_PROXIES.

From anybody else these headers are dropped before the rest of the program sees them, so
that nobody can choose the address that a log-in lock-out or an audit entry names.
"""

from collections.abc import Callable
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse

FORWARDED = (
    "HTTP_FORWARDED",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_REAL_IP",
)


class TrustedProxyMiddleware:
    """Sets REMOTE_ADDR and the scheme to the client's own, as a trusted proxy tells them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        environ = request.META
        headers = {name: environ.pop(name, "") for name in FORWARDED}
        if _is_trusted(environ.get("REMOTE_ADDR", "")):
            environ["REMOTE_ADDR"] = _client(
                environ["REMOTE_ADDR"], headers["HTTP_X_FORWARDED_FOR"]
            )
            if headers["HTTP_X_FORWARDED_PROTO"] in {"http", "https"}:
                environ["wsgi.url_scheme"] = headers["HTTP_X_FORWARDED_PROTO"]
        return self.get_response(request)


def _client(peer: str, forwarded_for: str) -> str:
    """The last address that is not a trusted proxy: those left of it can be invented."""
    for hop in reversed([hop.strip() for hop in forwarded_for.split(",")]):
        if not _is_address(hop):
            return peer
        peer = hop
        if not _is_trusted(hop):
            return hop
    return peer


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_trusted(text: str) -> bool:
    return _is_address(text) and any(
        ip_address(text) in network for network in settings.TRUSTED_PROXIES
    )
