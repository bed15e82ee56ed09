"""Spreading: a plan is carried out, a workspace after the other.

What a workspace gets is one transaction: made if it is new, lent its accounts, its tests started,
and its part ended. Who dies leaves whole workspaces, and whoever goes on does the rest.
"""

import logging
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from integrations import queue
from integrations.models import (
    IntegrationConnection,
    Spread,
    SpreadPart,
    TestRun,
    Trigger,
    Workspace,
)
from integrations.models.tests import LEASE
from integrations.services import rows
from integrations.services.connecting import choosing, lending
from integrations.services.connecting.spread_plans import Plan, Target
from integrations.services.people import members, workspaces
from integrations.services.people.members import Archived, NotAnOwner
from integrations.services.proving import background, runs
from integrations.services.refusals import InvalidChange, NoConnection
from providers.declare import Account

logger = logging.getLogger(__name__)

KEPT = timedelta(days=30)
NOT_OWNED = "This needs an owner of both workspaces. Ask one of them to spread it."
ARCHIVED = "The workspace was archived meanwhile. Bring it back, then try again."
GONE = "The connection was removed meanwhile, so nothing was added."
CHANGED = "The connection was changed meanwhile, so nothing was added. Spread the table anew."
UNFORESEEN = "Something went wrong here, and nothing was added. Try again."


def start(plan: Plan, *, by: User) -> Spread:
    """Keep what is to be done, and have a worker do it; without one it waits for `go_on`."""
    with transaction.atomic():
        spread = keep(plan, trigger=Trigger.PAGE, by=by)
        _have_performed(spread)
    return spread


def keep(plan: Plan, *, trigger: Trigger, by: User | None) -> Spread:
    """Keep what is to be done, for whoever performs it. Nobody is `by` for a command."""
    now = timezone.now()
    refused = [{"line": one.row.number, "sentence": one.sentence} for one in plan.problems]
    with transaction.atomic():
        spread = Spread.objects.create(
            connection=plan.connection,
            revision=plan.connection.revision,
            trigger=trigger,
            started_by=by,
            started_at=now,
            lease_until=now + LEASE,
            finished_at=None if plan.targets else now,
            there=plan.counts["there"],
            refused=refused,
        )
        SpreadPart.objects.bulk_create(_part(spread, target) for target in plan.targets)
    return spread


def _part(spread: Spread, target: Target) -> SpreadPart:
    accounts = [asdict(account) for account in target.accounts]
    return SpreadPart(
        spread=spread,
        workspace=target.row,
        slug=target.slug,
        name=target.name,
        is_new=target.is_new,
        accounts=accounts,
    )


def go_on(spread: Spread) -> bool:
    """Do what was not done, or failed. Whether there was anything, and nobody at work on it."""
    now = timezone.now()
    with transaction.atomic():
        locked = Spread.objects.select_for_update().get(pk=spread.pk)
        if locked.is_leased(now):
            return False
        locked.parts.exclude(problem="").update(problem="", ended_at=None)
        if not locked.parts.filter(ended_at=None).exists():
            return False
        Spread.objects.filter(pk=spread.pk).update(finished_at=None, lease_until=now + LEASE)
        _have_performed(spread)
    return True


def _have_performed(spread: Spread) -> None:
    if queue.has_worker():
        queue.enqueue("connecting.spread", spread.pk)
    else:  # nobody is at work on it
        Spread.objects.filter(pk=spread.pk).update(lease_until=timezone.now())


def perform(spread_id: int) -> Iterator[SpreadPart]:
    """Do what is left of it, each part as it has ended. Any number may do so at once."""
    spread = Spread.objects.select_related("connection__workspace", "started_by")
    if (found := spread.filter(pk=spread_id).first()) is None:
        return
    for part_id in found.parts.filter(ended_at=None).values_list("pk", flat=True):
        if part := _ended(found, part_id):
            yield part
    if not found.parts.filter(ended_at=None).exists():
        Spread.objects.filter(pk=spread_id, finished_at=None).update(finished_at=timezone.now())


