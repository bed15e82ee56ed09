"""Keeps the ends of connections as calendars have to be told of them: also that one moved."""

from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce, NullIf

from integrations import platforms
from integrations.models import End, IntegrationConnection, Workspace

AT_ONCE = 500
KEPT = timedelta(days=28)  # after it was called off, or over: calendars ask when they like
# A platform that counts down in whole seconds moves an end a little with every reply.
SAME = timedelta(hours=1)


def keep(now: datetime) -> None:
    """Compare with what the connections say by now. Harmless to repeat, and to leave half done."""
    _add(now)
    for end in _moved()[:AT_ONCE]:
        changes = {"sequence": F("sequence") + 1, "changed_at": now, "is_off": not _is_on(end)}
        if end.connection and end.connection.expires_at:
            changes["ends_at"] = end.connection.expires_at
            changes["is_estimate"] = end.connection.expires_is_estimate
        if end.current:  # type: ignore[attr-defined]
            changes["title"] = end.current  # type: ignore[attr-defined]
        # Of two who see the same change at once, one tells it.
        End.objects.filter(pk=end.pk, sequence=end.sequence).update(**changes)
    over = Q(is_off=True, changed_at__lt=now - KEPT) | Q(ends_at__lt=now - KEPT)
    is_ahead = Q(connection__expires_at__isnull=False, connection__expires_at__gte=now - KEPT)
    End.objects.filter(over).filter(~is_ahead).delete()


def of(workspace: Workspace) -> QuerySet[End]:
    """Those of platforms that are here."""
    ends = End.objects.filter(workspace=workspace, provider__in=platforms.catalogue())
    return ends.select_related("workspace").order_by("ends_at", "pk")


def _add(now: datetime) -> None:
    ending = IntegrationConnection.objects.filter(end=None, expires_at__gte=now - KEPT)
    new = ending.annotate(current=_title()).filter(is_complete=True, is_enabled=True)
    End.objects.bulk_create(
        [
            End(
                id=one.pk,
                connection=one,
                workspace_id=one.workspace_id,
                provider=one.provider,
                title=one.current,
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
    """Those of which a calendar shows something else by now than what is."""
    ends_at = F("connection__expires_at")
    is_near = Q(ends_at__gt=ends_at - SAME, ends_at__lt=ends_at + SAME)
    is_same = Q(is_estimate=F("connection__expires_is_estimate"), title=F("current"))
    is_on = Q(
        connection__expires_at__isnull=False,
        connection__is_complete=True,
        connection__is_enabled=True,
    )
    is_right = (is_on & is_near & is_same & Q(is_off=False)) | (~is_on & Q(is_off=True))
    every = End.objects.annotate(current=_title("connection__"))
    return every.exclude(is_right).select_related("connection")


def _is_on(end: End) -> bool:
    one = end.connection
    return one is not None and one.expires_at is not None and one.is_complete and one.is_enabled


def _title(of: str = "") -> Coalesce:
    """A connection's title, for the database to compare."""
    names: tuple[Combinable, ...] = (
        *(F(f"{of}{name}") for name in ("name", "platform_account_name", "platform_account_id")),
        KeyTextTransform("account_id", f"{of}config"),
        *(F(f"{of}{name}") for name in ("former_account_name", "former_account_id")),
    )
    texts = (NullIf(Cast(one, TextField()), Value("", TextField())) for one in names)
    return Coalesce(*texts, Cast(f"{of}slug", TextField()))
