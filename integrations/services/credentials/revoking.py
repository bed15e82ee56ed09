"""Ends at the platform what a sign-in here obtained."""

import logging
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from integrations import crypto
from integrations.database import release_connection
from integrations.models import Candidate, Credential, IntegrationConnection, SignInAttempt
from integrations.models.credentials import LEASE
from integrations.services.credentials import apps, ends, tokens
from integrations.services.credentials.unused import unused
from providers.access.refusals import NotRevocable
from providers.declare import SIGN_IN
from providers.errors import ProviderError

logger = logging.getLogger(__name__)

# A sign-in that is given back: how often its platform is asked, and how long that takes at most.
TRIES = 12
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
AT_ONCE = 50


def revoke(row: Credential) -> None:
    """End the grant at the platform. Raises NotRevocable and ProviderError.

    Under the lease, so that no renewal runs meanwhile and the newest token is the one revoked.
    """
    opening = apps.talk_for(row)
    held = tokens.held_by(row)
    release_connection()
    with opening as talk:
        talk.revoke(held)


def siblings(row: Credential) -> list[IntegrationConnection]:
    """Other connections whose sign-in, saved or waiting, revoking this one may end.

    In any workspace.
    """
    if not ends.declared_for(row).revoking_ends_siblings:
        return []
    same = _others(row)
    waiting = Candidate.objects.filter(sign_in__in=same, saved_at=None)
    found = IntegrationConnection.objects.filter(
        Q(sign_in__in=same) | Q(pk__in=waiting.values("connection"))
    )
    return list(found.select_related("workspace").order_by("workspace", "provider"))


def _others(row: Credential) -> QuerySet[Credential]:
    """Other sign-ins with the same app, but for those that are given back too."""
    same = Credential.objects.filter(method=SIGN_IN, app=row.app, client_id=row.client_id)
    return same.filter(give_back_at=None).exclude(pk=row.pk)


# --- Giving back what nobody uses ----------------------------------------------------------------


def due(now: datetime) -> list[UUID]:
    """The sign-ins to give back, those that waited longest first."""
    waiting = Credential.objects.filter(method=SIGN_IN, give_back_at__lte=now)
    return list(waiting.order_by("give_back_at").values_list("pk", flat=True)[:AT_ONCE])


def give_back(sign_in_id: UUID) -> None:
    """End a sign-in that nobody uses at its platform, and forget it.

    Without an answer the sealed row waits for the next of `TRIES`. One with which a sign-in in
    use would end is only forgotten. No transaction is open while the platform answers.
    """
    row = _claimed(sign_in_id)
    if row is None:
        return
    mine = Credential.objects.filter(pk=row.pk, lease=row.lease)
    try:
        if not _is_over(row) and not _would_end_others(row):
            revoke(row)
    except NotRevocable:
        pass
    except ProviderError as error:
        logger.warning("A sign-in to %s was not given back: %s", row.provider, error.kind)
        mine.update(lease=None, lease_until=None)
        return
    mine.delete()


def _claimed(sign_in_id: UUID) -> Credential | None:
    """The row under a lease, if it is its time. None also when it was asked for in vain too often.

    The next time is set already: whoever dies with it has used up a try, and another goes on.
    """
    with transaction.atomic():
        row = Credential.objects.select_for_update().filter(pk=sign_in_id).first()
        now = timezone.now()
        if row is None or row.give_back_at is None or row.give_back_at > now:
            return None
        if row.failures >= TRIES:
            logger.error("A sign-in to %s is left at its platform.", row.provider)
            row.delete()
            return None
        is_used = not unused().filter(pk=row.pk).exists()
        waits = row.is_leased(now) or _somebody_signs_in(row, now)
        if is_used:
            row.give_back_at, row.renew_at = None, now
        elif waits:
            row.give_back_at = now + FIRST_PAUSE
        else:
            row.give_back_at = now + min(FIRST_PAUSE * 2**row.failures, LONGEST_PAUSE)
            row.failures += 1
            row.lease, row.lease_until = uuid4(), now + LEASE
        row.save(update_fields=["give_back_at", "renew_at", "failures", "lease", "lease_until"])
    return None if is_used or waits else row


def _somebody_signs_in(row: Credential, now: datetime) -> bool:
    """Whether a sign-in is under way that ending this one would end as well."""
    begun = SignInAttempt.objects.filter(app=row.app, client_id=row.client_id)
    begun = begun.exclude(credential=None)  # what it began with is dropped with its end
    under_way = Q(used_at=None, expires_at__gt=now) | Q(used_at__gt=now - LEASE)
    return begun.filter(under_way).exists() and ends.declared_for(row).revoking_ends_siblings


def _is_over(row: Credential) -> bool:
    """Whether the platform has nothing left that could be ended."""
    has_run_out = row.expires_at is not None and row.expires_at <= timezone.now()
    return row.is_ended or (has_run_out and not row.can_renew)


def _would_end_others(row: Credential) -> bool:
    """Whether one in use ends with it. Some platforms give the same token for each sign-in."""
    mine = _tokens_of(row)
    return bool(siblings(row)) or any(mine & _tokens_of(other) for other in _others(row))


def _tokens_of(row: Credential) -> set[str]:
    with suppress(crypto.Unreadable):
        return {token for token in row.obtained().values() if isinstance(token, str)}
    return set()
