"""Events: the one place that writes down what happened, for pages, feeds and whoever asks later."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db import connection as database

from integrations import compiled
from integrations.models import (
    ConnectionTest,
    Event,
    EventType,
    IntegrationConnection,
    TestOutcome,
    Workspace,
)
from integrations.services.rows import State

FAILURE = ("last_error", "error_kind", "error_action")
TURN = 0x1CC  # any number, as long as no other lock here has it


def record(
    about: IntegrationConnection | Workspace,
    kind: EventType,
    *,
    by_id: int | None = None,
    at: datetime | None = None,
    **data: Any,
) -> None:
    """Part of the transaction that made it so. `data` holds no secret and nobody's name.

    Its number comes after those of all that the workspace's readers can see by now.
    """
    more = {"at": at} if at else {}
    connection = about if isinstance(about, IntegrationConnection) else None
    workspace_id = about.pk if isinstance(about, Workspace) else about.workspace_id
    event = Event(
        workspace_id=workspace_id,
        connection=connection,
        type=kind,
        by_id=by_id,
        data=data,
        **more,
    )
    compiled.insert(event, turn=(TURN, workspace_id))


def record_all(those: Iterable[Event]) -> None:
    """The same for many at once, over any number of workspaces, in their order."""
    many = list(those)
    _take_turns({one.workspace_id for one in many})
    Event.objects.bulk_create(many)


def take_turns(workspace_ids: Iterable[int]) -> None:
    """For who is about to record in several workspaces: in the same order as everybody does.

    Part of a transaction. Of two who took a turn each and want the other's neither would end.
    """
    ids = set(workspace_ids)
    if len(ids) > 1:
        _take_turns(ids)


def _take_turns(workspace_ids: Collection[int]) -> None:
    if workspace_ids and database.vendor == "postgresql":
        with database.cursor() as cursor:
            taken = "SELECT pg_advisory_xact_lock(%s, id) FROM unnest(%s::integer[]) AS id"
            cursor.execute(taken, [TURN, sorted(workspace_ids)])


def record_result(connection: IntegrationConnection, before: State, test: ConnectionTest) -> None:
    """What a test of the present values changed; most change nothing."""
    if found := _meaning(connection, before, test):
        kind, what = found
        data = {"what": what, "trigger": test.trigger, "test": test.pk}
        record(connection, kind, by_id=test.started_by_id, at=test.finished_at, **data)


def latest_id(workspace: Workspace) -> int:
    """The last event of a workspace; 0 where there is none."""
    last = Event.objects.filter(workspace=workspace).order_by("-pk").values_list("pk", flat=True)
    return last.first() or 0


def since(
    workspace: Workspace,
    event_id: int,
    *,
    most: int,
    connection: IntegrationConnection | None = None,
) -> list[Event]:
    """The newest ones after that one, in their order, with who did it; all, or about that one."""
    about = {"connection": connection.pk} if connection else {}
    found = Event.objects.filter(workspace=workspace, pk__gt=event_id, **about).order_by("-pk")
    return [*reversed(found.select_related("by", "connection__taken_back_by")[:most])]


def feed(
    workspace: Workspace, after: int, *, types: Collection[str], since: datetime, most: int
) -> list[Event]:
    """The oldest ones after that one, of these types and not older than that.

    Ids of a workspace appear in their order, so none that is committed late is ever passed by.
    """
    found = Event.objects.filter(workspace=workspace, pk__gt=after, at__gte=since, type__in=types)
    return [*found.select_related("by", "connection").order_by("pk")[:most]]


def _meaning(
    connection: IntegrationConnection, before: State, test: ConnectionTest
) -> tuple[EventType, str] | None:
    was_failing, was_silent = before["last_error"], before["unanswered_since"]
    if test.outcome == TestOutcome.FAILED:
        is_same = all(before[name] == getattr(connection, name) for name in FAILURE)
        return None if is_same else (EventType.FAILING, connection.error_kind)
    if test.outcome == TestOutcome.PASSED:
        if was_failing:
            return EventType.RECOVERED, "proven"
        is_other = before["platform_account_id"] != connection.platform_account_id
        if was_silent or is_other or not _was_fresh(connection, before, test):
            return EventType.CHANGED, "proven"
    if test.outcome == TestOutcome.INCONCLUSIVE and was_silent is None and not was_failing:
        return EventType.CHANGED, "unanswered"
    return None


def _was_fresh(connection: IntegrationConnection, before: State, test: ConnectionTest) -> bool:
    proven_at, at = before["proven_at"], test.finished_at
    is_same = before["proof_stand_in"] == connection.proof_stand_in
    lasts = connection.platform.proof_budget
    return is_same and proven_at is not None and at is not None and proven_at + lasts > at
