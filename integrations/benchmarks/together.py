"""Test all: every platform behind a sandbox that takes its time, beside the slowest of them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from integrations import platforms
from integrations.benchmarks import Measure, data, milliseconds, scratch
from integrations.models import Trigger, Workspace
from integrations.services.proving import runs
from providers.sandbox.__main__ import PLATFORMS
from providers.sandbox.server import Answer, Asked, Server, prefixed

ROUNDS = 3
MOST_OVER_SLOWEST = 1.25


def measure(answer_ms: int) -> list[Measure]:
    """All at once, and the one that takes longest alone, in turn."""
    workspace = Workspace.objects.create(name="Together", slug="together")
    saved = {}
    with _slow_sandbox(answer_ms / 1000):
        for slug, stand_in in PLATFORMS.items():
            saved[slug] = data.save(workspace, slug, stand_in.healthy)
        took = _run(workspace)
        slowest = max(took, key=lambda slug: took[slug])
        alone, together = [], []
        for _ in range(ROUNDS):
            alone.append(milliseconds(lambda: data.test(saved[slowest])))
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

    with (
        Server(slowly) as server,
        scratch.platforms_at({slug: f"{server.url}/{slug}" for slug in PLATFORMS}),
    ):
        yield


def _run(workspace: Workspace) -> dict[str, int]:
    """How many milliseconds the test of each platform took."""
    run = runs.test_all(workspace, trigger=Trigger.COMMAND, by=None)
    items = [(item.connection, item.test) for item in run.items.all()]
    return {row.provider: data.passed(row, test).duration_ms for row, test in items}
