"""Spreading: a plan is carried out, a workspace after the other.

What a workspace gets is one transaction: made if it is new, lent its accounts, its tests started,
and its part ended. Who dies leaves whole workspaces, and whoever goes on does the rest.
"""

import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import OperationalError, transaction
from django.db.models import QuerySet

from integrations import clock, queue
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
from integrations.services.connecting.spread_plans import NOBODYS, Plan, Target
from integrations.services.people import members, workspaces
from integrations.services.people.members import Archived, NotAnOwner
from integrations.services.proving import background, runs
from integrations.services.refusals import InvalidChange, NoConnection
from providers.declare import Account

logger = logging.getLogger(__name__)

KEPT = timedelta(days=30)
TRIES = 3
NOT_OWNED = "This needs an owner of both workspaces. Ask one of them to spread it."
ARCHIVED = "The workspace was archived meanwhile. Bring it back, then try again."
GONE = "The connection was removed meanwhile, so nothing was added."
CHANGED = "The connection was changed meanwhile, so nothing was added. Spread the table anew."
UNFORESEEN = "Something went wrong here, and nothing was added. Try again."


class DoneMeanwhile(Exception):
    """Somebody else did the part, or it is gone with its spread."""


def start(plan: Plan, *, by: User) -> Spread:
    """Keep what is to be done, and have a worker do it; without one it waits for `go_on`."""
    with transaction.atomic():
        spread = keep(plan, trigger=Trigger.PAGE, by=by)
        _have_performed(spread)
    return spread


