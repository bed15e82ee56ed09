"""Api: how a platform is asked.

No exception from here holds an address, a header or a secret; nothing of an address but
the name of its host is logged.
"""

import logging
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Self

import requests

from providers import errors
from providers.outbound import addresses
from providers.outbound.draft import Draft
from providers.outbound.failures import Failures, refused
from providers.outbound.headers import HEADERS
from providers.outbound.masking import Mask
from providers.outbound.origins import Origin, origin_of
from providers.outbound.reply import Reply
from providers.outbound.resolving import Resolve, resolve
from providers.outbound.transport import USUAL_TIMEOUTS, Timeouts, Transport

logger = logging.getLogger(__name__)

# NUL, and what embeds, overrides or isolates a direction (Unicode Annex 9).
LEFT_OUT = dict.fromkeys((0, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))

Authorize = Callable[[Draft, bool], None]


class Api:
    """One test's way to one platform. `with Api(origins, …) as api: api.get("/me")`.

    `origins` says where each host is: `{"API": "https://api.postbox.example/v1"}`. Those
    in `trusted` may be private and without TLS. `judge` raises what a bad reply means.
    `typed` says that a person typed the address: what is wrong with it is theirs to correct.
    `deadline_at` is a moment of `time.monotonic()`. `ca_file` replaces the usual authorities.

    `fill` holds the secrets by name that placeholders in a request stand for, `plain` values that
    are none, though a secret may hold them too. `authorize` adds
    to the headers and params of each request what lets it in, unless that is `anonymous`.
    """

    def __init__(
        self,
        origins: Mapping[str, str],
        *,
        judge: Callable[[Reply], None],
        platform: str,
        trusted: Iterable[str] = (),
        allow: Iterable[addresses.Allowed] = (),
        secrets: Iterable[str] = (),
        deadline_at: float = math.inf,
        timeouts: Timeouts = USUAL_TIMEOUTS,
        typed: bool = False,
        resolve: Resolve = resolve,
        ca_file: str | None = None,
    ) -> None:
        self.fill: dict[str, str] = {}
        self.plain: set[str] = set()
        self.authorize: Authorize = lambda _draft, _anonymous: None
        self.origins = dict(origins)
        self.headers: dict[str, Any] = {}
        self.judge = judge
        self.platform = platform
        self._trusted = frozenset(origin_of(url) for url in trusted)
        self._allow = tuple(allow)
        self._secrets = set(secrets)
        self._mask = Mask(())
        self.is_moved = False
        self._transport = Transport(
            trusted=self._trusted,
            kept=frozenset() if typed else frozenset(_origins_of(origins.values())),
            allow=self._allow,
            deadline_at=deadline_at,
            timeouts=timeouts,
            resolve=resolve,
            ca_file=ca_file,
            failures=Failures(platform, typed),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._transport.close()

    def get(self, path: str, **asked: Any) -> Any:
        """The JSON of a good reply to what `request` takes. Raises ProviderError."""
        return self._judged(self.request("GET", path, **asked))

    def post(self, path: str, **asked: Any) -> Any:
        """The JSON of a good reply to what `request` takes. Raises ProviderError."""
        return self._judged(self.request("POST", path, **asked))

    def _judged(self, reply: Reply) -> Any:
        self.judge(reply)
        return reply.json_or_none()

    def request(
        self,
        method: str,
        path: str,
        *,
        host: str = "API",
        headers: Mapping[str, Any] | None = None,
        anonymous: bool = False,
        json: Any = None,
        data: Mapping[str, Any] | None = None,
        **params: Any,
    ) -> Reply:
        """Whatever came back, a redirect too. Raises ProviderError when nothing usable did.

        `json` or, as a form, `data` is the body, and `params` go into the address.
        """
        sent = {**HEADERS, **self.headers, **(headers or {})}
        draft = Draft(method, host, self.url(host, path), sent, params, json, data)
        self.authorize(draft, anonymous)
        self._secrets.update(self.fill.values())  # also those that are replaced later
        return self.send(draft.filled(self.fill), host)

    def send(self, request: Draft | requests.PreparedRequest, host: str) -> Reply:
        """The reply to a request to an address that `url` made. Raises ProviderError."""
        began = time.monotonic()
        heard: str | int = "no answer"
        try:
            reply = self._transport.ask(request)
            heard = reply.status
        finally:
            took = round((time.monotonic() - began) * 1000)
            logger.debug("%s %s %s: %s in %d ms", request.method, self.platform, host, heard, took)
        return reply

    def move(self, host: str, origin: str) -> None:
        """The platform says where this host is. In a trial it stays where the operator put it."""
        self.is_moved = True
        if not self._trusted:
            self.origins[host] = origin

    def add_secret(self, text: str) -> None:
        """Something obtained on the way that `redact` must cover as well."""
        self._secrets.add(text)

    def redact(self, text: str, *, longest: int | None = None) -> str:
        """The text with a mask in place of every secret, however it is written, and then cut.

        What no database keeps (NUL, half a surrogate pair) is replaced too, and what would turn
        the direction of the sentence around it is left out.
        """
        secrets = {*self._secrets, *self.fill.values()}
        if self._mask.secrets != secrets or self._mask.plain != self.plain:
            self._mask = Mask(secrets, self.plain)
        kept = text.encode(errors="replace").decode().translate(LEFT_OUT)
        return self._mask.over(kept, longest=longest)

    def url(self, host: str, path: str) -> str:
        """A checked address. Raises InvalidConfig for one that may not be asked."""
        if host not in self.origins:
            raise errors.InvalidConfig(
                f"This trial has no address for {self.platform}'s host {host}.",
                "Set an address for it too, or remove the platform's other addresses.",
            )
        if path and not path.startswith("/"):
            raise ValueError("A path begins with a slash.")
        base = self._checked(self.origins[host])
        if base is None:
            raise refused()
        before, _, query = base.partition("?")
        url = before.rstrip("/") + path if path else before
        if not query:
            return url
        return f"{url}{'&' if '?' in url else '?'}{query}"

    def _checked(self, origin: str) -> str | None:
        try:
            if origin_of(origin) in self._trusted:
                return origin
            return addresses.clean(origin, allow=self._allow)
        except ValueError:
            return None


def _origins_of(urls: Iterable[str]) -> Iterator[Origin]:
    for url in urls:
        with suppress(ValueError):  # refused when it is asked
            yield origin_of(url)
