"""Finds the platforms: our own rooms in the order they ask for, then installed packages'."""

import importlib
from functools import cache
from importlib.metadata import entry_points
from pkgutil import iter_modules

from providers import platforms
from providers.declare import Provider

ENTRY_POINTS = "integrations_center.providers"
RESERVED = frozenset({"test", "schema", "events", "incidents", "numbers", "metrics"})


@cache
def own() -> tuple[Provider, ...]:
    """The platform of every room in providers/platforms/, in catalogue order."""
    rooms = (module.name for module in iter_modules(platforms.__path__))
    found = [importlib.import_module(f"providers.platforms.{room}").PROVIDER for room in rooms]
    return tuple(sorted(found, key=lambda provider: (provider.position, provider.slug)))


@cache
def catalogue() -> dict[str, Provider]:
    """Every platform by slug, in the order they are shown."""
    installed = [point.load() for point in sorted(entry_points(group=ENTRY_POINTS))]
    found: dict[str, Provider] = {}
    for provider in (*own(), *installed):
        if provider.slug in found or provider.slug in RESERVED:
            raise ValueError(f"The slug {provider.slug!r} is taken.")
        found[provider.slug] = provider
    return found


def get(slug: str) -> Provider:
    """Raises KeyError for a platform nobody declared."""
    return catalogue()[slug]
