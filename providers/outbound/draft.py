"""A request, from what is asked for to the bytes that are sent."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self
from urllib.parse import urlencode

import requests
from requests.utils import requote_uri
from urllib3.util import parse_url

from providers.outbound.addresses import DEFAULT_PORTS
from providers.outbound.headers import checked_headers
from providers.outbound.origins import Origin
from providers.outbound.secrets import filled


@dataclass(frozen=True)
class Written:
    """What goes over the wire: `target` is the path and query at `origin`."""

    method: str
    origin: Origin
    target: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | str | None = field(repr=False, default=None)

    @classmethod
    def of(cls, request: requests.PreparedRequest) -> Self:
        """One that another library has prepared."""
        origin, target = _placed(str(request.url), "")
        return cls(str(request.method), origin, target, request.headers, request.body)


@dataclass(frozen=True)
class Draft:
    """A request that nobody has written out yet: any of its values may be a placeholder.

    `headers` and `params` may still be added to.
    """

    method: str
    host: str
    url: str = field(repr=False)
    headers: dict[str, Any] = field(repr=False, default_factory=dict)
    params: dict[str, Any] = field(repr=False, default_factory=dict)
    json: Any = field(repr=False, default=None)
    data: Mapping[str, Any] | None = field(repr=False, default=None)

    def filled(self, secrets: Mapping[str, str]) -> "Draft":
        """With secrets for placeholders. Raises InvalidConfig, also for a bad header."""
        return replace(
            self,
            headers=checked_headers(filled(self.headers, secrets)),
            params=filled(self.params, secrets),
            json=filled(self.json, secrets),
            data=filled(self.data, secrets),
        )

    def written(self) -> Written:
        """As requests would write it. Raises ValueError for what cannot be written."""
        origin, target = _placed(self.url, _form(self.params))
        body, kind = self._body()
        headers = {"Content-Type": kind, **self.headers} if kind else self.headers
        return Written(self.method, origin, target, headers, body)

    def _body(self) -> tuple[str | None, str]:
        if self.data:
            return _form(self.data), "application/x-www-form-urlencoded"
        if self.json is not None:
            return json.dumps(self.json, allow_nan=False), "application/json"
        return None, ""


def _placed(url: str, query: str) -> tuple[Origin, str]:
    """Where an address leads, and what is asked for there. Raises ValueError."""
    parts = parse_url(url)
    scheme, host = parts.scheme or "", (parts.host or "").removeprefix("[").removesuffix("]")
    queries = "&".join(part for part in (parts.query, query) if part)
    target = (parts.path or "/") + (f"?{queries}" if queries else "")
    return (scheme, host, parts.port or DEFAULT_PORTS.get(scheme, 0)), requote_uri(target)


def _form(values: Mapping[str, Any]) -> str:
    return urlencode(list(_pairs(values)))


def _pairs(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """A list is sent as one value after another, and None not at all."""
    for name, value in values.items():
        many = value if isinstance(value, list | tuple | set | frozenset) else [value]
        yield from ((name, one) for one in many if one is not None)
