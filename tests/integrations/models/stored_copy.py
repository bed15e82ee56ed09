"""The stored copy of a database made before secrets had a table of their own, in a scratch one.

`tests/data/before_credentials.*` hold the same rows for SQLite and PostgreSQL, and in plain what
they held when they were made. Every value in them is made up.
"""

import base64
import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from psycopg import sql

from integrations.services.credentials import sealing
from tests.integrations.models import contents

ROOT = Path(__file__).parents[3]
DATA = ROOT / "tests" / "data"
START = (
    "import django; django.setup(); "
    "from tests.integrations.models import stored_copy; stored_copy.obey()"
)


def _key(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).decode()


NEWEST_KEY = _key(b"fixture-key-newest-never-in-use!")
OLDER_KEY = _key(b"fixture-key-older-never-in-use!!")
LOST_KEY = _key(b"fixture-key-lost-never-in-use!!!")
KNOWN_KEYS = [NEWEST_KEY, OLDER_KEY]
ALL_KEYS = [*KNOWN_KEYS, LOST_KEY]

Contents = dict[str, dict[str, Any]]


def held() -> Contents:
    """What the copy held when it was made, told by the code that made it with ALL_KEYS."""
    return {kind: rows for kind, rows in _stored().items() if isinstance(rows, dict)}


def _stored() -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(
        gzip.decompress((DATA / "before_credentials.json.gz").read_bytes())
    )
    return stored


@contextmanager
def restored(folder: Path) -> Iterator[str]:
    """A database with the stored rows, not migrated yet, as a DATABASE_URL; gone on exit.

    It is of the kind that the tests run on.
    """
    if connection.vendor == "sqlite":
        file = folder / "before.sqlite3"
        file.write_bytes(gzip.decompress((DATA / "before_credentials.sqlite3.gz").read_bytes()))
        yield f"sqlite:///{file}"
    else:
        with _postgresql(f"before_credentials_{os.getpid()}") as url:
            rows = gzip.decompress((DATA / "before_credentials.postgresql.sql.gz").read_bytes())
            with psycopg.connect(url) as database:
                database.execute(rows)
            yield url


@contextmanager
def _postgresql(name: str) -> Iterator[str]:
    beside = urlsplit(os.environ["DATABASE_URL"])
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    create = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
    with psycopg.connect(beside._replace(path="/postgres").geturl(), autocommit=True) as server:
        server.execute(drop)
        server.execute(create)
        try:
            yield beside._replace(path=f"/{name}").geturl()
        finally:
            server.execute(drop)


def migrate(database: str) -> None:
    """Bring it to the present version, with the keys that are known."""
    _ask(database, {"migrates": True, "keys": KNOWN_KEYS})


def read(database: str, keys: list[str] | None = None) -> Contents:
    """What it holds by `contents.read`, in a process that has these keys, KNOWN_KEYS as a rule."""
    stored = _stored()
    order = {"keys": keys or KNOWN_KEYS, "at": stored["made_at"], "tokens": [*stored["opened"]]}
    answer: Contents = _ask(database, order)
    return answer


def _ask(database: str, order: dict[str, Any]) -> Any:
    """The answer of a process of its own, which has this database and no other."""
    process = subprocess.run(
        [sys.executable, "-c", START],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": database},
        input=json.dumps(order),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=120,
    )
    return json.loads(process.stdout)


# --- In the other process ------------------------------------------------------------------------


def obey() -> None:
    """Do what the order on standard input says, and write the answer in JSON."""
    order = json.load(sys.stdin)
    settings.CREDENTIAL_KEYS = order["keys"]
    answer = None
    if order.get("migrates"):
        call_command("migrate", interactive=False, verbosity=0)
    else:
        with transaction.atomic():
            sealing.adopt_old()  # as every start does
            answer = contents.read(datetime.fromisoformat(order["at"]), order["tokens"])
            transaction.set_rollback(True)
    json.dump(answer, sys.stdout, default=str)
