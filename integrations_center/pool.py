"""What the pool of PostgreSQL connections asks before it lends one."""

import select
from typing import Any

import psycopg
from psycopg_pool import ConnectionPool


def check(connection: "psycopg.Connection[Any]") -> None:
    """Raise when the server has ended this connection.

    A server that goes says so, and bytes that nobody asked for wait to be read: looking for
    them costs far less than asking the server. When one connection is ended all are. The pool
    would find that out one by one, waiting twice as long after each.
    """
    waiting = select.poll()
    waiting.register(connection.pgconn.socket, select.POLLIN)
    if not waiting.poll(0):
        return
    try:
        ConnectionPool.check_connection(connection)
    except psycopg.Error:
        pool = connection._pool  # noqa: SLF001 - nothing else leads there
        if isinstance(pool, ConnectionPool):
            pool.drain()
        raise
