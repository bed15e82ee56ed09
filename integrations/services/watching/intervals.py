"""How often a connection is checked, and whether it is at all."""

from datetime import datetime, timedelta

from integrations import platforms
from integrations.models import IntegrationConnection, Watch
from integrations.services.watching import budgets, schedule

DEAR = 1 / 8


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
    provider = platforms.get(watch.provider)
    return provider.for_values(watch.connection.config).checks.every


def interval(watch: Watch, sharing: int | None = None) -> timedelta:
    """The same, or longer where more would be spent than its checks may.

    `sharing` is how many share its budget, where that is known.
    """
    budget = budgets.declared(watch.connection)
    if budget is None:
        return usual(watch)
    if sharing is None:
        sharing = budgets.sharing(watch.budget_id) if watch.budget_id else 1
    return max(usual(watch), budgets.shared(sharing, budget))


def next_check_at(connection: IntegrationConnection) -> datetime | None:
    """None for what is not checked, or was saved just now."""
    watch = connection.watched
    return watch.due_at if watch and is_checked(connection) else None
