"""Typed readers of the environment: a bad value stops the start with one sentence.

A sentence names the setting and what it takes, never the value: it may be a secret.
The real environment wins over `.env`.
"""

import os
import re
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from integrations import crypto
from providers.declare import App
from providers.outbound.addresses import Allowed, parse_allowed

Network = IPv4Network | IPv6Network

TRUE = frozenset({"1", "on", "true", "yes"})
FALSE = frozenset({"", "0", "off", "false", "no"})


class Missing(ImproperlyConfigured):
    """A setting that has no default is not there."""


def read_file(path: Path) -> None:
    """Lay `.env` under the real environment; do nothing when there is none."""
    environ.Env.read_env(path)


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def required(name: str) -> str:
    if value := text(name):
        return value
    raise Missing(f"{name} is not set. Run `./dev serve` once to make it, or set it in .env.")


def boolean(name: str) -> bool:
    value = text(name).lower()
    if value in TRUE | FALSE:
        return value in TRUE
    raise ImproperlyConfigured(f"{name} must be on or off.")


def positive_number(name: str, default: int) -> int:
    value = text(name, str(default))
    if value.isascii() and value.isdigit() and 0 < int(value) < 1_000_000:
        return int(value)
    raise ImproperlyConfigured(f"{name} must be a whole number above 0.")


def port(name: str, default: int) -> int:
    number = positive_number(name, default)
    if number > 65535:
        raise ImproperlyConfigured(f"{name} must be a port between 1 and 65535.")
    return number


def words(name: str) -> list[str]:
    """`a, b` -> `["a", "b"]`."""
    return [word.strip() for word in text(name).split(",") if word.strip()]


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
    """`https://host[:port]`, without a final slash. Raises with a sentence otherwise."""
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
        raise ImproperlyConfigured(f"{name} must be an address like {example}, and nothing more.")
    return value.rstrip("/")


def _split(value: str) -> SplitResult | None:
    try:
        parts = urlsplit(value)
        return parts if parts.port != 0 else None
    except ValueError:  # a port that is no number, brackets that do not close
        return None


def networks(name: str) -> tuple[Network, ...]:
    """`10.0.0.7, 10.1.0.0/16` -> the networks."""
    try:
        return tuple(ip_network(word) for word in words(name))
    except ValueError:
        raise ImproperlyConfigured(
            f"{name} must be IP addresses or networks such as 10.0.0.0/24, with commas between."
        ) from None


def outbound(name: str) -> tuple[Allowed, ...]:
    try:
        return parse_allowed(text(name))
    except ValueError:
        raise ImproperlyConfigured(
            f"{name} must be entries such as 10.0.0.0/24:5678, with commas between."
        ) from None


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
        found.setdefault(slug.lower(), {})[part] = value.strip()
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
    if parts is None or parts.scheme not in {"smtp", "smtp+tls", "smtp+ssl"} or not parts.hostname:
        raise ImproperlyConfigured(
            f"{name} must be like smtp+tls://user:password@mail.example.com:587."
        )
    config = environ.Env.email_url_config(text(name))
    options = {
        "host": config["EMAIL_HOST"],
        "port": config["EMAIL_PORT"] or (465 if parts.scheme == "smtp+ssl" else 587),
        "username": config["EMAIL_HOST_USER"] or "",
        "password": config["EMAIL_HOST_PASSWORD"] or "",
        "use_tls": parts.scheme == "smtp+tls",
        "use_ssl": parts.scheme == "smtp+ssl",
        "timeout": 20,
    }
    return {
        "default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}
    }
