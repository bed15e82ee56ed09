"""A tester and its steps: the questions that tell the truth."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Protocol

from providers.declare.access import Entry
from providers.declare.oauth import SIGN_IN, Grant
from providers.outbound.api import Api


@dataclass(frozen=True)
class Account:
    """Whose data the credentials reach, as the platform names it.

    `values` are plain ones by field name that it takes to reach it, beside what lets us in.
    """

    id: str
    name: str = ""
    values: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Passed:
    detail: str = ""
    outcome: ClassVar[str] = "passed"


@dataclass(frozen=True)
class Warned:
    detail: str
    outcome: ClassVar[str] = "warned"


@dataclass(frozen=True)
class Skipped:
    detail: str
    outcome: ClassVar[str] = "skipped"


Answer = Passed | Warned | Skipped


class Way(Protocol):
    """How a test is let in. `names` are the fields that have a value, secret ones too."""

    names: frozenset[str]

    def enter(self) -> Entry: ...


class Tester:
    """One test of one connection. Subclasses add `@step` methods, run in written order.

    A step returns `Passed`, `Warned` or `Skipped`, or lets a `ProviderError` out, which
    ends the test. What it learns on the way goes into `account` and `expires_at`: the moment
    at which a person must act, so not that of a token which renews itself.
    `values` are the plain ones: no tester sees a secret. Each request is let in by itself; a
    `Placeholder` stands for a secret that a request needs elsewhere. `pasted` is what a person
    pastes who does not sign in.
    """

    pasted: ClassVar[str] = "token"
    account: Account | None = None
    expires_at: datetime | None = None
    expires_is_estimate: bool = False

    def __init__(self, api: Api, method: str, values: Mapping[str, str], way: Way) -> None:
        self.api = api
        self.method = method
        self.values = values
        self._way = way

    def enter(self) -> Entry:
        """What we are let in with, got now if need be: the first time may ask for a token.

        Raises ProviderError.
        """
        return self._way.enter()

    @property
    def grant(self) -> Grant:
        """What the token that lets us in was granted."""
        return self.enter().grant

    @property
    def is_signed_in(self) -> bool:
        """Whether a person signed in, so that nobody has anything to paste."""
        return self.method == SIGN_IN

    @property
    def what(self) -> str:
        """What lets us in, in a sentence."""
        return "sign-in" if self.is_signed_in else self.pasted

    def has(self, *names: str) -> bool:
        """Whether there are values for all these fields, secret or not."""
        return self._way.names.issuperset(names)

    def accounts(self) -> list[Account] | None:
        """Every account the credentials reach, to choose from; None where no list can be had.

        Asked on its own, before any step: it signs in by itself.
        """
        return None

    @classmethod
    def steps(cls) -> list["Step"]:
        """A family's before the platform's own, of which one may replace its namesake there."""
        known = {name: it for one in reversed(cls.__mro__) for name, it in vars(one).items()}
        return [it for it in known.values() if isinstance(it, Step)]


@dataclass(frozen=True)
class Step:
    """One named question. An optional step that is refused warns instead of failing.

    `methods` is empty for a step of every method.
    """

    label: str
    ask: Callable[[Any], Answer]
    optional: bool = False
    methods: tuple[str, ...] = ()


def step(
    label: str, *, optional: bool = False, methods: tuple[str, ...] = ()
) -> Callable[[Callable[[Any], Answer]], Step]:
    return lambda ask: Step(label, ask, optional, methods)
