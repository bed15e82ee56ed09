"""Conditions: what a connection answers of itself, asked of the database about all of them.

Each is what the property of `IntegrationConnection` that it names says of one.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q

from integrations import crypto, platforms
from integrations.models.connections import A_LITTLE_AHEAD
from providers.declare import SIGN_IN

NEVER = Q(pk__in=())


def unreadable() -> Q:
    """`is_unreadable`: its key is not here."""
    known = ("", *sorted(crypto.known_ids()))
    is_signed_in = Q(auth_method=SIGN_IN, sign_in__isnull=False)
    return ~Q(key_id__in=known) | (is_signed_in & ~Q(sign_in_key_id__in=known))


def unprovable() -> Q:
    """`unprovable`: no test can ever prove it."""
    return _any(
        Q(provider=slug, auth_method=method.slug)
        for slug, provider in platforms.catalogue().items()
        for method in provider.methods
        if method.unprovable
    )


def proven() -> Q:
    """`proof_at` is set: it was proven by whoever is asked now."""
    by_stand_in: dict[str, list[str]] = defaultdict(list)
    for slug in platforms.catalogue():
        by_stand_in[platforms.stand_in(slug) or ""].append(slug)
    by_whom = (
        Q(provider__in=slugs, proof_stand_in=stand_in) for stand_in, slugs in by_stand_in.items()
    )
    return Q(proven_at__isnull=False) & _any(by_whom)


def fresh(now: datetime) -> Q:
    """`is_fresh(now)`."""
    lately = _any(
        Q(provider__in=slugs, proven_at__gt=now - lasts) for lasts, slugs in by_budget().items()
    )
    return proven() & lately & Q(proven_at__lt=now + A_LITTLE_AHEAD)


def by_budget() -> dict[timedelta, list[str]]:
    """How long proofs last, and of which platforms."""
    found: dict[timedelta, list[str]] = {}
    for slug, one in platforms.catalogue().items():
        found.setdefault(one.proof_budget, []).append(slug)
    return found


def _any(conditions: Iterable[Q]) -> Q:
    """Whether one of them holds; never where there are none."""
    found = NEVER
    for condition in conditions:
        found |= condition
    return found
