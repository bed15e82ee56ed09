"""The one way in: values, saved or just being tried, become an authorised Api."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TypedDict

from providers import errors
from providers.access import grants
from providers.declare.access import (
    ACCESS_TOKEN,
    Access,
    Entry,
    Held,
    Obtained,
    RefreshToken,
    SignedIn,
)
from providers.declare.oauth import Grant, Tokens
from providers.declare.provider import Provider
from providers.outbound import addresses
from providers.outbound.api import Api
from providers.outbound.draft import Draft
from providers.outbound.transport import USUAL_TIMEOUTS, Timeouts

# Where tokens are made or looked at: what lets us in elsewhere is not sent there.
SIGN_IN_HOSTS = frozenset({"AUTHORIZATION", "TOKEN", "REVOKE", "INTROSPECT"})
GetToken = Callable[[], Held]
Renewed = Callable[[Mapping[str, str]], None]


class Door:
    """One test's way in. `api` lets every request in that is not anonymous.

    Whoever needs a token gets it with the first such request, or by `enter`.
    """

    def __init__(
        self,
        provider: Provider,
        method: str,
        values: Mapping[str, str],
        api: Api,
        tokens: GetToken | None,
        on_renewed: Renewed,
    ) -> None:
        self.api = api
        self.method = method
        self.names = frozenset(values)
        self._provider = provider
        self._access: Access = provider.method(method).access
        self._known: dict[str, str] = {}
        self.plain: dict[str, str] = {}
        self._tokens = tokens
        self._on_renewed = on_renewed
        self._entry: Entry | None = None
        self._refusal: errors.ProviderError | None = None
        api.authorize = self._authorize
        self._learn(values)

    def _learn(self, values: Mapping[str, str]) -> None:
        """Values by field name: a tester sees the plain ones, as soon as they are known."""
        secret = {ACCESS_TOKEN, *self._provider.secret_names}
        self._known |= values
        self.plain |= {name: value for name, value in values.items() if name not in secret}
        self.api.plain.update(self.plain.values())
        self.api.plain.update(self._provider.open_parts(self._known.get(ACCESS_TOKEN, "")))

    def enter(self) -> Entry:
        """Get what lets us in, once. Raises ProviderError, each time the same."""
        if self._refusal:
            raise self._refusal
        if self._entry is None:
            try:
                self._entry = self._entered()
            except errors.ProviderError as refusal:
                self._refusal = refusal
                raise
        return self._entry

    @property
    def kept_since(self) -> datetime | None:
        """When the token that is used was got, if that was for an earlier test."""
        return self._entry.got_at if self._entry and self._entry.is_kept else None

    def _entered(self) -> Entry:
        self._check()
        held = self._held()
        told = self._access.tells(self._known)
        if held is None:
            return Entry(told=told)
        declared = self._provider.oauth
        asked = declared.scopes if declared and isinstance(self._access, SignedIn) else ()
        grant = Grant(asked, held.tokens.scopes, held.tokens.facts)
        return Entry(grant, told, held.got_at, held.is_kept, held.refresh_ends_at)

    def _held(self) -> Held | None:
        """The token, which is known from now on; None where what was entered is enough."""
        if not isinstance(self._access, Obtained | SignedIn):
            self._refuse_missing()
            return None
        if self._tokens is None:
            self._refuse_missing()
            if isinstance(self._access, SignedIn):
                return Held(Tokens(self._known[ACCESS_TOKEN]), datetime.now(UTC))
            held = self._asked_for(self._access)
        else:
            held = self._tokens()
        self._learn({ACCESS_TOKEN: held.tokens.access_token, **held.beside})
        self.names |= held.beside.keys()
        self.api.add_secret(held.tokens.access_token)
        for name in held.beside.keys() & self._provider.secret_names:
            self.api.add_secret(held.beside[name])
        return held

    def _asked_for(self, access: Obtained) -> Held:
        known = dict(self._known)
        now = datetime.now(UTC)
        tokens = grants.ask(self._provider, access, known, self.api)
        if isinstance(access, RefreshToken):
            name, renewed = access.refresh_token, tokens.refresh_token
            # RFC 6749 section 6: the one that was used may be worth nothing from now on.
            if renewed and renewed != known[name]:
                self._on_renewed({name: renewed})
        seconds = tokens.refresh_token_expires_in
        return Held(
            tokens, now, refresh_ends_at=now + timedelta(seconds=seconds) if seconds else None
        )

    def _check(self) -> None:
        """Saved values were checked; those of a method alone may differ."""
        for sentences in self._provider.contradictions(self._known).values():
            message, _, action = sentences[0].partition(". ")
            raise errors.InvalidConfig(f"{message}.", action)
        self._access.check(self._known)

    def _refuse_missing(self) -> None:
        if any(not self._known.get(name) for name in self._access.needs):
            raise errors.InvalidConfig(
                f"{self._provider.name} cannot be asked with what was entered.",
                self._access.advice or "Enter everything that this way needs.",
            )

    def _authorize(self, draft: Draft, anonymous: bool) -> None:
        if anonymous:
            self._check()
        else:
            self.enter()
            if draft.host not in SIGN_IN_HOSTS:
                for access in (self._access, *self._provider.also):
                    access.place(draft, self._known)
        secrets = {k: v for k, v in self._known.items() if k not in self.plain}
        self.api.fill = secrets | self._access.fill(self._known)


class WayIn(TypedDict, total=False):
    """What `let_in` takes beside a platform and values.

    `tokens` gives a token that is kept, or got under a lease; without it one is asked for.
    `on_renewed` is told of an entered refresh token that the platform replaced, before
    anything more is asked.
    """

    method: str
    tokens: GetToken
    on_renewed: Renewed
    allow: Iterable[addresses.Allowed]
    timeouts: Timeouts


@contextmanager
def let_in(
    provider: Provider,
    values: Mapping[str, str],
    *,
    method: str | None = None,
    tokens: GetToken | None = None,
    on_renewed: Renewed = lambda _values: None,
    allow: Iterable[addresses.Allowed] = (),
    deadline_seconds: float = math.inf,
    timeouts: Timeouts = USUAL_TIMEOUTS,
) -> Iterator[Door]:
    """`with let_in(provider, values, method="access_token") as door: door.api.get("/me")`.

    `provider` is the variant that the values name. `WayIn` says what the rest is.
    """
    with provider.api(
        values, allow=allow, deadline_seconds=deadline_seconds, timeouts=timeouts
    ) as api:
        slug = method or provider.methods[0].slug
        yield Door(provider, slug, values, api, tokens, on_renewed)
