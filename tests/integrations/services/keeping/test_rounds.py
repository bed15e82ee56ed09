import pytest

from integrations import clock, queue
from integrations.models import Cause, Heartbeat
from integrations.services.keeping import rounds
from integrations.services.watching import engine
from tests.integrations.services.keeping.moments import MINUTE, NOW

NOBODY = "Nobody keeps the sign-ins alive."


@pytest.fixture
def worker_says(client):
    """What /readyz says of the worker, which was seen just now."""

    def ask():
        queue.beat(clock.now())
        engine.beat(clock.now())
        return client.get("/readyz").json()["worker"]

    return ask


def test_without_sign_ins_nobody_has_to_look(db, worker_says):
    assert worker_says() == "ok"


def test_readyz_says_when_nobody_looks_after_sign_ins(connection, worker_says, clock):
    assert worker_says().startswith(NOBODY)

    rounds.look_after(NOW)
    assert NOBODY not in worker_says()
    clock.shift(5 * MINUTE)
    assert NOBODY not in worker_says()
    clock.shift(1)
    assert worker_says().startswith(NOBODY)


def test_a_look_leaves_one_heartbeat(db):
    rounds.look_after(NOW)
    rounds.look_after(NOW + MINUTE)

    assert Heartbeat.objects.get(name=engine.KEEPER).at == NOW + MINUTE


def test_a_round_that_takes_long_takes_no_newer_mark_back(connected, monkeypatch):
    rounds.look_after(NOW)

    def prune(now):
        monkeypatch.undo()
        for number in range(2, 14):  # six minutes, in which others go round
            rounds.look_after(NOW + number * MINUTE / 2)

    monkeypatch.setattr(rounds.pruning, "prune", prune)
    rounds.look_after(NOW + MINUTE / 2)
    assert Heartbeat.objects.get(name=engine.KEEPER).at == NOW + 13 * MINUTE / 2

    rounds.begin(NOW + 6 * MINUTE)  # it waited for a place of its worker
    assert Heartbeat.objects.get(name=engine.KEEPER).at == NOW + 13 * MINUTE / 2
    rounds.look_after(NOW + 8 * MINUTE)
    assert Heartbeat.objects.get(name=engine.KEEPER).at == NOW + 8 * MINUTE
    assert not Cause.objects.exists()


def test_a_mark_of_a_clock_that_was_ahead_is_put_right(connected, worker_says, calendly_signed_in):
    rounds.look_after(NOW + MINUTE * 60 * 24)
    assert worker_says().startswith(NOBODY)

    rounds.look_after(NOW)
    assert NOBODY not in worker_says()
