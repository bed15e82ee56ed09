"""E-mail, by the installation's own mail server.

Threads: RFC 5322 section 3.6.4. Every message refers to one root that only the break decides, as
some relays replace a Message-ID, and each but the first answers that one. RFC 3834 keeps holiday
replies away.
"""

import smtplib
from collections.abc import Mapping
from email.utils import parseaddr
from hashlib import sha256
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.validators import validate_email
from django.template.loader import render_to_string

from integrations.services.telling.kinds import Kind, NotTaken, Parcel, Receipt
from integrations.services.telling.told import Moment
from integrations.services.telling.unsubscribing import link, split
from providers.declare import Field

MOST_ADDRESSES = 20
NO_MAIL = "This installation sends no mail: whoever runs it sets EMAIL_URL."
PERMANENT = range(500, 600)


def send(parcel: Parcel) -> Receipt:
    if not settings.EMAIL_IS_CONFIGURED:
        raise NotTaken(NO_MAIL, is_refused=True)
    try:
        written(parcel).send()
    except smtplib.SMTPResponseException as error:
        raise NotTaken(
            f"The mail server refused it (SMTP status {error.smtp_code}).",
            status=error.smtp_code,
            is_refused=error.smtp_code in PERMANENT,
        ) from None
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        raise NotTaken(
            "The mail server refused the address.",
            status=max(codes, default=None),
            is_refused=all(code in PERMANENT for code in codes),
        ) from None
    except (smtplib.SMTPException, OSError):
        raise NotTaken("The mail server could not be reached.") from None
    return Receipt()


def written(parcel: Parcel) -> EmailMultiAlternatives:
    letter, to = parcel.letter, split(parcel.values["to"])
    is_reply = not parcel.is_first and parcel.told.moment != Moment.TEST
    begins = "Re: " if is_reply and not letter.is_end else ""
    # Of several who read the same mail nobody knows who would end it.
    ends = link(parcel.channel_id, to[0]) if parcel.channel_id and len(to) == 1 else ""
    context = {"letter": letter, "unsubscribe": ends}
    mail = EmailMultiAlternatives(
        subject=" ".join(f"{begins}{letter.subject}".split()),
        body=render_to_string("telling/mail.txt", context).strip() + "\n",
        to=to,
        headers=_headers(parcel, is_reply=is_reply) | _unsubscribing(ends),
    )
    mail.attach_alternative(render_to_string("telling/mail.html", context), "text/html")
    return mail


def _unsubscribing(link: str) -> dict[str, str]:
    """RFC 8058: a mail reader's own button posts there."""
    if not link:
        return {}
    return {
        "List-Unsubscribe": f"<{link}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def _headers(parcel: Parcel, *, is_reply: bool) -> dict[str, str]:
    root = f"<{sha256(parcel.thread.encode()).hexdigest()[:32]}.thread@{_domain()}>"
    headers = {
        "Message-ID": _message_id(parcel.id),
        "References": root,
        "Auto-Submitted": "auto-generated",
    }
    if not is_reply:
        return headers
    first = _message_id(parcel.answers) if parcel.answers else root
    return headers | {"References": f"{root} {first}", "In-Reply-To": first}


def _message_id(delivery_id: UUID) -> str:
    return f"<{delivery_id.hex}@{_domain()}>"


def _domain() -> str:
    _, sender = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return sender.rpartition("@")[2] or "localhost"


def check(values: Mapping[str, str]) -> dict[str, str]:
    if not settings.EMAIL_IS_CONFIGURED:
        return {"to": NO_MAIL}
    found = split(values.get("to", ""))
    if len(found) > MOST_ADDRESSES:
        return {"to": f"These are more than {MOST_ADDRESSES} addresses: use a list of your own."}
    for one in found:
        try:
            validate_email(one)
        except ValidationError:
            return {"to": "One of these is not an e-mail address. Check them."}
    return {}


KIND = Kind(
    slug="email",
    name="E-mail",
    about="Addresses of people, or of a list.",
    steps=("Enter whom to write to. The mail comes from this installation's own address.",),
    fields=(
        Field(
            name="to",
            label="Addresses",
            help=f"With commas between them; {MOST_ADDRESSES} at most.",
            type="textarea",
            required=True,
            example="dana@example.com, team@example.com",
        ),
    ),
    recipients=lambda values: tuple(split(values.get("to", ""))),
    recipients_at="to",
    check=check,
    send=send,
    taken_by="The mail server",
    is_read_there=False,
    unready=lambda: "" if settings.EMAIL_IS_CONFIGURED else NO_MAIL,
)
