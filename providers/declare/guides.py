"""How somebody who has never done it gets what a way to connect asks for."""

from collections.abc import Iterable
from dataclasses import dataclass

from providers.declare.oauth import Scope


@dataclass(frozen=True)
class Act:
    """One thing to do. `url` is the page to open for it, and `place` what that page is called."""

    text: str
    url: str = ""
    place: str = ""


def at(text: str, url: str, place: str) -> Act:
    """`at("Open Settings, API keys.", KEYS_URL, "API keys in Postbox")`."""
    return Act(text, url, place)


@dataclass(frozen=True, kw_only=True)
class Guide:
    """`who` at the company can do it, the `steps` in their order, how long it `lasts`, and what
    usually goes wrong. `scopes` are permissions to tick or to ask for; copied together they have
    the `separator` between them.
    """

    who: str
    steps: tuple[str | Act, ...]
    lasts: str
    pitfalls: tuple[str, ...]
    scopes: tuple[Scope, ...] = ()
    separator: str = ", "

    @property
    def acts(self) -> list[Act]:
        return [step if isinstance(step, Act) else Act(step) for step in self.steps]

    @property
    def scopes_as_text(self) -> str:
        return self.separator.join(scope.name for scope in self.scopes)

    @property
    def texts(self) -> Iterable[str]:
        """Every sentence of it."""
        return (self.who, *(act.text for act in self.acts), self.lasts, *self.pitfalls)

    @property
    def links(self) -> list[str]:
        return [act.url for act in self.acts if act.url]


def signing_in(
    platform: str,
    *,
    who: str,
    lasts: str,
    pitfalls: tuple[str, ...],
    first: tuple[str | Act, ...] = (),
    account: str = "",
) -> Guide:
    """The guide of a sign-in: `first` is what to do before it, `account` the sentence that says
    what to choose on the way or afterwards.
    """
    steps = (
        *first,
        f"In the dialog choose to sign in, and press Continue to {platform}.",
        f"Sign in there, and allow everything that {platform} asks for. Your password stays there.",
        f"You come back here. {account or 'The connection is tested, then saved.'}",
    )
    return Guide(who=who, steps=steps, lasts=lasts, pitfalls=pitfalls)
