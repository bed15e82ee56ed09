"""What broke before the demo was started, and is over; and where its team hears of it."""

from collections import defaultdict
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from integrations import platforms
from integrations.models import (
    Cause,
    Incident,
    IncidentConnection,
    IntegrationConnection,
    Workspace,
)
from integrations.models.incidents import Ending, Scope
from integrations.services.telling import changes
from integrations.services.telling.changes import Changes
from integrations.services.watching import days, wording
from providers.errors import AuthExpired, ProviderUnavailable
from providers.sandbox.__main__ import INBOX, PLATFORMS
from providers.sandbox.stand_in import Trouble

KINDS = {"error": AuthExpired, "silent": ProviderUnavailable}
TITLES = {"error": "{} ended the credentials", "silent": "No answer from {}"}
BEGAN = timedelta(hours=9, minutes=12)  # of its day
NOTE = "Renewed with Carla. The new one has no end."


def add_incidents(workspace: Workspace, owner: User | None) -> None:
    """Of the troubles that the stories tell: one for all platforms that had the same one."""
    found: dict[Trouble, list[IntegrationConnection]] = defaultdict(list)
    saved = IntegrationConnection.objects.filter(workspace=workspace, is_default=True)
    for one in saved.filter(provider__in=PLATFORMS).order_by("pk"):
        for trouble in PLATFORMS[one.provider].story.troubles:
            if trouble.state in KINDS:
                found[trouble].append(one)
    latest = min((one for one in found if one.state == "error"), default=None)
    for trouble, connections in sorted(found.items(), reverse=True):
        incident = _add(workspace, trouble, connections)
        if trouble == latest:
            incident.owner, incident.note = owner, NOTE
            incident.save(update_fields=["owner", "note"])


def _add(
    workspace: Workspace, trouble: Trouble, connections: list[IntegrationConnection]
) -> Incident:
    day = days.day_of(timezone.now()) - trouble.days_ago * days.DAY
    began = days.midnight(day) + BEGAN
    ended = began + timedelta(minutes=trouble.minutes)
    error, name = KINDS[trouble.state], platforms.get(connections[0].provider).name
    title = TITLES[trouble.state].format(name)
    times = {"opened_at": began, "confirmed_at": began, "closed_at": ended}
    cause = Cause.objects.create(
        key=f"demo/{trouble.days_ago}/{connections[0].pk}",
        kind=error.kind,
        scope=Scope.CREDENTIAL,
        provider=connections[0].provider,
        title=title,
        **times,
    )
    incident = Incident.objects.create(
        cause=cause,
        workspace=workspace,
        title=title,
        message=error.default_message,
        action=error.default_action,
        stops=[use for one in connections for use in wording.used_by(one.provider)],
        well_since=ended,
        ended_by=Ending.PROVEN,
        **times,
    )
    IncidentConnection.objects.bulk_create(
        _member(incident, one, began, ended) for one in connections
    )
    return incident


def _member(
    incident: Incident, connection: IntegrationConnection, began: datetime, ended: datetime
) -> IncidentConnection:
    return IncidentConnection(
        incident=incident,
        connection=connection,
        provider=connection.provider,
        joined_at=began,
        left_at=ended,
        left_by=Ending.PROVEN,
    )


def add_channel(workspace: Workspace) -> None:
    """A webhook that the stand-ins take, so that nothing leaves this machine."""
    origin = next(filter(None, map(platforms.stand_in, PLATFORMS)))
    config: dict[str, str | None] = {"url": f"{origin}/{INBOX}/alerts"}
    given = Changes(config=config, name="Team's own program")
    changes.add(workspace, "webhook", given, by=None)
