"""Who hears of a drill: before it is begun, while it goes on, and in its record."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from integrations.models import (
    Channel,
    Delivery,
    Drill,
    Event,
    EventType,
    Incident,
    IntegrationConnection,
    ToldUntil,
    Watch,
)
from integrations.services.telling import audience, catalogue, incidents, outcomes, takes
from integrations.services.telling.quiet import quiet_until
from integrations.services.telling.told import LASTS, Moment

OWNERS = "The owners, by e-mail"
HELD_BACK = {takes.MUTED: "It is muted.", takes.QUIET: "It has quiet hours."}
NOBODY = "Nobody was told: no channel hears of it, and no owner can be mailed."
NOT_LOOKED = "Nobody was told in time: the worker did not come to it."
QUIET = "Nobody was told, as the connection is set to quiet."
HELD = "Nobody was told, as all that would hear of it is muted or has quiet hours."
NOT_TOLD = "{} was not told: {}"
NOT_TOLD_END = "{} was not told that it is over: {}"
ON_ITS_WAY = "the message was still on its way."


@dataclass(frozen=True)
class Hearer:
    """Whom a message would go to, and until when it would wait; None for at once."""

    name: str
    waits_until: datetime | None = None


@dataclass(frozen=True)
class Forecast:
    """`is_quiet` means that nobody hears of this connection, `muted_until` not before then."""

    hearers: list[Hearer]
    is_quiet: bool
    muted_until: datetime | None


def forecast(connection: IntegrationConnection, now: datetime) -> Forecast:
    """Who would be told of a break of it now, and when."""
    watch = Watch.objects.filter(connection=connection).first()
    until = watch.muted_until if watch else None
    heard = audience.audience_of_break(connection.workspace, (connection.provider,))
    return Forecast(
        hearers=[Hearer(name_of(one), _quiet_until(one, now)) for one in heard],
        is_quiet=bool(watch and watch.is_quiet),
        muted_until=until if until and until > now else None,
    )


def name_of(channel: Channel | None) -> str:
    """ "Marketing (Slack)"; without a channel the owners."""
    if channel is None:
        return OWNERS
    kind = catalogue.kinds().get(channel.kind)
    return f"{channel.name} ({kind.name})" if kind and kind.name != channel.name else channel.name


def _quiet_until(channel: Channel | None, now: datetime) -> datetime | None:
    if channel is None or channel.quiet_from is None or channel.quiet_until is None:
        return None
    return quiet_until(now, ZoneInfo(channel.time_zone), channel.quiet_from, channel.quiet_until)


@dataclass(frozen=True)
class Heard:
    """One message to one of them, and what became of it so far."""

    to: str
    is_end: bool
    at: datetime | None
    outcome: str
    sentence: str
    is_held_back: bool = False
    was_refused: bool = False

    @property
    def is_as_wished(self) -> bool:
        """Whether somebody wanted it to wait, or to be left out."""
        is_left_out = self.outcome == outcomes.LEFT_OUT and not self.was_refused
        return self.is_held_back or (is_left_out and self.sentence != takes.OVERTAKEN)

    @property
    def is_open(self) -> bool:
        """Whether it is to be sent yet."""
        return self.outcome == outcomes.WAITING and not self.is_as_wished

    @property
    def is_missing(self) -> bool:
        return self.at is None and not self.is_as_wished

    def to_json(self) -> dict[str, Any]:
        return {
            "to": self.to,
            "is_end": self.is_end,
            "at": self.at.isoformat() if self.at else None,
            "outcome": self.outcome,
            "sentence": self.sentence,
        }


def heard(incident: Incident) -> list[Heard]:
    """Every message about it, in their order."""
    found = Delivery.objects.filter(
        workspace=incident.workspace_id, source=incidents.source_of(incident.pk)
    ).select_related("channel")
    told = (*LASTS, Moment.CLOSED)
    return [
        Heard(
            to=name_of(one.channel),
            is_end=one.moment == Moment.CLOSED,
            at=one.delivered_at,
            outcome=one.outcome,
            sentence=_said(one),
            is_held_back=one.outcome == outcomes.WAITING and one.sentence in HELD_BACK,
            was_refused=one.refusals > 0,
        )
        for one in found.order_by("made_at", "pk")
        if one.moment in told
    ]


def _said(delivery: Delivery) -> str:
    """What is said of it, in a record that is read when it waits no more."""
    if delivery.refusals and delivery.outcome == outcomes.LEFT_OUT and delivery.channel:
        return delivery.channel.problem or delivery.sentence
    return HELD_BACK.get(delivery.sentence, delivery.sentence)


def is_settled(incident: Incident, kind: EventType) -> bool:
    """Whether all who hear that it began, or that it is over, have been told by now."""
    if not _was_looked_at(incident, kind):
        return False
    is_end = kind == EventType.INCIDENT_CLOSED
    return not any(one.is_open for one in heard(incident) if one.is_end == is_end)


def _was_looked_at(incident: Incident, kind: EventType) -> bool:
    """Whether what is told of it is written down."""
    told = Event.objects.filter(workspace=incident.workspace_id, type=kind)
    pk = told.filter(data__incident=incident.pk).values_list("pk", flat=True).last()
    until = ToldUntil.objects.filter(workspace=incident.workspace_id, event_id__gte=pk or 0)
    return pk is not None and until.exists()


def what_is_missing(drill: Drill) -> str:
    """A sentence about whoever should have heard of it and did not; "" where nobody is missed."""
    incident = drill.incident
    if incident is None:
        return NOBODY
    told = heard(incident)
    if not told:
        if not _was_looked_at(incident, EventType.INCIDENT_OPENED):
            return NOT_LOOKED
        return "" if _is_quiet(drill) else NOBODY
    missing = [one for one in told if one.is_missing]
    if not missing:
        return ""
    first = missing[0]
    said = NOT_TOLD_END if first.is_end else NOT_TOLD
    # An earlier one was overtaken by the one that was tried last, which knows why.
    last = [one for one in missing if one.to == first.to][-1]
    return said.format(first.to, last.sentence or ON_ITS_WAY)


def what_to_know(drill: Drill) -> str:
    """Why nobody heard of one that passed; "" where somebody did."""
    told = heard(drill.incident) if drill.incident else []
    if not told:
        return QUIET
    return "" if any(one.at for one in told) else HELD


def first_told(told: Collection[Heard]) -> datetime | None:
    """When the first of them heard that it began."""
    return min((one.at for one in told if one.at and not one.is_end), default=None)


def _is_quiet(drill: Drill) -> bool:
    return Watch.objects.filter(connection=drill.connection_id, is_quiet=True).exists()
