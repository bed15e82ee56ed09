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

UNKNOWN = "not to be known"


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
        patch.setattr(connections["default"], "vendor", UNKNOWN)
        yield


# --- What pytest calls, of this module as a plugin -----------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """What is not marked runs on one kind of database alone: it must not notice which."""
    if item.get_closest_marker("database"):
        return (yield)
    with out_of_reach():
        return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef) -> None:
    """A test may ask for a fixture by name while it runs, when it can be marked no more."""
    if fixturedef.argname in FIXTURES:
        assert connections["default"].vendor != UNKNOWN, "Mark this test with `database`."
