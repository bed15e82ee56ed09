"""Real processes, each with its own connection to the tests' database.

Many at once are forked from one that has everything loaded and no connection open: fifty that
start by themselves would spend their time on imports.
"""

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import time_machine
from django.conf import settings
from django.db import connection
from django.test import override_settings

from integrations.work import worker
from providers import registry
from providers.declare import App

ROOT = Path(__file__).parents[2]
START = "import django; django.setup(); from tests.integrations import processes; processes.{0}()"
LONGEST_SECONDS = 60

Pipe = tuple[int, int]


class Process:
    """A process that is spoken with in lines of JSON."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def say(self, value: Any) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{json.dumps(value)}\n")
        self._process.stdin.flush()

    def kill(self) -> None:
        self._process.kill()

    def hear(self) -> Any:
        assert self._process.stdout
        return json.loads(self._process.stdout.readline())


@contextmanager
def process(function: str, database_url: str = "") -> Iterator[Process]:
    """Runs one of the functions below, on the tests' database or another; on exit it has ended."""
    database_url = database_url or _database_url()
    own = {"DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": database_url}
    with subprocess.Popen(
        [sys.executable, "-c", START.format(function)],
        cwd=ROOT,
        env=os.environ | own,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as started:
        yield Process(started)


def _database_url() -> str:
    """Where the database of the running tests is, in the form of the setting."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{quote(name)}").geturl()


def order(task: str, *args: Any, count: int = 1) -> dict[str, Any]:
    """`"package.module:function"`, to be called with these. Arguments and answers are JSON.

    It knows the platforms and apps of the present settings.
    """
    return {"task": task, "args": args, "count": count, **_places()}


def _places() -> dict[str, Any]:
    apps = {slug: [app.client_id, app.client_secret] for slug, app in settings.APPS.items()}
    return {"origins": settings.PROVIDER_ORIGINS, "apps": apps}


@contextmanager
def worker_process(checks: int = 0, ahead_hours: int = 0) -> Iterator[int]:
    """The id of a worker's process, on the engine of the present settings; on exit it has ended.

    It checks so many connections at a time by schedule. Its clock may be wrong.
    """
    with process("work") as started:
        given = {"tasks": settings.TASKS, "checks": checks, "ahead_hours": ahead_hours}
        started.say({**given, **_places()})
        pid = started.hear()
        try:
            yield pid
        finally:
            started.kill()


@dataclass(frozen=True)
class Ended:
    """One process: what its task returned, or the signal that ended it."""

    answer: Any = None
    signal: int = 0


class Nursery:
    """`nursery.start("package.module:function", …)`, then `nursery.ended()`."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.pids: list[int] = []

    def start(self, task: str, *args: Any, count: int = 1) -> None:
        """Start so many, which wait for each other and then call the function at once."""
        self._process.say(order(task, *args, count=count))
        self.pids = self._process.hear()
        self._process.say("go")

    def ended(self) -> list[Ended]:
        return [Ended(*one) for one in self._process.hear()]


@contextmanager
def nursery(database_url: str = "") -> Iterator[Nursery]:
    with process("serve", database_url) as started:
        yield Nursery(started)


# --- In the other processes ----------------------------------------------------------------------


def leave() -> None:
    """Call a function in the background, and end as soon as something more is said."""
    function, args = _prepared(_heard())
    threading.Thread(target=function, args=args, daemon=True).start()
    _heard()
    atexit.register(_say, "leaving")


def work() -> None:
    """Be a worker, on the engine that is told, until a signal ends it."""
    given = _heard()
    _set(given)
    with override_settings(TASKS=given["tasks"]), _clock(given["ahead_hours"]):
        running = worker.Running(checks=given["checks"])
        worker.stop_on_signals(running)
        _say(os.getpid())
        running.run()


@contextmanager
def _clock(ahead_hours: int) -> Iterator[None]:
    """That goes on, from a moment so far away from now."""
    if not ahead_hours:
        yield
        return
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=ahead_hours)):
        yield


def serve() -> None:
    """Obey every order with as many processes, until nobody gives one."""
    while given := _heard():
        function, args = _prepared(given)
        barrier, ready = os.pipe(), os.pipe()
        work = partial(_call, function, args, barrier, ready)
        started = [_fork(work) for _ in range(given["count"])]
        os.close(ready[1])
        for _ in started:
            os.read(ready[0], 1)
        _say([pid for pid, _ in started])
        _heard()
        os.close(barrier[1])
        _say([_wait_for(pid, answers) for pid, answers in started])
        os.close(barrier[0])
        os.close(ready[0])


def _call(
    function: Callable[..., Any], args: list[Any], barrier: Pipe, ready: Pipe, answer: int
) -> None:
    os.close(barrier[1])
    connection.ensure_connection()
    os.write(ready[1], b"!")
    os.read(barrier[0], 1)  # until nobody holds its other end any more
    os.write(answer, json.dumps(function(*args)).encode())


def _heard() -> Any:
    return json.loads(sys.stdin.readline() or "null")


def _say(value: Any) -> None:
    sys.stdout.write(f"{json.dumps(value)}\n")
    sys.stdout.flush()


def _set(given: dict[str, Any]) -> None:
    settings.PROVIDER_ORIGINS = given["origins"]
    settings.APPS = {slug: App(*values) for slug, values in given["apps"].items()}
    registry.catalogue()


def _prepared(given: dict[str, Any]) -> tuple[Callable[..., Any], list[Any]]:
    _set(given)
    module, _, name = given["task"].partition(":")
    return getattr(import_module(module), name), given["args"]


def _fork(work: Callable[[int], None]) -> tuple[int, int]:
    """The id of a child that does this, and where its answer comes."""
    answers, answer = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 1
        signal.alarm(LONGEST_SECONDS)
        try:
            work(answer)
            code = 0
        except Exception:  # noqa: BLE001 - its tests see no answer, and people why
            traceback.print_exc()
        os._exit(code)
    os.close(answer)
    return pid, answers


def _wait_for(pid: int, answers: int) -> tuple[Any, int]:
    with os.fdopen(answers) as said:
        text = said.read()
    _, status = os.waitpid(pid, 0)
    return json.loads(text or "null"), os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
