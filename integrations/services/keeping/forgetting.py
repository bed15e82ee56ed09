"""Forgets what has run out and may hold secrets."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef

from integrations.models import Candidate, ConnectionTest, Credential, FixLink, SignInAttempt
from integrations.services.credentials import sealing
from integrations.services.people import guesses, hand_over, invitations, own

KEPT = timedelta(hours=1)


def forget(now: datetime) -> None:
    """Delete it; an hour later where somebody may still look at it."""
    sealing.forget(Candidate.objects.filter(expires_at__lt=now))
    sealing.forget(SignInAttempt.objects.filter(expires_at__lt=now - KEPT))
    named = ConnectionTest.objects.filter(fix_link=OuterRef("pk"))  # the history names them
    old = FixLink.objects.filter(used_at=None, expires_at__lt=now - KEPT)
    old.filter(~Exists(named)).delete()
    unused = Credential.objects.filter(
        connections=None, signed_in=None, candidates=None, candidate=None, attempt=None
    )
    unused.filter(registration=None, obtained_at__lt=now - KEPT).delete()
    guesses.forget_old(now)
    invitations.forget_old(now)
    hand_over.forget_old(now)
    own.forget_old(now)
