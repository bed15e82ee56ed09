"""Which addresses this server may call: what a person typed, and what a name resolved to.

The lists follow the IANA special-purpose address registries. `ipaddress.is_global` alone lets
IPv4-compatible, translated, site-local and multicast addresses through.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import idna

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network

MAX_LENGTH = 2048
DEFAULT_PORTS = {"https": 443, "http": 80}

MALFORMED = "Enter the address as https://host/path, without user name, spaces, \\ or #."
NOT_HTTPS = "The address must begin with https://."
REFUSED = "This address may not be called from here: enter a public one."

# The host of an address, before anything is decoded: "[…]" or everything up to the port.
_URL = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://"
    r"(?P<host>\[[0-9a-f:.]+\]|[^\[\]:/?#@\\%]+)(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>/[^?#]*)?(?P<query>\?[^#]*)?",
    re.ASCII | re.IGNORECASE,
)
_LABEL = re.compile(r"(?!xn--)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
# What resolvers read as an IPv4 address in another notation: 127.1, 0x7f.1, 017700000001.
_NUMERIC = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)")


def _networks(*texts: str) -> tuple[IPNetwork, ...]:
    return tuple(ip_network(text) for text in texts)


_DENIED = _networks(
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
    *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"),
    *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
    "168.63.129.16/32",  # a cloud platform's own address in public space
    *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
)
# Outside it lie loopback, private, link-local, multicast, mapped and NAT64 addresses.
_GLOBAL_IPV6 = IPv6Network("2000::/3")
_LOOPBACK_IPV6 = IPv6Network("::1/128")
# IPv6 addresses that carry an IPv4 address inside: never an operator's exception.
_TRANSLATED = _networks(
    *("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48"),
    *("2001::/32", "2002::/16"),
)
# An operator's exception opens these only when it names them, not as part of something wider.
_NEVER_BY_ACCIDENT = _networks(
    *("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4"),
    *("100.100.100.200/32", "168.63.129.16/32"),
    *("::/128", "::1/128", "fd00:ec2::254/128", "fe80::/10", "fec0::/10", "ff00::/8"),
)
# What an operator's exception for a name may resolve to, besides public addresses.
_PRIVATE = _networks("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")


@dataclass(frozen=True)
class Allowed:
    """One exception of the operator: a host name or a network, and one port."""

    host: str | IPNetwork
    port: int

    def admits(self, host: str, ip: IPAddress, port: int) -> bool:
        """Whether this exception covers `host`, which resolved to `ip`."""
        if port != self.port:
            return False
        if isinstance(self.host, str):
            return host == self.host and self._may_be_named(ip)
        return ip in self.host and not any(
            ip in special and self.host.prefixlen < special.prefixlen
            for special in _NEVER_BY_ACCIDENT
        )

    def _may_be_named(self, ip: IPAddress) -> bool:
        if _is_in(ip, _NEVER_BY_ACCIDENT):
            return ip.is_loopback and self.host == "localhost"
        return not is_denied(ip) or _is_in(ip, _PRIVATE)


def parse_allowed(text: str) -> tuple[Allowed, ...]:
    """`"10.0.0.0/24:5678, n8n.internal:5678"` -> the exceptions. Raises ValueError."""
    return tuple(_parse_entry(entry.strip()) for entry in text.split(",") if entry.strip())


def is_denied(ip: IPAddress | str) -> bool:
    """Whether this is anything but an ordinary public address."""
    ip = ip_address(ip)
    if _is_in(ip, _DENIED):
        return True
    return isinstance(ip, IPv6Address) and (ip.scope_id is not None or ip not in _GLOBAL_IPV6)


def clean(text: str, *, allow: Iterable[Allowed] = ()) -> str:
    """The address rebuilt from its parts, its host in punycode; "" stays for a bare "/".

    Raises ValueError with a sentence that repeats nothing that was typed. What a name
    resolves to is judged when it is called, by `may_reach`.
    """
    allow = tuple(allow)
    match = _URL.fullmatch(text)
    if not match or len(text) > MAX_LENGTH:
        raise ValueError(MALFORMED)
    scheme, host = match["scheme"].lower(), _clean_host(match["host"])
    if scheme not in DEFAULT_PORTS:
        raise ValueError(NOT_HTTPS)
    rest = (match["path"] or "") + (match["query"] or "")
    if not re.fullmatch(r"[!-~]*", rest) or "\\" in rest:
        raise ValueError(MALFORMED)
    port = int(match["port"] or DEFAULT_PORTS[scheme])
    _judge(scheme, host, port, allow)
    shown_port = "" if port == DEFAULT_PORTS[scheme] else f":{port}"
    return f"{scheme}://{host}{shown_port}{'' if rest == '/' else rest}"


def may_reach(scheme: str, host: str, ip: IPAddress, port: int, allow: Iterable[Allowed]) -> bool:
    """Whether a request for `host` may connect to `ip`."""
    allow = tuple(allow)
    if any(entry.admits(host, ip, port) for entry in allow):
        return True
    return scheme == "https" and _is_open(port, allow) and not is_denied(ip)


def literal(host: str) -> IPAddress | None:
    """The address that a host is, with or without brackets; None for a name."""
    try:
        return ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None


def _judge(scheme: str, host: str, port: int, allow: tuple[Allowed, ...]) -> None:
    """Refuse what can be refused without asking for the host's addresses."""
    ip = literal(host)
    if ip:
        if not may_reach(scheme, host, ip, port, allow):
            raise ValueError(NOT_HTTPS if scheme == "http" and not is_denied(ip) else REFUSED)
        return
    named = any(entry.host == host and entry.port == port for entry in allow)
    if not named and (host == "localhost" or host.endswith(".localhost")):
        raise ValueError(REFUSED)
    if scheme == "http" and not any(entry.port == port for entry in allow):
        raise ValueError(NOT_HTTPS)
    if not _is_open(port, allow):
        raise ValueError(REFUSED)


