"""`--platform stripe`: the tests of one platform, without collecting all others.

They are what every platform has to pass, for this one, and the files that are named after it.
"""

from pathlib import Path
from typing import Any

import pytest

from providers import registry

OPTION = "--platform"
PROVIDERS = Path(__file__).parent / "providers"
FOR_ALL = (PROVIDERS / "contract", PROVIDERS / "test_catalogue.py", PROVIDERS / "test_rooms.py")


def ignores(path: Path, slug: str | None) -> bool | None:
    """Whether nothing in there is about it. None leaves that to others."""
    if slug is None:
        return None
    if slug not in registry.catalogue():
        raise pytest.UsageError(f"{OPTION}: no platform is called {slug!r}.")
    if path.is_dir():
        leads_there = path in (PROVIDERS, *PROVIDERS.parents) or PROVIDERS in path.parents
        return None if leads_there else True
    return None if _is_for_all(path) or _is_named_after(path, slug) else True


def is_about(item: pytest.Item, slug: str) -> bool:
    """Whether a test is of this platform: by its file's name, or by what it is given."""
    if _is_named_after(item.path, slug):
        return True
    given = getattr(item, "callspec", None)
    return any(_names(value, slug) for value in given.params.values()) if given else False


def _names(value: Any, slug: str) -> bool:
    if isinstance(value, Path):
        return slug in value.parts
    return slug in (value, getattr(value, "slug", None))


def _is_for_all(path: Path) -> bool:
    return any(path == one or one in path.parents for one in FOR_ALL)


def _is_named_after(path: Path, slug: str) -> bool:
    """`test_crm.py` and `test_crm_zoho.py` are named after `crm`."""
    is_its_own = path.stem == f"test_{slug}" or path.stem.startswith(f"test_{slug}_")
    return PROVIDERS in path.parents and is_its_own
