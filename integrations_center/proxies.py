"""Believes what proxies write about the one who asks, from the addresses in TRUSTED_PROXIES only.

From anybody else these headers are dropped before the rest of the program sees them, so that
nobody can choose the address that a log-in lock-out or an audit entry names. Through a Unix
socket only a proxy on this machine asks, one that may open its file: it is believed as well.

What is not set up right is found by a request that shows it, and told: in the log once, and on
that request's own page to whoever can mend it.
"""

import logging
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from integrations_center import forwarded, told_once
from integrations_center.env import Network
from integrations_center.forwarded import Headers

WAY = "integrations.way"  # in the environ
SOCKET = "the Unix socket"
HERE = "127.0.0.1"  # stands for whoever asks through a socket and is not told
PERHAPS = "perhaps a proxy"
TROUBLES = {
    "not trusted": (
        "{proxy} passes requests on and is not trusted, so all who come through it look like one "
        "address. If it is your proxy, set TRUSTED_PROXIES={trusted} and start again."
    ),
    PERHAPS: (
        "Requests come through {proxy}, which names somebody before itself. If it is a proxy of "
        "yours, add it to TRUSTED_PROXIES; if you do not know it, a visitor wrote that."
    ),
    "no address": (
        "The proxy at {proxy} does not say who asks, so all look like one address. Let it send "
        "X-Forwarded-For; nginx: proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"
    ),
    "hidden": (
        "The proxy at {proxy} names {client}, a proxy of yours, as the one who asks, so all look "
        "like one address. Let it add to the X-Forwarded-For that it gets, not replace it; "
        "nginx: proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"
    ),
    "unreadable": (
        "The proxy at {proxy} sends {header} without an IP address, so who asks looks like the "
        "proxy. Let it send the address of the one who asks."
    ),
    "contradiction": (
        "The proxy at {proxy} passes on {header}, which name different addresses, so neither "
        "counts: visitors can write one. Let it set the one and remove the other."
    ),
}

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Way:
    """How a request came here."""

    proxy: str  # the address of who passed it on, or asked by itself
    is_trusted: bool
    scheme: str  # as a header says, believed or not; "" where none does
    trouble: str = ""  # a sentence for whoever runs this


class TrustedProxyMiddleware:
    """Sets REMOTE_ADDR, scheme and host to the browser's own, as a trusted proxy tells them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        environ = request.META
        headers = {name: environ.pop(name, "") for name in forwarded.ALL}
        peer = _peer(request)
        trusted = peer == SOCKET or is_trusted(peer)
        client, kind, facts = _who(request, peer, headers) if trusted else _stranger(peer, headers)
        trouble = ""
        if kind:
            trouble = TROUBLES[kind].format(**{"proxy": peer or "Something"} | facts)
            told_once.warn(logger, kind, trouble)
            trouble = "" if kind == PERHAPS else trouble
        environ["REMOTE_ADDR"] = HERE if client == SOCKET else client
        scheme = forwarded.scheme(headers)
        if trusted and scheme:
            environ["wsgi.url_scheme"] = scheme
        if trusted and (host := forwarded.host(headers)):
            environ["HTTP_HOST"] = host
        environ[WAY] = Way(peer or "an unknown address", trusted, scheme, trouble)
        return self.get_response(request)


def way_of(request: HttpRequest) -> Way:
    way: Way = request.META[WAY]
    return way


def is_trusted(text: str) -> bool:
    return is_within(text, settings.TRUSTED_PROXIES)


def is_within(text: str, networks: Iterable[Network]) -> bool:
    """Whether an address in its usual form is in one of these; "" is in none."""
    if not text:
        return False
    address = ip_address(text)
    return any(address in network for network in networks)


def _is_a_proxy(text: str) -> bool:
    """Whether it is trusted by its own address. In a network of those trusted people may be too.

    Nor does it count on this machine, where the browser may be beside the proxy.
    """
    address = ip_address(text)
    networks = [one for one in settings.TRUSTED_PROXIES if one.num_addresses == 1]
    return not address.is_loopback and any(address in network for network in networks)


def trusting(proxy: str) -> str:
    """The value of TRUSTED_PROXIES that has this one too."""
    known = [str(network).removesuffix("/32") for network in settings.TRUSTED_PROXIES]
    return ",".join([*known, proxy])


Finding = tuple[str, str, dict[str, str]]  # who asks; the kind of trouble, or ""; what it names


def _stranger(peer: str, headers: Headers) -> Finding:
    """Nothing that it writes counts. Who writes nothing is no proxy."""
    kind = "not trusted" if any(headers.values()) else ""
    return peer, kind, {"trusted": trusting(peer)}


def _who(request: HttpRequest, peer: str, headers: Headers) -> Finding:
    told = forwarded.told_by(headers, is_trusted)
    if not told:
        return peer, "no address" if _is_passed_on(request, peer, headers) else "", {}
    header, first = next(iter(told.items()))
    others = [name for name, one in told.items() if _contradicts(one.client, first.client)]
    if others:
        return peer, "contradiction", {"header": " and ".join(map(_written, [header, *others]))}
    if not first.client:
        return peer, "unreadable", {"header": _written(header)}
    if first.before and not is_trusted(first.client):
        # On the internet it may be anybody, who would be glad to be trusted.
        kind = PERHAPS if ip_address(first.client).is_global else "not trusted"
        facts = {"proxy": first.client, "trusted": trusting(first.client)}
        return first.client, kind, facts
    return first.client, "hidden" if _is_a_proxy(first.client) else "", {"client": first.client}


def _contradicts(one: str, first: str) -> bool:
    """The inner of two proxies may name the outer one in a header of its own."""
    return one != first and not is_trusted(one)


def _is_passed_on(request: HttpRequest, peer: str, headers: Headers) -> bool:
    """Whether a request without a word about who asks came from a proxy and not from this machine.

    A command on this machine asks without any, and so does a probe of a load balancer.
    """
    if peer == SOCKET or any(headers.values()) or not ip_address(peer).is_loopback:
        return True
    public = urlsplit(settings.PUBLIC_URL).netloc
    asked = request.META.get("HTTP_HOST", "")
    came_from = (request.META.get(f"HTTP_{name}", "") for name in ("ORIGIN", "REFERER"))
    names = {asked, *(url.partition("://")[2].partition("/")[0] for url in came_from)}
    return public in names and not public.startswith((HERE, "localhost", "[::1]"))


def _written(name: str) -> str:
    """`HTTP_X_FORWARDED_FOR` -> `X-Forwarded-For`."""
    return name.removeprefix("HTTP_").replace("_", "-").title().replace("-Ip", "-IP")


def _peer(request: HttpRequest) -> str:
    """The address that the connection comes from, in its usual form; "" where there is none."""
    listener = request.META.get("gunicorn.socket")
    if listener is not None and listener.family == socket.AF_UNIX:
        return SOCKET
    return forwarded.address(request.META.get("REMOTE_ADDR", ""))
