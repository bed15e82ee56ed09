"""Lending: what lets in a connection of one workspace lets in connections of others.

It stays the lender's: only there it is renewed, replaced or ended, and its accounts are listed. A
connection that is let in by it says so in its `lender`; its tests and its proof are its own.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from integrations.models import IntegrationConnection, TestRun, Trigger, Workspace
from integrations.services import rows
from integrations.services.connecting import choosing, saving
from integrations.services.people import members
from integrations.services.people.members import Archived, NotAnOwner
from integrations.services.proving import background
from integrations.services.refusals import InvalidChange, NoConnection
from providers.declare import Account

NOT_YOURS = "This is lent to this workspace itself, so only its lender lends it to others."
ITSELF = "Choose another workspace than its own."
NOTHING = "Nothing lets this connection in yet. Connect it first, then lend it."


def lend(
    connection: IntegrationConnection,
    to: Workspace,
    account_ids: Sequence[str],
    *,
    by: User | None,
    trigger: Trigger = Trigger.PAGE,
) -> TestRun:
    """A connection in that workspace for each of these accounts; a run there then tests them.

    Without any it is for the account of this one. What is connected there already stays as it is.
    Nobody is `by` for a command. Raises InvalidChange, NotAnOwner of both workspaces, Archived,
    NoConnection, and what `discovery.accounts` does.
    """
    accounts = choosing.offered(connection, account_ids) if account_ids else None
    with transaction.atomic():
        lent = lend_accounts(connection, to, accounts, by=by)
        return background.start_chosen(to, lent, trigger=trigger, by=by)


def lend_accounts(
    connection: IntegrationConnection,
    to: Workspace,
    accounts: Sequence[Account] | None,
    *,
    by: User | None,
) -> list[IntegrationConnection]:
    """`lend`, untested, for accounts that were just found reachable: the new connections.

    Without `accounts` it is for its own. Part of a transaction. Raises InvalidChange, NotAnOwner,
    Archived and NoConnection.
    """
    if connection.is_lent:
        raise InvalidChange({choosing.ACCOUNTS: [NOT_YOURS]})
    if to.pk == connection.workspace_id:
        raise InvalidChange({"workspace": [ITSELF]})
    _hold(connection.workspace, to, by=by)
    if connection.opened_by_id is None:
        raise InvalidChange({choosing.ACCOUNTS: [NOTHING]})
    return choosing.added_for(connection, accounts, by=by, into=to)


def _hold(lender: Workspace, to: Workspace, *, by: User | None) -> None:
    """Both rows, always in the same order. Raises NotAnOwner, Archived."""
    both = Workspace.objects.filter(pk__in=(lender.pk, to.pk)).order_by("pk")
    for workspace in both.select_for_update(no_key=True):
        if by is not None and not members.owns(by, workspace):
            raise NotAnOwner
        if workspace.archived_at:
            raise Archived


def lent_by(workspace: Workspace) -> QuerySet[IntegrationConnection]:
    """The connections elsewhere that its credentials let in, with their workspaces."""
    lent = IntegrationConnection.objects.filter(lender=workspace)
    return lent.select_related("workspace").order_by("workspace__name", "provider", "created_at")


def lent_with(connection: IntegrationConnection) -> QuerySet[IntegrationConnection]:
    """Those of `lent_by` that what lets in this connection lets in."""
    mine = lent_by(connection.workspace)
    used = connection.opened_by_id
    return (mine.filter(sign_in=used) | mine.filter(credential=used)) if used else mine.none()


def left_without(taken: Collection[IntegrationConnection]) -> set[int]:
    """The workspaces where others of their platform stay connected without these."""
    providers = {one.provider for one in taken}
    places = {one.workspace_id for one in taken}
    there = IntegrationConnection.objects.filter(
        workspace__in=places, provider__in=providers, is_complete=True, is_enabled=True
    )
    return {*there.exclude(pk__in=[one.pk for one in taken]).values_list("workspace", flat=True)}


def source_of(lent: IntegrationConnection) -> IntegrationConnection | None:
    """A connection of the lender that is let in by the same, to which one goes back."""
    used = lent.opened_by_id
    mine = IntegrationConnection.objects.filter(workspace=lent.lender, provider=lent.provider)
    found = mine.filter(sign_in=used) | mine.filter(credential=used)
    return found.order_by("-is_default", "created_at").first() if used and lent.lender_id else None


def take_back(
    lender: Workspace, connection_ids: Collection[UUID], *, by: User | None
) -> list[IntegrationConnection]:
    """Disconnect these of what `lent_by` has; which person it was is known to the lender alone.

    What was removed there meanwhile is in nobody's way. Names and history stay where they are.
    Harmless to repeat. Raises NotAnOwner.
    """
    if by is not None and not members.owns(by, lender):
        raise NotAnOwner
    taken = []
    for one in lent_by(lender).filter(pk__in=connection_ids):
        with suppress(NoConnection), transaction.atomic():
            still, _ = rows.lock_together(one, sharing=True)
            if still.lender_id == lender.pk:
                saving.disconnect(still, by=None, taken_back_by=lender)
                taken.append(one)
    return taken
