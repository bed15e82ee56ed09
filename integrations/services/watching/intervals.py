"""How often a connection is checked, and whether it is at all."""

from datetime import datetime, timedelta

from integrations import platforms
from integrations.models import IntegrationConnection, Watch
from integrations.services.watching import budgets


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


def usual(watch: Watch) -> timedelta:
    """Its team's own, or else what its platform's file says."""
    if watch.every_seconds:
        return timedelta(seconds=watch.every_seconds)
    provider = platforms.get(watch.provider)
    return provider.for_values(watch.connection.config).checks.every


def interval(watch: Watch) -> timedelta:
    """The same, or longer where more would be spent than its checks may."""
    budget = budgets.declared(watch.connection)
    return max(usual(watch), budgets.least_interval(watch, budget)) if budget else usual(watch)


def next_check_at(connection: IntegrationConnection) -> datetime | None:
    """None for what is not checked, or was saved just now."""
    watch = connection.watched
    return watch.due_at if watch and is_checked(connection) else None
