"""How a method gets in: facts that `providers.access` acts on.

`known` holds everything that is known for a try by field name, secret or not, and as
`access_token` what was obtained. Only what stands here and in `providers.access` reads it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from providers.declare.oauth import ClientAuthentication, Grant, Scope, Tokens
from providers.declare.rules import ErrorRule
from providers.errors import InvalidConfig, ProviderError
from providers.outbound.basic import basic, pair_of
from providers.outbound.draft import Draft

ACCESS_TOKEN = "access_token"
Known = Mapping[str, str]
Headers = Callable[[Known], Mapping[str, str]]
Instead = Mapping[type[ProviderError], ErrorRule]


@dataclass(frozen=True, kw_only=True)
class Access:
    """One way in, and the one that a service without keys has: nothing is put on a request.

    `advice` is what to do about a missing value. `reads` are plain fields that have a say in
    how a secret is used, beside those that it needs.
    """

    reads: tuple[str, ...] = ()
    advice: str = ""

    @property
    def needs(self) -> tuple[str, ...]:
        """The fields without which it cannot be tried."""
        return ()

    def check(self, known: Known) -> None:
        """Look at values before anything is asked. Raises InvalidConfig where no way is open."""

    def place(self, draft: Draft, known: Known) -> None:
        """Put what lets us in on a request."""

    def fill(self, known: Known) -> dict[str, str]:
        """Values for placeholders that are no fields, made of several of them, say."""
        return {}

    def tells(self, known: Known) -> dict[str, str]:
        """What a test may know of a secret: its kind, or whose it is. Nothing secret."""
        return {}


@dataclass(frozen=True)
class Closed(Access):
    """No way in, for this reason, whatever was entered."""

    reason: str

    def check(self, known: Known) -> None:
        raise InvalidConfig(self.reason, self.advice)


@dataclass(frozen=True)
class Bearer(Access):
    """A token as RFC 6750 sends it, or behind another word than Bearer."""

    field: str = ACCESS_TOKEN
    word: str = "Bearer"

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.field,)

    def place(self, draft: Draft, known: Known) -> None:
        draft.headers["Authorization"] = f"{self.word} {known[self.field]}"


@dataclass(frozen=True)
class Key(Access):
    """A key under a name of the platform's choice."""

    name: str
    field: str = ACCESS_TOKEN

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.field,)


class KeyHeader(Key):
    """A key in a header of its own; beside another way, nothing where no key was entered."""

    def place(self, draft: Draft, known: Known) -> None:
        if known.get(self.field):
            draft.headers[self.name] = known[self.field]


class KeyInQuery(Key):
    """A key among the parameters of the address."""

    def place(self, draft: Draft, known: Known) -> None:
        draft.params[self.name] = known[self.field]


@dataclass(frozen=True)
class Basic(Access):
    """A user name and its password, RFC 7617."""

    username: str = "username"
    password: str = ACCESS_TOKEN

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.username, self.password)

    def place(self, draft: Draft, known: Known) -> None:
        draft.headers["Authorization"] = basic(known[self.username], known[self.password])

    def fill(self, known: Known) -> dict[str, str]:
        """Both as they are sent, which must not be shown either."""
        if not all(known.get(name) for name in self.needs):
            return {}
        return {"basic": pair_of(known[self.username], known[self.password])}


@dataclass(frozen=True, kw_only=True)
class Carried(Access):
    """A token that is got first, and travels then as `carried` says."""

    carried: Access = field(default_factory=Bearer)

    def place(self, draft: Draft, known: Known) -> None:
        self.carried.place(draft, known)


@dataclass(frozen=True, kw_only=True)
class Obtained(Carried):
    """A token that the platform's token endpoint gives for what was entered.

    `keeps` says which plain values of the reply later calls need, `instead` what an error of
    the platform's own rules means at the token endpoint. `lifetime` is the published one, for
    a reply that names none. `headers` are those of the request for a token, made of plain
    values.
    """

    token_url: str
    keeps: tuple[str, ...] = ()
    lifetime: timedelta | None = None
    instead: Instead = field(default_factory=dict)
    headers: Headers | None = None

    def form(self, known: Known) -> dict[str, str]:
        """What is asked: the grant and its values."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class ClientCredentials(Obtained):
    """RFC 6749 section 4.4. `client_id` and `client_secret` name the fields."""

    grant_type: ClassVar[str] = "client_credentials"
    client_id: str = "client_id"
    client_secret: str = "client_secret"
    client_authentication: ClientAuthentication = "client_secret_post"

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.client_id, self.client_secret)

    def form(self, known: Known) -> dict[str, str]:
        return {"grant_type": self.grant_type}


@dataclass(frozen=True, kw_only=True)
class RefreshToken(ClientCredentials):
    """RFC 6749 section 6, with a refresh token that somebody else was given and typed here."""

    grant_type: ClassVar[str] = "refresh_token"
    refresh_token: str = "refresh_token"

    @property
    def needs(self) -> tuple[str, ...]:
        return (*super().needs, self.refresh_token)

    def form(self, known: Known) -> dict[str, str]:
        return {"grant_type": self.grant_type, "refresh_token": known[self.refresh_token]}


@dataclass(frozen=True, kw_only=True)
class Assertion(Obtained):
    """A statement signed with a key of one's own, RFC 7523 section 2.1.

    `sign` makes it of what is known, and raises InvalidConfig for a key that cannot sign.
    """

    grant_type: ClassVar[str] = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    scopes: tuple[Scope, ...] = ()
    sign: Callable[[Known, tuple[Scope, ...]], str]

    def form(self, known: Known) -> dict[str, str]:
        return {"grant_type": self.grant_type, "assertion": self.sign(known, self.scopes)}


@dataclass(frozen=True, kw_only=True)
class SignedIn(Carried):
    """A sign-in made here."""

    @property
    def needs(self) -> tuple[str, ...]:
        return (ACCESS_TOKEN,)

    def fill(self, known: Known) -> dict[str, str]:
        return self.carried.fill(known)

    def tells(self, known: Known) -> dict[str, str]:
        return self.carried.tells(known)


@dataclass(frozen=True)
class Held:
    """A token to use now. `beside` are values of the app that it was made with, by field name.

    `is_kept` says that it was got for an earlier test. `refresh_ends_at` is when what it is
    renewed with ends, where that is known.
    """

    tokens: Tokens
    got_at: datetime
    is_kept: bool = False
    refresh_ends_at: datetime | None = None
    beside: Known = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Entry:
    """What a test may know of how it was let in: nothing of it is secret."""

    grant: Grant = field(default_factory=Grant)
    told: Mapping[str, str] = field(default_factory=dict)
    got_at: datetime | None = None
    is_kept: bool = False
    refresh_ends_at: datetime | None = None