def keep(plan: Plan, *, trigger: Trigger, by: User | None) -> Spread:
    """Keep what is to be done, for whoever performs it. Nobody is `by` for a command."""
    now = clock.now()
    refused = [{"line": one.row.number, "sentence": one.sentence} for one in plan.problems]
    with transaction.atomic():
        spread = Spread.objects.create(
            workspace=plan.connection.workspace,
            provider=plan.connection.provider,
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


def may_go_on(spread: Spread, by: User) -> bool:
    """All of it is done by the right of whoever started it: a command has every right."""
    return by.is_superuser or spread.started_by_id == by.pk


def is_performed(spread: Spread, now: datetime) -> bool:
    """Whether somebody carries it out, or a worker that is busy has been told to."""
    is_told = spread.finished_at is None and spread.trigger != Trigger.COMMAND
    return spread.is_leased(now) or (is_told and queue.may_wait(spread.lease_until, now))


def go_on(spread: Spread, *, by: User) -> bool:
    """Do what was not done, or failed. Whether there was anything, and nobody at work on it.

    Raises NotAnOwner for whoever may not go on.
    """
    if not may_go_on(spread, by):
        raise NotAnOwner
    now = clock.now()
    with transaction.atomic():
        locked = Spread.objects.select_for_update().get(pk=spread.pk)
        if is_performed(locked, now):
            return False
        locked.parts.exclude(problem="").update(problem="", ended_at=None)
        if not locked.parts.filter(ended_at=None).exists():
            return False
        # A worker goes on with it, also where a command began.
        begun = {"trigger": Trigger.PAGE, "finished_at": None, "lease_until": now + LEASE}
        Spread.objects.filter(pk=spread.pk).update(**begun)
        _have_performed(spread)
    return True


def _have_performed(spread: Spread) -> None:
    if queue.has_worker():
        queue.enqueue("connecting.spread", spread.pk)
    else:  # nobody is at work on it, or was told to be
        Spread.objects.filter(pk=spread.pk).update(lease_until=clock.now() - queue.WAITS)


def perform(spread_id: int) -> Iterator[SpreadPart]:
    """Do what is left of it, each part as it has ended. Any number may do so at once."""
    waiting = SpreadPart.objects.filter(spread=spread_id, ended_at=None)
    for part_id in [*waiting.values_list("pk", flat=True)]:
        if part := _ended(part_id):
            yield part
    _finish(spread_id, waiting)


def _finish(spread_id: int, waiting: QuerySet[SpreadPart]) -> None:
    """Once no part waits: all tests begin together, for one token is asked by a few at a time.

    A command has performed its tests itself.
    """
    with transaction.atomic():
        unfinished = Spread.objects.select_for_update().filter(pk=spread_id, finished_at=None)
        spread = unfinished.first()
        if spread is None or waiting.exists():
            return
        if spread.trigger != Trigger.COMMAND:
            background.start_written([*TestRun.objects.filter(parts__spread=spread)])
        Spread.objects.filter(pk=spread_id).update(finished_at=clock.now())


def _ended(part_id: int) -> SpreadPart | None:
    """The part, done or with what went wrong; None where somebody else did it."""
    try:
        return _tried(part_id)
    except DoneMeanwhile:
        return None
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
    mine.update(problem=problem, ended_at=clock.now())
    return SpreadPart.objects.filter(pk=part_id).first()


def _tried(part_id: int) -> SpreadPart:
    """Done; again where the database ended it because others waited for it."""
    for _ in range(TRIES - 1):
        with suppress(OperationalError):
            return _done(part_id)
    return _done(part_id)


def _done(part_id: int) -> SpreadPart:
    """Locks workspaces, connections, what lets them in, and last the part, as everybody does."""
    with transaction.atomic():
        parts = SpreadPart.objects.filter(pk=part_id, ended_at=None)
        part = parts.select_related("spread__workspace", "workspace").first()
        if part is None:
            raise DoneMeanwhile
        spread = part.spread
        _hold(spread, part)
        by = _starter(spread)
        if spread.connection_id is None:
            raise NoConnection
        connection = rows.find_by_id(spread.workspace, spread.connection_id)
        if connection.revision != spread.revision:
            raise InvalidChange({choosing.ACCOUNTS: [CHANGED]})
        part.workspace = _place(part, connection.workspace, by=by)
        added = _added(connection, part, part.workspace, by=by)
        part.added, part.ended_at = len(added), clock.now()
        part.run = _written(spread, part.workspace, added, by=by) if added else None
        Spread.objects.filter(pk=spread.pk).update(lease_until=part.ended_at + LEASE)
        done = {"workspace": part.workspace, "run": part.run, "added": part.added}
        if not parts.update(**done, ended_at=part.ended_at):
            raise DoneMeanwhile
    return part


def _hold(spread: Spread, part: SpreadPart) -> None:
    """Both workspaces: whoever removes an account or changes members waits, or was first."""
    both = Workspace.objects.filter(pk__in=(spread.workspace_id, part.workspace_id or 0))
    list(both.select_for_update(no_key=True).order_by("pk").values_list("pk"))


def _starter(spread: Spread) -> User | None:
    """With the rights that they have by now; nobody for a command. Raises NotAnOwner."""
    if spread.started_by_id is None:
        return None
    if found := User.objects.filter(pk=spread.started_by_id, is_active=True).first():
        return found
    raise NotAnOwner


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
    if not owners:
        raise InvalidChange({"workspace": [NOBODYS]})
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


def _written(
    spread: Spread, to: Workspace, added: list[IntegrationConnection], *, by: User | None
) -> TestRun:
    """The tests of what was added, which wait until the whole is done, or for the command."""
    return runs.start_chosen(to, added, trigger=Trigger(spread.trigger), by=by)


def find(workspace: Workspace, spread_id: int) -> Spread | None:
    """One that lends from this workspace."""
    found = Spread.objects.filter(workspace=workspace, pk=spread_id)
    return found.select_related("connection", "started_by").first()


def latest(connection: IntegrationConnection) -> Spread | None:
    """The last one, if it is not done, or not everywhere."""
    found = Spread.objects.filter(connection=connection).first()
    if found and (found.finished_at is None or found.parts.exclude(problem="").exists()):
        return found
    return None


def forget_old(now: datetime) -> None:
    Spread.objects.filter(started_at__lt=now - KEPT).delete()
