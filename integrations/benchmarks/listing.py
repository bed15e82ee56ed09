"""GET /api/integrations: its queries, its plan, its decryptions and its CPU time."""

from unittest import mock

from django.db import connection
from django.test import Client

from integrations import crypto, platforms
from integrations.benchmarks import Measure, cpu, data, get, queries
from integrations.models import ConnectionTest, IntegrationConnection, Workspace

LIST = "/api/integrations"
BARE = "/api/bare"
# 1.4 times on SQLite and 1.3 on PostgreSQL (2026-11-29); the rest is for a busy machine.
MOST_OVER_BARE = 1.6
EXPLAIN = {"sqlite": "EXPLAIN QUERY PLAN ", "postgresql": "EXPLAIN "}
FULL_SCAN = {"sqlite": "SCAN {}", "postgresql": "Seq Scan on {}"}
GROWING = (IntegrationConnection, ConnectionTest)
FEW_ROWS = 5_000  # reading all of so few can be the quicker way, so it says nothing


def measure(client: Client, workspace: Workspace, connections: int, requests: int) -> list[Measure]:
    """Queries with one connection, with every platform's, and beside many of other people."""
    first, *others = platforms.catalogue()
    data.connect(workspace, [first])
    few = len(queries(client, LIST))
    data.connect(workspace, others)
    every = len(queries(client, LIST))
    data.fill(connections)
    asked = queries(client, LIST)
    total = IntegrationConnection.objects.count()
    return [
        Measure(f"{LIST}: queries with 1 connection", few),
        Measure(f"{LIST}: queries with {len(others) + 1} connections", every, limit=few),
        Measure(f"{LIST}: queries beside {total} connections", len(asked), limit=few),
        *scans(asked),
        Measure(f"{LIST}: decryptions", _decryptions(client), limit=0),
        *_cpu(client, requests),
    ]


def scans(asked: list[str]) -> list[Measure]:
    """Nothing when there are too few rows to tell."""
    rows = [model.objects.count() for model in GROWING]
    if min(rows) < FEW_ROWS:
        return []
    return [Measure(f"{LIST}: full scans beside {rows[0]} connections", full_scans(asked), limit=0)]


def full_scans(asked: list[str]) -> int:
    """How many of these read a whole table of those that grow."""
    tables = [model._meta.db_table for model in GROWING]
    patterns = [FULL_SCAN[connection.vendor].format(table) for table in tables]
    plans = [_plan(query) for query in asked if query.startswith("SELECT")]
    return sum(pattern in plan for plan in plans for pattern in patterns)


def _plan(query: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(EXPLAIN[connection.vendor] + query)
        return repr(cursor.fetchall())


def _decryptions(client: Client) -> int:
    with mock.patch.object(crypto, "unseal", wraps=crypto.unseal) as decrypt:
        get(client, LIST)
    return decrypt.call_count


def _cpu(client: Client, requests: int) -> list[Measure]:
    ours, bare = cpu.milliseconds(client, LIST, BARE, requests=requests)
    return [
        Measure(f"{LIST}: CPU time", ours, "ms"),
        Measure("A bare view beside it: CPU time", bare, "ms"),
        Measure(f"{LIST} over the bare view", round(ours / bare, 2), "times", limit=MOST_OVER_BARE),
    ]
