"""The platforms as this installation calls them: their files, with the operator's origins."""

from functools import cache
from urllib.parse import urlsplit

from django.conf import settings

from providers import registry
from providers.declare import Provider


@cache
def catalogue() -> dict[str, Provider]:
    """Every platform by slug, in catalogue order."""
    origins = settings.PROVIDER_ORIGINS
    return {
        slug: provider.pointed_at(origins[slug]) if slug in origins else provider
        for slug, provider in registry.catalogue().items()
    }


def get(slug: str) -> Provider:
    """Raises KeyError for a platform nobody declared."""
    return catalogue()[slug]


def stand_in(slug: str) -> str | None:
    """The origin that is asked in place of the platform's own hosts, if the operator named one."""
    provider = catalogue().get(slug)  # of one that is gone, a row may stay
    if provider is None or not provider.overrides:
        return None
    overrides = provider.overrides
    parts = urlsplit(overrides.get("API") or next(iter(overrides.values())))
    return f"{parts.scheme}://{parts.netloc}"


def choices() -> list[tuple[str, str]]:
    """For the model's field: a function, so that a new platform needs no migration."""
    return [(slug, provider.name) for slug, provider in registry.catalogue().items()]


def named_like(word: str) -> list[str]:
    """The slugs of those in one of whose names the word is."""
    wanted = word.casefold()
    return [
        slug
        for slug, one in catalogue().items()
        if any(wanted in name.casefold() for name in (slug, one.name, *one.aliases))
    ]
