"""Channels that take nothing, as incidents: of their workspace, or of the installation.

They have no connection, so nothing is proven again: one is over when a message arrives there, or
when people switch the channel off or remove it.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from integrations.models import Cause, Channel, Ending, EventType, Incident, Scope, Workspace
from integrations.models.incidents import CHANNEL, OURS
from integrations.services.telling import failures
from integrations.services.trouble import apart
from integrations.services.watching import news
from integrations.services.watching.causes import COMES_BACK
from integrations.services.watching.keys import Key, Nature
from integrations.services.watching.news import News

ACTION = "Look at what the channel says, put it right there, and send a test."


def reconcile(now: datetime) -> None:
    """Open what began, and close what is over. Two queries while there is none of either."""
    told = Channel.objects.filter(is_problem_told=True).select_related("workspace")
    missed = {one.pk: one for one in told if failures.is_missed(one)}
    open_ones = list(Cause.objects.filter(scope=Scope.CHANNEL, closed_at=None))
    there = {channel_of(cause) for cause in open_ones}
    for pk in missed.keys() - there:
        with apart("Opening the incident of a channel"):
            _open(missed[pk], now)
    for cause in open_ones:
        if channel_of(cause) not in missed:
            with apart("Closing the incident of a channel"):
                _close(cause.pk, now)


def key_of(channel: Channel) -> Key:
    nature = Nature.REFUSED if channel.workspace_id else Nature.OURS
    return Key(nature, Scope.CHANNEL, channel.pk.hex)


def channel_of(cause: Cause) -> UUID:
    return UUID(Key.parsed(cause.key).name)


def _open(channel: Channel, now: datetime) -> None:
    """One that comes back within the hour is the same one."""
    key = str(key_of(channel))
    title = failures.title_of(channel)
    opened_at = min(channel.failing_since or now, now)
    try:
        with transaction.atomic():
            lately = Cause.objects.select_for_update().filter(
                key=key, closed_at__gte=now - COMES_BACK
            )
            cause = lately.order_by("-closed_at").first() or Cause(
                key=key,
                kind=CHANNEL if channel.workspace_id else OURS,
                scope=Scope.CHANNEL,
                title=title,
                opened_at=opened_at,
            )
            cause.closed_at, cause.confirmed_at = None, now
            cause.save()
            if workspace := channel.workspace:
                _open_in(workspace, channel, cause, now)
    except IntegrityError:
        pass  # somebody else opened it meanwhile


def _open_in(workspace: Workspace, channel: Channel, cause: Cause, now: datetime) -> None:
    incident = cause.incidents.select_related("workspace").order_by("-pk").first()
    if incident is None:
        incident = Incident(cause=cause, workspace=workspace, opened_at=cause.opened_at)
    else:
        incident.returns += 1
    incident.title, incident.message, incident.action = cause.title, channel.problem, ACTION
    incident.closed_at, incident.ended_by, incident.confirmed_at = None, "", now
    incident.save()
    news.record([News(incident, EventType.INCIDENT_OPENED, {"what": "opened"})], now)


def _close(cause_id: int, now: datetime) -> None:
    with transaction.atomic():
        cause = Cause.objects.select_for_update().filter(pk=cause_id, closed_at=None).first()
        if cause is None:
            return
        channel = Channel.objects.filter(pk=channel_of(cause)).select_related("workspace").first()
        if channel and failures.is_missed(channel):  # again, meanwhile
            return
        why = _why(channel)
        cause.closed_at = now
        cause.save(update_fields=["closed_at"])
        _close_all(cause.incidents.filter(closed_at=None).select_related("workspace"), why, now)


def _close_all(incidents: Iterable[Incident], why: Ending, now: datetime) -> None:
    for incident in incidents:
        incident.closed_at, incident.ended_by = max(now, incident.opened_at), why
        incident.save(update_fields=["closed_at", "ended_by"])
        seconds = int((incident.closed_at - incident.opened_at).total_seconds())
        said = {"what": why.value, "seconds": seconds}
        news.record([News(incident, EventType.INCIDENT_CLOSED, said)], now)


def _why(channel: Channel | None) -> Ending:
    if channel is None:
        return Ending.REMOVED
    if channel.workspace and channel.workspace.archived_at:
        return Ending.ARCHIVED
    return Ending.DISABLED if channel.is_problem_told else Ending.DELIVERED
