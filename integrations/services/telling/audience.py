"""Who hears: a workspace's channels, and its owners by mail where none of these reaches anybody.

Without a workspace it is the installation: its channels, and its operators by mail.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Q, QuerySet

from integrations.models import Channel, Delivery, Membership, Role, Workspace
from integrations.services.telling import catalogue, operators
from integrations.services.telling.told import Moment, Severity, Told


@dataclass(frozen=True)
class Listener:
    """A channel, or None for an owner's mail; and whom it writes to, where that is one by one."""

    channel: Channel | None
    recipient: str = ""


def listeners(workspace: Workspace | None, told: Told) -> list[Listener]:
    """Who is told of it. Of an end all who were told of what it ends, whatever they hear since."""
    if told.moment == Moment.CLOSED:
        return _told_before(workspace, told)
    return [one for channel in audience(workspace, told) for one in people_of(workspace, channel)]


def audience(workspace: Workspace | None, told: Told) -> list[Channel | None]:
    """The channels that hear of it, and None for the owners by mail where they have to.

    That is where no channel is on for what it is about, or where all of these are known to reach
    nobody. Of a channel that takes nothing the others are told.
    """
    others = [one for one in _on(workspace) if told.source != source_of(one)]
    return _among(others, workspace, told.severity, told.platforms)


def audience_of_break(workspace: Workspace, slugs: Iterable[str]) -> list[Channel | None]:
    """The same when something of these platforms breaks."""
    return _among(_on(workspace), workspace, Severity.BREAK, slugs)


def _among(
    channels: Iterable[Channel],
    workspace: Workspace | None,
    severity: Severity,
    slugs: Iterable[str],
) -> list[Channel | None]:
    concerned = [one for one in channels if _is_for(one, slugs)]
    hearing: list[Channel | None] = [one for one in concerned if _hears(one, severity)]
    if all(is_deaf(one) for one in concerned) and owners_are_mailed(workspace):
        hearing.append(None)
    return hearing


def people_of(workspace: Workspace | None, channel: Channel | None) -> list[Listener]:
    """One for each whom it writes to by themselves."""
    if channel is None:
        return [Listener(None, one) for one in owners_addresses(workspace)]
    return [Listener(channel, one) for one in recipients_of(channel)]


def recipients_of(channel: Channel) -> tuple[str, ...]:
    """Each by the name that messages to them have; ("",) for a room of people."""
    kind = catalogue.kinds().get(channel.kind)
    return (kind.recipients(channel.values) if kind else ()) or ("",)


def source_of(channel: Channel) -> str:
    return f"channel-{channel.pk}"


def is_deaf(channel: Channel) -> bool:
    """Whether it is known that nobody is reached by it."""
    is_failing = channel.failing_since is not None  # new values may be taken
    return channel.is_problem_told and is_failing and not reaches_some(channel)


def reaches_some(channel: Channel) -> bool:
    """Whether it takes nothing for some of its people only."""
    return bool(channel.problems and {*recipients_of(channel)} - {*channel.problems})


def has_channel(workspace: Workspace) -> bool:
    """Whether one is on."""
    return bool(_on(workspace))


def is_heard(workspace: Workspace | None) -> bool:
    """Whether anybody hears when something breaks."""
    return any(not is_deaf(one) for one in _on(workspace)) or owners_are_mailed(workspace)


def unheard(workspace: Workspace, slugs: Iterable[str]) -> list[str]:
    """Those of these platforms of which nobody hears when they break."""
    able = [one for one in _on(workspace) if not is_deaf(one)]
    left = [slug for slug in slugs if not any(_is_for(one, (slug,)) for one in able)]
    return [] if left and owners_are_mailed(workspace) else left


def owners_are_mailed(workspace: Workspace | None) -> bool:
    return settings.EMAIL_IS_CONFIGURED and bool(owners_addresses(workspace))


def owners_addresses(workspace: Workspace | None) -> list[str]:
    """Of the owners who want notices. One that no mail can be sent to keeps it from nobody else."""
    return [one for one in _addresses(workspace) if _is_address(one)]


def odd_addresses(workspace: Workspace | None) -> list[str]:
    """Of owners who want notices and cannot be mailed."""
    return [one for one in _addresses(workspace) if not _is_address(one)]


def _addresses(workspace: Workspace | None) -> list[str]:
    if workspace is None:
        return sorted(set(operators.wanting().values_list("email", flat=True)))
    owners = mailed_owners().filter(workspace=workspace)
    return sorted(set(owners.values_list("user__email", flat=True)))


def mailed_owners() -> QuerySet[Membership]:
    """Of all workspaces those who can be mailed and want to be."""
    owners = Membership.objects.filter(role=Role.OWNER, user__is_active=True)
    return owners.exclude(Q(user__email="") | Q(user__person__wants_notices=False))


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def _on(workspace: Workspace | None) -> list[Channel]:
    return list(Channel.objects.filter(workspace=workspace, is_enabled=True))


def _is_for(channel: Channel, slugs: Iterable[str]) -> bool:
    """What is of no platform in particular is for all of them."""
    about = {*slugs}
    return not channel.platforms or not about or bool(about & {*channel.platforms})


def _hears(channel: Channel, severity: Severity) -> bool:
    return channel.hears != Channel.Hears.BREAKS or severity == Severity.BREAK


def _told_before(workspace: Workspace | None, told: Told) -> list[Listener]:
    """Who has anything of its thread, is there still and can be told."""
    left_out = Delivery.Outcome.LEFT_OUT
    thread = Delivery.objects.filter(workspace=workspace, source=told.source, thread=told.key)
    pairs = thread.exclude(outcome=left_out).order_by("channel", "recipient")
    on = {one.pk: one for one in _on(workspace)}
    owners = owners_addresses(workspace) if settings.EMAIL_IS_CONFIGURED else []
    found = []
    for channel_id, recipient in pairs.values_list("channel", "recipient").distinct():
        channel = on.get(channel_id) if channel_id else None
        if channel_id and channel is None:
            continue
        # Without one it is of before people were written to one by one.
        known = recipients_of(channel) if channel else owners
        if recipient in known or (not recipient and known):
            found.append(Listener(channel, recipient))
    return found
