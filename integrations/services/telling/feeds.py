"""Feeds: who has the address of one reads what it shows, and nothing else."""

import secrets
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import QuerySet

from integrations import crypto
from integrations.models import Feed, FeedKind, IntegrationConnection, Workspace
from integrations.services.people import members

TOKEN_BYTES = 24
MOST = 100  # of a workspace


class TooManyFeeds(Exception):
    """A workspace has as many as it may have."""


def of(workspace: Workspace) -> QuerySet[Feed]:
    return workspace.feeds.select_related("connection", "made_by")


def make(
    workspace: Workspace,
    kind: FeedKind,
    *,
    connection: IntegrationConnection | None = None,
    by: User,
) -> tuple[Feed, str]:
    """A feed, and its token, which is not stored. Raises TooManyFeeds, NotAnOwner, Archived."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with members.changing(workspace, by=by):
        if workspace.feeds.count() >= MOST:
            raise TooManyFeeds
        feed = Feed.objects.create(
            workspace=workspace,
            kind=kind,
            connection=connection,
            digest=crypto.digest(token),
            made_by=by,
        )
    return feed, token


def found(token: str, kind: FeedKind) -> Feed | None:
    """What the token reads; None for an unknown one, and while its workspace is archived."""
    feeds = Feed.objects.select_related("workspace", "connection")
    return feeds.filter(digest=crypto.digest(token), kind=kind, workspace__archived_at=None).first()


def end(workspace: Workspace, feed_id: UUID, *, by: User) -> None:
    """From now on its address shows nothing. Raises NotAnOwner, Archived."""
    with members.changing(workspace, by=by):
        workspace.feeds.filter(pk=feed_id).delete()
