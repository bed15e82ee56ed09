"""Processes side by side: what crashes too often ends all of them."""

import signal
import sys
import time

import pytest

from integrations_center.supervisor import MOST_CRASHES, Child, Supervisor

QUIET = [sys.executable, "-c", "import signal; signal.pause()"]


def crashing(code):
    return [sys.executable, "-c", f"raise SystemExit({code})"]


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def signals():
    """As they were."""
    kept = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def test_what_crashes_again_and_again_ends_everything(capfd):
    site, worker = Child("server", QUIET), Child("worker", crashing(7), restarts=True)

    assert Supervisor([site, worker]).run() == 7

    said = capfd.readouterr().err
    assert said.count("The worker has ended and is started again.") == MOST_CRASHES - 1
    assert "The worker has ended, so everything stops." in said
    assert site.exit_code is not None


def test_when_the_server_ends_everything_does(capfd):
    site, worker = Child("server", crashing(3)), Child("worker", QUIET, restarts=True)

    assert Supervisor([site, worker]).run() == 3

    assert capfd.readouterr().err == "The server has ended, so everything stops.\n"
    assert worker.exit_code is not None


def test_crashes_long_ago_do_not_count(monkeypatch):
    child = Child("worker", QUIET, restarts=True)
    hours = iter(range(MOST_CRASHES * 2))
    monkeypatch.setattr(time, "monotonic", lambda: next(hours) * 3600.0)

    assert all(child.may_start_again() for _ in range(MOST_CRASHES * 2))
