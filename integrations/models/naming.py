"""How connections are named: a few in a sentence, many in the order in which people look."""

import re
from collections.abc import Collection, Iterable, Sequence

from integrations.models.connections import IntegrationConnection

MOST_NAMED = 3


def few(names: Sequence[str], total: int) -> list[str]:
    """ "North", "South", "East", "4 more"."""
    named = [*names[:MOST_NAMED]]
    more = total - len(named)
    return [*named, *([f"{more} more"] if more else [])]


def natural(name: str) -> list[str | int]:
    """A key to sort by: "Client 2" comes before "Client 10"."""
    parts = re.split(r"(\d+)", name.casefold())
    return [int(part) if part.isdecimal() else part for part in parts]


def by_platform(
    connections: Iterable[IntegrationConnection], several: Collection[str]
) -> tuple[str, ...]:
    """The platforms' names, with the connection's where the platform is among `several`."""
    return tuple(
        f"{one.platform.name} ({one.title})" if one.provider in several else one.platform.name
        for one in connections
    )
