"""What the replies of a platform mean: rules that its file lists, the first match wins."""

import re
from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any, Self

from providers.errors import CountedBy, ProviderError

Wanted = frozenset[str] | str | int | None


def codes(*parts: int | str | range) -> frozenset[str]:
    """`codes(10, range(200, 300))` -> every code as the text that rules compare."""
    return frozenset(
        str(code) for part in parts for code in (part if isinstance(part, range) else (part,))
    )


@dataclass(frozen=True)
class ErrorFacts:
    """What a reply says about its error, where the platform's file says to look."""

    status: int
    code: Any = None
    subcode: Any = None
    text: str = ""
    transient: bool = False


@dataclass(frozen=True)
class ErrorRule:
    """Reply -> kind, sentence, action. Every condition that is given must hold.

    `text` is a regular expression searched in the platform's message, or in the start of a
    reply that is not JSON: for the few platforms that tell two errors apart in no other way.
    `counted_by` is for a limit that is counted by another thing than the platform's usual one.
    """

    error: type[ProviderError]
    _: KW_ONLY
    message: str = ""
    action: str = ""
    action_url: str | None = None
    status: Wanted = None
    code: Wanted = None
    subcode: Wanted = None
    text: str | None = None
    transient: bool | None = None
    counted_by: CountedBy | None = None

    def says(self, message: str, action: str = "", action_url: str | None = None) -> Self:
        """Without an action of its own it has the usual one of its kind."""
        action = action or self.error.default_action
        return replace(self, message=message, action=action, action_url=action_url)

    def matches(self, facts: ErrorFacts) -> bool:
        return (
            _is_one_of(facts.status, self.status)
            and _is_one_of(facts.code, self.code)
            and _is_one_of(facts.subcode, self.subcode)
            and (self.text is None or re.search(self.text, facts.text, re.IGNORECASE) is not None)
            and self.transient in (None, facts.transient)
        )

    def meant(self, **more: Any) -> ProviderError:
        """The error that it stands for, to be raised; `more` is what else the error takes."""
        error = self.error(self.message, self.action, action_url=self.action_url, **more)
        error.counted_by = self.counted_by
        return error


rule = ErrorRule  # `rule(AuthInvalid, code=89).says("The token is wrong.", "Copy it again.")`


def first_match(rules: Iterable[ErrorRule], facts: ErrorFacts) -> ErrorRule | None:
    return next((rule for rule in rules if rule.matches(facts)), None)


def _is_one_of(value: Any, wanted: Wanted) -> bool:
    if wanted is None:
        return True
    return str(value) in wanted if isinstance(wanted, frozenset) else str(value) == str(wanted)
