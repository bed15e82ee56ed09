"""Channels that take nothing, told through the others."""

from datetime import datetime
from uuid import UUID

from integrations.models import Channel, Event
from integrations.services.telling import audience, catalogue, places
from integrations.services.telling.told import Moment, Severity, Told

SOURCE = "channel"


def told_of(event: Event) -> Told | None:
    """While it still takes nothing."""
    found = Channel.objects.filter(pk=UUID(event.data["channel"]), workspace=event.workspace_id)
    channel = found.select_related("workspace").first()
    if channel is None or channel.failing_since is None:
        return None
    return _told(channel, channel.failing_since)


def told_again(told: Told, _now: datetime) -> Told | None:
    """The same while it still takes nothing, or nothing again."""
    found = Channel.objects.filter(pk=UUID(told.source.partition("-")[2]))
    channel = found.select_related("workspace").first()
    if channel is None or channel.failing_since is None:
        return None
    return _told(channel, channel.failing_since)


def _told(channel: Channel, since: datetime) -> Told:
    kind = catalogue.kinds().get(channel.kind)
    name = f"The channel {channel.name} ({kind.name if kind else channel.kind})"
    is_deaf = audience.is_deaf(channel)
    return Told(
        key=f"{audience.source_of(channel)}/{int(since.timestamp())}",
        moment=Moment.NOTICE,
        severity=Severity.BREAK,
        state="Nobody hears" if is_deaf else "Somebody does not hear",
        workspace=places.whose(channel),
        about=channel.name,
        title=f"{name} takes nothing." if is_deaf else f"{name} does not reach everybody.",
        what_happened=channel.problem,
        since=since,
        who_can_fix="An owner of the workspace.",
        act="Look at the channel",
        link=places.link(channel),
    )
