"""Fix links: the person who owns the platform's account signs in there, without an account here.

A link lives for a day and ends with its first success. It opens one page: who asks, for what,
and how the proof goes.
"""

import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from integrations import clock, crypto
from integrations.models import FixLink, IntegrationConnection, Role
from integrations.services import rows
from integrations.services.people import people
from integrations.services.refusals import InvalidChange
from integrations_center import public_url

LIVES = timedelta(hours=24)
LONGEST_RECIPIENT = 100
LENT = (
    "What lets this connection in is lent by another workspace. Its owners mend it, or send a "
    "link for it there."
)


class LinkGone(Exception):
    """Unknown, used, too old, or sent by somebody who may not any more."""


def send(connection: IntegrationConnection, *, recipient: str, by: User) -> str:
    """A new link's address: the only time anybody sees it. Earlier ones end.

    Raises InvalidChange.
    """
    recipient = " ".join(recipient.split())
    if not recipient:
        raise InvalidChange({"recipient": ["Say who will get the link: the history names them."]})
    if len(recipient) > LONGEST_RECIPIENT:
        raise InvalidChange({"recipient": [f"This is longer than {LONGEST_RECIPIENT} characters."]})
    token, now = secrets.token_urlsafe(32), clock.now()
    with transaction.atomic():
        connection = rows.lock(connection)
        if connection.is_lent:
            raise InvalidChange({"recipient": [LENT]})
        end_unused(connection)
        FixLink.objects.create(
            connection=connection,
            digest=crypto.digest(token),
            recipient=recipient,
            sent_by=by,
            sent_at=now,
            expires_at=now + LIVES,
        )
    return public_url.link("fix", token)


def end_unused(connection: IntegrationConnection) -> None:
    """They are not deleted: the history names who was sent them."""
    now = clock.now()
    connection.fix_links.filter(used_at=None, expires_at__gt=now).update(expires_at=now)


def find(token: str) -> FixLink:
    """Raises LinkGone, without telling apart what is wrong."""
    return _valid(digest=crypto.digest(token), used_at=None)


def opened(link_id: UUID) -> FixLink:
    """A link that was opened in this browser, also once it is used up. Raises LinkGone."""
    return _valid(pk=link_id)


def _valid(**where: Any) -> FixLink:
    known = FixLink.objects.select_related(
        "connection__workspace", "connection__sign_in", "sent_by"
    )
    link = known.filter(expires_at__gt=clock.now(), **where).first()
    if link is None or not _may_still_send(link):
        raise LinkGone
    return link


def use_up(link_id: UUID) -> None:
    """End a link with its success. Raises LinkGone when it has ended before."""
    opened(link_id)
    if not FixLink.objects.filter(pk=link_id, used_at=None).update(used_at=clock.now()):
        raise LinkGone


def _may_still_send(link: FixLink) -> bool:
    """A link is worth what its sender may do now, not when it was sent."""
    if link.sent_by is None or not link.sent_by.is_active:
        return False
    try:
        sender = people.access(link.sent_by, link.connection.workspace.slug)
    except people.NoWorkspace:
        return False
    return sender.allows(Role.OWNER)
