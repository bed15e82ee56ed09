"""A signed webhook of one's own, after Standard Webhooks 1.0.0.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
(read 2026-11-29). The id stays when a message is sent again, the timestamp is that of the attempt.
What is signed is `id.timestamp.body`, with the decoded secret. 20 KB.
"""

import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from integrations.services.telling.channels.fields import address
from integrations.services.telling.kinds import Kind, Outgoing, Parcel, as_json, cut, over_http
from integrations.services.telling.told import Moment
from providers.declare import Field

NAME = "The receiver"
PREFIX = "whsec_"
SECRET_BYTES = 32
FEWEST_BYTES, MOST_BYTES = 24, 64
LONGEST_TEXT = 2000
BAD_SECRET = (
    "A signing secret is whsec_ and base64 of 24 to 64 bytes. Leave this empty for a new one."
)
TYPES = {
    Moment.OPENED: "incident.opened",
    Moment.UPDATED: "incident.updated",
    Moment.REMINDER: "incident.updated",
    Moment.CLOSED: "incident.closed",
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
    body = as_json(_payload(parcel))
    return Outgoing(
        parcel.values["url"],
        body,
        {
            "webhook-id": id_,
            "webhook-timestamp": str(stamp),
            "webhook-signature": signature(parcel.values["signing_secret"], id_, stamp, body),
        },
    )


def _payload(parcel: Parcel) -> dict[str, Any]:
    told = parcel.told
    is_over = told.moment == Moment.CLOSED and told.lasted is not None
    at = told.since + told.lasted if is_over and told.lasted is not None else told.since
    lasted = round(told.lasted.total_seconds()) if told.lasted is not None else None
    return {
        "type": TYPES.get(told.moment) or told.source.partition("-")[0] + ".notice",
        "timestamp": _moment(at),
        "data": {
            "key": told.key,
            "moment": told.moment.value,
            "severity": told.severity.value,
            "workspace": told.workspace,
            "about": told.about,
            "platforms": [*told.platforms],
            "connections": [*told.connections][:100],
            "title": cut(told.title, LONGEST_TEXT),
            "whatHappened": cut(told.what_happened, LONGEST_TEXT) or None,
            "stops": [*told.stops][:50],
            "whoCanFix": cut(told.who_can_fix, LONGEST_TEXT) or None,
            "since": _moment(told.since),
            "lastedSeconds": lasted,
            "isDrill": told.is_drill,
            "link": told.link,
        },
    }


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


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
    send=over_http(NAME, write),
)
