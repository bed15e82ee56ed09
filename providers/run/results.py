"""What a test found out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from providers import errors
from providers.declare import Account


@dataclass(frozen=True)
class StepResult:
    """One line of the ladder. `outcome` is running while it is being asked."""

    label: str
    outcome: str
    detail: str = ""
    duration_ms: int = 0


@dataclass
class Result:
    """What a test found out. `error` is None when it passed, cannot be run or was cut short."""

    outcome: errors.Outcome
    error: errors.ProviderError | None = None
    steps: list[StepResult] = field(default_factory=list)
    account: Account | None = None
    expires_at: datetime | None = None
    expires_is_estimate: bool = False
    duration_ms: int = 0


Progress = Callable[[list[StepResult]], None]
