"""Checks by schedule: what one worker reaches, beside a bare pool that makes the same calls.

Platform, pool and worker are processes of their own, on this machine.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import cycle, islice
from statistics import median

from django.conf import settings
from django.db import connection
from django.db.models import Min

from integrations import clock
from integrations.benchmarks import Measure, beside, data, postbox, scratch
from integrations.benchmarks.beside import Beside
from integrations.models import (
    ConnectionTest,
    IntegrationConnection,
    TestOutcome,
    Watch,
    Workspace,
)
from integrations.work.checker import THREADS
from providers.sandbox.__main__ import PLATFORMS

MOST_LOST = {"postgresql": 20.0, "sqlite": None}  # percent of what the bare pool reaches
WARM_SECONDS = 3
MINUTES = 15
STEADY = 0.45  # of what it reaches: of 130,000 connections each hour one worker has as much
LOOK_SECONDS = 0.2
LATER = timedelta(hours=1)


@dataclass
class _Bench:
    """What is measured with."""

    platform: Beside
    bare: Beside
    worker: Beside
    url: str
    seconds: int
    threads: int


@dataclass(frozen=True)
class _Reached:
    """A second."""

    checks: float
    calls: float
    bare: float
    cpu_ms: float  # of the worker, for each check

    @property
    def lost(self) -> float:
        """In percent of the bare pool's calls."""
        return round(100 * (1 - self.calls / self.bare), 1)


def measure(seconds: int, answer_ms: int) -> list[Measure]:
    """With ladders of one call, and then with those of the platforms."""
    postbox.install()
    threads = THREADS[connection.vendor]
    calls = 1000 / answer_ms * threads * (seconds + 2 * WARM_SECONDS)
    _connect_postboxes(int(calls) + threads)
    with _bench(seconds, answer_ms, threads) as bench:
        engine = bench.worker.ask()["engine"]
        idle = _idle(bench)
        one = _reach(bench)
        lags = _lags(bench, one.checks * STEADY)
        _connect_platforms(int(calls / 3))
        real = _reach(bench)
        memory = bench.worker.ask()["mb"]
    kept = f"Connections that are kept within {MINUTES} minutes"
    return [
        Measure(f"A worker on {engine}: threads that check", threads),
        Measure("Ladders of one call: checks a second", round(one.checks, 1)),
        Measure(f"A bare pool of {threads}: calls a second", round(one.bare, 1)),
        Measure("Less than the bare pool", one.lost, "%", limit=MOST_LOST[connection.vendor]),
        Measure("Processor for each such check", round(one.cpu_ms, 1), "ms"),
        Measure(f"{kept}: of one call", round(one.checks * MINUTES * 60)),
        Measure("Lag of what is due, steady: median", round(median(lags), 2), "s"),
        Measure("Lag of what is due, steady: most", round(max(lags), 2), "s"),
        Measure("Ladders of the platforms: checks a second", round(real.checks, 1)),
        Measure("Ladders of the platforms: calls a second", round(real.calls, 1)),
        Measure("Less than the bare pool's calls", real.lost, "%"),
        Measure("Processor for each such check of a platform", round(real.cpu_ms, 1), "ms"),
        Measure(f"{kept}: of the platforms", round(real.checks * MINUTES * 60)),
        Measure("Worker with nothing to do: processor", round(idle, 2), "% of one"),
        Measure("Worker: memory at most", round(memory), "MB"),
    ]


def _connect_postboxes(number: int) -> None:
    """In workspaces of two, which nobody checks yet."""
    for n, slug in enumerate(islice(cycle(postbox.SLUGS), number)):
        if n % 2 == 0:
            workspace = Workspace.objects.create(name=f"Post {n}", slug=f"post-{n}")
        data.connect(workspace, [slug])
    _watch()


