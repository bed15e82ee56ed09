"""Typed readers of the environment: a bad value stops the start with one sentence.

A sentence names the setting, what it takes with an example, and what was found. What may be a
secret is never repeated. The real environment wins over `.env`.
"""

import os
import re
from collections.abc import Mapping
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import idna
from django.core.exceptions import ImproperlyConfigured

from integrations import crypto
from providers.declare import App
from providers.outbound.addresses import DEFAULT_PORTS, Allowed, parse_allowed

Network = IPv4Network | IPv6Network

TRUE = frozenset({"1", "on", "true", "yes"})
FALSE = frozenset({"", "0", "off", "false", "no"})
LARGEST = 999_999
LONGEST_SHOWN = 60
PERCENT_ENCODE = "In a password, write @ : / ? # and % as %40 %3A %2F %3F %23 and %25."
SHORTEST_SECRET_KEY = 32
SHORTEST_TOKEN = 20
# What Django answers, as django.http.request checks it; a dot in front stands for subdomains.
HOST = re.compile(r"\*|\.?[a-z0-9-]+(\.[a-z0-9-]+)*|\[[a-f0-9]*:[a-f0-9:.]+\]", re.IGNORECASE)
PATH = re.compile(r"(?:/[\w~-][\w.~-]*)*", re.ASCII)
PATH_LETTERS = "with letters, digits, -, _, ~ and . in its path"
# What the site's own addresses begin with. Where a proxy takes a path off that begins so too,
# nobody could tell the one from the other.
OUR_PATHS = frozenset(
    {"accounts", "admin", "api", "dashboard", "fix", "healthz", "oauth", "readyz", "static", "w"}
    | {"badge", "expiries", "invitation", "metrics", "unsubscribe", "welcome", "workspaces"}
)

READ: set[str] = set()  # the names that were asked for: no others are settings


class Missing(ImproperlyConfigured):
    """A setting that has no default is not there."""


def wrong(name: str, must: str, found: str) -> ImproperlyConfigured:
    """The error about a value that is no secret."""
    # Not an address with a password in it, nor something long that was meant for elsewhere.
    is_shown = len(found) <= LONGEST_SHOWN and not re.search("[@?]", found)
    return ImproperlyConfigured(
        f"{name} must be {must}" + (f", not {found!r}." if is_shown else ".")
    )


def text(name: str, default: str = "") -> str:
    READ.add(name)
    return _as_it_looks(name, os.environ.get(name, "")) or default


def _as_it_looks(name: str, given: str) -> str:
    """Without blanks around it. Docker's --env-file, for one, takes quotes as a part of it."""
    value = given.strip()
    if not value.isprintable():
        raise ImproperlyConfigured(f"{name} holds a character that does not show. Type it anew.")
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        raise ImproperlyConfigured(f"{name} has quotes around its value. Leave them out.")
    return value


def required(name: str) -> str:
    if value := text(name):
        return value
    raise Missing(f"{name} is not set. Run `./dev serve` once to make it, or set it in .env.")


def secret_key(name: str) -> str:
    """Django's key, which signs sessions and links: nobody may guess it."""
    value = required(name)
    is_long = len(value) >= SHORTEST_SECRET_KEY and len(set(value)) >= crypto.FEWEST_DIFFERENT
    if is_long and not value.startswith("django-insecure-"):
        return value
    raise ImproperlyConfigured(
        f"{name} can be guessed. It must be {SHORTEST_SECRET_KEY} random characters or more, such "
        'as `python3 -c "import secrets; print(secrets.token_urlsafe(50))"` prints.'
    )


def token(name: str) -> str:
    """One that a program sends, which nobody may guess; "" where there is none."""
    value = text(name)
    is_long = len(value) >= SHORTEST_TOKEN and len(set(value)) >= crypto.FEWEST_DIFFERENT
    if not value or (is_long and re.fullmatch(r"[\x21-\x7e]+", value)):
        return value
    raise ImproperlyConfigured(
        f"{name} must be {SHORTEST_TOKEN} random characters or more, without blanks, such as "
        '`python3 -c "import secrets; print(secrets.token_urlsafe(32))"` prints.'
    )