def _ended(spread: Spread, part_id: int) -> SpreadPart | None:
    """The part, done or with what went wrong; None where somebody else did it."""
    try:
        return _done(spread, part_id)
    except InvalidChange as invalid:
        problem = " ".join(sentence for each in invalid.errors.values() for sentence in each)
    except NotAnOwner:
        problem = NOT_OWNED
    except Archived:
        problem = ARCHIVED
    except NoConnection:
        problem = GONE
    except Exception as error:  # noqa: BLE001 - one workspace spoils no other
        # Without its text, which may hold data.
        logger.error("A part of a spread ended with %s", type(error).__name__)
        problem = UNFORESEEN
    mine = SpreadPart.objects.filter(pk=part_id, ended_at=None)
    mine.update(problem=problem, ended_at=timezone.now())
    return SpreadPart.objects.filter(pk=part_id).first()


def _done(spread: Spread, part_id: int) -> SpreadPart | None:
    with transaction.atomic():
        waiting = SpreadPart.objects.select_for_update().filter(pk=part_id, ended_at=None)
        if (part := waiting.first()) is None:
            return None
        by = spread.started_by
        connection = rows.find_by_id(spread.connection.workspace, spread.connection_id)
        if connection.revision != spread.revision:
            raise InvalidChange({choosing.ACCOUNTS: [CHANGED]})
        part.workspace = _place(part, connection.workspace, by=by)
        added = _added(connection, part, part.workspace, by=by)
        part.added, part.ended_at = len(added), timezone.now()
        part.run = _started(spread, part.workspace, added, by=by) if added else None
        part.save()
        Spread.objects.filter(pk=spread.pk).update(lease_until=part.ended_at + LEASE)
    return part


def _place(part: SpreadPart, lender: Workspace, *, by: User | None) -> Workspace:
    """The part's workspace: made, unless somebody made the same one meanwhile."""
    if part.workspace:
        return part.workspace
    if not workspaces.may_make(by):
        raise NotAnOwner
    owners = [by] if by else [one.user for one in members.owners(lender)]
    same = Workspace.objects.filter(slug=part.slug, name=part.name)
    if found := same.first():
        return found
    try:
        return workspaces.make_for(owners, part.name, part.slug, by=by)
    except InvalidChange:
        if found := same.first():
            return found
        raise


def _added(
    connection: IntegrationConnection, part: SpreadPart, to: Workspace, *, by: User | None
) -> list[IntegrationConnection]:
    """What is new there; in the lender's own workspace it is lent by nobody."""
    accounts = [Account(**one) for one in part.accounts]
    if to.pk != connection.workspace_id:
        return lending.lend_accounts(connection, to, accounts, by=by)
    with members.changing(to, by=by):
        return choosing.added_for(connection, accounts, by=by)


def _started(
    spread: Spread, to: Workspace, added: list[IntegrationConnection], *, by: User | None
) -> TestRun:
    """The tests of what was added: a command performs them itself, once they are committed."""
    trigger = Trigger(spread.trigger)
    start_them = runs.start_chosen if trigger == Trigger.COMMAND else background.start_chosen
    return start_them(to, added, trigger=trigger, by=by)


def find(workspace: Workspace, spread_id: int) -> Spread | None:
    """One that lends from this workspace, with its parts."""
    found = Spread.objects.filter(connection__workspace=workspace, pk=spread_id)
    every = found.select_related("connection", "started_by")
    return every.prefetch_related("parts__workspace", "parts__run__items__test").first()


def latest(connection: IntegrationConnection) -> Spread | None:
    """The last one that is left unfinished."""
    return Spread.objects.filter(connection=connection, finished_at=None).first()


def forget_old(now: datetime) -> None:
    Spread.objects.filter(started_at__lt=now - KEPT).delete()
