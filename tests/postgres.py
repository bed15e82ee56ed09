"""A PostgreSQL server of the tests' own, which they may restart, and a PgBouncer before it."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from tests import packages

PATIENCE_SECONDS = 20
# Neither program runs as root.
AS: dict[str, Any] = (
    {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
)
BOUNCER = """
[databases]
* = host=127.0.0.1 port={server} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {size}
"""


class Cluster:
    """A server that forgets everything with its folder."""

    def __init__(self, folder: Path, settings: dict[str, int]) -> None:
        self.folder = folder
        self.settings = {"fsync": 0} | settings
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def make(self) -> None:
        trusting = ["--auth=trust", "--username=postgres", "--no-sync", "--encoding=UTF8"]
        subprocess.run(
            [_program("initdb"), *trusting, f"--pgdata={self.folder}"],
            check=True,
            capture_output=True,
            cwd=self.folder,
            timeout=60,
            **AS,
        )

    def start(self) -> None:
        where = ["-D", ".", "-h", "127.0.0.1", "-p", str(self.port), "-k", ""]
        settings = [f"--{name}={value}" for name, value in self.settings.items()]
        self._process = _started([_program("postgres"), *where, *settings], self.folder)
        until(lambda: self.ask("select 1") == 1)

    def stop(self) -> None:
        """At once, whoever is connected: as an operator's restart does."""
        if self._process:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(PATIENCE_SECONDS)

    def ask(self, query: str) -> Any:
        """One value, as somebody else than the pool."""
        with psycopg.connect(self.url, connect_timeout=2, autocommit=True) as connection:
            answer = connection.execute(query.encode())
            row = answer.fetchone() if answer.description else None
            return row and row[0]

    def connections(self, database: str = "postgres") -> int:
        """How many there are beside the one that asks."""
        return int(
            self.ask(
                "select count(*) from pg_stat_activity"
                f" where datname = '{database}' and pid <> pg_backend_pid()"
            )
        )


@contextmanager
def cluster(**settings: int) -> Iterator[Cluster]:
    with _folder("postgres") as folder:
        server = Cluster(folder, settings)
        server.make()
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def bouncer(server: Cluster, size: int) -> Iterator[str]:
    """The URL of the database `bounced` behind a PgBouncer with so many connections to it."""
    server.ask("create database bounced")
    port = free_port()
    with _folder("pgbouncer") as folder:
        settings = folder / "pgbouncer.ini"
        settings.write_text(BOUNCER.format(server=server.port, port=port, size=size))
        process = _started([_program("pgbouncer"), "-q", str(settings)], folder)
        try:
            until(lambda: _listens(port))
            yield f"postgres://postgres@127.0.0.1:{port}/bounced"
        finally:
            process.terminate()
            process.wait(PATIENCE_SECONDS)


@contextmanager
def _folder(name: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=f"integrations-{name}-") as folder:
        if AS:
            shutil.chown(folder, AS["user"], AS["group"])
        yield Path(folder)


def _started(command: list[str], folder: Path) -> "subprocess.Popen[bytes]":
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, **AS)


def _program(name: str) -> str:
    program = packages.program(name)
    assert program, f"{name} is not there."
    return program


def _listens(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port)):
        return True


def until(answers: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            if answers():
                return
        except (OSError, psycopg.OperationalError):
            pass
        assert time.monotonic() < give_up, "The server did not start."
        time.sleep(0.02)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
