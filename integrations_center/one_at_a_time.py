"""Lets one process at a time prepare a start: its keys, its tables, its static files.

Several of one folder wait for each other by the folder, several of one database by the database:
PostgreSQL's own advisory lock, or the folder that SQLite's file is in. Each lock ends with the
process that holds it. Who needs both takes the folder of the checkout first.
"""

import fcntl
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

ADVISORY_LOCK = 4_157_301_911  # any number that other programs on this database do not use
ASK_AGAIN_SECONDS = 0.2

_folders: dict[Path, int] = {}
_databases: set[str] = set()


def take_folder(folder: Path) -> None:
    """Waits. Held until it is given back, or this process ends; to take it twice is once.

    Nothing is locked in a folder that cannot be opened or whose file system knows no locks.
    """
    if folder in _folders:
        return
    with suppress(OSError):
        _folders[folder] = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(_folders[folder], fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say_that_it_waits()
            fcntl.flock(_folders[folder], fcntl.LOCK_EX)


def give_folder(folder: Path) -> None:
    if folder in _folders:
        os.close(_folders.pop(folder))


@contextmanager
def in_database(database: BaseDatabaseWrapper = connection) -> Iterator[None]:
    """One process at a time; within it, once more is no matter."""
    name = database.alias
    if name in _databases:
        yield
        return
    lock = _in_postgresql if database.vendor == "postgresql" else _in_sqlite
    with lock(database):
        _databases.add(name)
        try:
            yield
        finally:
            _databases.remove(name)


@contextmanager
def _in_sqlite(database: BaseDatabaseWrapper) -> Iterator[None]:
    folder = Path(str(database.settings_dict["NAME"])).resolve().parent
    is_new = folder not in _folders
    take_folder(folder)
    try:
        yield
    finally:
        if is_new:
            give_folder(folder)


@contextmanager
def _in_postgresql(database: BaseDatabaseWrapper) -> Iterator[None]:
    """By a transaction of a connection beside the pool: PgBouncer lets it keep the server's.

    Who waits asks again and holds nothing: else those who wait could have all that PgBouncer has.
    """
    beside = database.copy()
    beside.settings_dict["OPTIONS"].pop("pool", None)
    try:
        beside.set_autocommit(False)
        if not _is_got(beside):
            _say_that_it_waits()
        while not _is_got(beside):
            beside.rollback()
            time.sleep(ASK_AGAIN_SECONDS)
        yield
    finally:
        beside.close()


def _say_that_it_waits() -> None:
    sys.stderr.write("Another start is being prepared here. This one waits for it.\n")


def _is_got(database: BaseDatabaseWrapper) -> bool:
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [ADVISORY_LOCK])
        return bool(cursor.fetchone()[0])
