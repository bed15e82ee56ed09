"""A Redis server of the tests' own, which they may kill and start again."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from redis import AuthenticationError, Redis, RedisError

from tests import packages
from tests.postgres import free_port

PATIENCE_SECONDS = 20


class RedisServer:
    """It keeps nothing on a disk: what it held is gone when it is killed."""

    def __init__(self, *options: str) -> None:
        self.port = free_port()
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self, **more: Any) -> Redis:
        return Redis(port=self.port, socket_timeout=5, **more)

    def start(self) -> None:
        program = packages.program("redis-server")
        assert program
        here = ("--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
        self._process = subprocess.Popen(
            [program, *here, *self._options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        give_up = time.monotonic() + PATIENCE_SECONDS
        while not self._answers():
            assert time.monotonic() < give_up, "Redis did not start."
            time.sleep(0.02)

    def kill(self) -> None:
        if self._process:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                client.ping()
        except AuthenticationError:
            return True
        except RedisError:
            return False
        return True


@contextmanager
def redis_server(*options: str) -> Iterator[RedisServer]:
    server = RedisServer(*options)
    server.start()
    try:
        yield server
    finally:
        server.kill()
