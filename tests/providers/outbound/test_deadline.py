import socket
import threading
import time

import pytest

from providers.outbound.alarms import ALARMS
from providers.outbound.deadline import Deadline
from tests.providers.apis import trusting
from tests.providers.servers import RawServer, ok


def test_the_watched_socket_is_shut_down_when_the_time_is_up():
    ours, theirs = socket.socketpair()
    with ours, theirs, Deadline(0.05) as deadline:
        deadline.watch(ours)
        assert ours.recv(1) == b""

    assert deadline.is_over


def test_a_socket_that_is_watched_too_late_is_shut_down_at_once():
    ours, theirs = socket.socketpair()
    earlier, its_peer = socket.socketpair()
    with ours, theirs, earlier, its_peer, Deadline(0.05) as deadline:
        deadline.watch(earlier)
        earlier.recv(1)
        deadline.watch(ours)

        assert ours.recv(1) == b""


def test_after_the_block_nothing_is_shut_down():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        with Deadline(0.05) as deadline:
            deadline.watch(ours)
        theirs.settimeout(0.1)
        with pytest.raises(TimeoutError):
            theirs.recv(1)

    assert not deadline.is_over


def test_no_more_is_given_than_what_is_left():
    deadline = Deadline(60)

    assert deadline.left(5) == 5
    assert 59 < deadline.left(100) <= 60


def test_nothing_begins_after_the_end():
    with pytest.raises(TimeoutError), Deadline(0):
        pass


def test_an_earlier_alarm_rings_before_the_one_that_is_waited_for():
    rung = threading.Event()
    later = ALARMS.set(time.monotonic() + 60, lambda: None)
    ALARMS.set(time.monotonic() + 0.01, rung.set)

    assert rung.wait(5)
    ALARMS.cancel(later)


def test_an_alarm_that_was_cancelled_does_not_ring():
    rung, last = [], threading.Event()
    now = time.monotonic()
    cancelled = ALARMS.set(now + 0.01, lambda: rung.append(1))
    ALARMS.set(now + 0.05, last.set)
    ALARMS.cancel(cancelled)

    assert last.wait(5)
    assert rung == []


def test_one_thread_serves_every_api():
    with RawServer(ok()) as server, trusting(server) as first, trusting(server) as second:
        first.get("/a")
        second.get("/b")

        running = [thread.name for thread in threading.enumerate()]

    assert running.count("outbound alarms") == 1
