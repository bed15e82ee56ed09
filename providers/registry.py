"""Finds the platforms: our own files in catalogue order, then installed packages'."""

import importlib
from functools import cache
from importlib.metadata import entry_points

from providers.declare import Provider

ENTRY_POINTS = "integrations_center.providers"
RESERVED = frozenset({"test", "schema", "events"})
OWN = (
    "meta",
    "google_ads",
    "linkedin",
    "upwork",
    "fiverr",
    "x",
    "reddit",
    "youtube",
    "ga4",
    "search_console",
    "stripe",
    "calendly",
    "crm",
)


@cache
def catalogue() -> dict[str, Provider]:
    """Every platform by slug, in the order they are shown."""
    own = [importlib.import_module(f"providers.platforms.{slug}").PROVIDER for slug in OWN]
    installed = [point.load() for point in sorted(entry_points(group=ENTRY_POINTS))]
    found: dict[str, Provider] = {}
    for provider in (*own, *installed):
        if provider.slug in found or provider.slug in RESERVED:
            raise ValueError(f"The slug {provider.slug!r} is taken.")
        found[provider.slug] = provider
    return found


def get(slug: str) -> Provider:
    """Raises KeyError for a platform nobody declared."""
    return catalogue()[slug]
