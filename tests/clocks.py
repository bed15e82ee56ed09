"""One clock for all: the database's is this machine's, also while a test moves the time."""

import pytest
from django.utils import timezone


@pytest.fixture(autouse=True)
def one_clock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless the test is about two of them."""
    if not request.node.get_closest_marker("two_clocks"):
        monkeypatch.setattr("integrations.clock.now", timezone.now)
