"""A stand-in for one platform: what each of them declares as its PLATFORM."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from providers.sandbox.breaks import Trial
from providers.sandbox.practice import Practice
from providers.sandbox.server import Answer, AnswerTo, page
from providers.sandbox.sign_in import AuthorizationServer


def does(*tables: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """What a guide shows of tables by credential: the first of a row, or a token's `does`."""
    entries = [entry for table in tables for entry in table.items()]
    return tuple((text, row[0] if isinstance(row, tuple) else row.does) for text, row in entries)


DOWN = "a page with status 503", page(503, "Service Unavailable")
WALL = "a web page instead of data", page(200, "Are you a robot?")
SILENT = "no answer at all", Answer(is_silent=True)


def cut(**reply: Any) -> tuple[str, Answer]:
    return "half a reply", Answer(200, reply, is_cut=True)


def trouble(prefix: str = "", **half: Any) -> dict[str, tuple[str, Answer]]:
    """What goes wrong anywhere; `half` is of the reply that is cut."""
    common = {"down": DOWN, "wall": WALL, "cut": cut(**half), "silent": SILENT}
    return {f"{prefix}{word}": row for word, row in common.items()}


# Patterns of a parameter's value.
ANY = "(?s).*"
UP_TO_100 = "0*([1-9][0-9]?|100)"


def any_of(*names: str) -> dict[str, str]:
    """Parameters that may have any value."""
    return dict.fromkeys(names, ANY)


def wrong_in(query: Mapping[str, str], known: Mapping[str, str]) -> str | None:
    """The first parameter that is not known, or whose value does not match its pattern."""
    return next(
        (name for name in query if not re.fullmatch(known.get(name, "(?!)"), query[name])), None
    )


class Trouble(NamedTuple):
    """So many days ago it was `error`, `silent` or `unproven` for so long."""

    days_ago: int
    state: str
    minutes: int


@dataclass(frozen=True, kw_only=True)
class Story:
    """What happened to the platform's connection in the demo, in this order.

    Its `values` were saved, or `signs_in_as` signed in here instead, and that was tested so
    many times. Other values came `later`, and were tested once. Another system `reported` an
    error. Since the last proof some days passed. Somebody switched the connection off. `beside`
    it are others, by what they are called, each tested once.

    Before all that it was `known_for` some days, with these `troubles`, one a day.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    signs_in_as: str = ""
    tests: int = 1
    later: Mapping[str, str] = field(default_factory=dict)
    reported: str = ""
    days_since_proof: int = 0
    is_switched_off: bool = False
    beside: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    known_for: int = 90
    troubles: Sequence[Trouble] = ()


@dataclass(frozen=True)
class Platform:
    """One platform's part of the sandbox.

    `guide` has headings over values and what each does. `healthy` are values, by the names of
    the platform's fields, that a test proves. `sign_ins` are its authorization servers by the
    slug of the app's declaration, which several platforms may share. `practices` are what drills
    are run with, one for each that the platform may be, and `trials` what can break, with what it
    means. With the values in `anywhere`, where there
    are such, any address that answers JSON is proven.
    """

    answer: AnswerTo
    guide: Mapping[str, Sequence[tuple[str, str]]]
    healthy: Mapping[str, str]
    story: Story = Story(tests=0)  # not connected
    practices: Sequence[Practice] = ()
    trials: Sequence[Trial] = ()
    sign_ins: Mapping[str, AuthorizationServer] = field(default_factory=dict)
    anywhere: Mapping[str, str] = field(default_factory=dict)
