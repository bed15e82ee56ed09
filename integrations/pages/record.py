"""The record of a connection as a page shows it: the strip of days, and figures with their words.

A day is told by the worst that lasted a minute of it. What each is told by height and filling
first, by colour second.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.text import get_text_list

from integrations.models import ConnectionDay
from integrations.services.watching.states import State
from integrations.services.weeks import percent

STRIP_DAYS = 90
CARD_DAYS = 30
LEAST = 60  # seconds that a day has to be in a state to be told by it
MOST_NAMED = 4
WORST_FIRST = (State.ERROR, State.SILENT, State.UNPROVEN, State.PROVEN)
IN_ORDER = (*WORST_FIRST, State.OFF)
STEP = 10  # from a bar to the next
BARS = {  # from the middle of a bar's room, its line; where it begins
    State.PROVEN: ("v28", 12),
    State.ERROR: ("v40", 0),
    State.SILENT: ("h-3v26h6v-26h-3", 13),
    State.UNPROVEN: ("v14", 26),
    State.OFF: ("v3", 37),
}
LEGEND = {
    State.PROVEN: "Proven all day",
    State.ERROR: "Error (reaches the top)",
    State.SILENT: "No answer (hollow)",
    State.UNPROVEN: "Not proven (short)",
    State.OFF: "Off or not connected",
}
SAID = {
    State.ERROR: "in error",
    State.SILENT: "without an answer",
    State.UNPROVEN: "not proven",
    State.OFF: "off or not connected",
}


@dataclass(frozen=True)
class Cell:
    """One day of a strip."""

    day: date
    state: State


@dataclass(frozen=True)
class Strip:
    """Days that follow each other; the last one is today.

    Of days before `begins` nothing was recorded: they are drawn as off, and not counted so.
    """

    cells: Sequence[Cell]
    begins: date

    @property
    def width(self) -> int:
        return STEP * len(self.cells)

    @property
    def paths(self) -> list[tuple[State, str]]:
        """One for each state, so that ninety days are as many letters as a paragraph."""
        found = ((state, _path(self.cells, state)) for state in State)
        return [(state, path) for state, path in found if path]

    @property
    def ticks(self) -> list[date]:
        """Days to write below it, at equal distances; today stands at its end."""
        third = len(self.cells) // 3
        return [cell.day for cell in self.cells[::third][:3]]

    @property
    def legend(self) -> list[tuple[State, str, str]]:
        """What each of its states looks like, and is."""
        shown = {cell.state for cell in self.cells}
        sample = {state: _path([Cell(self.cells[0].day, state)], state) for state in shown}
        return [(state, sample[state], LEGEND[state]) for state in LEGEND if state in shown]

    @property
    def sentence(self) -> str:
        """ "In error on 2 days (13 Oct, today); proven on the other 88."."""
        since = f" The record begins on {self._called(self.begins)}."
        if self.begins == self.cells[-1].day:
            since = " The record begins today."
        return self._states + (since if self.begins > self.cells[0].day else "")

    @property
    def _states(self) -> str:
        parts = [self._part(state) for state in SAID]
        told = get_text_list([part for part in parts if part], "and")
        proven = sum(cell.state is State.PROVEN for cell in self.cells)
        if not told:
            return "Proven on every day." if self.begins <= self.cells[0].day else "Proven since."
        if not proven:
            return f"{told[0].upper()}{told[1:]}."
        others = "the other day" if proven == 1 else f"the other {proven}"
        return f"{told[0].upper()}{told[1:]}; proven on {others}."

    def _part(self, state: State) -> str:
        found = [c.day for c in self.cells if c.state is state and c.day >= self.begins]
        if not found:
            return ""
        number = f"{len(found)} day{'' if len(found) == 1 else 's'}"
        if state is State.OFF:
            return f"{SAID[state]} on {number}"
        named = [self._called(day) for day in found[-MOST_NAMED:]]
        left_out = len(found) - len(named)
        more = [f"{left_out} more before"] if left_out else []
        return f"{SAID[state]} on {number} ({', '.join([*named, *more])})"

    def _called(self, day: date) -> str:
        return "today" if day == self.cells[-1].day else short(day)


def short(day: date) -> str:
    """ "3 Nov", with a blank that does not break."""
    return f"{day.day}\N{NO-BREAK SPACE}{day:%b}"


def state_of(day: ConnectionDay) -> State:
    """The worst that lasted a minute of it; of a day in which nothing did, the longest."""
    for state in WORST_FIRST:
        if getattr(day, f"{state}_seconds") >= LEAST:
            return state
    return max(State, key=lambda state: int(getattr(day, f"{state}_seconds")))


def strip(days: Sequence[ConnectionDay], today: date, length: int, *, now: State) -> Strip:
    """Of what is summed; today is as bad as it is now, too."""
    known = {one.day: state_of(one) for one in days}
    known[today] = min(known.get(today, State.OFF), now, key=IN_ORDER.index)
    asked = (today - timedelta(days=age) for age in reversed(range(length)))
    return Strip([Cell(day, known.get(day, State.OFF)) for day in asked], min(known))


def known_for(days: Sequence[ConnectionDay], today: date) -> int:
    """How many days ago the record begins, today being one."""
    known = [day.day for day in days if state_of(day) is not State.OFF]
    return (today - min(known, default=today)).days + 1


def is_any(days: Sequence[ConnectionDay]) -> bool:
    """Whether there is a record: without a test there is nothing to tell."""
    return any(one.tests for one in days)


def _path(cells: Sequence[Cell], state: State) -> str:
    line, top = BARS[state]
    path, at = "", 0
    for place, cell in enumerate(cells):
        if cell.state is state:
            middle = STEP * place + STEP // 2
            path += f"M{middle} {top}{line}"
            at = middle
    return path if at else ""


@dataclass(frozen=True)
class Figures:
    """Sums of some days: `of` says of which, in words."""

    of: str
    days: Sequence[ConnectionDay]

    def seconds(self, state: State) -> int:
        return sum(getattr(day, f"{state}_seconds") for day in self.days)

    @property
    def known(self) -> str:
        """How much time there is of which an answer is known."""
        return lasting(self.seconds(State.PROVEN) + self.seconds(State.ERROR))

    @property
    def uptime(self) -> str:
        """The part of the time of which an answer is known in which it worked; "" for none."""
        proven, error = self.seconds(State.PROVEN), self.seconds(State.ERROR)
        return percent(proven, proven + error)

    @property
    def proven(self) -> str:
        """The part of the time that it was on in which a good proof stood; "" for none."""
        on = sum(self.seconds(state) for state in WORST_FIRST)
        return percent(self.seconds(State.PROVEN), on)

    @property
    def error(self) -> str:
        return lasting(self.seconds(State.ERROR))

    @property
    def silent(self) -> str:
        return lasting(self.seconds(State.SILENT))

    @property
    def tests(self) -> int:
        return sum(day.tests for day in self.days)


def lasting(seconds: int) -> str:
    """ "5 h 6 min", "2 days 3 h", "less than a minute"; "" for no time at all."""
    if not seconds:
        return ""
    minutes = seconds // 60
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [(days, "day" if days == 1 else "days"), (hours, "h"), (minutes, "min")]
    said = [f"{count}\N{NO-BREAK SPACE}{unit}" for count, unit in parts if count]
    return " ".join(said[:2]) or "less than a minute"


@dataclass(frozen=True)
class Step:
    """How long the answers to one question took, and how that went from day to day."""

    label: str
    count: int
    average_ms: int
    slowest_ms: int
    course: str


def steps(days: Sequence[ConnectionDay]) -> list[Step]:
    """Of tests that passed, in the order in which they are asked."""
    by_day = [{label: sums for label, *sums in day.steps} for day in days]
    labels = dict.fromkeys(label for of_day in reversed(by_day) for label in of_day)
    return [_step(label, [of_day.get(label) for of_day in by_day]) for label in labels]


def whole(days: Sequence[ConnectionDay]) -> Step | None:
    """The same of whole tests."""
    sums = [[day.passed, day.took_ms, day.slowest_ms] if day.passed else None for day in days]
    return _step("All of them", sums) if any(sums) else None


def _step(label: str, sums: Sequence[list[int] | None]) -> Step:
    known = [one for one in sums if one]
    count = sum(one[0] for one in known)
    average = round(sum(one[1] for one in known) / count)
    return Step(label, count, average, max(one[2] for one in known), _course(sums))


def _course(sums: Sequence[list[int] | None]) -> str:
    """Points of a line 120 wide and 24 high; a day without an answer is left out of it."""
    averages = [(place, one[1] / one[0]) for place, one in enumerate(sums) if one]
    highest = max(average for _, average in averages) or 1
    apart = 120 / max(1, len(sums) - 1)
    points = [(place * apart, 24 - 22 * average / highest) for place, average in averages]
    return " ".join(f"{x:.0f},{y:.0f}" for x, y in points) if len(points) > 1 else ""
