"""The connection to the database: giving it back early, and knowing that there is none."""

from django.db import OperationalError, connection

# SQLSTATE classes: 08 the connection failed, 57P the server was shut down or is starting.
GONE = ("08", "57P")


def release_connection() -> None:
    """Give this thread's connection back, for others to use while this one waits.

    The next query takes one again. Inside a transaction nothing is given back; SQLite's are
    not shared, so there it would only be opened again.
    """
    if connection.vendor == "postgresql" and not connection.in_atomic_block:
        connection.close()


def is_unavailable(error: BaseException) -> bool:
    """Whether the database was not there, or too busy, so that the same may work soon."""
    cause = error.__cause__
    if not isinstance(error, OperationalError) or cause is None:
        return False
    if name := getattr(cause, "sqlite_errorname", None):
        return str(name).startswith("SQLITE_BUSY")
    state = getattr(cause, "sqlstate", None)
    return state is None or state.startswith(GONE)  # none: nobody answered, or the pool is empty
