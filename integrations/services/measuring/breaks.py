"""What is broken: incidents by platform and cause, channels that take nothing."""

from collections.abc import Mapping

from django.db.models import Count

from integrations import platforms
from integrations.models import Channel, Incident
from integrations.models.incidents import OURS


def incidents() -> Mapping[tuple[str, str], int]:
    """How many are open, by platform and kind of cause: those that people are told of.

    The platform is "" for what is this installation's own. What is not confirmed may be over
    before anybody is told, and a drill is no incident.
    """
    is_open = Incident.objects.filter(
        closed_at=None, confirmed_at__isnull=False, cause__is_drill=False
    )
    rows = is_open.values_list("cause__provider", "cause__kind").annotate(number=Count("pk"))
    found: dict[tuple[str, str], int] = {}
    for provider, kind, number in rows.order_by():
        of = provider if provider in platforms.catalogue() and kind != OURS else ""
        found[of, kind] = found.get((of, kind), 0) + number
    return found


def channels() -> Mapping[str, int]:
    """How many take nothing at the moment, by kind."""
    failing = Channel.objects.filter(failing_since__isnull=False, is_enabled=True)
    rows = failing.values_list("kind").annotate(number=Count("pk"))
    return dict(rows.order_by())
