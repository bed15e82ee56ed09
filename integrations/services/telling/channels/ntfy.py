"""ntfy: pushes to phones and desktops, by ntfy.sh or a server of one's own.

https://docs.ntfy.sh/publish/#publish-as-json (read 2026-11-29).
Quirks: a topic is readable by whoever guesses its name. A message of more than 4,096 bytes
becomes an attachment; a title ends at 1,024.
"""

from integrations.services.telling.channels.fields import token
from integrations.services.telling.kinds import (
    Kind,
    NotTaken,
    Outgoing,
    Parcel,
    as_json,
    cut_bytes,
    over_http,
)
from providers.declare import Field
from providers.outbound.reply import Reply

NAME = "ntfy"
SERVER = "https://ntfy.sh"
MOST_BYTES = 4000
MOST_TITLE_BYTES = 250
PRIORITIES = {"bad": 4, "warn": 3, "ok": 3, "idle": 2}
TAGS = {
    "bad": "rotating_light",
    "warn": "hourglass",
    "ok": "white_check_mark",
    "idle": "information_source",
}


def write(parcel: Parcel) -> Outgoing:
    letter, values = parcel.letter, parcel.values
    facts = [f"{label}: {words}" for label, words in letter.facts]
    text = "\n".join(filter(None, [letter.more, letter.where, *facts]))
    payload = {
        "topic": values["topic"],
        "title": cut_bytes(letter.first_line, MOST_TITLE_BYTES),
        "message": cut_bytes(text, MOST_BYTES),
        "priority": PRIORITIES[letter.tone],
        "tags": [TAGS[letter.tone]],
        "click": letter.link,
        "actions": [{"action": "view", "label": letter.act, "url": letter.link}],
    }
    token = values.get("token")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return Outgoing(f"{(values.get('server') or SERVER).rstrip('/')}/", as_json(payload), headers)


def read(reply: Reply) -> str:
    made = reply.json_or_none()
    if not isinstance(made, dict) or not made.get("id"):
        raise NotTaken(
            "Something else than ntfy answers at this address.",
            status=reply.status,
            is_refused=True,
        )
    return str(made["id"])


KIND = Kind(
    slug="ntfy",
    name=NAME,
    about="Pushes to phones and desktops, by ntfy.sh or your own server.",
    steps=(
        "Choose a topic that nobody guesses, or one that takes a token.",
        "Subscribe to it in the ntfy app.",
    ),
    fields=(
        Field(
            name="topic",
            label="Topic",
            help="Whoever knows its name can read along, so let it be long, or use a token.",
            required=True,
            pattern=r"[A-Za-z0-9_-]{1,64}",
            pattern_message="A topic has letters, digits, _ and -, 64 of them at most.",
        ),
        token("Access token", help="Where the topic takes one.", max_length=200),
        Field(
            name="server",
            label="Server",
            help=f"Leave this empty for {SERVER}.",
            type="url",
            max_length=2048,
            decides_destination=True,
            is_rare=True,
        ),
    ),
    send=over_http(NAME, write, read),
)
