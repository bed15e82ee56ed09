"""What a kind of channel is, and how a message goes out over HTTP."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import requests
from django.conf import settings
from django.utils.text import capfirst

from integrations.services.telling.messages import Letter
from integrations.services.telling.told import Told
from providers.declare import Field
from providers.errors import InvalidConfig, ProviderError
from providers.outbound.api import Api
from providers.outbound.headers import HEADERS, checked_headers
from providers.outbound.reply import Reply

Errors = dict[str, str]
LONGEST_WAIT = 10**9  # seconds: whoever says more says nothing


class NotTaken(Exception):
    """A message did not arrive. The sentence is for the channel's owners, without any secret.

    `is_refused` means that it will not arrive until a person does something, `is_gone` that the
    receiver wants none any more.
    """

    def __init__(
        self,
        sentence: str,
        *,
        status: int | None = None,
        retry_after_seconds: float | None = None,
        is_refused: bool = False,
        is_gone: bool = False,
    ) -> None:
        self.sentence = sentence
        self.status = status
        self.retry_after_seconds = retry_after_seconds
        self.is_refused = is_refused or is_gone
        self.is_gone = is_gone
        super().__init__("A message was not taken.")

    @property
    def is_certain(self) -> bool:
        """Whether it surely did not arrive: after a silence or a crash there it may have."""
        return self.is_refused or (self.status is not None and 400 <= self.status < 500)


@dataclass(frozen=True)
class Receipt:
    """The receiver took it. `reference` is its own name for it, where it tells one."""

    status: int | None = None
    reference: str = ""


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """One message and where it goes. `id` stays when it is sent again, `sent_at` does not.

    `thread` names the break; `root` is the receiver's name for the first message of it, "" for
    the first one itself or where none is known, and `answers` our own id of that one. Without
    `channel_id` it goes to owners, or operators, themselves.
    """

    id: UUID
    told: Told
    letter: Letter
    thread: str
    is_first: bool
    root: str
    sent_at: datetime
    answers: UUID | None = None
    channel_id: UUID | None = None
    values: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Outgoing:
    """A request, written out: an address may hold a secret, so none is shown."""

    method: str = field(default="POST", kw_only=True)
    url: str = field(repr=False)
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


Send = Callable[[Parcel], Receipt]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One way to tell people.

    `check` says what is wrong with clean values, by field. `made` are values that are made here
    where nobody typed any, and shown once; one of `rotates` is kept beside its successor for a
    while. `recipients` are those in its plain values who are
    written to one by one, each found as the only one in `recipients_at` when it is sent.
    `taken_by` is who takes a message, where that is not whoever it is called by; `is_read_there`
    whether people read it there. `unready` says why this installation cannot send any, "" where it
    can.
    """

    slug: str
    name: str
    about: str
    steps: tuple[str, ...]
    fields: tuple[Field, ...]
    send: Send = field(repr=False)
    check: Callable[[Mapping[str, str]], Errors] = lambda _values: {}
    made: Mapping[str, Callable[[], str]] = field(default_factory=dict)
    rotates: tuple[str, ...] = ()
    recipients: Callable[[Mapping[str, Any]], tuple[str, ...]] = lambda _values: ()
    recipients_at: str = ""
    taken_by: str = ""
    is_read_there: bool = True
    unready: Callable[[], str] = lambda: ""

    @property
    def taker(self) -> str:
        """Who takes a message."""
        return self.taken_by or self.name

    def field(self, name: str) -> Field:
        return next(one for one in self.fields if one.name == name)


def over_http(
    name: str, write: Callable[[Parcel], Outgoing], read: Callable[[Reply], str] = lambda _: ""
) -> Send:
    """Sends what `write` made through the guarded way out.

    `read` finds the receiver's name for the message in a good reply, or raises NotTaken.
    """

    def send(parcel: Parcel) -> Receipt:
        out = write(parcel)
        try:
            reply = _ask(name, out)
        except InvalidConfig as error:
            raise NotTaken(capfirst(error.message), is_refused=True) from None
        except ProviderError as error:
            raise NotTaken(capfirst(f"{error.message} {error.action}".strip())) from None
        if not 200 <= reply.status < 300:
            raise refusal(capfirst(name), reply)
        return Receipt(reply.status, read(reply))

    return send


def _ask(name: str, out: Outgoing) -> Reply:
    """The address is one that a person typed: it is checked, and no redirect is followed."""
    api = Api(
        {"API": out.url},
        judge=lambda _reply: None,
        platform=name,
        allow=settings.OUTBOUND_ALLOW,
        typed=True,
    )
    with api:
        headers = {**HEADERS, "Content-Type": "application/json", **checked_headers(out.headers)}
        asked = requests.Request(out.method, api.url("API", ""), data=out.body, headers=headers)
        return api.send(asked.prepare(), "API")


def refusal(name: str, reply: Reply) -> NotTaken:
    """What a reply that is no success means."""
    status = reply.status
    sentences = {
        401: f"{name} does not accept this address or token any more. Make a new one there.",
        403: f"{name} does not accept this address or token any more. Make a new one there.",
        404: f"{name} knows nothing at this address any more. Make a new one there.",
        410: f"{name} says that nothing is received there any more.",
        413: f"{name} says that the message is too long.",
        429: f"{name} limits messages at the moment.",
    }
    said = sentences.get(status)
    if said is None and 300 <= status < 400:
        said = "The address leads on to another one. Enter that one."
    if said is None:
        trouble = "has a problem at the moment" if status >= 500 else "did not take the message"
        said = f"{name} {trouble} (HTTP status {status})."
    return NotTaken(
        said,
        status=status,
        retry_after_seconds=_wait_of(reply),
        is_refused=status in (401, 403, 404) or 300 <= status < 400,
        is_gone=status == 410,
    )


def _wait_of(reply: Reply) -> float | None:
    """From the header, or from the body where some tell it."""
    told = reply.json_or_none()
    told = told if isinstance(told, dict) else {}
    inside = told.get("parameters")
    told = inside if isinstance(inside, dict) else told
    seconds = told.get("retry_after")
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not is_number or not 0 <= cast(float, seconds) <= LONGEST_WAIT:  # NaN is within nothing
        return reply.retry_after_seconds
    return reply.retry_after_seconds or cast(float, seconds)


def as_json(payload: Any) -> bytes:
    """Compact, and as UTF-8: what a receiver's limit counts."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


def cut(text: str, most: int) -> str:
    """At most so many characters, with a sign that there was more."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def cut_bytes(text: str, most: int) -> str:
    """The same for a limit of bytes in UTF-8."""
    encoded = text.encode()
    if len(encoded) <= most:
        return text
    return f"{encoded[: most - 3].decode(errors='ignore').rstrip()}…"
