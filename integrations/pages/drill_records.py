"""What the section of drills on a connection's page says: what can be practised, how it went."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, NamedTuple

from django.conf import settings
from django.utils.text import get_text_list

from integrations.models import Drill, DrillKind, DrillPlan, DrillState, IntegrationConnection
from integrations.services.telling.messages import length
from integrations.services.watching import engine, intervals, wishes
from integrations.services.watching.drills import hearing, plans, starting
from integrations.services.watching.drills.starting import Choice

SHOWN = 5
SHOWS = {
    DrillKind.REVOKED: "Somebody at {who} ends what lets this connection in. It is told at once.",
    DrillKind.OUTAGE: "{who} answers that it has a problem. It is told once a second try says so.",
    DrillKind.LIMIT: "{who} asks us to wait. It is told once a second try finds it so.",
    DrillKind.ACCOUNT: "What lets it in does not reach the account any more. It is told at once.",
    DrillKind.SILENCE: "{who} does not answer at all. To wait for that twice takes half a minute.",
}
AT_ONCE = (DrillKind.REVOKED, DrillKind.ACCOUNT)
CHECKED = "A drill is checked at once; a real break shows with the next check, within {}."
REAL_ONE = "A real one is told once it has lasted {} minutes, as most pass by themselves."
SIGNS = {
    DrillState.PASSED: ("ok", "ok"),
    DrillState.FAILED: ("bad", "bad"),
    DrillState.STOPPED: ("idle", "off"),
}
GOES_ON = {
    DrillState.BEGUN: "The worker takes it in a moment.",
    DrillState.BROKEN: "The stand-in is broken. The engine is about to notice.",
    DrillState.NOTICED: "The engine noticed. Now people are told, which takes up to a minute.",
    DrillState.MENDED: "The stand-in works again. The engine is about to notice.",
    DrillState.RECOVERED: "The engine noticed that it works again. Now people are told that.",
}
PRACTISED = "Your credentials, status, proof and history are not touched."


class Line(NamedTuple):
    """One moment of a drill."""

    at: datetime
    said: str
    after_ms: int | None  # since it broke


@dataclass(frozen=True)
class Record:
    """A drill as its row in the table, and as its course line by line."""

    drill: Drill

    @property
    def tone(self) -> str:
        return SIGNS.get(DrillState(self.drill.state), ("idle", ""))[0]

    @property
    def sign(self) -> str:
        return SIGNS[DrillState(self.drill.state)][1]

    @property
    def noticed_ms(self) -> int | None:
        return _between(self.drill.broken_at, self.drill.noticed_at)

    @property
    def told_ms(self) -> int | None:
        return _between(self.drill.broken_at, self.drill.told_at)

    @property
    def recovered_ms(self) -> int | None:
        return _between(self.drill.mended_at, self.drill.recovered_at)

    @property
    def told_whom(self) -> str:
        told = (one["to"] for one in self.drill.told if one["at"] and not one["is_end"])
        return get_text_list(list(dict.fromkeys(told)), "and")

    @property
    def steps(self) -> list[dict[str, Any]]:
        """The ladder in which the break showed."""
        test = self.drill.last_test
        return test["steps"] if test else []

    @property
    def lines(self) -> list[Line]:
        return sorted(self._lines(), key=lambda one: one.at)

    def _lines(self) -> Iterator[Line]:
        drill = self.drill
        moments = (
            (drill.broken_at, "The stand-in broke"),
            (drill.noticed_at, "Noticed by the engine"),
            (drill.mended_at, "The stand-in worked again"),
            (drill.recovered_at, "Noticed that it works again"),
        )
        yield from (self._line(at, said) for at, said in moments if at)
        for one in drill.told:
            if one["at"]:
                what = " that it is over" if one["is_end"] else ""
                yield self._line(datetime.fromisoformat(one["at"]), f"{one['to']}: told{what}")

    def _line(self, at: datetime, said: str) -> Line:
        return Line(at, said, _between(self.drill.broken_at, at) or None)

    @property
    def not_told(self) -> list[str]:
        """Whom a message did not reach, and why: a wish is none of their fault."""
        return [
            f"{one['to']}: {one['sentence'] or hearing.ON_ITS_WAY}"
            for one in self.drill.told
            if not one["at"]
        ]


@dataclass(frozen=True)
class Row:
    """A kind of drill to choose."""

    choice: Choice
    shows: str


@dataclass
class Practised:
    """The section: what is read of it is read when it is first shown."""

    connection: IntegrationConnection
    now: datetime

    @cached_property
    def _last(self) -> list[Drill]:
        return list(starting.of(self.connection).select_related("incident")[: SHOWN + 1])

    @property
    def going_on(self) -> Drill | None:
        return next((one for one in self._last if not one.is_over), None)

    @property
    def stamp(self) -> str:
        """Another one as soon as there is more to show; "" when nothing goes on any more."""
        drill, course = self.going_on, self.course
        return f"{drill.pk}-{drill.state}-{len(course.lines)}" if drill and course else ""

    @cached_property
    def course(self) -> Record | None:
        """Of the one that goes on, with those who were told by now."""
        drill = self.going_on
        if drill and drill.incident:
            drill.told = [one.to_json() for one in hearing.heard(drill.incident)]
        return Record(drill) if drill else None

    @property
    def says(self) -> str:
        return GOES_ON[DrillState(self.going_on.state)] if self.going_on else ""

    @property
    def records(self) -> list[Record]:
        return [Record(one) for one in self._last if one.is_over][:SHOWN]

    @cached_property
    def why_none(self) -> str:
        return starting.why_none(self.connection)

    @cached_property
    def rows(self) -> list[Row]:
        return [
            Row(one, one.why_not or SHOWS[one.kind].format(who=_who(self.connection)))
            for one in starting.choices(self.connection)
        ]

    @property
    def first(self) -> DrillKind | None:
        """The kind that is chosen before anybody chooses."""
        return next((row.choice.kind for row in self.rows if not row.choice.why_not), None)

    @cached_property
    def plan(self) -> DrillPlan | None:
        return plans.of(self.connection)

    @cached_property
    def unchecked(self) -> str:
        """Why nothing would notice, or goes on; "" while the engine runs."""
        return starting.NO_ENGINE if not engine.goes_on(self.now) else ""


def announced(connection: IntegrationConnection, kind: DrillKind, now: datetime) -> list[str]:
    """What is said before one is begun: what happens, who is told and when."""
    told = hearing.forecast(connection, now)
    sentences = [SHOWS[kind].format(who=_who(connection))]
    if watch := wishes.of(connection):
        sentences.append(CHECKED.format(length(intervals.interval(watch))))
    if kind not in AT_ONCE:
        sentences.append(REAL_ONE.format(settings.OUTAGE_MINUTES))
    return [*sentences, *_whom(told), PRACTISED]


def _whom(told: hearing.Forecast) -> Iterator[str]:
    if told.is_quiet:
        yield "Nobody is told: this connection is set to quiet."
        return
    if told.muted_until:
        yield f"Nobody is told: it is muted until {_utc(told.muted_until)}."
        return
    if not told.hearers:
        yield (
            "Nobody would be told: no channel hears of it, and no owner can be mailed. "
            "The drill will fail for that."
        )
        return
    at_once = [one.name for one in told.hearers if one.waits_until is None]
    if at_once:
        yield f"Told within a minute or two, as a drill: {get_text_list(at_once, 'and')}."
    for one in told.hearers:
        if one.waits_until:
            yield (
                f"{one.name} is told nothing: it has quiet hours until {_utc(one.waits_until)}, "
                "and the drill is over by then."
            )


def _utc(at: datetime) -> str:
    """As `said` finds it, to be shown in the reader's zone."""
    return f"{at.astimezone(UTC):%Y-%m-%d at %H:%M} UTC"


def _who(connection: IntegrationConnection) -> str:
    return connection.platform.for_values(connection.config).name


def _between(began: datetime | None, ended: datetime | None) -> int | None:
    return round((ended - began).total_seconds() * 1000) if began and ended else None
