"""Sharing: several connections that one credential lets in, and what becomes of them with it."""

from collections.abc import Iterable
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.utils.text import get_text_list

from integrations import queue
from integrations.models import IntegrationConnection, Trigger, Workspace, naming

ELSEWHERE = "a connection of another workspace"
ALL_ELSEWHERE = "{} connections of other workspaces"


def sharers(
    connection: IntegrationConnection, credential_id: UUID | None = None
) -> QuerySet[IntegrationConnection]:
    """The others that what lets it in, or that credential, lets in."""
    used = credential_id or connection.opened_by_id
    others = IntegrationConnection.objects.exclude(pk=connection.pk)
    return others.filter(Q(sign_in=used) | Q(credential=used)) if used else others.none()


def named(found: QuerySet[IntegrationConnection], workspace_id: int) -> str:
    """ "North, South and 3 more": those of other workspaces are counted alone; "" for none."""
    in_order = found.filter(workspace=workspace_id).order_by("created_at", "slug")
    here = [one.title for one in in_order[: naming.MOST_NAMED]]
    if (total := found.count()) and not here:
        return ELSEWHERE if total == 1 else ALL_ELSEWHERE.format(total)
    return get_text_list(naming.few(here, total), "and")


def test_soon(connections: Iterable[IntegrationConnection], *, by: User | None) -> None:
    """Have a worker prove them: what lets them in is another now. Part of a transaction.

    Without a worker they say that they are not proven yet. In an archived workspace nothing works.
    """
    every = [one for one in connections if one.is_complete and one.is_enabled]
    if not every or not queue.has_worker():
        return
    places = Workspace.objects.filter(pk__in={one.workspace_id for one in every})
    in_use = set(places.filter(archived_at=None).values_list("pk", flat=True))
    for one in every:
        if one.workspace_id in in_use:
            user_id = by.pk if by and not one.is_lent else 0
            queue.enqueue("proving.run_test_when_free", str(one.pk), Trigger.SAVE, user_id)
