"""A signed-in connection, and a clock that stands still."""

import pytest

from tests.integrations.services.credentials.renewals import row_of
from tests.integrations.services.keeping.moments import NOW


@pytest.fixture(autouse=True)
def clock(time_machine):
    """It stands still; `clock.shift(timedelta)` moves it."""
    time_machine.move_to(NOW, tick=False)
    return time_machine


@pytest.fixture
def connection(calendly_signed_in):
    return calendly_signed_in


@pytest.fixture
def row(connection):
    return row_of(connection)
