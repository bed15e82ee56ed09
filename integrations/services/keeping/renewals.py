"""Renews sign-ins ahead of their end; those that have ended are told by a test."""

from contextlib import suppress
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet

from integrations import clock, platforms
from integrations.models import Credential, IntegrationConnection, Trigger
from integrations.models.credentials import LEASE
from integrations.services.credentials import tokens
from integrations.services.proving import testing
from integrations.services.refusals import NothingToTest, Paused
from integrations.services.trouble import apart
from providers.declare import SIGN_IN
from providers.errors import ProviderError

AT_ONCE = 50
MOST_TOLD = 500  # of an end, in a round


def due(now: datetime) -> list[Credential]:
    """The sign-ins to renew that nobody renews, those that waited longest first."""
    waiting = Credential.objects.filter(
        renew_at__lte=now,
        is_ended=False,
        provider__in=platforms.catalogue(),
        method=SIGN_IN,
        pk__in=_using().values("sign_in"),
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
    using = _in_turn(_using().filter(sign_in=sign_in_id))
    is_ended = Credential.objects.filter(pk=sign_in_id, is_ended=True).exists()
    # Of its end everybody is told, of trouble one: a platform is asked for that.
    for connection_id in using[: MOST_TOLD if is_ended else 1]:
        with apart("Telling of a renewal"):
            _tell(connection_id, was_failing=before.failures > 0)


def tell_ends(now: datetime) -> None:
    """Test what has ended without anybody saying so. No platform is asked any more.

    It ended while somebody else asked, before a process died, or because its time was over. So
    many in a round, first those who can mend it: what was told is not asked about again.
    """
    silent = _using().filter(is_complete=True, last_error="")
    is_over = Q(sign_in__can_renew=False, sign_in__expires_at__lte=now)
    ended = silent.filter(Q(sign_in__is_ended=True) | is_over)
    for connection_id in _in_turn(ended)[:MOST_TOLD]:
        with apart("Telling of an end"):
            _tell(connection_id, was_failing=False)


def _using() -> QuerySet[IntegrationConnection]:
    """The connections that a sign-in lets in, of platforms and workspaces that are in use."""
    return IntegrationConnection.objects.filter(
        provider__in=platforms.catalogue(), auth_method=SIGN_IN, workspace__archived_at=None
    ).exclude(sign_in=None)


def _in_turn(using: QuerySet[IntegrationConnection]) -> QuerySet[IntegrationConnection, UUID]:
    """Their ids: the lender's before those of whom it lends to."""
    in_order = using.order_by(F("lender").asc(nulls_first=True), "created_at", "pk")
    return in_order.values_list("pk", flat=True)


def _tell(connection_id: UUID, *, was_failing: bool) -> None:
    """Test the connection if it does not show how its sign-in is doing."""
    with transaction.atomic():
        using = IntegrationConnection.objects.select_for_update().filter(pk=connection_id)
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
    works = tokens.is_good(row, clock.now())
    is_told = connection.last_error or (connection.unanswered_since and not row.is_ended)
    if is_told:
        return was_failing and works and not row.failures
    return not works
