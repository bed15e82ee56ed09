"""The lookout: the watchdog looks from a process that serves pages, whatever goes wrong."""

import logging

import pytest

from integrations.models import Heartbeat
from integrations.services.watching import watchdog
from integrations.work import lookout


def times(number):
    """A wait that says to stop after so many looks."""
    left = iter([False] * number + [True])
    return lambda _seconds: next(left)


@pytest.mark.django_db(transaction=True)
def test_it_looks_each_time():
    lookout.run(times(1))

    assert Heartbeat.objects.filter(name=watchdog.NAME).exists()


def test_it_goes_on_when_a_look_fails(monkeypatch, caplog):
    seen = []

    def fails(now):
        seen.append(now)
        raise ValueError("s3cr3t")

    monkeypatch.setattr(watchdog, "look", fails)
    with caplog.at_level(logging.ERROR):
        lookout.run(times(3))

    assert len(seen) == 3
    assert "The watchdog failed with ValueError" in caplog.text
    assert "s3cr3t" not in caplog.text


def test_each_process_that_serves_pages_has_one(monkeypatch):
    started = []
    monkeypatch.setattr(lookout.threading.Thread, "start", lambda self: started.append(self))
    lookout.start()

    assert [(one.name, one.daemon) for one in started] == [("lookout", True)]
