"""Tells once, at 30, 14, 7 and 1 days, that a connection ends; and never of an end that moved."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from integrations import clock, platforms
from integrations.models import (
    Credential,
    Event,
    EventType,
    ExpiryNotice,
    IntegrationConnection,
    Workspace,
)
from integrations.services import events
from integrations.services.credentials import sharing
from integrations.services.telling.told import Moment, Severity, Told
from integrations_center import public_url

SOURCE = "end"
DAYS = (30, 14, 7, 1)
# A platform that counts down in whole seconds moves an end a little with every reply.
SAME_END = timedelta(days=1)


def due(ends_at: datetime, now: datetime) -> int | None:
    """The notice that such an end asks for: the nearest of 30, 14, 7 and 1 days, or None."""
    left = ends_at - now
    if left <= timedelta(0):
        return None
    return min((days for days in DAYS if left <= timedelta(days=days)), default=None)


def give_due(now: datetime) -> list[ExpiryNotice]:
    """Give every notice that is due and was not given yet. Of two processes, one gives it."""
    horizon = now + timedelta(days=max(DAYS))
    near = IntegrationConnection.objects.filter(
        expires_at__gt=now,
        expires_at__lte=horizon,
        is_complete=True,
        is_enabled=True,
        workspace__archived_at=None,
    ).prefetch_related("expiry_notices")
    # Most have theirs already: rows are locked only for those that have not.
    in_order = near.order_by("created_at", "slug")
    new = [connection.pk for connection in in_order if _days(connection, now)]
    return [notice for pk in new if (notice := _give(pk, now))]


def _days(connection: IntegrationConnection, now: datetime) -> int | None:
    """The notice that a connection has to be given, or None."""
    ends_at = connection.expires_at
    days = due(ends_at, now) if ends_at else None
    if ends_at is None or days is None or not connection.is_complete or not connection.is_enabled:
        return None
    # One of fewer days says more than those of more days that came before it.
    is_told = any(
        told.days <= days and abs(told.ends_at - ends_at) < SAME_END
        for told in connection.expiry_notices.all()
    )
    return None if is_told else days


def _give(connection_id: UUID, now: datetime) -> ExpiryNotice | None:
    with transaction.atomic():
        locked = IntegrationConnection.objects.select_for_update().filter(pk=connection_id)
        connection = locked.first()
        days = _days(connection, now) if connection else None
        if connection is None or connection.expires_at is None or days is None:
            return None
        notice = ExpiryNotice.objects.create(
            connection=connection,
            days=days,
            ends_at=connection.expires_at,
            is_estimate=connection.expires_is_estimate,
            given_at=now,
        )
        if not _is_told_of(connection, notice):
            events.record(
                connection,
                EventType.EXPIRY_NEAR,
                at=now,
                what="expiry_near",
                notice=notice.pk,
                days=days,
            )
    return notice


def _is_told_of(connection: IntegrationConnection, notice: ExpiryNotice) -> bool:
    """Whether the same was told of another connection here that the same lets in."""
    if connection.opened_by_id is None:
        return False
    # Locked, so that of two at once one is the first.
    Credential.objects.select_for_update().filter(pk=connection.opened_by_id).first()
    same = sharing.sharers(connection).filter(workspace=connection.workspace_id)
    near = (notice.ends_at - SAME_END, notice.ends_at + SAME_END)
    told = ExpiryNotice.objects.filter(days=notice.days, ends_at__range=near)
    return told.filter(connection__in=same).exists()


@dataclass(frozen=True)
class Current:
    """The last notice of an end that is still ahead."""

    notice: ExpiryNotice
    connection: IntegrationConnection
    others: int = 0  # that end with it, since the same lets them in


def current(connections: Iterable[IntegrationConnection], workspace: Workspace) -> list[Current]:
    """The newest notice of each end that is ahead and has not moved since: one for all that end
    together.
    """
    now = clock.now()
    by_pk = {connection.pk: connection for connection in connections if connection.is_enabled}
    found: dict[UUID, Current] = {}
    for notice in ExpiryNotice.objects.filter(connection__workspace=workspace):
        connection = by_pk.get(notice.connection_id)
        if connection is None or connection.pk in found:
            continue
        ends_at = connection.expires_at
        if ends_at and ends_at > now and abs(ends_at - notice.ends_at) < SAME_END:
            found[connection.pk] = Current(notice, connection)
    together: dict[UUID, list[Current]] = {}
    for one in found.values():
        together.setdefault(one.connection.opened_by_id or one.connection.pk, []).append(one)
    firsts = (replace(same[0], others=len(same) - 1) for same in together.values())
    return sorted(firsts, key=lambda one: one.notice.ends_at)


def told_of(event: Event) -> Told | None:
    """That a connection ends, unless its end moved since or its platform is gone."""
    found = ExpiryNotice.objects.filter(pk=event.data["notice"])
    notice = found.select_related("connection__workspace", "connection__lender").first()
    return _told(notice) if notice else None


def told_again(told: Told, now: datetime) -> Told | None:
    """The same while that end is ahead, and nothing nearer was told of it."""
    found = ExpiryNotice.objects.filter(pk=int(told.key.rpartition("/")[2]))
    notice = found.select_related("connection__workspace", "connection__lender").first()
    if notice is None or notice.ends_at <= now:
        return None
    connection = notice.connection
    newer = connection.expiry_notices.filter(pk__gt=notice.pk, days__lt=notice.days)
    if not connection.is_enabled or newer.exists():
        return None
    return _told(notice)


def _told(notice: ExpiryNotice) -> Told | None:
    connection = notice.connection
    if connection.provider not in platforms.catalogue():
        return None
    if connection.expires_at is None or abs(connection.expires_at - notice.ends_at) >= SAME_END:
        return None
    name, stops = connection.platform.name, " and ".join(connection.platform.used_by)
    days = "1 day" if notice.days == 1 else f"{notice.days} days"
    about = "probably ends" if notice.is_estimate else "ends"
    same = sharing.sharers(connection).filter(workspace=connection.workspace_id)
    others = sharing.named(same, connection.workspace_id)
    with_it = f"What lets it in lets in {others}, too. " if others else ""
    return Told(
        key=f"{SOURCE}-{connection.pk}/{notice.pk}",
        moment=Moment.NOTICE,
        severity=Severity.NOTICE,
        state="Ends soon",
        workspace=connection.workspace.name,
        about=name,
        title=f"{name} {about} within {days}.",
        what_happened=(f"{with_it}After that, {stops} will get no data from it."),
        since=notice.given_at,
        ends_at=notice.ends_at,
        who_can_fix=_who_renews(connection),
        act="Renew it before then",
        platforms=(connection.provider,),
        connections=(str(connection.pk),),
        link=f"{public_url.link('settings', connection.workspace.slug)}#card-{connection.provider}",
    )


def _who_renews(connection: IntegrationConnection) -> str:
    if lender := connection.lender:
        return (
            f"It is lent by {lender.name}, whose owners alone can renew it or sign in again. "
            "Ask them before then."
        )
    return ""
