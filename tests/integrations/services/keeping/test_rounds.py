import pytest

from integrations import clock, queue
from integrations.models import Heartbeat
from integrations.services.keeping import rounds
from integrations.services.watching import engine
from tests.integrations.services.keeping.moments import MINUTE, NOW

NOBODY = "Nobody keeps the sign-ins alive."


@pytest.fixture
def worker_says(client):
    """What /readyz says of the worker, which was seen just now."""

    def ask():
        queue.beat(NOW + MINUTE * 60)
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

    assert Heartbeat.objects.get(name="keeper").at == NOW + MINUTE
