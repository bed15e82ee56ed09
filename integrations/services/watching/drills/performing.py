"""How a drill is done: step by step, each by whichever worker takes its lease.

A killed worker's lease runs out, and another one takes the step again. No transaction is open
while the stand-in is asked.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from integrations.database import release_connection
from integrations.models import Drill, DrillState, Ending, EventType, Incident
from integrations.services import held
from integrations.services.proving.progress import stored
from integrations.services.watching import claims
from integrations.services.watching.drills import ending, hearing, staging
from providers.outbound.transport import USUAL_TIMEOUTS, Timeouts
from providers.run.results import Result
from providers.sandbox import drill as stand_ins
from providers.sandbox.practice import Fault

Clock = Callable[[], datetime]
AGAIN = timedelta(seconds=5)  # until what did not answer is asked a second time
LOOKS = timedelta(seconds=2)  # at what became of the messages
TELLS_WITHIN = timedelta(minutes=3)
LASTS_AT_MOST = timedelta(minutes=10)

ARCHIVED = "The workspace was archived."
NO_STAND_IN = "Nothing can stand in for the platform any more."
NOT_SOUND = "The stand-in did not work even without a fault: {}"
NOT_NOTICED = "It was not noticed: the test passed although the platform was broken."
TOO_LONG = {
    DrillState.BEGUN: "It could not be begun within ten minutes.",
    DrillState.BROKEN: "It was not noticed within ten minutes.",
    DrillState.NOTICED: "It was noticed, and nobody was told within ten minutes.",
    DrillState.MENDED: "It worked again, and that was not noticed within ten minutes.",
    DrillState.RECOVERED: "Whoever was told did not hear in time that it was over.",
}


@dataclass(frozen=True)
class Taken:
    """A drill whose next step is due, and the lease under which that is written back."""

    drill_id: int
    lease: int


def claim(now: datetime, most: int) -> list[Taken]:
    """Take up to so many steps that are due."""
    if most < 1:
        return []
    free = held.by_nobody(now, far=now + 2 * claims.LEASE)
    due = Drill.objects.filter(free, ended_at=None, due_at__lte=now).order_by("due_at")
    found = list(due.values_list("pk", "lease")[:most])
    return [Taken(pk, lease + 1) for pk, lease in found if _take(pk, lease, now)]


def _take(drill_id: int, lease: int, now: datetime) -> bool:
    same = Drill.objects.filter(pk=drill_id, lease=lease, ended_at=None)
    return bool(same.update(lease=F("lease") + 1, lease_until=now + claims.LEASE))


def perform(taken: Taken, clock: Clock, timeouts: Timeouts = USUAL_TIMEOUTS) -> None:
    """One step. What was stopped or taken over meanwhile is left alone."""
    ours = Drill.objects.filter(pk=taken.drill_id, lease=taken.lease, ended_at=None)
    drill = ours.select_related("connection__workspace", "incident").first()
    if drill is None:
        return
    try:
        _Step(drill, clock, timeouts).perform()
    except Exception:
        ours.update(lease_until=None, due_at=clock() + AGAIN)
        raise


class _Step:
    def __init__(self, drill: Drill, clock: Clock, timeouts: Timeouts) -> None:
        self._drill = drill
        self._clock = clock
        self._timeouts = timeouts
        connection = drill.connection
        self._practice = stand_ins.practice_of(connection.platform, connection.config)

    def perform(self) -> None:
        drill, now = self._drill, self._clock()
        if drill.connection.workspace.archived_at:
            self._end(DrillState.STOPPED, ARCHIVED)
        elif drill.begun_at and now - drill.begun_at > LASTS_AT_MOST:
            self._end(DrillState.FAILED, TOO_LONG[DrillState(drill.state)])
        elif self._practice is None:
            self._end(DrillState.FAILED, NO_STAND_IN)
        else:
            STEPS[DrillState(drill.state)](self)

    def begin(self) -> None:
        """First it is sound: what is found later is then the fault's doing."""
        begun_at = self._drill.begun_at or self._clock()
        result = self._ask(None)
        now = self._clock()
        if result.outcome != "passed":
            said = result.error.message if result.error else result.outcome
            self._end(DrillState.FAILED, NOT_SOUND.format(said))
            return
        self._write(state=DrillState.BROKEN, begun_at=begun_at, broken_at=now, due_at=now)

    def notice(self) -> None:
        """A refusal is believed at once; what might pass by itself once it was tried again."""
        drill = self._drill
        result = self._ask(Fault(drill.kind))
        now = self._clock()
        tests = [*drill.tests, _kept(result, now)]
        if result.error is None or self._practice is None:
            self._end(DrillState.FAILED, NOT_NOTICED)
            return
        platform = drill.connection.platform
        asked = platform.for_values(self._practice.healthy)
        staged = staging.judge(drill, asked, result.error, now)
        if staged.key.needs_time and len(tests) == 1:
            self._write(tests=tests, noticed_at=now, due_at=now + AGAIN)
            return
        with transaction.atomic():
            if self._lock():
                incident = staging.put_on(drill, staged, now)
                self._write(
                    tests=tests,
                    incident=incident,
                    sentence=result.error.message,
                    noticed_at=drill.noticed_at or now,
                    state=DrillState.NOTICED,
                    due_at=now + LOOKS,
                )

    def mend(self) -> None:
        """Once all who hear of it were told, or their time is up, the stand-in is sound again."""
        incident, now = self._incident, self._clock()
        told_at = hearing.first_told(hearing.heard(incident))
        is_late = now - (incident.confirmed_at or now) > TELLS_WITHIN
        if is_late or hearing.is_settled(incident, EventType.INCIDENT_OPENED):
            self._write(told_at=told_at, state=DrillState.MENDED, mended_at=now, due_at=now)
        else:
            self._write(told_at=told_at, due_at=now + LOOKS)

    def recover(self) -> None:
        result = self._ask(None)
        now = self._clock()
        tests = [*self._drill.tests, _kept(result, now)]
        if result.outcome != "passed":
            self._write(tests=tests, due_at=now + AGAIN)
            return
        with transaction.atomic():
            if self._lock():
                staging.take_off(self._incident.pk, Ending.PROVEN, now)
                self._write(
                    tests=tests, state=DrillState.RECOVERED, recovered_at=now, due_at=now + LOOKS
                )

    def conclude(self) -> None:
        incident, now = self._incident, self._clock()
        is_late = now - (incident.closed_at or now) > TELLS_WITHIN
        if not (is_late or hearing.is_settled(incident, EventType.INCIDENT_CLOSED)):
            self._write(due_at=now + LOOKS)
        elif missing := hearing.what_is_missing(self._drill):
            self._end(DrillState.FAILED, missing)
        else:
            self._end(DrillState.PASSED, hearing.what_to_know(self._drill))

    @property
    def _incident(self) -> Incident:
        """Raises DoesNotExist where somebody deleted it: then the limit of time ends the drill."""
        if self._drill.incident is None:
            raise Incident.DoesNotExist
        return self._drill.incident

    def _ask(self, fault: Fault | None) -> Result:
        if self._practice is None:
            raise LookupError(self._drill.kind)
        release_connection()
        platform = self._drill.connection.platform
        return stand_ins.climb(platform, self._practice, fault, timeouts=self._timeouts)

    def _write(self, **values: Any) -> None:
        mine = Drill.objects.filter(pk=self._drill.pk, ended_at=None, lease=self._drill.lease)
        mine.update(lease_until=None, **values)

    def _lock(self) -> Drill | None:
        """The row as it is now, while it is still ours."""
        return ending.lock(self._drill, lease=self._drill.lease)

    def _end(self, state: DrillState, remark: str) -> None:
        with transaction.atomic():
            if mine := self._lock():
                ending.end(mine, state, remark, self._clock())


STEPS: Mapping[DrillState, Callable[[_Step], None]] = {
    DrillState.BEGUN: _Step.begin,
    DrillState.BROKEN: _Step.notice,
    DrillState.NOTICED: _Step.mend,
    DrillState.MENDED: _Step.recover,
    DrillState.RECOVERED: _Step.conclude,
}


def _kept(result: Result, now: datetime) -> dict[str, Any]:
    """A test as the drill's record has it: of its own kind, and nowhere else."""
    error = result.error
    return {
        "at": now.isoformat(),
        "trigger": "drill",
        "outcome": result.outcome,
        "kind": error.kind if error else "",
        "message": error.message if error else "",
        "action": error.action if error else "",
        "duration_ms": result.duration_ms,
        "steps": stored(result.steps),
    }
