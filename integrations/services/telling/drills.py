"""Monthly drills that failed: then a real break might not be told either."""

from integrations.models import Drill, DrillState, Event
from integrations.services.telling import incidents
from integrations.services.telling.told import Moment, Severity, Told
from integrations_center import public_url


def told_of(event: Event) -> Told | None:
    """None of those that passed, and of those that a person started and looked at."""
    if event.data["what"] != DrillState.FAILED or not event.data["is_planned"]:
        return None
    found = Drill.objects.filter(pk=event.data["drill"], connection__workspace=event.workspace_id)
    drill = found.select_related("connection__workspace").first()
    if drill is None:
        return None
    connection = drill.connection
    about, slug = incidents.name_of(connection), connection.workspace.slug
    return Told(
        key=f"drill-{drill.pk}/failed",
        moment=Moment.NOTICE,
        severity=Severity.BREAK,
        state="A fire drill failed",
        workspace=connection.workspace.name,
        about=about,
        title=f"The monthly fire drill of {about} failed.",
        what_happened=f"{drill.remark} A real break of it might not be told either.",
        since=event.at,
        who_can_fix="An owner of the workspace, and whoever runs this installation.",
        platforms=(connection.provider,),
        act="See the drill",
        link=f"{public_url.link('connection-page', slug, connection.pk)}#drill",
    )
