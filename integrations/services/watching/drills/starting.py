"""What people do with drills: see which are possible, start one, stop one, look at the last."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from integrations.models import (
    Drill,
    DrillKind,
    DrillState,
    IntegrationConnection,
    Workspace,
)
from integrations.services.people.members import Archived
from integrations.services.refusals import NoConnection
from integrations.services.watching import engine
from integrations.services.watching.drills import ending
from providers.sandbox import drill as stand_ins
from providers.sandbox.practice import Fault

STARTED = "started"
BY_HAND = "Somebody stopped it."
NO_TEST = "There is no test for {} yet, so nothing would notice a break."
UNPROVABLE = "No test can prove this way to connect, so nothing would notice a break."
NOT_CONNECTED = "Connect it first: until then nothing watches it."
DISABLED = "It is disabled, so nothing watches it. Enable it first."
NO_STAND_IN = "Nothing here can stand in for {}, so a break cannot be practised."
CANNOT_SHOW = "Its stand-in cannot show this."
GOES_ON = "A drill of this connection goes on already. Wait for its end, or stop it."
NO_ENGINE = "Nothing would notice it: the worker is not running. That is what to mend first."


class NotPossible(Exception):
    """No drill can be started. `sentence` says why."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence
        super().__init__(sentence)


@dataclass(frozen=True)
class Choice:
    """A kind of drill; `why_not` is empty where it can be started."""

    kind: DrillKind
    why_not: str = ""


def why_none(connection: IntegrationConnection) -> str:
    """Why no drill of it is possible at all; "" where one is."""
    name = connection.platform.for_values(connection.config).name
    reasons = (
        (NO_TEST.format(name), connection.platform.tester is None),
        (NOT_CONNECTED, not connection.is_complete),
        (UNPROVABLE, bool(connection.unprovable)),
        (DISABLED, not connection.is_enabled),
        (
            NO_STAND_IN.format(name),
            stand_ins.practice_of(connection.platform, connection.config) is None,
        ),
    )
    return next((why for why, holds in reasons if holds), "")


def choices(connection: IntegrationConnection) -> list[Choice]:
    """All kinds, with what keeps one from being started; none where `why_none` says why."""
    practice = stand_ins.practice_of(connection.platform, connection.config)
    if practice is None or why_none(connection):
        return []
    shown = practice.faults
    return [Choice(one, "" if Fault(one) in shown else CANNOT_SHOW) for one in DrillKind]


def of(connection: IntegrationConnection) -> QuerySet[Drill]:
    """The newest first."""
    return Drill.objects.filter(connection=connection).select_related("asked_by")


def going_on(connection: IntegrationConnection) -> Drill | None:
    return of(connection).filter(ended_at=None).select_related("incident").first()


def start(
    connection: IntegrationConnection,
    kind: DrillKind,
    *,
    by: User | None,
    now: datetime,
    is_planned: bool = False,
) -> Drill:
    """Have the engine do it, as soon as a worker looks. Raises NotPossible, NoConnection, Archived.

    Nothing of the connection is read by the drill but its platform, and nothing is written on it.
    """
    why = why_none(connection) or next(
        (one.why_not for one in choices(connection) if one.kind == kind), CANNOT_SHOW
    )
    if why:
        raise NotPossible(why)
    if not is_planned and not engine.goes_on(now):
        raise NotPossible(NO_ENGINE)
    with transaction.atomic():
        workspaces = Workspace.objects.select_for_update(no_key=True)
        if workspaces.get(pk=connection.workspace_id).archived_at:
            raise Archived
        if not IntegrationConnection.objects.filter(pk=connection.pk).exists():
            raise NoConnection
        if going_on(connection):
            raise NotPossible(GOES_ON)
        made = Drill.objects.create(
            connection=connection,
            kind=kind,
            asked_by=by,
            asked_at=now,
            due_at=now,
            is_planned=is_planned,
        )
        ending.record(made, STARTED, now, by_id=by.pk if by else None)
    return made


def stop(connection: IntegrationConnection, *, by: User | None, now: datetime) -> Drill | None:
    """End the one that goes on, with its incident; None where none does."""
    found = going_on(connection)
    if found is None:
        return None
    with transaction.atomic():
        locked = ending.lock(found)
        if locked:
            ending.end(locked, DrillState.STOPPED, BY_HAND, now, by_id=by.pk if by else None)
    return locked
