"""How many request threads may wait for platforms."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from integrations.services.refusals import Busy
from integrations.services.waiting import Places


def from_another_thread(places, workspace_id):
    def take():
        with places.taken(workspace_id):
            return "taken"

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(take).result()


def holding(places, *workspace_ids):
    """Each held by a thread of its own until the stack closes."""
    stack = ExitStack()
    for one in workspace_ids:
        pool = stack.enter_context(ThreadPoolExecutor(1))
        place = places.taken(one)
        pool.submit(place.__enter__).result()
        stack.callback(lambda pool=pool, place=place: pool.submit(place.__exit__, *[None] * 3))
    return stack


def test_half_of_the_threads_may_wait():
    places = Places(threads=8)
    with holding(places, 1, 2, 3), ExitStack() as more:
        assert from_another_thread(places, 4) == "taken"
        more.enter_context(holding(places, 4))

        with pytest.raises(Busy) as busy:
            from_another_thread(places, 5)

    assert busy.value.retry_after_seconds == 5
    assert from_another_thread(places, 5) == "taken"


def test_of_one_workspace_an_eighth():
    places = Places(threads=16)
    with holding(places, 1, 1):
        with pytest.raises(Busy):
            from_another_thread(places, 1)
        assert from_another_thread(places, 2) == "taken"

    assert from_another_thread(places, 1) == "taken"


def test_a_thread_needs_one_place_however_deep_it_asks():
    places = Places(threads=1)

    with places.taken(1), places.taken(1), pytest.raises(Busy):
        from_another_thread(places, 2)

    assert from_another_thread(places, 2) == "taken"


def test_a_place_is_given_back_after_an_error():
    places = Places(threads=2)

    with pytest.raises(ValueError, match="broken"), places.taken(1):
        raise ValueError("broken")

    assert from_another_thread(places, 1) == "taken"


def test_whoever_serves_no_requests_has_no_limit():
    places = Places()
    with holding(places, *[1] * 50):
        assert from_another_thread(places, 1) == "taken"
