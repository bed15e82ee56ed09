"""Processes beside the one that measures, which are spoken with in lines of JSON.

A platform that takes its time, a bare pool of threads that asks it, and a worker.
"""

import json
import os
import resource
import signal
import subprocess  # nosec B404 - starts our own functions
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from django.conf import settings
from django.tasks import task_backends
from django.test import override_settings

from integrations import platforms
from integrations.benchmarks import postbox
from integrations.work import worker as workers
from integrations_center import broker, databases
from providers.sandbox.__main__ import PLATFORMS
from providers.sandbox.server import Answer, Asked, Server, prefixed

ROOT = Path(__file__).parents[2]
START = "import django; django.setup(); from integrations.benchmarks import beside; beside.{0}()"
# macOS counts bytes.
RSS_UNIT = 1 if sys.platform == "darwin" else 1024


class Beside:
    """One of them."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def ask(self, **words: Any) -> Any:
        """Tell it something, and wait for what it answers."""
        if not self._process.stdin or not self._process.stdout:
            raise RuntimeError("It cannot be spoken with.")
        self._process.stdin.write(f"{json.dumps(words)}\n")
        self._process.stdin.flush()
        if said := self._process.stdout.readline():
            return json.loads(said)
        raise RuntimeError("It has ended. What it said is above.")


@contextmanager
def running(function: str, environment: Mapping[str, str] | None = None) -> Iterator[Beside]:
    """One of the functions below in a process of its own, until the end of this."""
    with subprocess.Popen(  # nosec B603 - our own words, no shell
        [sys.executable, "-c", START.format(function)],
        cwd=ROOT,
        env=os.environ | dict(environment or {}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield Beside(process)
        finally:
            process.terminate()


# --- In the other processes ----------------------------------------------------------------------


def platform() -> None:
    """Says where it is; then, whatever it is told, how many calls it has answered."""
    seconds = _heard()["answer_ms"] / 1000
    answers = {slug: one.answer for slug, one in PLATFORMS.items()}
    known = prefixed(answers | dict.fromkeys(postbox.SLUGS, postbox.answer))

    def slowly(asked: Asked) -> Answer:
        time.sleep(seconds)
        return known(asked)

    with Server(slowly) as server:
        _say(server.url)
        while _heard() is not None:
            _say(len(server.requests_seen))


def bare() -> None:
    """Asks an address, by so many threads for so many seconds; says how many calls a second."""
    while told := _heard():
        began = time.monotonic()
        until = began + told["seconds"]
        with ThreadPoolExecutor(told["threads"]) as pool:
            asked = pool.map(_ask_on, [told["url"]] * told["threads"], [until] * told["threads"])
            calls = sum(asked)
        _say(calls / (time.monotonic() - began))


def _ask_on(url: str, until: float) -> int:
    calls = 0
    with requests.Session() as session:
        while time.monotonic() < until:
            session.get(url, headers=postbox.HEADERS, timeout=10).json()
            calls += 1
    return calls


def worker() -> None:
    """Works on the engine of the settings; says its processor time and memory when asked."""
    told = _heard()
    postbox.install()
    databases.take(databases.share_of_worker(settings.DATABASE_CONNECTIONS))
    with override_settings(PROVIDER_ORIGINS=told["origins"]), _queue_of_its_own():
        platforms.catalogue.cache_clear()
        at_work = workers.Running(checks=told["threads"])
        signal.signal(signal.SIGTERM, lambda *_: at_work.stop())
        threading.Thread(target=_tell_of_oneself, daemon=True).start()
        at_work.run()


@contextmanager
def _queue_of_its_own() -> Iterator[None]:
    """Others may be woken by the same Redis."""
    if not broker.url():
        yield
        return
    queue = f"benchmark-{os.getpid()}"
    options = broker.options() | {"QUEUE": queue}
    with override_settings(TASKS={"default": {"BACKEND": broker.CELERY, "OPTIONS": options}}):
        yield
        backend: Any = task_backends["default"]
        with backend.app.connection_for_write() as connection:
            redis = connection.default_channel.client
            redis.delete(*redis.keys(f"*{queue}*"))


def _tell_of_oneself() -> None:
    engine = "Celery" if broker.url() else "django-ox"
    said: dict[str, Any] | None = {}
    while said is not None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        mb = used.ru_maxrss * RSS_UNIT / 1_000_000
        _say({"cpu": time.process_time(), "mb": mb, "engine": engine})
        said = _heard()


def _heard() -> Any:
    return json.loads(sys.stdin.readline() or "null")


def _say(value: Any) -> None:
    sys.stdout.write(f"{json.dumps(value)}\n")
    sys.stdout.flush()
