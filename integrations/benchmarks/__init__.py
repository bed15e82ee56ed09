"""What `manage.py benchmark` measures, in a database of its own that is thrown away."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext


@dataclass(frozen=True)
class Measure:
    """One number, and the most that it may be; None when nothing is promised."""

    name: str
    value: float
    unit: str = ""
    limit: float | None = None

    @property
    def holds(self) -> bool:
        return self.limit is None or self.value <= self.limit

    def __str__(self) -> str:
        limit = "" if self.limit is None else f"  (at most {self.limit:g})"
        broken = "" if self.holds else "  BROKEN"
        return f"{self.name}: {self.value:g} {self.unit}".rstrip() + limit + broken


def milliseconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def get(client: Client, url: str) -> bytes:
    """What a reply holds, which has to be a good one."""
    reply = client.get(url)
    if reply.status_code != 200:
        raise RuntimeError(f"{url} answered {reply.status_code}.")
    return reply.content


def queries(client: Client, url: str) -> list[str]:
    """What a request asks the database."""
    with CaptureQueriesContext(connection) as seen:
        get(client, url)
    return [query["sql"] for query in seen.captured_queries]
