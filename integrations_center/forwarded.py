"""What a proxy writes about the one who asks: addresses and schemes, in every usual form.

Pure reading: whom to believe is decided in `proxies`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

# Each holds a list, the nearest hop last; of one address they hold a list of one.
ADDRESSES = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP")
SCHEMES = (
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_FORWARDED",
    "HTTP_X_FORWARDED_PROTOCOL",
    "HTTP_X_FORWARDED_SCHEME",
    "HTTP_X_SCHEME",
    "HTTP_X_URL_SCHEME",
    "HTTP_X_FORWARDED_SSL",
    "HTTP_FRONT_END_HTTPS",
    "HTTP_CLOUDFRONT_FORWARDED_PROTO",
)
HOST = "HTTP_X_FORWARDED_HOST"
ALL = frozenset({*ADDRESSES, *SCHEMES, HOST, "HTTP_X_FORWARDED_PORT", "HTTP_X_FORWARDED_PREFIX"})
SCHEME_WORDS = {
    **dict.fromkeys(("https", "wss", "on", "ssl", "1", "true"), "https"),
    **dict.fromkeys(("http", "ws", "off", "0", "false"), "http"),
}
WITH_PORT = re.compile(r"\[(?P<six>[^\]]*)\](?::\w+)?|(?P<four>[0-9.]+):\w+")

Headers = Mapping[str, str]
IsTrusted = Callable[[str], bool]


@dataclass(frozen=True)
class Told:
    """The one who asks, as a header tells: the nearest address that is not a trusted proxy."""

    client: str  # "" when the first entry that counts cannot be read
    before: bool  # whether something stands before it in the list


def address(text: str) -> str:
    """`"[2001:db8::1]:4711"` -> `2001:db8::1`, `::ffff:10.0.0.1` -> `10.0.0.1`; else ""."""
    text = text.strip().strip('"').strip()
    if match := WITH_PORT.fullmatch(text):
        text = match["six"] or match["four"] or ""
    try:
        found = ip_address(text.partition("%")[0])  # what follows % names a network card of theirs
    except ValueError:
        return ""
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(found)


def told_by(headers: Headers, is_trusted: IsTrusted) -> dict[str, Told]:
    """What each header of addresses that is there tells."""
    hops = {name: _hops(name, headers[name]) for name in ADDRESSES if headers[name]}
    return {name: _told(found, is_trusted) for name, found in hops.items() if any(found)}


def _hops(name: str, value: str) -> list[str]:
    return _parts(value, "for") if name == "HTTP_FORWARDED" else value.split(",")


def _told(hops: list[str], is_trusted: IsTrusted) -> Told:
    """From the right: what stands left of a stranger can be invented."""
    client = ""
    for left, hop in reversed(list(enumerate(hops))):
        client = address(hop)
        if not client or not is_trusted(client):
            return Told(client, before=left > 0)
    return Told(client, before=False)


def scheme(headers: Headers) -> str:
    """`http`, `https`, or "" when no header tells. Of a list, what the browser came by."""
    told = (_scheme(name, headers[name]) for name in SCHEMES if headers[name])
    return next(filter(None, told), "")


def _scheme(name: str, value: str) -> str:
    words = _parts(value, "proto") if name == "HTTP_FORWARDED" else value.split(",")
    return SCHEME_WORDS.get(words[0].strip().strip('"').lower(), "") if words else ""


def host(headers: Headers) -> str:
    """The name that the browser asked for, or "" when no header tells."""
    return headers[HOST].split(",")[0].strip()


def _parts(value: str, name: str) -> list[str]:
    """RFC 7239: `for=1.2.3.4;proto=https, for="[::1]"` -> the `for`, or `proto`, of each hop.

    One that does not tell it is "".
    """
    return [_pairs(hop).get(name, "") for hop in _outside_quotes(value, ",")]


def _pairs(hop: str) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in hop.split(";"))
    return {key.strip().lower(): text for key, _, text in pairs}


def _outside_quotes(value: str, mark: str) -> Iterator[str]:
    """Split at each mark that stands in no quotes."""
    start, inside = 0, False
    for place, letter in enumerate(value):
        inside ^= letter == '"'
        if letter == mark and not inside:
            yield value[start:place]
            start = place + 1
    yield value[start:]
