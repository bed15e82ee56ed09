"""An agency's Meta on loopback: a token that reaches 312 accounts, used for one of them."""

from typing import Any

from integrations.models import IntegrationConnection, Workspace
from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes

VALUES = {"access_token": "EAAagency", "account_id": "act_1001", "pixel_id": "2001"}


def connect(workspace: Workspace, **more: Any) -> IntegrationConnection:
    """With other values where they are named."""
    return saving.change_connection(
        rows.unread(workspace, "meta"), Changes(config=VALUES | more), by=None
    ).connection