def _is_open(port: int, allow: tuple[Allowed, ...]) -> bool:
    return port in DEFAULT_PORTS.values() or any(entry.port == port for entry in allow)


def _clean_host(text: str) -> str:
    """A host name in punycode, or an address in its one usual notation."""
    ip = literal(text)
    if isinstance(ip, IPv6Address) and text.startswith("["):
        return f"[{ip.compressed}]"
    if isinstance(ip, IPv4Address) and not text.startswith("["):
        return str(ip)
    name = text.lower()
    labels = name.split(".")
    if not all(labels) or len(name) > 253 or _NUMERIC.fullmatch(labels[-1]):
        raise ValueError(MALFORMED)
    if all(_LABEL.fullmatch(label) for label in labels):
        return name
    punycode = _punycode(name)
    if punycode is None:
        raise ValueError(MALFORMED)
    return punycode


def _punycode(name: str) -> str | None:
    """None when it is no host name: the library's error would repeat the name."""
    try:
        # Without the UTS 46 mapping, which would turn look-alike digits and dots into real ones.
        return idna.encode(name, strict=True).decode()
    except (idna.IDNAError, UnicodeError):
        return None


def _parse_entry(entry: str) -> Allowed:
    target, _, port = entry.rpartition(":")
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= 65535:
        raise ValueError(f"{entry!r} is not host:port or network:port.")
    try:
        host: str | IPNetwork = ip_network(target.replace("[", "").replace("]", ""))
    except ValueError:
        try:
            host = _clean_host(target)
        except ValueError:
            raise ValueError(f"{entry!r} is not host:port or network:port.") from None
    if host != _LOOPBACK_IPV6 and not isinstance(host, str) and _overlaps(host, _TRANSLATED):
        raise ValueError(f"{entry!r} covers IPv6 addresses that stand for IPv4 ones.")
    return Allowed(host, int(port))


def _is_in(ip: IPAddress, networks: Iterable[IPNetwork]) -> bool:
    return any(ip in network for network in networks)


def _overlaps(network: IPNetwork, others: Iterable[IPNetwork]) -> bool:
    # Two networks overlap exactly when one holds the other's first address.
    return any(
        network.network_address in other or other.network_address in network for other in others
    )
