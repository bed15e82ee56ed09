"""What the contract tests share: one server for all, whose answers each trial sets."""

from collections.abc import Callable, Iterator

import pytest

from providers.sandbox.server import Answer, Server
from tests.providers.contract.cases import Case
from tests.providers.contract.trial import Trial, attempt

Healthy = Callable[[Case], Trial]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with Server(lambda _asked: Answer(501)) as running:
        yield running


@pytest.fixture(scope="session")
def healthy(server: Server) -> Healthy:
    """The trial of a case in which every answer is good, made once."""
    made: dict[int, Trial] = {}

    def trial(case: Case) -> Trial:
        if id(case) not in made:  # the cases live as long as their module
            made[id(case)] = attempt(server, case)
        return made[id(case)]

    return trial
