"""Forgets what has run out and may hold secrets; sign-ins are given back."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from integrations import queue
from integrations.models import (
    Candidate,
    ConnectionTest,
    Credential,
    FixLink,
    IntegrationConnection,
)
from integrations.services.connecting import begun, several, spreading
from integrations.services.credentials import revoking, sealing
from integrations.services.credentials.unused import OBTAINED, let_go, unused
from integrations.services.people import guesses, hand_over, invitations, own
from integrations.services.proving import pauses
from integrations.services.telling import deliveries
from providers.declare import SIGN_IN

KEPT = timedelta(hours=1)
SETTLES = timedelta(minutes=2)  # a new sign-in belongs to somebody by then


def forget(now: datetime) -> None:
    """Delete it; an hour later where somebody may still look at it."""
    sealing.forget(Candidate.objects.filter(expires_at__lt=now))
    begun.forget_old(now)
    several.forget_drafts(now)
    spreading.forget_old(now)
    named = ConnectionTest.objects.filter(fix_link=OuterRef("pk"))  # the history names them
    old = FixLink.objects.filter(used_at=None, expires_at__lt=now - KEPT)
    old.filter(~Exists(named)).delete()
    sealed = Credential.objects.filter(connections=None, candidate=None, attempt=None)
    left = sealed.filter(registration=None, signed_in=None, obtained_at__lt=now - KEPT)
    left.exclude(OBTAINED).delete()
    pauses.forget_old(now)
    guesses.forget_old(now)
    invitations.forget_old(now)
    hand_over.forget_old(now)
    own.forget_old(now)
    deliveries.forget_old(now)


def give_back(now: datetime) -> None:
    """Have sign-ins ended at their platforms that nobody uses any more."""
    _leave_replaced()
    left = unused().filter(give_back_at=None, obtained_at__lt=now - SETTLES)
    let_go(list(left.values_list("pk", flat=True)))
    for sign_in_id in revoking.due(now):
        queue.enqueue("keeping.give_back", str(sign_in_id))


def _leave_replaced() -> None:
    """Take sign-ins off connections that are proven in another way: until then one may go back."""
    proven = IntegrationConnection.objects.exclude(auth_method=SIGN_IN).exclude(sign_in=None)
    left = proven.filter(proven_at__isnull=False)
    for pk, sign_in_id in list(left.values_list("pk", "sign_in_id")):
        with transaction.atomic():
            # Whoever chose the sign-in meanwhile keeps it.
            if left.filter(pk=pk, sign_in=sign_in_id).update(sign_in=None, sign_in_key_id=""):
                let_go([sign_in_id])
