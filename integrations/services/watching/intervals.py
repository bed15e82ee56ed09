"""How often a connection is checked, and whether it is at all."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from integrations import platforms
from integrations.models import IntegrationConnection, Watch
from integrations.services.watching import budgets, schedule

DEAR = 1 / 8


@dataclass(frozen=True)
class Pace:
    """How often it was asked for, and how often it is checked really.

    `sharing` connections spend what one budget has, each check `each` of it at most.
    """

    asked: timedelta
    real: timedelta
    sharing: int = 1
    each: int = 0

    @property
    def is_held(self) -> bool:
        """Whether the budget allows less than was asked for."""
        return self.real > self.asked


def is_checked(connection: IntegrationConnection) -> bool:
    """Whether the schedule asks about it: all is there to ask with, and to be proven.

    Of an archived workspace's it asks about none.
    """
    provider = platforms.catalogue().get(connection.provider)
    return (
        provider is not None
        and provider.tester is not None
        and connection.is_complete
        and connection.is_enabled
        and not connection.unprovable
    )


def soonest(watch: Watch, *, refused: bool) -> timedelta:
    """After how long a break is looked at again for the first time.

    What costs something is not asked about again sooner than in a part of its interval.
    """
    base = schedule.REFUSED if refused else schedule.UNANSWERED
    is_dear = budgets.declared(watch.connection) is not None
    return max(base, interval(watch) * DEAR) if is_dear else base


def usual(watch: Watch) -> timedelta:
    """Its team's own, or else what its platform's file says."""
    if watch.every_seconds:
        return timedelta(seconds=watch.every_seconds)
    return declared(watch.connection)


def declared(connection: IntegrationConnection) -> timedelta:
    """What its platform's file says."""
    return connection.platform.for_values(connection.config).checks.every


def interval(watch: Watch, sharing: int | None = None) -> timedelta:
    """The same, or longer where more would be spent than its checks may.

    `sharing` is how many share its budget, where that is known.
    """
    budget = budgets.declared(watch.connection)
    if budget is None:
        return usual(watch)
    return max(usual(watch), budgets.shared(sharing or _sharing(watch), budget))


def pace(connection: IntegrationConnection) -> Pace | None:
    """None for what is not checked."""
    if not is_checked(connection):
        return None
    watch, budget = connection.watched, budgets.declared(connection)
    asked = usual(watch) if watch else declared(connection)
    if budget is None:
        return Pace(asked, asked)
    sharing = _sharing(watch)
    return Pace(asked, max(asked, budgets.shared(sharing, budget)), sharing, budget.each)


def _sharing(watch: Watch | None) -> int:
    """How many spend of the same budget; it alone while nobody has checked it yet."""
    return budgets.sharing(watch.budget_id) if watch and watch.budget_id else 1


def next_check_at(connection: IntegrationConnection) -> datetime | None:
    """None for what is not checked, or was saved just now."""
    watch = connection.watched
    return watch.due_at if watch and is_checked(connection) else None
