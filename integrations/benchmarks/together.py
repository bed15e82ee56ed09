"""Test all: every platform behind a sandbox that takes its time, beside the slowest of them."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from statistics import median

from integrations import platforms
from integrations.benchmarks import Measure, milliseconds, scratch
from integrations.models import ConnectionTest, TestOutcome, Trigger, Workspace
from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes
from integrations.services.proving import runs, testing
from providers.sandbox.__main__ import PLATFORMS
from providers.sandbox.server import Answer, Asked, Server, prefixed

ROUNDS = 3
MOST_OVER_SLOWEST = 1.25


def measure(answer_ms: int) -> list[Measure]:
    """All at once, and the one that takes longest alone, in turn."""
    workspace = Workspace.objects.create(name="Together", slug="together")
    with _slow_sandbox(answer_ms / 1000):
        for slug, stand_in in PLATFORMS.items():
            _save(workspace, slug, stand_in.healthy)
        took = _run(workspace)
        slowest = max(took, key=lambda slug: took[slug])
        alone, together = [], []
        for _ in range(ROUNDS):
            alone.append(milliseconds(lambda: _test(workspace, slowest)))
            together.append(milliseconds(lambda: _run(workspace)))
    name = platforms.get(slowest).name
    ratio = round(median(together) / median(alone), 2)
    return [
        Measure(f"A test of {name}, the slowest, with {answer_ms} ms an answer", *_ms(alone)),
        Measure(f"Test all, {len(PLATFORMS)} platforms", *_ms(together)),
        Measure("Test all over the slowest", ratio, "times", limit=MOST_OVER_SLOWEST),
    ]


def _ms(times: list[float]) -> tuple[float, str]:
    return round(median(times), 1), "ms"


@contextmanager
def _slow_sandbox(seconds: float) -> Iterator[None]:
    answers = prefixed({slug: platform.answer for slug, platform in PLATFORMS.items()})

    def slowly(asked: Asked) -> Answer:
        time.sleep(seconds)
        return answers(asked)

    with Server(slowly) as server:
        origins = {
            slug: dict.fromkeys(platforms.get(slug).hosts, f"{server.url}/{slug}")
            for slug in PLATFORMS
        }
        with scratch.platforms_at(origins):
            yield


def _save(workspace: Workspace, slug: str, values: Mapping[str, str]) -> None:
    method = platforms.get(slug).method_for(values).slug
    changes = Changes(config=values, auth_method=method)
    saved = saving.change_connection(workspace, slug, changes, by=None)
    if not saved.connection.is_complete:
        raise RuntimeError(f"Something that {slug} requires is missing.")


def _test(workspace: Workspace, slug: str) -> None:
    connection = rows.find(workspace, slug)
    _passed(slug, testing.test_connection(connection, trigger=Trigger.COMMAND))


def _run(workspace: Workspace) -> dict[str, int]:
    """How many milliseconds the test of each platform took."""
    run = runs.test_all(workspace, trigger=Trigger.COMMAND, by=None)
    tests = {item.connection.provider: item.test for item in run.items.all()}
    return {slug: _passed(slug, test).duration_ms for slug, test in tests.items()}


def _passed(slug: str, test: ConnectionTest | None) -> ConnectionTest:
    if not test or test.outcome != TestOutcome.PASSED:
        raise RuntimeError(f"The test of {slug} did not pass: {test and test.message}")
    return test
