"""Connections' rows: found to be read, or locked to be written."""

from integrations import platforms
from integrations.models import IntegrationConnection, Status, Workspace


def find(workspace: Workspace, provider: str) -> IntegrationConnection:
    """The connection, or an unsaved empty one: a card needs no row."""
    found = (
        IntegrationConnection.objects.select_related(
            "last_test", "edited_by", "credential", "sign_in"
        )
        .filter(workspace=workspace, provider=provider, name="")
        .first()
    )
    return found or IntegrationConnection(
        workspace=workspace, provider=provider, status=Status.NOT_CONNECTED
    )


def catalogue(workspace: Workspace) -> list[IntegrationConnection]:
    """Every platform's connection in catalogue order, saved or empty; one query."""
    rows = IntegrationConnection.objects.filter(workspace=workspace, name="").select_related(
        "last_test", "sign_in"
    )
    saved = {row.provider: row for row in rows}
    return [
        saved.get(slug)
        or IntegrationConnection(workspace=workspace, provider=slug, status=Status.NOT_CONNECTED)
        for slug in platforms.catalogue()
    ]


def lock(workspace_id: int, provider: str) -> IntegrationConnection:
    """The connection's row, made if need be, locked until the transaction ends."""
    locked, _ = IntegrationConnection.objects.select_for_update().get_or_create(
        workspace_id=workspace_id, provider=provider, name=""
    )
    return locked
