"""What a drill is run with: made-up values that are proven, and what shows each fault."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

Values = Mapping[str, str | None]


class Fault(StrEnum):
    """What can break in a drill."""

    REVOKED = "revoked"
    OUTAGE = "outage"
    LIMIT = "limit"
    ACCOUNT = "account"
    SILENCE = "silence"


@dataclass(frozen=True, kw_only=True)
class Practice:
    """`healthy` are values that a test proves; the others are laid over them, and None takes one
    away. With `revoked` what lets in was withdrawn, with `limited` a limit is reached, and with
    `elsewhere` the account is another one: None where there is no account to be wrong.

    An outage and silence need no values: nobody answers whatever is asked.
    """

    healthy: Mapping[str, str]
    revoked: Values
    limited: Values
    elsewhere: Values | None

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Those that it can show."""
        return tuple(one for one in Fault if one != Fault.ACCOUNT or self.elsewhere is not None)

    def values(self, fault: Fault | None) -> dict[str, str]:
        """What is asked with; the healthy ones without a fault. Raises KeyError for one that it
        cannot show.
        """
        if fault and fault not in self.faults:
            raise KeyError(fault)
        shown: dict[Fault | None, Values | None] = {
            Fault.REVOKED: self.revoked,
            Fault.LIMIT: self.limited,
            Fault.ACCOUNT: self.elsewhere,
        }
        laid_over = {**self.healthy, **(shown.get(fault) or {})}
        return {name: value for name, value in laid_over.items() if value is not None}
