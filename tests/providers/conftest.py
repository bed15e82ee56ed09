"""`platform`: a real server on loopback that answers like a platform, and whoever asks it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import pytest

from providers.declare import Provider
from providers.sandbox.server import Answer, AnswerTo, Asked, Server

# (status, body), (status, body, headers), an Answer, or what works one of them out.
Reply = tuple[Any, ...] | Answer | Callable[[Asked], Any]
Platform = Callable[[Provider, Mapping[str, Reply] | AnswerTo], tuple[Provider, list[Asked]]]


@pytest.fixture
def platform() -> Iterator[Platform]:
    """`meta, requests_seen = platform(PROVIDER, {"/v26.0/me": (200, {…})})`.

    Instead of replies by path it takes one function for all, such as a sandbox's `answer`.
    A request that nothing was prepared for fails the test.
    """
    unprepared: list[str] = []

    def start(
        provider: Provider, replies: Mapping[str, Reply] | AnswerTo
    ) -> tuple[Provider, list[Asked]]:
        def answer(asked: Asked) -> Answer:
            if callable(replies):
                return replies(asked)
            if asked.path not in replies:
                unprepared.append(asked.path)
                return Answer(501, {})
            return _as_answer(replies[asked.path], asked)

        server = running.enter_context(Server(answer))
        return provider.pointed_at(dict.fromkeys(provider.hosts, server.url)), server.requests_seen

    with ExitStack() as running:
        yield start
    assert not unprepared, f"Nothing was prepared for {unprepared}."


def _as_answer(reply: Reply, asked: Asked) -> Answer:
    if callable(reply):
        return _as_answer(reply(asked), asked)
    return reply if isinstance(reply, Answer) else Answer(*reply)
