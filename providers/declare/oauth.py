"""What a platform file declares about signing in, and what a sign-in has been granted.

Names are those of RFC 6749. The flow itself is one piece of code for all: `providers.access.flow`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, Protocol

from providers.declare.rules import ErrorRule

SIGN_IN = "sign_in"  # the slug of this method on every platform

ClientAuthentication = Literal["client_secret_basic", "client_secret_post"]


@dataclass(frozen=True, kw_only=True)
class Scope:
    """One permission: what it lets us read, and what stops working without it.

    `implied_by` are wider ones that do as well. Without an optional one the rest still works;
    `comes_always` says that the platform gives it to every app all the same.
    """

    name: str
    gives: str
    stops: str
    is_optional: bool = False
    comes_always: bool = False
    implied_by: tuple[str, ...] = ()

    def is_in(self, granted: frozenset[str]) -> bool:
        return not granted.isdisjoint({self.name, *self.implied_by})


def scope(name: str, gives: str, stops: str, *implied_by: str, is_optional: bool = False) -> Scope:
    """`scope("id", "who signed in", "It cannot be told who signed in.", "openid", "full")`."""
    return Scope(
        name=name, gives=gives, stops=stops, is_optional=is_optional, implied_by=implied_by
    )


@dataclass(frozen=True, kw_only=True)
class AppForm:
    """The registration at the platform that a sign-in needs: where it is made, and how.

    Platforms that share one share this. `slug` is part of the redirect URI, and `mark` is as in
    Provider: for an app of several platforms.
    `pitfalls` are the usual ways in which a registration looks right and is not.
    """

    slug: str
    name: str
    console_url: str
    steps: tuple[str, ...]
    pitfalls: tuple[str, ...]
    client_id_label: str = "Client ID"
    client_secret_label: str = "Client secret"
    client_id_pattern: str = r"\S+"
    client_id_message: str = "This holds a space. Copy the ID alone."
    client_secret_pattern: str = r"\S+"
    client_secret_message: str = "This holds a space. Copy the secret alone."
    mark: str = ""


@dataclass(frozen=True)
class App:
    """The registration's own credentials, RFC 6749 section 2.3.1."""

    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True)
class Tokens:
    """What the token endpoint gave. Lifetimes are seconds; None where the reply has none.

    `scopes` is None where the reply says nothing of them. `facts` are the plain values that
    the platform's file keeps.
    """

    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_in: float | None = None
    refresh_token_expires_in: float | None = None
    scopes: frozenset[str] | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


class Conversation(Protocol):
    """What is said to a platform's authorization server: `providers.access.flow` fills it."""

    def authorization_url(self, *, redirect_uri: str, state: str, code_verifier: str) -> str: ...

    def exchange(
        self, callback: Mapping[str, str], *, redirect_uri: str, code_verifier: str
    ) -> Tokens: ...

    def renew(self, held: Tokens) -> Tokens: ...

    def revoke(self, held: Tokens) -> None: ...

    def prove_app(self) -> bool: ...


@dataclass(frozen=True, kw_only=True)
class OAuth:
    """How one signs in at a platform: the authorization code flow of RFC 6749, section 4.1.

    Each address lies on one of the provider's hosts, so that a trial can point it elsewhere.
    `issuer` is what the platform calls itself in `iss` (RFC 9207), where that is known, and
    `also_issuers` what it is published to call itself too: `*.acme.example` is any https host
    below. `addresses` says of kept values that are addresses which ones are the platform's own.
    PKCE (RFC 7636) is on; `pkce_source` says where a platform's documents keep it off.
    `lists_scopes` is off where permissions are ticked on the app and may not be asked for.
    `optional_scopes_in` is the parameter for those that may be refused one by one; without it
    all are asked for together.
    `keeps` names plain values of the token's reply that later calls need.
    `revoked_already` are codes of a 400 to who revokes a token that had ended before.
    `errors` are of the token's address, `refusals` of the callback: their code is its `error`,
    their subcode the reason, their text the description.
    `app_values` says which fields of a test the app's own values fill.

    Lifetimes are the published ones, for when the reply names none: of the access token, of
    the refresh token since its last use or, where it `refresh_token_ends_anyway`, since the
    sign-in. `consent_lifetime` is after how long the person must come back whatever we do.
    """

    app: AppForm
    authorization_url: str
    token_url: str
    revocation_url: str | None = None
    issuer: str | None = None
    also_issuers: tuple[str, ...] = ()
    scopes: tuple[Scope, ...] = ()
    scope_separator: str = " "
    lists_scopes: bool = True
    optional_scopes_in: str = ""
    authorization_params: Mapping[str, str] = field(default_factory=dict)
    uses_pkce: bool = True
    pkce_source: str = ""
    client_authentication: ClientAuthentication = "client_secret_post"
    revocation_authentication: ClientAuthentication | None = None
    keeps: tuple[str, ...] = ()
    addresses: Mapping[str, Callable[[str], bool]] = field(default_factory=dict)
    app_values: Mapping[str, str] = field(default_factory=dict)
    access_token_lifetime: timedelta | None = None
    refresh_token_lifetime: timedelta | None = None
    refresh_token_ends_anyway: bool = False
    consent_lifetime: timedelta | None = None
    renews_without_refresh_token: bool = False
    revoked_already: tuple[str, ...] = ()
    revoking_ends_siblings: bool = False
    how_to_remove: str = ""
    errors: tuple[ErrorRule, ...] = ()
    refusals: tuple[ErrorRule, ...] = ()
    flow: Callable[..., Conversation] | None = None

    @property
    def scope(self) -> str | None:
        """The request's `scope`; None where none is sent."""
        if not self.lists_scopes or not self.scopes:
            return None
        return self._joined(one for one in self.scopes if not self._is_apart(one))

    @property
    def scopes_as_text(self) -> str:
        """All of them, to be copied: as they are asked for, or as a list of boxes to tick."""
        between = self.scope_separator if self.lists_scopes else ", "
        return between.join(one.name for one in self.scopes)

    @property
    def params(self) -> dict[str, str]:
        """What else the request for a code holds."""
        apart = self._joined(one for one in self.scopes if self._is_apart(one))
        return {**self.authorization_params, **({self.optional_scopes_in: apart} if apart else {})}

    def _is_apart(self, one: Scope) -> bool:
        return bool(self.optional_scopes_in) and one.is_optional and not one.comes_always

    def _joined(self, scopes: Iterable[Scope]) -> str:
        return self.scope_separator.join(one.name for one in scopes)

    @property
    def hosts(self) -> dict[str, str]:
        """Where its addresses lie, by role: `{"AUTHORIZATION": "https://…", "TOKEN": …}`."""
        urls = {
            "AUTHORIZATION": self.authorization_url,
            "TOKEN": self.token_url,
            "REVOKE": self.revocation_url,
        }
        return {role: "/".join(url.split("/")[:3]) for role, url in urls.items() if url}


@dataclass(frozen=True)
class Grant:
    """What a test may know of the sign-in that it uses.

    `granted` is None where the platform never said what it granted.
    """

    asked: tuple[Scope, ...] = ()
    granted: frozenset[str] | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
