"""How many connections of each platform stand how, as of a moment: a proof gets old by itself.

To count 130,000 takes most of a second, so it is kept for a while. Proofs are kept by the minute
in which they were made: how many of them are still good is worked out when somebody asks, also
when nobody has counted since.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum

from django.db.models import Case, CharField, Count, Q, Value, When
from django.db.models.functions import Cast, Substr

from integrations import platforms
from integrations.models import IntegrationConnection, Status
from integrations.services import conditions
from integrations.services.measuring import kept

NAME = "connections"
MINUTE = "%Y-%m-%d %H:%M"
MINUTE_LETTERS = len("2026-11-22 14:02")


class Standing(StrEnum):
    """Each connection has one of these: what a card says of it, in a word."""

    PROVEN = "proven"
    UNANSWERED = "unanswered"
    STALE = "stale"
    UNPROVEN = "unproven"
    UNPROVABLE = "unprovable"
    UNREADABLE = "unreadable"
    ERROR = "error"
    DISABLED = "disabled"
    NOT_CONNECTED = "not_connected"


Counts = Mapping[tuple[str, Standing], int]  # by platform and standing


def counts(now: datetime) -> Counts:
    """Those of platforms that there are, in workspaces that are not archived.

    What somebody began and never saved is none. A proof ends with the minute before it gets old.
    """
    found: Counter[tuple[str, Standing]] = Counter()
    oldest = {slug: _minute(now - one.proof_budget) for slug, one in platforms.catalogue().items()}
    for provider, standing, by_minute in kept.read(NAME, now, _count):
        last = oldest.get(provider, "")
        old = sum(number for minute, number in by_minute.items() if minute and minute <= last)
        found[provider, Standing.STALE] += old
        found[provider, Standing(standing)] += sum(by_minute.values()) - old
    return found


def renew(now: datetime) -> None:
    """Count anew, where that was not done a moment ago."""
    kept.renew(NAME, now, _count)


def _minute(at: datetime) -> str:
    return at.astimezone(UTC).strftime(MINUTE)


def _count(now: datetime) -> kept.Facts:
    """Lists of platform, standing, and how many by the minute of a good proof, or by ""."""
    saved = IntegrationConnection.objects.filter(
        version__gt=0, provider__in=platforms.catalogue(), workspace__archived_at=None
    )
    minute = Substr(Cast("proven_at", CharField()), 1, MINUTE_LETTERS)  # databases write it by UTC
    is_proven = When(standing=Standing.PROVEN, then=minute)
    told = saved.annotate(
        standing=_standing(now), minute=Case(is_proven, default=Value(""), output_field=CharField())
    ).values("provider", "standing", "minute")
    rows = told.annotate(number=Count("pk")).order_by()
    found: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for provider, standing, at, number in rows.values_list(
        "provider", "standing", "minute", "number"
    ):
        found[provider, standing][at] = number
    return [[*key, by_minute] for key, by_minute in found.items()]


def _standing(now: datetime) -> Case:
    """The same as `IntegrationConnection.light`, a word finer; the first that holds counts."""
    ways: tuple[tuple[Q, Standing], ...] = (
        (Q(status=Status.NOT_CONNECTED), Standing.NOT_CONNECTED),
        (Q(status=Status.DISABLED), Standing.DISABLED),
        (Q(status=Status.ERROR), Standing.ERROR),
        (conditions.unreadable(), Standing.UNREADABLE),
        (conditions.unprovable(), Standing.UNPROVABLE),
        (Q(unanswered_since__isnull=False), Standing.UNANSWERED),
        (conditions.fresh(now), Standing.PROVEN),
        (conditions.proven(), Standing.STALE),
    )
    cases = (When(condition, then=Value(standing.value)) for condition, standing in ways)
    return Case(*cases, default=Value(Standing.UNPROVEN.value), output_field=CharField())
