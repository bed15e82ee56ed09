"""What `integrations watch` prints: what is due when, how often, and what that has spent."""

from datetime import datetime, timedelta

from integrations.api import presentation
from integrations.api.presentation import Json
from integrations.models import IntegrationConnection
from integrations.services.watching import budgets, intervals

HEAD = ("CONNECTION", "NEXT CHECK", "EVERY", "LAST TEST", "BUDGET TODAY")
UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def order(connection: IntegrationConnection) -> tuple[bool, datetime]:
    """What is due first; then what is not checked."""
    due_at = intervals.next_check_at(connection)
    return due_at is None, due_at or connection.created_at


def line(name: str, connection: IntegrationConnection, now: datetime) -> tuple[str, ...]:
    last = connection.last_test
    return (
        name,
        _due(connection, now),
        _every(connection),
        f"{last.outcome}, {_ago(now - last.started_at)}" if last else "never",
        _budget(connection, now),
    )


def told(name: str, connection: IntegrationConnection, now: datetime) -> Json:
    facts = presentation.integration(connection, now)
    watch = connection.watched
    every = intervals.interval(watch).total_seconds() if watch else None
    kept = ("nextCheckAt", "checksEverySeconds", "mutedUntil", "budget", "lastTest")
    return {"connection": name, "everySeconds": every} | {key: facts[key] for key in kept}


def _due(connection: IntegrationConnection, now: datetime) -> str:
    due_at = intervals.next_check_at(connection)
    if due_at is None:
        return "not checked" if not intervals.is_checked(connection) else "soon"
    return f"in {_length(due_at - now)}" if due_at > now else "now"


def _every(connection: IntegrationConnection) -> str:
    watch = connection.watched
    return _length(intervals.interval(watch)) if watch else "-"


def _budget(connection: IntegrationConnection, now: datetime) -> str:
    told = budgets.told(connection, connection.watched, now)
    return f"{told.used} of {told.limit} {told.unit}" if told else "free"


def _ago(span: timedelta) -> str:
    return f"{_length(span)} ago"


def _length(span: timedelta) -> str:
    """ "48 min", "8 h": the largest unit, rounded."""
    seconds = max(0, round(span.total_seconds()))
    for size, unit in UNITS:
        if seconds >= size:
            return f"{round(seconds / size)} {unit}"
    return "0 s"
