"""Places: whose a channel is, and where people change it."""

from urllib.parse import urlsplit

from django.conf import settings

from integrations.models import Channel
from integrations_center import public_url


def installation() -> str:
    """What it is called where several are told in one room: its host."""
    return urlsplit(settings.PUBLIC_URL).hostname or ""


def whose(channel: Channel) -> str:
    return channel.workspace.name if channel.workspace else installation()


def link(channel: Channel) -> str:
    if channel.workspace is None:
        return public_url.link("operators:channel", channel.pk)
    return public_url.link("channel", channel.workspace.slug, channel.pk)
