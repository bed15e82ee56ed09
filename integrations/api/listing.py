"""The list of all integrations, made anew only when something in it has changed.

It is asked for often and changes seldom. Each request reads the rows; while they are those of
last time, so is the list, until a moment comes at which time alone turns something in it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db.models import Model
from django.utils import timezone

from integrations import platforms
from integrations.api import presentation
from integrations.api.prepared import Prepared, Row
from integrations.api.presentation import Json
from integrations.models import ConnectionTest, IntegrationConnection, Status, Workspace

MOST_KEPT = 100
NEVER = datetime.max.replace(tzinfo=UTC)


def _columns(model: type[Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields if field.name != "credentials"]


CONNECTION = _columns(IntegrationConnection)
TEST = _columns(ConnectionTest)
ROWS = Prepared(
    lambda workspace: IntegrationConnection.objects.filter(
        workspace=workspace, name=""
    ).values_list(*CONNECTION, *(f"last_test__{column}" for column in TEST))
)


@dataclass(frozen=True)
class Kept:
    """A list, what it was made from, and the time for which it holds."""

    made_from: tuple[Any, ...]
    made_at: datetime
    until: datetime
    integrations: list[Json]


_kept: dict[int, Kept] = {}


def integrations(workspace: Workspace) -> list[Json]:
    """Every platform with its connection, in catalogue order; one query, nothing decrypted."""
    now = timezone.now()
    rows = ROWS.rows(workspace.pk)
    made_from = (rows, settings.CREDENTIAL_KEYS, platforms.catalogue())
    kept = _kept.get(workspace.pk)
    if not kept or kept.made_from != made_from or not kept.made_at <= now < kept.until:
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        kept = _kept[workspace.pk] = _made(workspace, made_from, now)
    return kept.integrations


def _made(workspace: Workspace, made_from: tuple[Any, ...], now: datetime) -> Kept:
    saved = {
        connection.provider: connection
        for connection in map(_connection, ROWS.converted(made_from[0]))
    }
    every = [
        saved.get(slug)
        or IntegrationConnection(workspace=workspace, provider=slug, status=Status.NOT_CONNECTED)
        for slug in platforms.catalogue()
    ]
    turns = (turn for connection in every for turn in connection.turns() if turn >= now)
    return Kept(
        made_from,
        now,
        min(turns, default=NEVER),
        [presentation.integration(connection, now) for connection in every],
    )


def _connection(row: Row) -> IntegrationConnection:
    facts, test = row[: len(CONNECTION)], row[len(CONNECTION) :]
    connection = IntegrationConnection(**dict(zip(CONNECTION, facts, strict=True)))
    if connection.last_test_id:
        connection.last_test = ConnectionTest(**dict(zip(TEST, test, strict=True)))
    return connection
