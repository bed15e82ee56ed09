"""Held: what somebody has a lease of, as a row with `lease_until` says."""

from datetime import datetime

from django.db.models import Q


def by_nobody(now: datetime, far: datetime) -> Q:
    """It was let go, or whoever held it died. A lease that ends after `far` is longer than any:
    a clock that was ahead wrote it.
    """
    return Q(lease_until=None) | Q(lease_until__lte=now) | Q(lease_until__gt=far)
