"""Channels that take nothing, told through the others, until they take something again."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from integrations.models import Channel, Delivery, Event, EventType, Incident, Scope
from integrations.services.telling import audience, catalogue, places
from integrations.services.telling.told import LASTS, Moment, Severity, Told

SOURCE = "channel"
OWNER, OPERATOR = "An owner of the workspace.", "An operator of this installation."


def told_of(event: Event) -> Told | None:
    """While it still takes nothing, and once it takes something again."""
    channel = _found(event.data["channel"], workspace=event.workspace_id)
    if channel is None:
        return None
    if event.type == EventType.CHANNEL_RECOVERED:
        return _over(channel, event.at)
    is_broken = channel.failing_since is not None
    return broken(channel, f"{audience.source_of(channel)}/{event.pk}") if is_broken else None


def told_again(told: Told, _now: datetime) -> Told | None:
    """A reminder of it, while it lasts and somebody could mend it there."""
    channel = _found(told.source.partition("-")[2])
    if channel is None or channel.failing_since is None or not is_missed(channel):
        return None
    return replace(broken(channel, told.key), since=told.since, moment=Moment.REMINDER)


def broken(channel: Channel, key: str) -> Told:
    """What is told of it first."""
    return Told(
        key=key,
        moment=Moment.OPENED,
        severity=Severity.BREAK,
        workspace=places.whose(channel),
        about=f"The channel {channel.name}",
        title=f"{_kind(channel)} {_what(channel)}.",
        what_happened=channel.problem,
        since=channel.failing_since or channel.made_at,
        who_can_fix=OWNER if channel.workspace_id else OPERATOR,
        act="Look at the channel",
        link=places.link(channel),
    )


def title_of(channel: Channel) -> str:
    """Of its incident."""
    return f"The channel {channel.name} ({_kind(channel)}) {_what(channel)}"


def _what(channel: Channel) -> str:
    return "does not reach everybody" if audience.reaches_some(channel) else "takes nothing"


def _kind(channel: Channel) -> str:
    kind = catalogue.kinds().get(channel.kind)
    return kind.name if kind else channel.kind


def is_missed(channel: Channel) -> bool:
    """Whether it should take what it does not: not where people switched it off."""
    is_archived = channel.workspace is not None and channel.workspace.archived_at is not None
    return channel.is_problem_told and (channel.is_enabled or channel.is_gone) and not is_archived


def incident_of(source: str) -> Incident | None:
    """The open incident of the channel that a message is about."""
    pk = UUID(source.partition("-")[2])
    found = Incident.objects.filter(
        cause__scope=Scope.CHANNEL, cause__key__endswith=pk.hex, closed_at=None
    )
    return found.select_related("cause", "workspace").first()


def _over(channel: Channel, at: datetime) -> Told | None:
    source = audience.source_of(channel)
    told = Delivery.objects.filter(workspace=channel.workspace_id, source=source)
    last = told.order_by("-number", "-made_at").first()
    if last is None or last.moment not in LASTS:
        return None
    began = Told.from_json(last.facts)
    return replace(began, moment=Moment.CLOSED, who_can_fix="", lasted=at - began.since)


def _found(pk: str, **more: int) -> Channel | None:
    found = Channel.objects.filter(pk=UUID(pk), **more)
    return found.select_related("workspace").first()
