"""Which tests are about one platform: `./dev test --platform=meta` runs these alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PROVIDERS = Path(__file__).parent / "providers"
# What every platform has to pass.
FOR_ALL = ("contract", "test_catalogue.py", "test_names.py", "test_rooms.py")


def is_passed_by(path: Path, slug: str) -> bool:
    """Whether no test in a folder or file can be about the platform: it need not be read."""
    if path in (PROVIDERS, *PROVIDERS.parents):
        return False
    if PROVIDERS not in path.parents:
        return True
    is_for_all = path.relative_to(PROVIDERS).parts[0] in FOR_ALL
    return path.is_file() and not is_for_all and not _is_its_own(path, slug)


def _is_its_own(path: Path, slug: str) -> bool:
    """`test_crm.py` and `test_crm_zoho.py` are the CRM's."""
    return path.stem == f"test_{slug}" or path.stem.startswith(f"test_{slug}_")


def is_told_by(item: pytest.Item, slug: str) -> bool:
    """Whether the test's file is the platform's own, or one of its parameters names it."""
    if _is_its_own(item.path, slug):
        return True
    callspec = getattr(item, "callspec", None)
    return callspec is not None and slug in set(_names_in(callspec.params.values()))


def _names_in(values: Any) -> Iterator[str]:
    """Slugs and rooms, as they are or as what has them: a provider, a contract's case."""
    for value in values:
        slug = getattr(value, "slug", value)
        if isinstance(slug, str):
            yield slug
        elif isinstance(value, Path):
            yield from (*value.parts, value.stem)
        elif isinstance(value, tuple | list):
            yield from _names_in(value)
