"""Checks by schedule: how often a platform is asked, and what that may spend of its quota."""

from dataclasses import dataclass
from datetime import timedelta

from providers.errors import CountedBy


@dataclass(frozen=True)
class CheckBudget:
    """So many `unit`s a day, of which one check takes `each` at most.

    A modest share of what the platform gives: pulls, people's own tests and other programs have
    the rest. The day is that of `zone`, and `counted_by` says who shares it.
    """

    limit: int
    unit: str
    each: int = 1
    counted_by: CountedBy = CountedBy.TOKEN
    zone: str = "UTC"


@dataclass(frozen=True)
class Checks:
    """How often a connection is checked unless its team says else; no budget where it is free."""

    every: timedelta = timedelta(hours=1)
    budget: CheckBudget | None = None


HOURLY = Checks()
