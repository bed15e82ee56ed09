"""What a new test reads before it begins, in one query and so as of one moment."""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import NamedTuple

from django.conf import settings
from django.db import connection as database
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery

from integrations.compiled import Compiled, Row, columns_of
from integrations.models import ConnectionTest, Credential, IntegrationConnection, Trigger
from integrations.services.proving import pauses
from integrations.services.refusals import NoConnection
from integrations.services.rows import ANY_ID, is_unread, made

RATE_WINDOW = timedelta(minutes=1)
RATED = (Trigger.PAGE, Trigger.API, Trigger.ADMIN, Trigger.SAVE)
# What a test uses of a connection, and of the rows that open its platform.
FACTS = columns_of(
    IntegrationConnection,
    (
        *("id", "workspace_id", "provider", "revision", "is_complete", "auth_method", "config"),
        *("hints", "credential_id", "sign_in_id", "lender_id"),
    ),
)
ANY_WINDOW = tuple(datetime(year, 1, 1, tzinfo=UTC) for year in (2001, 2002, 2003))
SEALED = columns_of(
    Credential,
    (
        *("id", "workspace_id", "method", "family", "provider", "app", "values", "secrets"),
        *("client_id", "obtained_at"),
    ),
)


class Tested(NamedTuple):
    """`full_since` is when the earliest of as many tests began as a minute may have; else None.

    `may_be_paused` says that the platform told of a limit of something that opens it.
    """

    connection: IntegrationConnection
    full_since: datetime | None
    may_be_paused: bool


def read(connection: IntegrationConnection, now: datetime) -> Tested:
    """The connection; an unread one is made if need be.

    It reads what a test does not use when it is used. Raises NoConnection when it was removed.
    """
    window = (now - RATE_WINDOW, now + RATE_WINDOW, now)
    if is_unread(connection):
        where = (connection.workspace_id, connection.provider)
        found = _of_default(settings.TEST_RATE).rows(*window, *where)
        if not found:
            with transaction.atomic():
                made(*where)
            found = _of_default(settings.TEST_RATE).rows(*window, *where)
    else:
        found = _of_one(settings.TEST_RATE).rows(*window, connection.pk)
    if not found:
        raise NoConnection
    return _made(found[0])


@cache
def _of_default(limit: int) -> Compiled:
    return Compiled(
        lambda since, until, now, workspace_id, provider: _facts(
            IntegrationConnection.objects.filter(
                workspace_id=workspace_id, provider=provider, is_default=True
            ),
            _rated(since, until)[limit - 1 : limit],
            now,
        ),
        *ANY_WINDOW,
        -2_000_000_000,
        "?",
    )


@cache
def _of_one(limit: int) -> Compiled:
    return Compiled(
        lambda since, until, now, pk: _facts(
            IntegrationConnection.objects.filter(pk=pk),
            _rated(since, until)[limit - 1 : limit],
            now,
        ),
        *ANY_WINDOW,
        ANY_ID,
    )


def _facts(
    of: QuerySet[IntegrationConnection],
    full_since: QuerySet[ConnectionTest, datetime],
    now: datetime,
) -> QuerySet[IntegrationConnection, Row]:
    credential, sign_in = ([f"{of}__{name}" for name in SEALED] for of in ("credential", "sign_in"))
    facts = of.annotate(
        full_since=Subquery(full_since), may_be_paused=Exists(pauses.of_connection(now))
    )
    return facts.values_list(*FACTS, *credential, *sign_in, "full_since", "may_be_paused")


def _rated(since: datetime, until: datetime) -> QuerySet[ConnectionTest, datetime]:
    """When those began that count, the latest first. Of a clock that was ahead none does."""
    tests = ConnectionTest.objects.filter(connection_id=OuterRef("pk"), trigger__in=RATED)
    within = tests.filter(started_at__gt=since, started_at__lt=until)
    return within.order_by("-started_at").values_list("started_at", flat=True)


def _made(row: Row) -> Tested:
    facts, opens = row[: len(FACTS)], row[len(FACTS) : -2]
    connection = IntegrationConnection.from_db(database.alias, FACTS, facts)
    if connection.credential_id:
        connection.credential = Credential.from_db(database.alias, SEALED, opens[: len(SEALED)])
    if connection.sign_in_id:
        connection.sign_in = Credential.from_db(database.alias, SEALED, opens[len(SEALED) :])
    return Tested(connection, *row[-2:])
