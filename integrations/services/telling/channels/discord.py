"""Discord: a webhook of one channel.

https://docs.discord.com/developers/resources/webhook#execute-webhook (read 2026-11-29).
Quirks: without `wait=true` a message that was not saved is no error. A webhook can answer no
message, but edit its own: at its end the first message of a break says so, and a new one rings.
Nothing in the words may mention anybody. 2,000 characters.
"""

import re
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from integrations.services.telling.channels.fields import address
from integrations.services.telling.kinds import (
    Kind,
    NotTaken,
    Outgoing,
    Parcel,
    Receipt,
    as_json,
    cut,
    over_http,
)
from integrations.services.telling.told import Moment
from providers.outbound.reply import Reply

NAME = "Discord"
LONGEST = 2000
LONGEST_FACT = 300


def escaped(text: str) -> str:
    """As it is, not as Markdown."""
    return re.sub(r"([\\*_~`|>\[\]()#-])", r"\\\1", text)


def waiting(url: str) -> str:
    """The address, asking for the message that was made."""
    parts = urlsplit(url)
    query = {**dict(parse_qsl(parts.query)), "wait": "true"}
    return parts._replace(query=urlencode(query)).geturl()


def write(parcel: Parcel) -> Outgoing:
    return Outgoing(waiting(parcel.values["url"]), as_json(_payload(parcel)))


def edit(parcel: Parcel) -> Outgoing:
    """The first message of the break, in the words of its end."""
    parts = urlsplit(parcel.values["url"])
    there = parts._replace(path=f"{parts.path.rstrip('/')}/messages/{parcel.root}").geturl()
    return Outgoing(there, as_json(_payload(parcel)), method="PATCH")


def _payload(parcel: Parcel) -> dict[str, Any]:
    letter = parcel.letter
    first = f"**{escaped(letter.first_line)}** {escaped(letter.more)}".strip()
    facts = [f"**{label}:** {cut(escaped(words), LONGEST_FACT)}" for label, words in letter.facts]
    link = f"[{escaped(letter.act)}](<{letter.link}>)"
    body = cut("\n".join([first, escaped(letter.where), *facts]), LONGEST - len(link) - 1)
    return {"content": f"{body}\n{link}", "allowed_mentions": {"parse": []}}


def read(reply: Reply) -> str:
    made = reply.json_or_none()
    if not isinstance(made, dict) or not made.get("id"):
        raise NotTaken(
            "Something else than Discord answers at this address.",
            status=reply.status,
            is_refused=True,
        )
    return str(made["id"])


_post, _edit = over_http(NAME, write, read), over_http(NAME, edit)


def send(parcel: Parcel) -> Receipt:
    """Who removed the first message meanwhile is told of the end all the same."""
    receipt = _post(parcel)
    if parcel.told.moment == Moment.CLOSED and parcel.root.isdigit():
        with suppress(NotTaken):
            _edit(parcel)
    return receipt


KIND = Kind(
    slug="discord",
    name=NAME,
    about="One channel of a Discord server.",
    steps=(
        "Open the channel's settings, then Integrations, then Webhooks.",
        "Choose New Webhook, give it a name, and copy its URL.",
    ),
    fields=(address("Webhook URL", "https://discord.com/api/webhooks/…"),),
    send=send,
)
