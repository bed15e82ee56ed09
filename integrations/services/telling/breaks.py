"""Breaks of single connections, told from their events."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q

from integrations import platforms
from integrations.models import Delivery, Event, EventType, IntegrationConnection, Watch
from integrations.services import rows
from integrations.services.telling.told import LASTS, Moment, Severity, Told
from integrations_center import public_url

SOURCE = "connection"
RENEW = "Renew access"


def told_of(event: Event) -> Told | None:
    """A break while it lasts, and its end once a test proves it: what is, not what was."""
    connection = event.connection
    if connection is None or connection.provider not in platforms.catalogue():
        return None
    if event.type == EventType.FAILING:
        return _break(connection)
    return _end(connection, event.at)


def told_again(told: Told, now: datetime) -> Told | None:
    """A reminder of it, if it still lasts and somebody wants to hear."""
    pk = told.source.removeprefix(f"{SOURCE}-")
    connection = IntegrationConnection.objects.filter(pk=pk).first()
    if connection is None or connection.provider not in platforms.catalogue():
        return None
    found = _break(connection)
    return found if found and found.key == told.key else None


def _break(connection: IntegrationConnection) -> Told | None:
    since = connection.failing_since
    if since is None or not connection.is_enabled or not connection.is_complete:
        return None
    if Watch.objects.filter(connection=connection, is_quiet=True).exists():
        return None
    key = f"{_source(connection)}/{int(since.timestamp())}"
    is_known = Delivery.objects.filter(_of(connection), thread=key).exists()
    return Told(
        key=key,
        moment=Moment.UPDATED if is_known else Moment.OPENED,
        severity=Severity.BREAK,
        title=connection.last_error,
        what_happened=connection.error_action,
        since=since,
        who_can_fix=_who(connection),
        act=RENEW if connection.needs_reauth else "See what is wrong",
        **_about(connection),
    )


def _end(connection: IntegrationConnection, at: datetime) -> Told | None:
    if connection.last_error or not connection.proven_at:
        return None
    last = Delivery.objects.filter(_of(connection)).order_by("-made_at").first()
    if last is None or last.moment not in LASTS:
        return None
    begun = Told.from_json(last.facts)
    return Told(
        key=begun.key,
        moment=Moment.CLOSED,
        severity=Severity.BREAK,
        title=begun.title,
        since=begun.since,
        lasted=at - begun.since,
        act="See the connection",
        **_about(connection),
    )


def _source(connection: IntegrationConnection) -> str:
    return f"{SOURCE}-{connection.pk}"


def _of(connection: IntegrationConnection) -> Q:
    return Q(workspace=connection.workspace_id, source=_source(connection))


def _about(connection: IntegrationConnection) -> dict[str, Any]:
    provider = connection.platform
    return {
        "workspace": connection.workspace.name,
        "about": name_of(connection),
        "stops": provider.used_by,
        "platforms": (connection.provider,),
        "connections": (str(connection.pk),),
        "link": dialog_link(connection),
    }


def name_of(connection: IntegrationConnection) -> str:
    """ "Postbox", or "Postbox (North)" where its platform has several."""
    name = connection.platform.name
    return f"{name} ({connection.title})" if rows.siblings(connection).exists() else name


def dialog_link(connection: IntegrationConnection) -> str:
    """Where it is put right, or a fix link is sent to somebody without an account."""
    which = {} if connection.is_default else {"connection": str(connection.pk)}
    page = public_url.link("settings", connection.workspace.slug)
    return f"{page}?{urlencode({'dialog': connection.provider, **which})}"


def _who(connection: IntegrationConnection) -> str:
    if lender := connection.lender:
        return f"The owners of {lender.name}, which lends it."
    return f"Whoever may give access at {connection.platform.name}."
