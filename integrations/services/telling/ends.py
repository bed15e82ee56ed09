"""Keeps the ends of connections as calendars have to be told of them: also that one moved."""

from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet

from integrations.models import End, IntegrationConnection, Workspace
from integrations.services.telling.notices import SAME_END

AT_ONCE = 500
KEPT = timedelta(days=28)  # after it was called off, or over: calendars ask when they like


def keep(now: datetime) -> None:
    """Compare with what the connections say by now. Harmless to repeat, and to leave half done."""
    _add(now)
    for end in _moved()[:AT_ONCE]:
        ends_at = end.connection.expires_at
        changes = {"is_off": ends_at is None, "sequence": F("sequence") + 1, "changed_at": now}
        if ends_at is not None:
            changes |= {"ends_at": ends_at, "is_estimate": end.connection.expires_is_estimate}
        # Of two who see the same change at once, one tells it.
        End.objects.filter(pk=end.pk, sequence=end.sequence).update(**changes)
    over = Q(is_off=True, changed_at__lt=now - KEPT) | Q(ends_at__lt=now - KEPT)
    End.objects.filter(over).filter(~Q(connection__expires_at__gte=now - KEPT)).delete()


def of(workspace: Workspace) -> QuerySet[End]:
    ends = End.objects.filter(connection__workspace=workspace)
    return ends.select_related("connection__workspace").order_by("ends_at", "pk")


def _add(now: datetime) -> None:
    new = IntegrationConnection.objects.filter(end=None, expires_at__gte=now - KEPT)
    End.objects.bulk_create(
        [
            End(
                connection=one,
                ends_at=one.expires_at,
                is_estimate=one.expires_is_estimate,
                changed_at=now,
            )
            for one in new[:AT_ONCE]
            if one.expires_at
        ],
        ignore_conflicts=True,
    )


def _moved() -> QuerySet[End]:
    """Those that are another moment's by now; a platform that counts down moves it a little."""
    ends_at = F("connection__expires_at")
    is_near = Q(ends_at__gt=ends_at - SAME_END, ends_at__lt=ends_at + SAME_END)
    is_there = Q(connection__expires_at__isnull=False)
    is_right = (is_there & is_near & Q(is_off=False)) | (~is_there & Q(is_off=True))
    return End.objects.exclude(is_right).select_related("connection")