def choice(name: str, *choices: str) -> str:
    """One of these words; the first where none is set."""
    value = text(name, choices[0]).lower()
    if value in choices:
        return value
    raise wrong(name, " or ".join(choices), text(name))


def boolean(name: str) -> bool:
    value = text(name).lower()
    if value in TRUE | FALSE:
        return value in TRUE
    raise wrong(name, "on or off", text(name))


def positive_number(name: str, default: int, *, least: int = 1, most: int = LARGEST) -> int:
    value = text(name, str(default))
    if re.fullmatch("[0-9]{1,9}", value) and least <= int(value) <= most:
        return int(value)
    raise wrong(name, f"a whole number between {least} and {most}, such as {default}", value)


def port(name: str, default: int) -> int:
    return positive_number(name, default, most=65535)


def words(name: str) -> list[str]:
    """`a, b` -> `["a", "b"]`."""
    return [word.strip() for word in text(name).split(",") if word.strip()]


def hosts(name: str) -> list[str]:
    """The names that Django answers, without scheme and port: others would match no request."""
    found = [word if word.isascii() else ascii_host(word) or word for word in words(name)]
    for word in found:
        if not HOST.fullmatch(word):
            must = "host names such as integrations.example.com, with commas between"
            raise wrong(name, f"{must}, without https:// or a port", word)
    return found


def keys(name: str) -> list[str]:
    """The credential keys, newest first."""
    required(name)
    try:
        for word in words(name):
            crypto.parse_key(word)
    except ValueError as error:
        raise ImproperlyConfigured(str(error)) from None
    return words(name)


def origin(name: str, value: str, *, path_allowed: bool) -> str:
    """`https://host[:port]` in normal form, without a final slash; raises with a sentence."""
    parts = _split(value)
    good = (
        parts is not None
        and parts.scheme in {"http", "https"}
        and parts.hostname
        and parts.username is None
        and parts.password is None
        and not re.search(r"[?#\s]", value)
        and (path_allowed or parts.path in {"", "/"})
    )
    if not good:
        example = "https://example.com/prefix" if path_allowed else "https://example.com"
        raise wrong(name, f"an address like {example}, and nothing more", value)
    return _normal(parts) if parts else value


def _normal(parts: SplitResult) -> str:
    """In small letters, without the port that the scheme has anyway: RFC 3986 section 6.2.3."""
    host = str(parts.hostname)
    place = f"[{host}]" if ":" in host else host
    if parts.port and parts.port != DEFAULT_PORTS[parts.scheme]:
        place = f"{place}:{parts.port}"
    return f"{parts.scheme}://{place}{parts.path}".rstrip("/")


def public_url(name: str, default: str) -> str:
    """Where people open the site, in the one form that all its ways of writing share.

    `HTTPS://Example.com:443/Path/` -> `https://example.com/Path`; an international name in
    punycode, an IPv6 address in its shortest form.
    """
    value = origin(name, text(name, default), path_allowed=True)
    parts = urlsplit(value)
    first, _, _ = parts.path.strip("/").partition("/")
    if not PATH.fullmatch(parts.path):
        raise wrong(name, f"like https://example.com/integrations, {PATH_LETTERS}", value)
    if first in OUR_PATHS:
        raise wrong(name, f"an address whose path begins otherwise: /{first}/ is ours", value)
    host = ascii_host(parts.hostname or "")
    if not host:
        raise wrong(name, "an address with a host name such as integrations.example.com", value)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{host}{port}{parts.path}"


def ascii_host(host: str) -> str:
    """As browsers send it: `M\u00fcller.example` in punycode, `[::1]`; "" for what is no host."""
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        pass
    else:
        return f"[{address}]" if isinstance(address, IPv6Address) else str(address)
    host = host.lower()
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode()
        except idna.IDNAError:
            return ""
    host = host.removesuffix(".")
    return host if HOST.fullmatch(host) and not host.startswith((".", "*")) else ""


def _split(value: str) -> SplitResult | None:
    try:
        parts = urlsplit(value)
        return parts if parts.port != 0 else None
    except ValueError:  # a port that is no number, brackets that do not close
        return None


