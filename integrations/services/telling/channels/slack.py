"""Slack, and what takes the same: an incoming webhook of one room.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks (read 2026-11-29).
Quirk: an incoming webhook answers `ok` and names no message, so there is no thread to answer in:
each message says by itself what it is about. Section texts end at 3,000 characters.
"""

from typing import Any

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
LONGEST = 2900  # a text's limit is 3,000
LONGEST_FACT = 600


def escaped(text: str) -> str:
    """No name becomes a mention or a link: https://docs.slack.dev/messaging/formatting-message-text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def write(parcel: Parcel) -> Outgoing:
    """What people named stands in texts that Slack shows as they are: no `*`, no bare address."""
    letter = parcel.letter
    texts = [_text(letter.first_line, bold=True), _text(f" {letter.more}" if letter.more else "")]
    texts.append(_text(f"\n{letter.where}", italic=True))
    for label, words in letter.facts:
        texts += [_text(f"\n{label}: ", bold=True), _text(cut(words, LONGEST_FACT))]
    texts.append(_text("\n"))
    link = {"type": "link", "url": letter.link, "text": letter.act}
    section = {"type": "rich_text_section", "elements": [*filter(None, texts), link]}
    # What a notification shows and a screen reader reads.
    text = cut(escaped(f"{letter.first_line} {letter.more} ({letter.where})"), LONGEST)
    payload = {"text": text, "mrkdwn": False, "unfurl_links": False, "unfurl_media": False}
    blocks = [{"type": "rich_text", "elements": [section]}]
    return Outgoing(parcel.values["url"], as_json(payload | {"blocks": blocks}))


def _text(text: str, **style: bool) -> dict[str, Any] | None:
    """None for no words: Slack refuses an empty text."""
    if not text:
        return None
    element: dict[str, Any] = {"type": "text", "text": cut(text, LONGEST)}
    return element | {"style": style} if style else element


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
