"""What a request costs the application's processor, without a client's own work."""

import time
from collections.abc import Callable
from io import BytesIO
from statistics import median
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.test import Client, RequestFactory

REQUESTS_IN_A_BATCH = 10


def milliseconds(client: Client, *paths: str, requests: int) -> list[float]:
    """The median of each: batches in turn, so that what else the machine does falls on all."""
    ask = _asker(client, *paths)
    for path in paths:
        ask(path)
    rounds = range(max(1, requests // REQUESTS_IN_A_BATCH))
    taken = [[_batch(ask, path) for path in paths] for _ in rounds]
    return [round(median(of_one), 2) for of_one in zip(*taken, strict=True)]


def _batch(ask: Callable[[str], None], path: str) -> float:
    began = time.process_time()
    for _ in range(REQUESTS_IN_A_BATCH):
        ask(path)
    return (time.process_time() - began) * 1000 / REQUESTS_IN_A_BATCH


def _asker(client: Client, *paths: str) -> Callable[[str], None]:
    application = WSGIHandler()
    made = RequestFactory(headers={"accept": "application/json"})
    made.cookies = client.cookies
    environs = {path: made.get(path).environ for path in paths}

    def ask(path: str) -> None:
        response = application({**environs[path], "wsgi.input": BytesIO()}, _start)
        b"".join(response)
        response.close()
        if response.status_code != 200:
            raise RuntimeError(f"{path} answered {response.status_code}.")

    return ask


def _start(status: str, headers: list[tuple[str, str]], *_: Any) -> Callable[[bytes], object]:
    """The status is read from the response itself, and nothing is written past it."""
    return bytes
