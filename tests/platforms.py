"""Which tests are about one platform: `./dev test --platform=meta` runs these alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


def is_told_by(item: pytest.Item, slug: str) -> bool:
    """Whether the test's file is the platform's own, or one of its parameters names it."""
    own = f"test_{slug}"
    if item.path.stem == own or item.path.stem.startswith(f"{own}_"):
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
