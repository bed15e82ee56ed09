"""Incidents, told from their events: what broke, and not each connection that shows it."""

from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.utils.text import capfirst

from integrations import platforms
from integrations.models import (
    Delivery,
    Drill,
    Ending,
    Event,
    EventType,
    Incident,
    IntegrationConnection,
    Scope,
    Workspace,
)
from integrations.models.connections import IN_TROUBLE
from integrations.models.incidents import DRILL
from integrations.services import rows
from integrations.services.people.invitations import full_name
from integrations.services.telling.messages import SHOWN, some
from integrations.services.telling.told import Moment, Severity, Told
from integrations_center import public_url
from providers.errors import Unanswered

SOURCE = "incident"
RENEW = "Renew access"
HANDLED = "handled"  # somebody took it, or wrote a note: that is on the page
MORE = "Still broken, and more of it"
AT_PLATFORM = "It lies with {}: nobody here has to do anything."
SILENT = frozenset(error.kind for error in Unanswered.__subclasses__())
SEE_DRILL = "See the drill"
UNTOUCHED = "Nobody has to do anything: what is live was not touched."
STARTED_BY = f"A fire drill that {{}} started. {UNTOUCHED}"
PLANNED = f"The monthly fire drill. {UNTOUCHED}"
PRACTISED = f"A fire drill. {UNTOUCHED}"
REALLY = "Of a real break it would say: {}"
WORKS_AGAIN = (Ending.PROVEN, Ending.CLEARED, Ending.READABLE)
OVER = {
    Ending.CHANGED: "Connected in another way, which cannot be tested.",
    Ending.MOVED: "It has another cause, of which you hear separately.",
    Ending.DISABLED: "Disabled.",
    Ending.DISCONNECTED: "Disconnected.",
    Ending.REMOVED: "Removed.",
    Ending.STOPPED: "The drill ended before it was seen to work again.",
}


def told_of(event: Event) -> Told | None:
    """A break while it lasts, and its end: what is, not what was.

    What is this installation's own fault is told to its operators, and never to each workspace.
    """
    pk = event.data["incident"]
    incident = _all_of(event.workspace).filter(pk=pk).first()
    if incident is None or incident.cause.scope == Scope.CHANNEL:  # told from its own events
        return None
    before = _lasting(incident)
    if event.type == EventType.INCIDENT_CLOSED:
        is_back = incident.is_open and incident.confirmed_at
        return _end(event, before) if before and not is_back else None
    is_certain = incident.is_open and incident.confirmed_at is not None
    if event.data["what"] == HANDLED or incident.is_ours or not is_certain:
        return None
    if not before:
        return _break(incident, Moment.OPENED, f"{source_of(incident.pk)}/{event.pk}")
    told = _break(incident, Moment.UPDATED, before[-1].key)
    return _news(told, before[-1]) if told else None


def told_again(told: Told, now: datetime) -> Told | None:
    """A reminder of it, if it still lasts and somebody wants to hear."""
    incident = of_source(told.source)
    if incident is None or not incident.is_open or incident.is_ours or incident.well_since:
        return None
    if not _inside(incident).filter(IN_TROUBLE).exists():
        return None  # mended, and not proven yet
    return _break(incident, Moment.REMINDER, told.key)


def source_of(incident_id: int) -> str:
    return f"{SOURCE}-{incident_id}"


def of_source(source: str) -> Incident | None:
    """The incident that a message is about, if it is about one."""
    kind, _, pk = source.partition("-")
    if kind != SOURCE:
        return None
    return Incident.objects.select_related("cause", "workspace").filter(pk=int(pk)).first()


def _all_of(workspace: Workspace) -> QuerySet[Incident]:
    return Incident.objects.select_related("cause", "workspace").filter(workspace=workspace)


def _lasting(incident: Incident) -> list[Told]:
    """All that was told of it, or is about to be, since it broke last; nothing if its end was.

    What was told to somebody counts, also where it was left out for others.
    """
    every = Delivery.objects.filter(workspace=incident.workspace_id, source=source_of(incident.pk))
    newest = every.order_by("-number", "-made_at").values_list("thread", flat=True).first()
    thread = list(every.filter(thread=newest).order_by("number", "made_at"))
    heard = [one for one in thread if one.outcome != Delivery.Outcome.LEFT_OUT]
    is_over = any(one.moment == Moment.CLOSED for one in thread)
    return [] if is_over else [Told.from_json(one.facts) for one in heard]


def _news(told: Told, last: Told) -> Told | None:
    """It, if it became more or something else. That a part of it is over is no news yet."""
    before, inside = {*last.connections}, {*told.connections}
    if not inside <= before:
        return replace(told, state=MORE)
    return told if inside == before and told.title != last.title else None


