"""Whether what is shown and told is true, when every stand-in breaks in every way."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

from integrations.benchmarks import engine, trials
from integrations.benchmarks.trials import INTERVALS, Seen

HEADINGS = (
    *("Platform", "breaks", "false green", "false red", "noticed after", "mended after"),
    *("messages", "wrong cause"),
)
SPREAD = f"{INTERVALS - 1:.0%}"
ABOUT = f"""
Breaks: what a stand-in shows that its platform's documents call one; beside them {{harmless}}
changes that take nothing that is needed. Each begins just after a check, so that none could be
noticed later. False green: green a full interval after it broke. False red: red, or asking
somebody to act, while the platform is only silent or nothing broke. Noticed, mended: half of
them and the slowest, in intervals; checks are an interval apart, and by chance up to {SPREAD} of it
sooner or later. Limits are not in mended: a platform ends them when it said. Messages: the most
about one cause, when it begins and when it is over. Requests, database, checker, worker, channel
and receiver are real. The hours between checks are simulated: they pass by setting back all that
is written down.
"""


@dataclass(frozen=True)
class Row:
    """What was seen of one platform, or of all."""

    name: str
    seen: Sequence[Seen]

    @property
    def breaks(self) -> list[Seen]:
        return [one for one in self.seen if one.is_break]

    @property
    def cells(self) -> tuple[str, ...]:
        of_breaks = self.breaks
        return (
            self.name,
            str(len(of_breaks)),
            str(sum(one.false_green for one in of_breaks)),
            str(sum(bool(one.false_red) for one in self.seen)),
            _times(one.noticed for one in of_breaks),
            _times(one.mended for one in of_breaks if not one.is_limit),
            self._messages,
            str(sum(bool(one.wrong_cause) for one in of_breaks)),
        )

    @property
    def _messages(self) -> str:
        def most(moment: str) -> int:
            return max((one.told.count(moment) for one in self.seen), default=0)

        others = max((len(one.told) - 2 for one in self.seen), default=0)
        more = f" and {others} more" if others > 0 else ""
        return f"{most('opened')} + {most('closed')}{more}"

    def as_json(self) -> dict[str, Any]:
        found = dict(zip(HEADINGS, self.cells, strict=True))
        return found | {"misses": [str(one) for one in self.seen if one.misses]}


def _times(intervals: Iterable[float | None]) -> str:
    found = list(intervals)
    known = [one for one in found if one is not None]
    never = len(found) - len(known)
    said = f"{median(known):.2f}, {max(known):.2f}" if known else "-"
    return f"{said}, {never} never" if never else said


def measure(only: tuple[str, ...] = ()) -> list[Row]:
    """A row for each platform and vendor, and one of all at the end."""
    with engine.at_work() as it, _quiet():
        seen = list(trials.perform(it, only))
    names = list(dict.fromkeys(one.platform for one in seen))
    rows = [Row(name, [one for one in seen if one.platform == name]) for name in names]
    return [*rows, Row("All", seen)]


@contextmanager
def _quiet() -> Iterator[None]:
    """Each check and message would be a line in the log."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def table(rows: Sequence[Row]) -> list[str]:
    """In Markdown, with what it means and every miss below."""
    lines = [HEADINGS, *(row.cells for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    shown = [
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))} |"
        for line in lines
    ]
    rule = f"|{'|'.join('-' * (width + 2) for width in widths)}|"
    seen = rows[-1].seen
    harmless = len(seen) - len(rows[-1].breaks)
    misses = [f"MISSED  {one}" for one in seen if one.misses]
    return [shown[0], rule, *shown[1:], ABOUT.format(harmless=harmless), *misses]