def networks(name: str) -> tuple[Network, ...]:
    """`10.0.0.7, 10.1.0.0/16` -> the networks."""
    must = "IP addresses or networks such as 10.0.0.7 or 10.0.0.0/24, with commas between"
    found: list[Network] = []
    for word in words(name):
        try:
            found.append(ip_network(word))
        except ValueError:
            raise wrong(name, must, word) from None
    return tuple(found)


def outbound(name: str) -> tuple[Allowed, ...]:
    must = "entries such as 10.0.0.0/24:5678 or n8n.internal:5678, with commas between"
    found: list[Allowed] = []
    for word in words(name):
        try:
            found += parse_allowed(word)
        except ValueError:
            raise wrong(name, must, word) from None
    return tuple(found)


def sender(name: str, default: str) -> str:
    """`Name <address>` or an address alone."""
    value = text(name, default)
    if value == default or re.fullmatch(r"[^@\s]+@[^@\s]+", parseaddr(value)[1]):
        return value
    raise wrong(name, "a mail address such as integrations@example.com", value)


def provider_origins(environment: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """`PROVIDER_<SLUG>__API_URL=…` -> `{slug: {"API": "…"}}`.

    A name that nearly fits is refused: with a typing error, a trial would send real
    secrets to the platform instead of the sandbox.
    """
    found: dict[str, dict[str, str]] = {}
    for name, value in environment.items():
        if not (name.startswith("PROVIDER_") and name.endswith("_URL")) or not value:
            continue
        match = re.fullmatch(r"PROVIDER_([A-Z0-9]+(?:_[A-Z0-9]+)*)__([A-Z0-9_]+)_URL", name)
        if match is None:
            raise ImproperlyConfigured(
                f"{name} is not a setting. Write it like PROVIDER_<SLUG>__API_URL."
            )
        slug, host = match.groups()
        found.setdefault(slug.lower(), {})[host] = origin(name, value, path_allowed=True)
    return found


def apps(environment: Mapping[str, str]) -> dict[str, App]:
    """`APP_<NAME>__CLIENT_ID=…` and `APP_<NAME>__CLIENT_SECRET=…` -> `{name: App(…)}`.

    A name that nearly fits is refused: with a typing error, signing in would not be offered.
    """
    found: dict[str, dict[str, str]] = {}
    for name, value in environment.items():
        if not re.fullmatch(r"APP_\w+_CLIENT_(ID|SECRET)", name) or not value.strip():
            continue
        match = re.fullmatch(r"APP_([A-Z0-9]+(?:_[A-Z0-9]+)*)__CLIENT_(ID|SECRET)", name)
        if match is None:
            raise ImproperlyConfigured(
                f"{name} is not a setting. Write it like APP_<NAME>__CLIENT_ID."
            )
        slug, part = match.groups()
        found.setdefault(slug.lower(), {})[part] = _as_it_looks(name, value)
    for slug, parts in found.items():
        if len(parts) != 2:
            prefix = f"APP_{slug.upper()}__CLIENT_"
            raise ImproperlyConfigured(f"{prefix}ID and {prefix}SECRET go together: set both.")
    return {slug: App(parts["ID"], parts["SECRET"]) for slug, parts in found.items()}


def mailers(name: str) -> dict[str, dict[str, Any]]:
    """Django's MAILERS: the server that the URL names, or none."""
    if not text(name):
        return {}
    parts = _split(text(name))
    if (
        parts is None
        or parts.scheme not in {"smtp", "smtp+tls", "smtp+ssl"}
        or not parts.hostname
        or parts.path not in {"", "/"}  # more may be the rest of a password
        or re.search(r"[?#\s]", text(name))
    ):
        raise ImproperlyConfigured(
            f"{name} must be like smtp+tls://user:password@mail.example.com:587. {PERCENT_ENCODE}"
        )
    options = {
        "host": parts.hostname,
        "port": parts.port or (465 if parts.scheme == "smtp+ssl" else 587),
        "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "use_tls": parts.scheme == "smtp+tls",
        "use_ssl": parts.scheme == "smtp+ssl",
        "timeout": 20,
    }
    return {"default": {"BACKEND": "integrations_center.mail.EmailBackend", "OPTIONS": options}}
