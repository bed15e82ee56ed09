"""The whole server while people read, change and test at once, for some seconds.

It is `manage.py serve` in processes of its own, on the scratch database.
"""

import http.client
import os
import signal
import socket
import subprocess  # nosec B404 - starts our own command
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import urlsplit

from django.conf import settings
from django.test import override_settings

from integrations.benchmarks import Measure, jobs, scratch
from integrations.benchmarks.jobs import Json
from integrations_center import port as ports
from providers.outbound.addresses import parse_allowed
from providers.sandbox.server import Answer, Server

PUBLIC_URL = "http://127.0.0.1"
ROOT = Path(__file__).parents[2]
AT_ONCE = {"list": 8, "patch": 4, "test": 2}
MOST_WRITE_MS = 500
START_SECONDS = 60


@dataclass
class Seen:
    """What came back for one kind of request: milliseconds, and what was wrong."""

    took: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def measure(seconds: int) -> list[Measure]:
    """Readers, writers and testers, each with one request after another."""
    with Server(lambda _asked: Answer(body={"ok": True})) as platform:
        place = urlsplit(platform.url)
        with override_settings(OUTBOUND_ALLOW=parse_allowed(place.netloc), TEST_RATE=999_999):
            asked = jobs.jobs({"test": int(place.port or 0)}, PUBLIC_URL)
        with _served(place.netloc) as site:
            seen = _load(site, asked, seconds)
    return [measure for name in AT_ONCE for measure in _measures(name, seen[name])]


def _measures(name: str, seen: Seen) -> Iterator[Measure]:
    took = seen.took or [0.0]
    percentiles = quantiles(took, n=100) if len(took) > 1 else took * 99
    limit = MOST_WRITE_MS if name == "patch" else None
    yield Measure(f"{name}, {AT_ONCE[name]} at once: answered", len(seen.took))
    yield Measure(f"{name}: wrong answers", len(seen.wrong), limit=0)
    yield Measure(f"{name}: median", round(median(took), 1), "ms")
    yield Measure(f"{name}: 99 of 100 within", round(percentiles[98], 1), "ms", limit=limit)


@contextmanager
def _served(allowed: str) -> Iterator[str]:
    """The site's `host:port` for as long as it is served."""
    port = _free_port()
    environment = os.environ | {
        "CREDENTIAL_KEYS": ",".join(settings.CREDENTIAL_KEYS),
        "DATABASE_URL": scratch.url(),
        "DJANGO_SETTINGS_MODULE": "integrations_center.settings",
        "OUTBOUND_ALLOW": allowed,
        "PORT": str(port),
        "PUBLIC_URL": PUBLIC_URL,
        "SECRET_KEY": settings.SECRET_KEY,
        "TEST_RATE": "999999",
    }
    site = f"{ports.HOST}:{port}"
    with subprocess.Popen(  # nosec B603 - our own words, no shell
        [sys.executable, "manage.py", "serve"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    ) as server:
        try:
            _wait_for(site, server)
            yield site
        finally:
            server.send_signal(signal.SIGINT)  # at once: nobody waits for an answer any more


def _free_port() -> int:
    with socket.create_server((ports.HOST, 0)) as listener:
        return int(listener.getsockname()[1])


def _wait_for(site: str, server: "subprocess.Popen[bytes]") -> None:
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up and server.poll() is None:
        try:
            with closing(http.client.HTTPConnection(site, timeout=10)) as asking:
                asking.request("GET", "/healthz")
                asking.getresponse()
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("The site did not start.")


def _load(site: str, asked: Json, seconds: int) -> Mapping[str, Seen]:
    seen = {name: Seen() for name in AT_ONCE}
    numbers = count()
    until = time.monotonic() + seconds
    with ThreadPoolExecutor(sum(AT_ONCE.values())) as pool:
        people = [
            pool.submit(_ask, site, asked[name], seen[name], numbers, until)
            for name, at_once in AT_ONCE.items()
            for _ in range(at_once)
        ]
    for person in people:
        person.result()
    return seen


def _ask(site: str, job: Json, seen: Seen, numbers: Iterator[int], until: float) -> None:
    """One person, who asks again as soon as there is an answer."""
    with closing(http.client.HTTPConnection(site, timeout=60)) as asking:
        while time.monotonic() < until:
            number = next(numbers)
            path = job["paths"][number % len(job["paths"])]
            body = job.get("bodies", [""])[0].replace("__N__", str(number))
            began = time.perf_counter()
            asking.request(job["method"], path, body or None, job["headers"])
            reply = asking.getresponse()
            text = reply.read().decode()
            seen.took.append((time.perf_counter() - began) * 1000)
            if reply.status != 200 or job["expect"] not in text:
                seen.wrong.append(f"{reply.status} {text[:200]}")
