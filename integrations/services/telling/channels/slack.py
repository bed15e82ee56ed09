"""Slack, and what takes the same: an incoming webhook of one room.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks (read 2026-11-29).
Quirk: an incoming webhook answers `ok` and names no message, so there is no thread to answer in:
each message says by itself what it is about. Section texts end at 3,000 characters.
"""

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

NAME = "Slack"
LONGEST = 2900  # of a section, whose limit is 3,000
LONGEST_FACT = 600


def escaped(text: str) -> str:
    """No name becomes a mention or a link: https://docs.slack.dev/messaging/formatting-message-text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def write(parcel: Parcel) -> Outgoing:
    letter = parcel.letter
    first = f"*{escaped(letter.first_line)}* {escaped(letter.more)}".strip()
    facts = [f"*{label}:* {cut(escaped(words), LONGEST_FACT)}" for label, words in letter.facts]
    link = f"<{letter.link}|{escaped(letter.act)}>"
    body = cut("\n".join([first, f"_{escaped(letter.where)}_", *facts]), LONGEST)
    section = {"type": "section", "text": {"type": "mrkdwn", "text": body}}
    open_it = {"type": "section", "text": {"type": "mrkdwn", "text": link}}
    # What a notification shows and a screen reader reads.
    text = cut(escaped(f"{letter.first_line} {letter.more} ({letter.where})"), LONGEST)
    return Outgoing(parcel.values["url"], as_json({"text": text, "blocks": [section, open_it]}))


def read(reply: Reply) -> str:
    if reply.body.strip() != b"ok":
        raise NotTaken(
            "Something else than Slack answers at this address.",
            status=reply.status,
            is_refused=True,
        )
    return ""


KIND = Kind(
    slug="slack",
    name=NAME,
    about="One room of Slack, or of Mattermost, which takes the same.",
    steps=(
        "At api.slack.com/apps open your app, or create one from scratch in your workspace.",
        "Under Incoming Webhooks switch them on and choose Add New Webhook to Workspace.",
        "Choose the room, and copy the address that begins with https://hooks.slack.com/.",
    ),
    fields=(address("Webhook URL", "https://hooks.slack.com/services/…"),),
    send=over_http(NAME, write, read),
)
