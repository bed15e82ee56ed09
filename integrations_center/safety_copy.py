"""Keeps an SQLite database as it is, in a file beside it, before a migration rewrites secrets.

A migration of the app `integrations` says so with `rewrites_sealed_rows = True` in its class.
"""

import os
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.db.migrations import Migration

FAILED = (
    "The database has to be copied to {} before it is migrated, and that failed. "
    "Make room there, and the folder writable, then start again."
)


def needed_by(due: Iterable[Migration]) -> str | None:
    """The name of the first of these migrations that rewrites sealed rows, or None."""
    marked = (one for one in due if getattr(one, "rewrites_sealed_rows", False))
    return next((one.name for one in marked if one.app_label == "integrations"), None)


def keep(database: Path, migration: str, now: datetime) -> Path | None:
    """The copy, readable for its owner only; None for a database without tables.

    SQLite's own backup takes along what is still in the file beside a database in use.
    Raises ImproperlyConfigured when there is no room, or a file of that name.
    """
    copy = database.with_name(f"before-{migration}-{now:%Y%m%d-%H%M%S}.sqlite3")
    with closing(sqlite3.connect(database)) as source:
        if not source.execute("SELECT 1 FROM sqlite_master WHERE type = 'table'").fetchone():
            return None
        try:
            os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode=0o600))
        except OSError:
            raise ImproperlyConfigured(FAILED.format(copy)) from None
        try:
            with closing(sqlite3.connect(copy)) as target:
                source.backup(target)
        except sqlite3.Error:
            copy.unlink()
            raise ImproperlyConfigured(FAILED.format(copy)) from None
    return copy
