"""Django's settings of the database: where it is, and how its connections are used.

PostgreSQL's connections are pooled. A thread holds one from its first query to the end of its
request, so a process needs far fewer than it has threads. DATABASE_CONNECTIONS are what the
processes of one machine hold together; each kind of process has a share.
"""

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from integrations_center import env

SQLITE = "integrations_center.sqlite"
POSTGRESQL = "django.db.backends.postgresql"
BASE_DIR = Path(__file__).resolve().parent.parent
EXAMPLES = (
    "Examples: postgres://user:password@127.0.0.1:5432/integrations, "
    "sqlite:////var/lib/integrations/db.sqlite3."
)
PARTS = {
    "NAME": "dbname",
    "USER": "user",
    "PASSWORD": "password",
    "HOST": "host",
    "PORT": "port",
}
SQLITE_WAIT_SECONDS = 20
CONNECTIONS = 40
FEWEST_CONNECTIONS = 10
WAIT_SECONDS = 4.0  # for a connection that is free; then the answer is 503


def configured(name: str, default_file: str, connections: int = CONNECTIONS) -> dict[str, Any]:
    """Django's settings of the database that the setting `name` tells, or of that file."""
    config = _read(name) if env.text(name) else {"ENGINE": SQLITE, "NAME": default_file}
    kind = _sqlite() if config["ENGINE"] == SQLITE else _postgresql(connections)
    return kind | config | {"OPTIONS": kind["OPTIONS"] | config.get("OPTIONS", {})}


def _read(name: str) -> dict[str, Any]:
    url = env.text(name)
    if url.startswith("sqlite:"):
        return _read_sqlite(name, url)
    if url.startswith(("postgres:", "postgresql:")):
        return _read_postgresql(name, url)
    raise ImproperlyConfigured(f"{name} must start with sqlite:/// or postgres://. {EXAMPLES}")


def _read_sqlite(name: str, url: str) -> dict[str, Any]:
    """A path behind sqlite:/// begins in the project's folder, wherever the start was."""
    path = unquote(url.removeprefix("sqlite:///"))
    if path == url or path in {"", "/", ":memory:"} or path.endswith("/") or re.search("[?#]", url):
        raise ImproperlyConfigured(f"{name} must start with sqlite:/// and name a file. {EXAMPLES}")
    return {"ENGINE": SQLITE, "NAME": str(BASE_DIR / path)}


def _read_postgresql(name: str, url: str) -> dict[str, Any]:
    """As PostgreSQL itself reads it: hosts, sockets, IPv6, what the driver is asked for."""
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        found: dict[str, Any] = dict(conninfo_to_dict(url))
    except ProgrammingError:  # it repeats the address
        found = {}
    main = {setting: found.pop(part, "") for setting, part in PARTS.items()}
    # An @ or / in a password that is not encoded ends up in one of these.
    torn = re.search(r"[@\s]", main["HOST"]) or re.search("[@/]", main["NAME"])
    ports = [port for port in main["PORT"].split(",") if port]
    if not main["NAME"] or torn or not all(map(_is_port, ports)):
        raise ImproperlyConfigured(
            f"{name} must start with postgres:// and name a database, as PostgreSQL takes it. "
            f"{EXAMPLES} {env.PERCENT_ENCODE}"
        )
    return {"ENGINE": POSTGRESQL, **main, "OPTIONS": found}


def _is_port(text: str) -> bool:
    return bool(re.fullmatch("[0-9]{1,5}", text)) and 0 < int(text) < 65536


def connections(name: str) -> int:
    """How many all processes of one machine may hold together."""
    return env.positive_number(name, CONNECTIONS, least=FEWEST_CONNECTIONS)


def _sqlite() -> dict[str, Any]:
    return {
        # To open the file costs as much as a request; to close it as the last one writes all back.
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": SQLITE_WAIT_SECONDS,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
            ),
        },
    }


def _postgresql(connections: int) -> dict[str, Any]:
    """Fit for PgBouncer in transaction mode too, which knows no cursor that outlives one."""
    from integrations_center.pool import check  # its driver takes 0.1 s to load

    return {
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": {
            "connect_timeout": 3,
            "tcp_user_timeout": 20_000,  # ms: from a machine that vanished nothing ever comes
            "prepare_threshold": None,  # PgBouncer before 1.21 mixes up prepared statements
            "pool": {
                "min_size": 0,
                "max_size": share_of_commands(connections),
                "timeout": WAIT_SECONDS,
                # No longer than anybody waits: until it gives up, nobody else tries.
                "reconnect_timeout": WAIT_SECONDS,
                "num_workers": 1,
                "check": check,
            },
        },
    }


def share_of_commands(connections: int) -> int:
    """A command is there for a while only: together they get a tenth."""
    return connections // 10


def share_of_worker(connections: int) -> int:
    """The process that does the work nobody waits for."""
    return connections * 3 // 10


def share_of_web(connections: int, processes: int) -> int:
    """What is left, for each of so many processes that answer requests."""
    left = connections - share_of_commands(connections) - share_of_worker(connections)
    return max(1, left // processes)


def take(share: int) -> None:
    """From now on this process holds so many connections at most. Before its first query."""
    if pool := settings.DATABASES["default"]["OPTIONS"].get("pool"):
        pool["max_size"] = share
