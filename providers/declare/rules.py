"""What the replies of a platform mean: rules that its file lists, the first match wins."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from providers.errors import ProviderError

Wanted = frozenset[str] | str | int | None


def codes(*parts: int | str | range) -> frozenset[str]:
    """`codes(10, range(200, 300))` -> every code as the text that rules compare."""
    return frozenset(
        str(code) for part in parts for code in (part if isinstance(part, range) else (part,))
    )


@dataclass(frozen=True, kw_only=True)
class ErrorRule:
    """Reply -> kind, sentence, action. Every condition that is given must hold.

    `text` is a regular expression searched in the platform's message, or in the start of a
    reply that is not JSON: for the few platforms that tell two errors apart in no other way.
    """

    error: type[ProviderError]
    message: str
    action: str
    action_url: str | None = None
    status: Wanted = None
    code: Wanted = None
    subcode: Wanted = None
    text: str | None = None
    transient: bool | None = None

    def matches(self, facts: "ErrorFacts") -> bool:
        return (
            _is_one_of(facts.status, self.status)
            and _is_one_of(facts.code, self.code)
            and _is_one_of(facts.subcode, self.subcode)
            and (self.text is None or re.search(self.text, facts.text, re.IGNORECASE) is not None)
            and self.transient in (None, facts.transient)
        )


@dataclass(frozen=True)
class Unworded:
    """What `rule` waits with for its words."""

    error: type[ProviderError]
    when: Mapping[str, Any]

    def says(self, message: str, action: str = "", action_url: str | None = None) -> ErrorRule:
        """Without an action of its own it has the usual one of its kind."""
        return ErrorRule(
            error=self.error,
            message=message,
            action=action or self.error.default_action,
            action_url=action_url,
            **self.when,
        )


def rule(
    error: type[ProviderError],
    *,
    status: Wanted = None,
    code: Wanted = None,
    subcode: Wanted = None,
    text: str | None = None,
    transient: bool | None = None,
) -> Unworded:
    """`rule(AuthInvalid, code=89).says("The token is wrong.", "Copy it again.")`."""
    when = {"status": status, "code": code, "subcode": subcode, "text": text}
    return Unworded(error, {**when, "transient": transient})


def _is_one_of(value: Any, wanted: Wanted) -> bool:
    if wanted is None:
        return True
    return str(value) in wanted if isinstance(wanted, frozenset) else str(value) == str(wanted)


@dataclass(frozen=True)
class ErrorFacts:
    """What a reply says about its error, where the platform's file says to look."""

    status: int
    code: Any = None
    subcode: Any = None
    text: str = ""
    transient: bool = False
