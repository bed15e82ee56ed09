"""What a new test reads before it begins, in one query and so as of one moment."""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import NamedTuple

from django.conf import settings
from django.db import connection as database
from django.db.models import OuterRef, QuerySet, Subquery

from integrations.compiled import Compiled, Row, columns_of
from integrations.models import ConnectionTest, Credential, IntegrationConnection, Trigger

RATE_WINDOW = timedelta(minutes=1)
RATED = (Trigger.PAGE, Trigger.API, Trigger.ADMIN, Trigger.SAVE)
# What a test uses of a connection, and of the rows that open its platform.
FACTS = columns_of(
    IntegrationConnection,
    (
        *("id", "workspace_id", "provider", "revision", "is_complete", "auth_method", "config"),
        *("hints", "credential_id", "sign_in_id"),
    ),
)
SEALED = columns_of(
    Credential, ("id", "workspace_id", "method", "family", "provider", "app", "values", "secrets")
)


class Tested(NamedTuple):
    """`full_since` is when the earliest of as many tests began as a minute may have; else None."""

    connection: IntegrationConnection
    full_since: datetime | None


def read(workspace_id: int, provider: str, now: datetime) -> Tested:
    """The connection, made if need be. It reads what a test does not use when it is used."""
    query = _query(settings.TEST_RATE)
    values = (now - RATE_WINDOW, now + RATE_WINDOW, workspace_id, provider)
    found = query.rows(*values)
    if not found:
        IntegrationConnection.objects.get_or_create(
            workspace_id=workspace_id, provider=provider, name=""
        )
        found = query.rows(*values)
    return _made(found[0])


@cache
def _query(limit: int) -> Compiled:
    credential, sign_in = ([f"{of}__{name}" for name in SEALED] for of in ("credential", "sign_in"))
    return Compiled(
        lambda since, until, workspace_id, provider: (
            IntegrationConnection.objects.filter(
                workspace_id=workspace_id, provider=provider, name=""
            )
            .annotate(full_since=Subquery(_rated(since, until)[limit - 1 : limit]))
            .values_list(*FACTS, *credential, *sign_in, "full_since")
        ),
        datetime(2001, 1, 1, tzinfo=UTC),
        datetime(2002, 1, 1, tzinfo=UTC),
        -2_000_000_000,
        "?",
    )


def _rated(since: datetime, until: datetime) -> QuerySet[ConnectionTest, datetime]:
    """When those began that count, the latest first. Of a clock that was ahead none does."""
    tests = ConnectionTest.objects.filter(connection_id=OuterRef("pk"), trigger__in=RATED)
    within = tests.filter(started_at__gt=since, started_at__lt=until)
    return within.order_by("-started_at").values_list("started_at", flat=True)


def _made(row: Row) -> Tested:
    facts, opens = row[: len(FACTS)], row[len(FACTS) : -1]
    connection = IntegrationConnection.from_db(database.alias, FACTS, facts)
    if connection.credential_id:
        connection.credential = Credential.from_db(database.alias, SEALED, opens[: len(SEALED)])
    if connection.sign_in_id:
        connection.sign_in = Credential.from_db(database.alias, SEALED, opens[len(SEALED) :])
    return Tested(connection, row[-1])
