"""Discord: a webhook of one channel.

https://docs.discord.com/developers/resources/webhook#execute-webhook (read 2026-11-29).
Quirk: without `wait=true` a message that was not saved is no error. Nothing in the words may
mention anybody. 2,000 characters.
"""

import re
from urllib.parse import parse_qsl, urlencode, urlsplit

from integrations.services.telling.channels.fields import address
from integrations.services.telling.kinds import (
    Kind,
    NotTaken,
    Outgoing,
    Parcel,
    as_json,
    cut,
    over_http,
)
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
    letter = parcel.letter
    first = f"**{escaped(letter.first_line)}** {escaped(letter.more)}".strip()
    facts = [f"**{label}:** {cut(escaped(words), LONGEST_FACT)}" for label, words in letter.facts]
    link = f"[{escaped(letter.act)}](<{letter.link}>)"
    body = cut("\n".join([first, escaped(letter.where), *facts]), LONGEST - len(link) - 1)
    payload = {"content": f"{body}\n{link}", "allowed_mentions": {"parse": []}}
    return Outgoing(waiting(parcel.values["url"]), as_json(payload))


def read(reply: Reply) -> str:
    made = reply.json_or_none()
    if not isinstance(made, dict) or not made.get("id"):
        raise NotTaken(
            "Something else than Discord answers at this address.",
            status=reply.status,
            is_refused=True,
        )
    return str(made["id"])


KIND = Kind(
    slug="discord",
    name=NAME,
    about="One channel of a Discord server.",
    steps=(
        "Open the channel's settings, then Integrations, then Webhooks.",
        "Choose New Webhook, give it a name, and copy its URL.",
    ),
    fields=(address("Webhook URL", "https://discord.com/api/webhooks/…"),),
    send=over_http(NAME, write, read),
)