def _break(incident: Incident, moment: Moment, key: str) -> Told | None:
    """None where all that broke is watched quietly."""
    connections = list(_inside(incident).exclude(watch__is_quiet=True))
    if not connections:
        return None
    title = incident.title
    words = [incident.message, incident.action]
    is_drill = incident.cause.is_drill
    if is_drill:
        title = capfirst(title.removeprefix(f"{DRILL}: "))
        words = [_nothing_to_do(incident), REALLY.format(" ".join(filter(None, words)))]
    return Told(
        key=key,
        moment=moment,
        severity=Severity.BREAK,
        workspace=incident.workspace.name,
        about=_names(connections),
        are_many=len(connections) > 1,
        title=f"{title.rstrip('.')}.",
        what_happened=" ".join(filter(None, words)),
        stops=tuple(incident.stops),
        since=incident.opened_at,
        who_can_fix=_who(incident, connections),
        platforms=tuple(dict.fromkeys(one.provider for one in connections)),
        connections=tuple(str(one.pk) for one in connections),
        is_drill=is_drill,
        act=SEE_DRILL if is_drill else _act(connections),
        link=_drill_link(incident, connections) if is_drill else _link(incident, connections),
        can_be_sent=not is_drill and _can_be_sent(connections),
    )


def _end(event: Event, told: list[Told]) -> Told | None:
    """Of what was told as broken. With an archived workspace all of its watching ends."""
    why = Ending(event.data["what"])
    if why == Ending.ARCHIVED:
        return None
    return replace(
        told[-1],
        moment=Moment.CLOSED,
        state="" if why in WORKS_AGAIN else "Over",
        what_happened="" if why in WORKS_AGAIN else OVER[why],
        who_can_fix="",
        lasted=timedelta(seconds=event.data["seconds"]),
        # All that heard of it hear of its end, also where their part of it was over before.
        platforms=tuple(dict.fromkeys(slug for one in told for slug in one.platforms)),
        act=_act_at_end(told[-1]),
    )


def _act_at_end(last: Told) -> str:
    if last.is_drill:
        return SEE_DRILL
    return "See the connection" if len(last.connections) == 1 else "See the incident"


def _inside(incident: Incident) -> QuerySet[IntegrationConnection]:
    """Those that are in it now; those that joined first come first. A drill has no members."""
    there = IntegrationConnection.objects.filter(provider__in=platforms.catalogue())
    if incident.cause.is_drill:
        there = there.filter(drills__incident=incident)
    else:
        there = there.filter(incidents__incident=incident, incidents__left_at=None)
        there = there.order_by("incidents__pk")
    return there.select_related("workspace", "lender")


def _names(connections: list[IntegrationConnection]) -> str:
    return some([name_of(one) for one in connections[:SHOWN]], len(connections))


def name_of(connection: IntegrationConnection) -> str:
    """ "Postbox", or "Postbox (North)" where its platform has several."""
    name = connection.platform.name
    return f"{name} ({connection.title})" if rows.siblings(connection).exists() else name


def _link(incident: Incident, connections: list[IntegrationConnection]) -> str:
    """Where one is put right, or a fix link is sent to somebody without an account; several are
    seen together first.
    """
    slug = incident.workspace.slug
    if len(connections) > 1:
        return f"{public_url.link('incidents', slug)}#incident-{incident.pk}"
    (connection,) = connections
    which = {} if connection.is_default else {"connection": str(connection.pk)}
    query = urlencode({"dialog": connection.provider, **which})
    return f"{public_url.link('settings', slug)}?{query}"


def _nothing_to_do(incident: Incident) -> str:
    drill = Drill.objects.filter(incident=incident).select_related("asked_by").first()
    if drill and drill.asked_by:
        return STARTED_BY.format(full_name(drill.asked_by))
    return PLANNED if drill and drill.is_planned else PRACTISED


def _drill_link(incident: Incident, connections: list[IntegrationConnection]) -> str:
    page = public_url.link("connection-page", incident.workspace.slug, connections[0].pk)
    return f"{page}#drill"


def _act(connections: list[IntegrationConnection]) -> str:
    if len(connections) > 1:
        return "See the incident"
    return RENEW if connections[0].needs_reauth else "See what is wrong"


def _can_be_sent(connections: list[IntegrationConnection]) -> bool:
    """Whether the link leads to where an owner sends a fix link."""
    return len(connections) == 1 and bool(
        connections[0].platform.sign_ins and not connections[0].is_lent
    )


def _who(incident: Incident, connections: list[IntegrationConnection]) -> str:
    """One that can put all of it right."""
    if incident.cause.is_drill:
        return ""
    if incident.cause.kind in SILENT:
        names = list(dict.fromkeys(one.platform.name for one in connections))
        return AT_PLATFORM.format(some(names[:SHOWN], len(names)))
    of_each = {_who_for(one) for one in connections}
    return of_each.pop() if len(of_each) == 1 else ""


def _who_for(connection: IntegrationConnection) -> str:
    if lender := connection.lender:
        return f"The owners of {lender.name}, which lends it."
    return f"Whoever may give access at {connection.platform.name}."
