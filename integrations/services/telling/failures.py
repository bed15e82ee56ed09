"""Channels that take nothing, told through the others."""

from uuid import UUID

from integrations.models import Channel, Event
from integrations.services.telling import catalogue
from integrations.services.telling.told import Moment, Severity, Told
from integrations_center import public_url


def told_of(event: Event) -> Told | None:
    """While it still takes nothing."""
    found = Channel.objects.filter(pk=UUID(event.data["channel"]), workspace=event.workspace_id)
    channel = found.select_related("workspace").first()
    if channel is None or channel.failing_since is None:
        return None
    kind = catalogue.kinds().get(channel.kind)
    return Told(
        key=f"channel-{channel.pk}/{int(channel.failing_since.timestamp())}",
        moment=Moment.NOTICE,
        severity=Severity.BREAK,
        state="Nobody hears",
        workspace=channel.workspace.name,
        about=channel.name,
        title=f"The channel {channel.name} ({kind.name if kind else channel.kind}) takes nothing.",
        what_happened=channel.problem,
        since=channel.failing_since,
        who_can_fix="An owner of the workspace.",
        act="Look at the channel",
        link=public_url.link("channel", channel.workspace.slug, channel.pk),
    )
