"""Unsubscribing: an address in each mail of a channel, by which its reader ends that.

It is signed, and good for one address of one channel. Owners and operators who are mailed because
there is no channel have none: somebody has to hear, and their own page says whether they do.
"""

from uuid import UUID

from django.core import signing

from integrations.models import Channel
from integrations_center import public_url

KIND = "email"
SALT = "integrations.unsubscribe"


class LinkGone(Exception):
    """Nobody here signed this."""


def addresses(channel: Channel) -> list[str]:
    """Those in a text, each once, in their order."""
    return split(str(channel.values.get("to", "")))


def split(text: str) -> list[str]:
    return [*dict.fromkeys(text.replace(";", ",").replace(",", " ").split())]


def link(channel_id: UUID, address: str) -> str:
    return public_url.link("unsubscribe", signing.dumps([channel_id.hex, address], salt=SALT))


def opened(token: str) -> tuple[UUID, str]:
    """The channel and the address. Raises LinkGone."""
    try:
        channel, address = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        raise LinkGone from None
    return UUID(channel), address
