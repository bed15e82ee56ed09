"""States: how a connection was from moment to moment, as its tests and edits tell.

An answer speaks for as long as a proof lasts, then nobody knows any more: so a time in which
nobody asked, because nothing of ours ran, is neither good nor bad. What another system reported
is not looked at.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from integrations.models import TestOutcome
from integrations.services.connecting.saving import TAKEN_BACK
from integrations.services.watching import wishes

SWITCHES = frozenset({"enabled", "disabled"})
# Of what is no value: no other revision begins with it.
LABELS = SWITCHES | {"name", "default", "report", "error", *wishes.LABELS.values()}
ENDS = frozenset({"disconnected", TAKEN_BACK})


class State(StrEnum):
    PROVEN = "proven"
    ERROR = "error"
    SILENT = "silent"
    UNPROVEN = "unproven"
    OFF = "off"


@dataclass(frozen=True)
class Answer:
    """A test that ended; `saves` where the values that it asked with were saved after it."""

    at: datetime
    begun_at: datetime
    outcome: str
    saves: bool = False


@dataclass(frozen=True)
class Edit:
    """What somebody saved: the labels of what is different."""

    at: datetime
    fields: frozenset[str]
    is_first: bool = False

    @property
    def has_values(self) -> bool:
        """Whether another revision began, of which nothing is known yet."""
        return not self.fields <= LABELS


History = Sequence[Answer | Edit]


@dataclass
class Course:
    """How it is at a moment, as far as the history was told until then."""

    lasts: timedelta
    is_on: bool
    is_connected: bool
    verdict: State | None = None
    verdict_until: datetime | None = None
    silent_until: datetime | None = None
    edited_at: datetime | None = None
    saves: bool = False

    def tell(self, what: Answer | Edit) -> None:
        if isinstance(what, Edit):
            self._edit(what)
        else:
            self._answer(what)

    def at(self, moment: datetime) -> State:
        if not (self.is_on and self.is_connected):
            return State.OFF
        holds = self.verdict_until is not None and moment < self.verdict_until
        if holds and self.verdict and (self.verdict is State.ERROR or not self.silent_until):
            return self.verdict
        if self.silent_until and moment < self.silent_until:
            return State.SILENT
        return State.UNPROVEN

    def parts(self, since: datetime, until: datetime) -> Iterator[tuple[State, float]]:
        """The states of a time in which nothing happens, with their seconds."""
        turns = [self.verdict_until, self.silent_until, until]
        while since < until:
            turn = min(one for one in turns if one and one > since)
            turn = min(turn, until)
            yield self.at(since), (turn - since).total_seconds()
            since = turn

    def _edit(self, edit: Edit) -> None:
        if edit.fields & SWITCHES:
            self.is_on = "enabled" in edit.fields
        if edit.fields & ENDS:
            self.is_connected, self.is_on = False, True
            self._forget()
        elif edit.has_values:
            self.is_connected = True
            self.edited_at = edit.at
            if not self.saves:  # else what was saved is what has just been tested
                self._forget()
        elif "error" in edit.fields:  # somebody cleared it
            self._forget()
        self.saves = False

    def _forget(self) -> None:
        self.verdict = self.verdict_until = self.silent_until = None

    def _answer(self, answer: Answer) -> None:
        is_old = self.edited_at and answer.begun_at < self.edited_at and not answer.saves
        if is_old:  # of values that were replaced meanwhile
            return
        self.is_connected, self.saves = True, answer.saves
        until = answer.at + self.lasts
        if answer.outcome == TestOutcome.INCONCLUSIVE:
            self.silent_until = until
            return
        passed = answer.outcome == TestOutcome.PASSED
        self.verdict = State.PROVEN if passed else State.ERROR
        self.verdict_until, self.silent_until = until, None


def seconds(history: History, since: datetime, until: datetime, start: Course) -> Counter[State]:
    """How long it was in each state, in whole seconds that add up to the time between.

    `start` is how it was when the history begins, which may be before `since`; what comes after
    `until` is left alone.
    """
    found: dict[State, float] = defaultdict(float)
    now = since
    for what in [*_in_order(history), None]:
        at = min(what.at, until) if what else until
        if at > now:
            for state, length in start.parts(now, at):
                found[state] += length
            now = at
        if what and what.at < until:
            start.tell(what)
    return _whole(found, round((until - since).total_seconds()))


def _whole(found: Mapping[State, float], total: int) -> Counter[State]:
    """In whole seconds; what rounding leaves over is the longest one's."""
    whole = Counter({state: round(length) for state, length in found.items()})
    if whole:
        (longest, _), *_ = whole.most_common(1)
        whole[longest] += total - whole.total()
    return whole


def before(history: History, *, is_on: bool, is_connected: bool) -> tuple[bool, bool]:
    """Whether it was on and connected when the history begins, from how it is after its end."""
    edits = [one for one in _in_order(history) if isinstance(one, Edit)]
    for edit in edits:
        if edit.fields & SWITCHES:
            is_on = "disabled" in edit.fields
            break
    for edit in edits:
        if edit.is_first or "added" in edit.fields:
            return is_on, False
        if edit.fields & ENDS or edit.has_values:
            return is_on, True
    return is_on, is_connected


def _in_order(history: History) -> list[Answer | Edit]:
    return sorted(history, key=lambda one: one.at)