def _connect_platforms(number: int) -> None:
    """In place of them: every platform that has a stand-in, as often as the others."""
    IntegrationConnection.objects.all().delete()
    for n in range(max(1, number // len(PLATFORMS))):
        workspace = Workspace.objects.create(name=f"All {n}", slug=f"all-{n}")
        for slug, stand_in in PLATFORMS.items():
            data.save(workspace, slug, stand_in.healthy)
    _watch()


def _watch() -> None:
    """A row for each, due in an hour."""
    found = IntegrationConnection.objects.filter(watch=None)
    due_at = clock.now() + LATER
    Watch.objects.bulk_create(
        Watch(connection=one, workspace_id=one.workspace_id, provider=one.provider, due_at=due_at)
        for one in found
    )
    with connection.cursor() as cursor:
        cursor.execute(data.TIDY[connection.vendor])


@contextmanager
def _bench(seconds: int, answer_ms: int, threads: int) -> Iterator[_Bench]:
    environment = {
        "CREDENTIAL_KEYS": ",".join(settings.CREDENTIAL_KEYS),
        "DATABASE_URL": scratch.url(),
        "DJANGO_SETTINGS_MODULE": "integrations_center.settings",
        "SECRET_KEY": settings.SECRET_KEY,
    }
    with (
        beside.running("platform") as platform,
        beside.running("bare") as bare,
        beside.running("worker", environment) as worker,
    ):
        url = platform.ask(answer_ms=answer_ms)
        slugs = [*postbox.SLUGS, *PLATFORMS]
        with scratch.platforms_at({slug: f"{url}/{slug}" for slug in slugs}):
            worker.ask(origins=settings.PROVIDER_ORIGINS, threads=threads)
            yield _Bench(platform, bare, worker, url, seconds, threads)


def _reach(bench: _Bench) -> _Reached:
    """All is due at once for so many seconds; the pool before and after it."""
    before = _bare(bench)
    Watch.objects.update(due_at=clock.now(), tries=0)
    time.sleep(WARM_SECONDS)
    began, calls, tests = time.monotonic(), bench.platform.ask(), _passed()
    cpu = bench.worker.ask()["cpu"]
    time.sleep(bench.seconds)
    took = time.monotonic() - began
    cpu = bench.worker.ask()["cpu"] - cpu
    calls, tests = bench.platform.ask() - calls, _passed() - tests
    _calm()
    after = _bare(bench)
    cpu_ms = 1000 * cpu / max(1, tests)
    return _Reached(tests / took, calls / took, (before + after) / 2, cpu_ms)


def _bare(bench: _Bench) -> float:
    url = f"{bench.url}/{postbox.SLUGS[0]}{postbox.PATH}"
    return float(bench.bare.ask(url=url, threads=bench.threads, seconds=bench.seconds / 2))


def _passed() -> int:
    return ConnectionTest.objects.filter(outcome=TestOutcome.PASSED).count()


def _calm() -> None:
    """Nothing is due any more, and nothing runs."""
    Watch.objects.filter(lease_until=None).update(due_at=clock.now() + LATER)
    while Watch.objects.exclude(lease_until=None).exists():
        time.sleep(LOOK_SECONDS)
    Watch.objects.update(due_at=clock.now() + LATER)


def _lags(bench: _Bench, a_second: float) -> list[float]:
    """By how many seconds the oldest is late that nobody took, while so many become due."""
    first = clock.now() + timedelta(seconds=1)
    due = list(Watch.objects.all()[: int(a_second * bench.seconds)])
    for number, watch in enumerate(due):
        watch.due_at = first + timedelta(seconds=number / a_second)
    Watch.objects.bulk_update(due, ["due_at"], batch_size=500)
    lags = []
    until = time.monotonic() + bench.seconds
    while time.monotonic() < until:
        time.sleep(LOOK_SECONDS)
        now = clock.now()
        waiting = Watch.objects.filter(due_at__lte=now, lease_until=None)
        oldest = waiting.aggregate(at=Min("due_at"))["at"]
        lags.append((now - oldest).total_seconds() if oldest else 0.0)
    _calm()
    return lags


def _idle(bench: _Bench) -> float:
    """Percent of one processor."""
    time.sleep(WARM_SECONDS)
    before = bench.worker.ask()["cpu"]
    began = time.monotonic()
    time.sleep(bench.seconds)
    used = bench.worker.ask()["cpu"] - before
    return float(100 * used / (time.monotonic() - began))
