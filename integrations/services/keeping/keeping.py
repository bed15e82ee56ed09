"""What must happen though nobody asks: renewals, notices, and forgetting what has run out.

Any number of processes may look after it at once: leases and row locks keep them apart.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from integrations import platforms
from integrations.models import (
    Candidate,
    ConnectionTest,
    FixLink,
    Heartbeat,
    IntegrationConnection,
    SignIn,
    SignInAttempt,
    Trigger,
)
from integrations.services.connecting.connections import Changes
from integrations.services.credentials import tokens
from integrations.services.proving import testing
from integrations.services.telling import notices
from providers.declare import SIGN_IN
from providers.errors import ProviderError

logger = logging.getLogger(__name__)

NAME = "keeper"
AT_ONCE = 50
KEPT = timedelta(hours=1)
LATE = timedelta(minutes=5)


def due(now: datetime) -> list[SignIn]:
    """The sign-ins to renew, those that waited longest first."""
    waiting = SignIn.objects.filter(
        renew_at__lte=now,
        is_ended=False,
        provider__in=platforms.catalogue(),
        integrationconnection__auth_method=SIGN_IN,
    )
    free = waiting.filter(Q(lease_until=None) | Q(lease_until__lte=now))
    return list(free.order_by("renew_at")[:AT_ONCE])


def renew(sign_in_id: UUID) -> None:
    """Renew one that is still due. Trouble, and its end, is told by a test, which all show."""
    before = SignIn.objects.filter(pk=sign_in_id).first()
    if before is None:
        return
    with suppress(ProviderError):  # the row keeps it
        tokens.renew(sign_in_id, lambda row, now: not tokens.is_due(row, now))
    _tell(sign_in_id, was_failing=before.failures > 0)


def tell_ends(now: datetime) -> None:
    """Test what has ended without anybody saying so. No platform is asked any more.

    It ended while somebody else asked, before a process died, or because its time was over.
    """
    silent = IntegrationConnection.objects.filter(
        provider__in=platforms.catalogue(), auth_method=SIGN_IN, is_complete=True, last_error=""
    )
    is_over = Q(sign_in__can_renew=False, sign_in__expires_at__lte=now)
    ended = silent.filter(Q(sign_in__is_ended=True) | is_over)
    for sign_in_id in ended.values_list("sign_in", flat=True):
        with _apart("Telling of an end"):
            _tell(sign_in_id, was_failing=False)


def _tell(sign_in_id: UUID, *, was_failing: bool) -> None:
    """Test the connection if it does not show how its sign-in is doing. Of many, one does."""
    with transaction.atomic():
        using = IntegrationConnection.objects.select_for_update().filter(sign_in=sign_in_id)
        connection = using.first()
        if connection is None or not _is_news(connection, was_failing=was_failing):
            return
        try:
            started = testing.start(connection, trigger=Trigger.SCHEDULE, by=None)
        except testing.NothingToTest:
            return
    if not started.joined:
        testing.perform(started.test, Changes())


def _is_news(connection: IntegrationConnection, *, was_failing: bool) -> bool:
    row = connection.sign_in
    if row is None or not connection.is_signed_in:
        return False
    works = tokens.is_good(row, timezone.now())
    is_told = connection.last_error or (connection.unanswered_since and not row.is_ended)
    if is_told:
        return was_failing and works and not row.failures
    return not works


def look_after(now: datetime) -> None:
    """Ends, notices and forgetting: harmless to repeat, and none in the way of the others."""
    for what in (tell_ends, notices.give_due, forget):
        with _apart(what.__name__):
            what(now)
    Heartbeat.objects.update_or_create(name=NAME, defaults={"at": now})


@contextmanager
def _apart(what: str) -> Iterator[None]:
    """Whatever goes wrong is logged without its text, which may hold data, and goes no further."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - one bad row must not keep all others from care
        logger.error("%s failed with %s", what, type(error).__name__)


def forget(now: datetime) -> None:
    """Delete what has run out and may hold secrets."""
    Candidate.objects.filter(expires_at__lt=now).delete()
    SignInAttempt.objects.filter(expires_at__lt=now - KEPT).delete()
    named = ConnectionTest.objects.filter(fix_link=OuterRef("pk"))  # the history names them
    old = FixLink.objects.filter(used_at=None, expires_at__lt=now - KEPT)
    old.filter(~Exists(named)).delete()
    unused = SignIn.objects.filter(integrationconnection=None, candidates=None)
    unused.filter(obtained_at__lt=now - KEPT).delete()


def is_late(now: datetime) -> bool:
    """Whether there are sign-ins that nobody has looked after for too long."""
    beat = Heartbeat.objects.filter(name=NAME).first()
    return (beat is None or now - beat.at > LATE) and SignIn.objects.exists()
