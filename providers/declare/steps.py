"""A tester and its steps: the questions that tell the truth."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from providers.declare.oauth import SIGN_IN, Grant, Scope
from providers.errors import PermissionMissing
from providers.outbound.api import Api


@dataclass(frozen=True)
class Account:
    """Whose data the credentials reach, as the platform names it."""

    id: str
    name: str = ""


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
Renewed = Callable[[Mapping[str, str]], None]


class Tester:
    """One test of one connection. Subclasses add `@step` methods, run in written order.

    A step returns `Passed`, `Warned` or `Skipped`, or lets a `ProviderError` out, which
    ends the test. What it learns on the way goes into `account` and `expires_at`: the moment
    at which a person must act, so not that of a token which renews itself.
    With the method `sign_in`, `values["access_token"]` is good for the whole test, and `grant`
    is what the sign-in was given.
    """

    account: Account | None = None
    expires_at: datetime | None = None
    expires_is_estimate: bool = False
    grant = Grant()

    def __init__(
        self,
        api: Api,
        method: str,
        values: Mapping[str, str],
        on_renewed: Renewed = lambda _values: None,
    ) -> None:
        self.api = api
        self.method = method
        self.values = values
        self._on_renewed = on_renewed

    def keep_renewed(self, reply: Mapping[str, Any]) -> None:
        """Have a rotated refresh token stored before anything else is asked.

        RFC 6749 section 6: the old one may be worth nothing from now on.
        """
        new = reply.get("refresh_token")
        if isinstance(new, str) and new and new != self.values.get("refresh_token"):
            self.api.add_secret(new)
            self._on_renewed({"refresh_token": new})

    def accounts(self) -> list[Account] | None:
        """Every account the credentials reach, to choose from; None where no list can be had.

        Asked on its own, before any step: it signs in by itself.
        """
        return None

    @classmethod
    def steps(cls) -> list["Step"]:
        return [value for value in vars(cls).values() if isinstance(value, Step)]


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


def compare_scopes(
    asked: tuple[Scope, ...], granted: frozenset[str] | None, platform: str
) -> Answer:
    """What a sign-in has, what is missing and what stops. Raises PermissionMissing for a scope
    without which nothing works.
    """
    if granted is None or not asked:
        return Skipped(f"{platform} does not list what was granted; the next steps prove it.")
    missing = [scope for scope in asked if not scope.is_in(granted)]
    have = "; ".join(scope.gives for scope in asked if scope not in missing)
    told = f"You have: {have or 'nothing of what is needed'}."
    if not missing:
        return Passed(told)
    lacks = "; ".join(f"{scope.name} ({scope.gives})" for scope in missing)
    stops = " ".join(dict.fromkeys(scope.stops for scope in missing))
    told = f"{told} Missing: {lacks}. {stops}"
    if all(scope.is_optional for scope in missing):
        return Warned(f"{told} Sign in again and allow everything to have it.")
    raise PermissionMissing(told, f"Sign in to {platform} again, and allow everything it asks.")


@step("Permissions", methods=(SIGN_IN,))
def permissions_of_sign_in(tester: Tester) -> Answer:
    """Asks nothing: the sign-in's reply listed them. For platforms that have no list of them."""
    return compare_scopes(tester.grant.asked, tester.grant.granted, tester.api.platform)
