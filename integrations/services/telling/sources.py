"""What messages are about, asked as it is now: one may have waited for hours."""

from collections.abc import Callable, Mapping
from datetime import datetime

from integrations.models import Delivery, Incident
from integrations.services.telling import failures, incidents, notices, operators
from integrations.services.telling.told import LASTS, Told

# By the first word of a source.
TOLD_AGAIN: Mapping[str, Callable[[Told, datetime], Told | None]] = {
    incidents.SOURCE: incidents.told_again,
    notices.SOURCE: notices.told_again,
    failures.SOURCE: failures.told_again,
    operators.SOURCE: operators.told_again,
}


def told_again(told: Told, now: datetime) -> Told | None:
    """The same in the words of now; None if it is over, or nobody here can say."""
    again = TOLD_AGAIN.get(_kind_of(told.source))
    return again(told, now) if again else None


def is_true(told: Told, now: datetime) -> bool:
    """Whether it is not known to be over."""
    return _kind_of(told.source) not in TOLD_AGAIN or told_again(told, now) is not None


def is_of_channel(delivery: Delivery) -> bool:
    """Whether it tells that a channel takes nothing."""
    return delivery.moment in LASTS and _kind_of(delivery.source) == failures.SOURCE


def may_last(told: Told) -> bool:
    """Whether it may be told again later, though it is not to be told now."""
    incident = incident_of(told.source)
    return incident is not None and incident.is_open


def incident_of(source: str) -> Incident | None:
    """The incident that a message is about, if it is about one."""
    if _kind_of(source) == failures.SOURCE:
        return failures.incident_of(source)
    return incidents.of_source(source)


def _kind_of(source: str) -> str:
    return source.partition("-")[0]
