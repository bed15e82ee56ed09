"""Renews sign-ins ahead of their end; those that have ended are told by a test."""

from contextlib import suppress
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from integrations import platforms
from integrations.models import Credential, IntegrationConnection, Trigger
from integrations.models.credentials import LEASE
from integrations.services.credentials import tokens
from integrations.services.keeping.trouble import apart
from integrations.services.proving import testing
from integrations.services.refusals import NothingToTest, Paused
from providers.declare import SIGN_IN
from providers.errors import ProviderError

AT_ONCE = 50


def due(now: datetime) -> list[Credential]:
    """The sign-ins to renew that nobody renews, those that waited longest first."""
    waiting = Credential.objects.filter(
        renew_at__lte=now,
        is_ended=False,
        provider__in=platforms.catalogue(),
        method=SIGN_IN,
        signed_in__auth_method=SIGN_IN,
        signed_in__workspace__archived_at=None,
    )
    free = Q(lease_until=None) | Q(lease_until__lte=now) | Q(lease_until__gt=now + 2 * LEASE)
    return list(waiting.filter(free).order_by("renew_at")[:AT_ONCE])


def renew(sign_in_id: UUID) -> None:
    """Renew one that is still due. Trouble, and its end, is told by a test, which all show."""
    before = Credential.objects.filter(pk=sign_in_id).first()
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
        provider__in=platforms.catalogue(),
        auth_method=SIGN_IN,
        is_complete=True,
        last_error="",
        workspace__archived_at=None,
    )
    is_over = Q(sign_in__can_renew=False, sign_in__expires_at__lte=now)
    ended = silent.filter(Q(sign_in__is_ended=True) | is_over)
    for sign_in_id in ended.values_list("sign_in", flat=True):
        with apart("Telling of an end"):
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
        except (NothingToTest, Paused):
            return
    if not started.joined:
        testing.perform(started.test)


def _is_news(connection: IntegrationConnection, *, was_failing: bool) -> bool:
    row = connection.sign_in
    if row is None or not connection.is_signed_in:
        return False
    works = tokens.is_good(row, timezone.now())
    is_told = connection.last_error or (connection.unanswered_since and not row.is_ended)
    if is_told:
        return was_failing and works and not row.failures
    return not works
