"""Connections' rows: found to be read, or locked to be written."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import connection as database
from django.db.models import Model, prefetch_related_objects
from django.utils import timezone

from integrations import platforms
from integrations.compiled import Compiled, CompiledRows, Row, columns_of, update
from integrations.models import (
    ConnectionTest,
    Credential,
    IntegrationConnection,
    Status,
    Workspace,
)

ANY_ID = UUID(int=1)
State = dict[str, Any]

CONNECTION, LAST_TEST = columns_of(IntegrationConnection), columns_of(ConnectionTest)
CARDS = Compiled(
    lambda workspace_id: IntegrationConnection.objects.filter(
        workspace_id=workspace_id, name=""
    ).values_list(*CONNECTION, *(f"last_test__{name}" for name in LAST_TEST)),
    -2_000_000_000,
)
LOCKED = CompiledRows(
    IntegrationConnection,
    lambda every, workspace_id, provider: every.select_for_update().filter(
        workspace_id=workspace_id, provider=provider, name=""
    ),
    -2_000_000_000,
    "?",
)
CREDENTIAL = CompiledRows(Credential, lambda every, pk: every.filter(pk=pk), ANY_ID)
TEST = CompiledRows(ConnectionTest, lambda every, pk: every.filter(pk=pk), -2_000_000_000)


def find(workspace: Workspace, provider: str) -> IntegrationConnection:
    """The connection, or an unsaved empty one: a card needs no row."""
    found = (
        IntegrationConnection.objects.select_related(
            "last_test", "edited_by", "credential", "sign_in"
        )
        .filter(workspace=workspace, provider=provider, name="")
        .first()
    )
    return found or unread(workspace, provider)


def unread(workspace: Workspace, provider: str) -> IntegrationConnection:
    """The connection by name alone: an empty one, for whoever locks the row and reads it then."""
    return IntegrationConnection(
        workspace=workspace, provider=provider, status=Status.NOT_CONNECTED
    )


def catalogue(workspace: Workspace) -> list[IntegrationConnection]:
    """Every platform's connection with its last test, in catalogue order; one query."""
    saved = {row.provider: row for row in map(_with_test, CARDS.rows(workspace.pk))}
    return [saved.get(slug) or unread(workspace, slug) for slug in platforms.catalogue()]


def _with_test(row: Row) -> IntegrationConnection:
    facts, of_test = row[: len(CONNECTION)], row[len(CONNECTION) :]
    connection = IntegrationConnection.from_db(database.alias, CONNECTION, facts)
    if connection.last_test_id:
        connection.last_test = ConnectionTest.from_db(database.alias, LAST_TEST, of_test)
    return connection


def read_for_cards(connections: Collection[IntegrationConnection]) -> None:
    """What a page shows beside: their sign-ins, and who reported; a query each where any are."""
    prefetch_related_objects([one for one in connections if one.sign_in_id], "sign_in")
    prefetch_related_objects([one for one in connections if one.reported_by_id], "reported_by")


def lock(workspace_id: int, provider: str) -> IntegrationConnection:
    """The connection's row, made if need be, locked until the transaction ends.

    What it points at is read after that: in one query it could be as it was before the lock.
    """
    locked = LOCKED.first(workspace_id, provider)
    if locked is None:
        locked, _ = IntegrationConnection.objects.select_for_update().get_or_create(
            workspace_id=workspace_id, provider=provider, name=""
        )
    if locked.credential_id:
        locked.credential = CREDENTIAL.first(locked.credential_id)
    if locked.sign_in_id:
        locked.sign_in = CREDENTIAL.first(locked.sign_in_id)
    return locked


def read_last_test(connection: IntegrationConnection) -> None:
    """For whoever shows it: quicker than when it is first used."""
    if connection.last_test_id:
        connection.last_test = TEST.first(connection.last_test_id)


def state(row: Model) -> State:
    """The columns of a row that were read, to find later what has changed."""
    return {
        field.attname: row.__dict__[field.attname]
        for field in row._meta.concrete_fields
        if field.attname in row.__dict__
    }


def changed(row: Model, before: State) -> State:
    """Those columns that are no longer as in that `state`."""
    now = state(row)
    return {name: value for name, value in now.items() if value != before.get(name)}


def save_changes(connection: IntegrationConnection, before: State) -> None:
    """Write those columns alone, and when that was; its status is then as the database says."""
    connection.updated_at = timezone.now()
    values = changed(connection, before) | {"updated_at": connection.updated_at}
    written = update(IntegrationConnection, values, returning="status", id=connection.pk)
    if written is None:
        raise IntegrationConnection.NotUpdated
    (connection.status,) = written
