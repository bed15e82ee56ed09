"""Ends at the platform what a sign-in here obtained."""

import logging
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q, QuerySet

from integrations import clock, platforms
from integrations.database import release_connection
from integrations.models import Candidate, Credential, IntegrationConnection, SignInAttempt
from integrations.models.credentials import LEASE
from integrations.services.credentials import apps, ends, tokens
from integrations.services.credentials.unused import take_up, unused
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
    """Other connections that revoking this sign-in may end as well, in any workspace.

    Those with the same grant, saved or waiting; where the platform ends all that a person gave
    the app, all with that app, and those whose pasted token came of it or may have.
    """
    same = _others(row)
    waiting = Candidate.objects.filter(sign_in__in=same, saved_at=None)
    signed_in = Q(sign_in__in=same) | Q(pk__in=waiting.values("connection"))
    found = signed_in | Q(pk__in=_pasted(row))
    every = IntegrationConnection.objects.filter(found).select_related("workspace")
    return list(every.order_by("workspace", "provider"))


def _others(row: Credential) -> QuerySet[Credential]:
    """Other sign-ins that may end with it, but for those that are given back too."""
    same = Credential.objects.filter(method=SIGN_IN, app=row.app, client_id=row.client_id)
    same = same.filter(give_back_at=None).exclude(pk=row.pk)
    if not row.grant or ends.declared_for(row).revoking_ends_siblings:
        return same
    return same.filter(grant__in=(row.grant, ""))


def _pasted(row: Credential) -> list[UUID]:
    """The connections whose pasted token a person may have given the app of a sign-in."""
    if not ends.declared_for(row).revoking_ends_siblings:
        return []
    typed = IntegrationConnection.objects.filter(
        provider__in=platforms.catalogue(), credential__isnull=False
    )
    return [one.pk for one in typed.exclude(auth_method=SIGN_IN) if is_pasted_of(one, row)]


def is_pasted_of(connection: IntegrationConnection, row: Credential) -> bool:
    """Whether the token in use was pasted, and came of the app of a sign-in, or may have."""
    asked = connection.platform.for_values(connection.config)
    method = next((one for one in asked.methods if one.slug == connection.auth_method), None)
    if method is None or method.grant_of is None or asked.oauth is None:
        return False
    app = connection.config.get(method.grant_of) or row.client_id  # not known: it may be the same
    return (asked.oauth.app.slug, app) == (row.app, row.client_id)


# --- Giving back what nobody uses ----------------------------------------------------------------


def due(now: datetime) -> list[UUID]:
    """The sign-ins to give back, those that waited longest first."""
    waiting = Credential.objects.filter(method=SIGN_IN, give_back_at__lte=now)
    return list(waiting.order_by("give_back_at").values_list("pk", flat=True)[:AT_ONCE])


def give_back(sign_in_id: UUID) -> None:
    """End a sign-in that nobody uses at its platform, and forget it.

    Without an answer the sealed row waits for the next of `TRIES`, and so it does while somebody
    signs in whose sign-in would end with it. One with which a sign-in in use would end is only
    forgotten. No transaction is open while the platform answers.
    """
    row = _claimed(sign_in_id)
    if row is None:
        return
    try:
        is_done = _is_done(row)
    except NotRevocable:
        is_done = True
    except ProviderError as error:
        logger.warning("A sign-in to %s was not given back: %s", row.provider, error.kind)
        is_done = False
    if is_done:
        unused().filter(pk=row.pk, lease=row.lease).delete()
    Credential.objects.filter(pk=row.pk, lease=row.lease).update(lease=None, lease_until=None)


def _claimed(sign_in_id: UUID) -> Credential | None:
    """The row under a lease, if it is its time. None also when its tries are used up.

    The next time is set already: whoever dies with it has used up a try, and another goes on.
    """
    with transaction.atomic():
        row = Credential.objects.select_for_update().filter(pk=sign_in_id).first()
        now = clock.now()
        if row is None or row.give_back_at is None or row.give_back_at > now:
            return None
        if not unused().filter(pk=row.pk).exists():
            take_up(row)
            return None
        if row.is_leased(now):
            Credential.objects.filter(pk=row.pk).update(give_back_at=now + FIRST_PAUSE)
            return None
        if row.failures >= TRIES:
            logger.error("A sign-in to %s is left at its platform.", row.provider)
            row.delete()
            return None
        row.give_back_at = now + min(FIRST_PAUSE * 2**row.failures, LONGEST_PAUSE)
        row.failures += 1
        row.lease, row.lease_until = uuid4(), now + LEASE
        row.save(update_fields=["give_back_at", "failures", "lease", "lease_until"])
    return row


def _is_done(row: Credential) -> bool:
    """Whether nothing is left to be ended, here and now by asking if need be.

    Raises NotRevocable and ProviderError.
    """
    if row.provider not in platforms.catalogue() or _is_over(row):
        return True
    waits = _somebody_signs_in(row)  # before: who comes back in between is in use by then
    if siblings(row):
        return True
    if not waits:
        revoke(row)
    return not waits


def _is_over(row: Credential) -> bool:
    """Whether the platform has nothing left that could be ended."""
    has_run_out = row.expires_at is not None and row.expires_at <= clock.now()
    return row.is_ended or (has_run_out and not row.can_renew)


def _somebody_signs_in(row: Credential) -> bool:
    """Whether a sign-in goes on that ending this one would end as well."""
    begun = SignInAttempt.going_on(clock.now()).filter(app=row.app, client_id=row.client_id)
    return ends.declared_for(row).revoking_ends_siblings and begun.exists()
