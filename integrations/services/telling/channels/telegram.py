"""Telegram: a bot of yours writes to a person, a group or a channel.

https://core.telegram.org/bots/api#sendmessage (read 2026-11-29).
Quirks: the bot's token stands in the address, so that is never shown. A message may answer the
first one of its break. 4,096 characters; 429 says when to come back in the body.
"""

from html import escape

from integrations.services.telling.channels.fields import token
from integrations.services.telling.kinds import (
    Kind,
    NotTaken,
    Outgoing,
    Parcel,
    as_json,
    cut,
    over_http,
)
from providers.declare import Field
from providers.outbound.reply import Reply

NAME = "Telegram"
SERVER = "https://api.telegram.org"
LONGEST = 4096
LONGEST_FACT = 500


def write(parcel: Parcel) -> Outgoing:
    letter, values = parcel.letter, parcel.values
    first = f"<b>{_html(letter.first_line)}</b> {_html(letter.more)}".strip()
    facts = [f"<b>{label}:</b> {_html(words)}" for label, words in letter.facts]
    link = f'<a href="{escape(letter.link)}">{escape(letter.act)}</a>'
    text = "\n".join([first, f"<i>{_html(letter.where)}</i>", *facts, link])
    payload = {
        "chat_id": values["chat_id"],
        "text": text,
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
    }
    if parcel.root:
        payload["reply_parameters"] = {
            "message_id": int(parcel.root),
            "allow_sending_without_reply": True,
        }
    server = values.get("server") or SERVER
    return Outgoing(f"{server.rstrip('/')}/bot{values['token']}/sendMessage", as_json(payload))


def _html(text: str) -> str:
    """Cut before it is escaped, so that no entity is cut in two; five pieces fit into a message."""
    return escape(cut(text, LONGEST_FACT), quote=False)


def read(reply: Reply) -> str:
    made = reply.json_or_none()
    try:
        return str(int(made["result"]["message_id"]))
    except (KeyError, TypeError, ValueError):
        raise NotTaken(
            "Something else than Telegram answers.", status=reply.status, is_refused=True
        ) from None


KIND = Kind(
    slug="telegram",
    name=NAME,
    about="A person, a group or a channel, by a bot of yours.",
    steps=(
        "Write /newbot to @BotFather, and copy the token that it gives you.",
        "Add the bot to the group or channel, or write to it once yourself.",
        "Copy the chat's ID: a number, which is negative for groups, or @name of a channel.",
    ),
    fields=(
        token(
            "Bot token",
            required=True,
            pattern=r"[0-9]+:[A-Za-z0-9_-]{20,}",
            pattern_message="A bot's token is a number, a colon and a long word. Copy it whole.",
            example="110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw",
        ),
        Field(
            name="chat_id",
            label="Chat ID",
            required=True,
            max_length=100,
            pattern=r"-?[0-9]+|@[A-Za-z0-9_]+",
            pattern_message="A chat's ID is a number such as -1001234567890, or @name.",
            example="-1001234567890",
        ),
        Field(
            name="server",
            label="Bot API server",
            help=f"Leave this empty unless you run your own. Usually {SERVER}.",
            type="url",
            max_length=2048,
            decides_destination=True,
            is_rare=True,
        ),
    ),
    send=over_http(NAME, write, read),
)
