"""The kinds of channels that there are: every file of the room `channels` with a KIND."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from integrations.services.telling import channels
from integrations.services.telling.kinds import Kind

MAIL = "email"  # the owners', where no channel tells them


@cache
def kinds() -> dict[str, Kind]:
    """By slug, in the order of their names."""
    modules = (
        import_module(f"{channels.__name__}.{one.name}") for one in iter_modules(channels.__path__)
    )
    found = [module.KIND for module in modules if hasattr(module, "KIND")]
    return {kind.slug: kind for kind in sorted(found, key=lambda kind: kind.name.casefold())}
