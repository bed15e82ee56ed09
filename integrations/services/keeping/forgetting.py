"""Forgets what has run out and may hold secrets."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef

from integrations.models import Candidate, ConnectionTest, FixLink, SignIn, SignInAttempt

KEPT = timedelta(hours=1)


def forget(now: datetime) -> None:
    """Delete it; an hour later where somebody may still look at it."""
    Candidate.objects.filter(expires_at__lt=now).delete()
    SignInAttempt.objects.filter(expires_at__lt=now - KEPT).delete()
    named = ConnectionTest.objects.filter(fix_link=OuterRef("pk"))  # the history names them
    old = FixLink.objects.filter(used_at=None, expires_at__lt=now - KEPT)
    old.filter(~Exists(named)).delete()
    unused = SignIn.objects.filter(integrationconnection=None, candidates=None)
    unused.filter(obtained_at__lt=now - KEPT).delete()
