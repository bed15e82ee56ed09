"""The ways to prove who one is."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from providers.declare.access import Access, SignedIn
from providers.declare.guides import Guide
from providers.declare.oauth import SIGN_IN


@dataclass(frozen=True)
class Method:
    """One way to prove who one is: a pasted token, an API key, a service account …

    `lives` is the published life of what is pasted, for an estimate of when it ends. `access`
    says how what is entered lets us in. `unprovable` is what a card says of a way that no test
    can ever prove. `grant_of` is for a token that a person's consent gave to an app, made
    elsewhere: the plain field that names the app, "" where none does. `lists_accounts` is off
    where what is entered belongs to no account, so that there is no list to choose from. `guide`
    tells whoever has never done it how to get there.
    """

    slug: str
    label: str
    help: str = ""
    warning: str = ""
    lives: timedelta | None = None
    access: Access = field(default_factory=Access)
    unprovable: str = ""
    grant_of: str | None = None
    lists_accounts: bool = True
    guide: Guide | None = None


def sign_in(
    label: str,
    explained: str,
    *,
    warning: str = "",
    carried: Access | None = None,
    guide: Guide | None = None,
) -> Method:
    """The method in which a person signs in at the platform instead of pasting anything."""
    access = SignedIn(carried=carried) if carried else SignedIn()
    return Method(SIGN_IN, label, help=explained, warning=warning, access=access, guide=guide)


def with_access(
    methods: Iterable[Method], usual: Access, *, reads: tuple[str, ...] = (), **others: Access
) -> tuple[Method, ...]:
    """The same methods, as a variant of the platform is got into: `others` by slug, else `usual`.

    A sign-in stays what it is unless it is among the others. `reads` have a say in every way.
    """
    found = []
    for method in methods:
        own = method.access if method.slug == SIGN_IN else usual
        way = others.get(method.slug, own)
        found.append(replace(method, access=replace(way, reads=(*way.reads, *reads))))
    return tuple(found)
