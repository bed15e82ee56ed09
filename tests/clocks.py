"""One clock for all: while a test moves the time, the one that processes share goes along."""

from datetime import datetime

import pytest
from django.utils import timezone
from time_machine import escape_hatch


@pytest.fixture(autouse=True)
def one_clock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless the test is about two of them."""
    from integrations import clock

    asked = clock.now

    def now() -> datetime:
        return timezone.now() if escape_hatch.is_travelling() else asked()

    if not request.node.get_closest_marker("two_clocks"):
        monkeypatch.setattr(clock, "now", now)
