"""The clock of tests about telling: it stands still."""

import pytest

from tests.integrations.receivers import NOW


@pytest.fixture(autouse=True)
def clock(time_machine):
    """It stands still; `clock.shift(timedelta)` moves it."""
    time_machine.move_to(NOW, tick=False)
    return time_machine
