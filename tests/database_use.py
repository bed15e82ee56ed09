"""Which tests use the database: they run on each kind of it. From all others it is kept."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connections

from tests.settings import NOWHERE

# What pytest-django's fixtures for it are called.
FIXTURES = {
    "db",
    "transactional_db",
    "django_db_reset_sequences",
    "django_db_serialized_rollback",
    "django_db_setup",
    "live_server",
}


def is_asked_for_by(item: pytest.Item) -> bool:
    fixtures = FIXTURES.intersection(getattr(item, "fixturenames", ()))
    return bool(fixtures or item.get_closest_marker("django_db"))


@contextmanager
def out_of_reach() -> Iterator[None]:
    """Here nobody learns its kind, and processes that are started do not learn where it is.

    That it is not used in this process either is pytest-django's care.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", NOWHERE)
        patch.setattr(connections["default"], "vendor", "not to be known")
        yield
