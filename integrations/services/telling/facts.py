"""How a happening reads for programs: the same words in webhooks and in the feed of events.

Both say `type`, when, and `data`; in `data` what is the same has the same name.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from integrations.services.telling.kinds import cut

LONGEST_TEXT = 2000
MOST_STOPS, MOST_CONNECTIONS = 50, 100

Facts = dict[str, Any]


def moment(at: datetime) -> str:
    """ "2026-11-22T14:02:11Z", to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def of_break(
    *,
    incident: int | None,
    title: str,
    stops: Iterable[str],
    platforms: Iterable[str],
    connections: Iterable[str],
    since: datetime,
    lasted: timedelta | None,
    is_drill: bool,
    longest: int = LONGEST_TEXT,
) -> Facts:
    """What is told of a break, to whoever is told of it by whatever way."""
    return {
        "incident": incident,
        "title": cut(title, longest),
        "stops": [cut(one, longest) for one in [*stops][:MOST_STOPS]],
        "platforms": [*platforms],
        "connections": [*connections][:MOST_CONNECTIONS],
        "since": moment(since),
        "lastedSeconds": round(lasted.total_seconds()) if lasted is not None else None,
        "isDrill": is_drill,
    }
