"""A signed webhook of one's own, after Standard Webhooks 1.0.0.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
(read 2026-11-29). The id stays when a message is sent again, the timestamp is that of the attempt.
What is signed is `id.timestamp.body`, with the decoded secret; two signatures stand side by side
while a secret is replaced. 20 KB.
"""

import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from integrations.models import EventType
from integrations.services.telling import facts
from integrations.services.telling.channels.fields import address
from integrations.services.telling.kinds import Kind, Outgoing, Parcel, as_json, cut, over_http
from integrations.services.telling.told import Moment
from providers.declare import Field

NAME = "the receiver"
PREFIX = "whsec_"
SECRET_BYTES = 32
FEWEST_BYTES, MOST_BYTES = 24, 64
MOST_PAYLOAD_BYTES = 20_000
LONGEST_TEXTS = (facts.LONGEST_TEXT, 500, 100)
BAD_SECRET = (
    "A signing secret is whsec_ and base64 of 24 to 64 bytes. Leave this empty for a new one."
)
TYPES = {
    Moment.OPENED: EventType.INCIDENT_OPENED.value,
    Moment.UPDATED: EventType.INCIDENT_UPDATED.value,
    Moment.REMINDER: EventType.INCIDENT_UPDATED.value,
    Moment.CLOSED: EventType.INCIDENT_CLOSED.value,
    Moment.TEST: "channel.test",
}
NOTICES = {"end": EventType.EXPIRY_NEAR.value}
OF_CHANNEL = {
    Moment.CLOSED: EventType.CHANNEL_RECOVERED.value,
    Moment.TEST: "channel.test",
}


def new_secret() -> str:
    return PREFIX + b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def message_id(delivery_id: UUID) -> str:
    return f"msg_{delivery_id.hex}"


def signature(secret: str, id_: str, timestamp: int, body: bytes) -> str:
    key = b64decode(secret.removeprefix(PREFIX))
    signed = f"{id_}.{timestamp}.".encode() + body
    return "v1," + b64encode(hmac.digest(key, signed, sha256)).decode()


def write(parcel: Parcel) -> Outgoing:
    id_, stamp = message_id(parcel.id), int(parcel.sent_at.timestamp())
    for longest in LONGEST_TEXTS:
        body = as_json(_payload(parcel, longest))
        if len(body) <= MOST_PAYLOAD_BYTES:
            break
    return Outgoing(
        parcel.values["url"],
        body,
        {
            "webhook-id": id_,
            "webhook-timestamp": str(stamp),
            "webhook-signature": " ".join(
                signature(secret, id_, stamp, body) for secret in _secrets(parcel)
            ),
        },
    )


def _secrets(parcel: Parcel) -> list[str]:
    """The new one, and for a while the one before it: receivers take either."""
    values = parcel.values
    former, until = values.get("former_signing_secret"), values.get("former_until")
    is_good = former and until and parcel.sent_at < until
    return [values["signing_secret"], *([former] if is_good else [])]


def _payload(parcel: Parcel, longest: int) -> dict[str, Any]:
    told = parcel.told
    source, _, number = told.source.partition("-")
    kind = TYPES.get(told.moment) or NOTICES.get(source, f"{source}.notice")
    if source == "channel":
        kind = OF_CHANNEL.get(told.moment, EventType.CHANNEL_FAILING.value)
    is_of_incident = source == "incident" and number.isdecimal()
    return {
        "type": kind,
        "timestamp": facts.moment(told.at or _at(parcel)),
        "data": facts.of_break(
            incident=int(number) if is_of_incident else None,
            title=told.title,
            stops=told.stops,
            platforms=told.platforms,
            connections=told.connections,
            since=told.since,
            lasted=told.lasted,
            is_drill=told.is_drill,
            longest=longest,
        )
        | {
            "event": told.event_id,
            "key": told.key,
            "moment": told.moment.value,
            "severity": told.severity.value,
            "workspace": told.workspace,
            "about": cut(told.about, longest),
            "whatHappened": cut(told.what_happened, longest) or None,
            "endsAt": facts.moment(told.ends_at) if told.ends_at else None,
            **({"details": _details(told.details, longest)} if told.details else {}),
            "whoCanFix": cut(told.who_can_fix, longest) or None,
            "link": told.link,
        },
    }


def _at(parcel: Parcel) -> datetime:
    """When it happened, where no event says so."""
    told = parcel.told
    if told.moment == Moment.REMINDER:
        return parcel.sent_at
    return told.since + told.lasted if told.lasted is not None else told.since


def _details(details: Sequence[tuple[str, str]], longest: int) -> list[dict[str, str]]:
    return [{"label": label, "words": cut(words, longest)} for label, words in details]


def check(values: Mapping[str, str]) -> dict[str, str]:
    secret = values.get("signing_secret", "")
    try:
        size = len(b64decode(secret.removeprefix(PREFIX), validate=True))
    except ValueError:
        size = 0
    if not secret.startswith(PREFIX) or not FEWEST_BYTES <= size <= MOST_BYTES:
        return {"signing_secret": BAD_SECRET}
    return {}


KIND = Kind(
    slug="webhook",
    name="Webhook",
    about="A program of yours, by signed requests after Standard Webhooks.",
    steps=(
        "Enter where your program listens. The signing secret is shown once, after saving.",
        "Verify each request with any library of standardwebhooks.com before you believe it.",
        "Answer with a status of 200 to 299 within ten seconds, and take an id once only.",
    ),
    fields=(
        address("URL", "https://example.com/hooks/control-center"),
        Field(
            name="signing_secret",
            label="Signing secret",
            help="Leave this empty for a new one, which is shown once.",
            secret=True,
            max_length=200,
        ),
    ),
    check=check,
    made={"signing_secret": new_secret},
    rotates=("signing_secret",),
    taken_by="Its receiver",
    send=over_http(NAME, write),
)
