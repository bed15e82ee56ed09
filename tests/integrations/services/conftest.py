"""Processes beside the tests' own, as those of a real installation are."""

from collections.abc import Iterator

import pytest

from tests.integrations.processes import Nursery, nursery


@pytest.fixture(scope="session")
def processes(django_db_setup: None) -> Iterator[Nursery]:
    """Started once: every one that a test asks for is forked from it anew."""
    with nursery() as started:
        yield started
