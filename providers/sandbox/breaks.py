"""What breaks at a platform while nothing changes here, and what that means by its documents.

The values that are sent stay as they were saved: the platform takes them for others from then on.
A token that it once gave is another one too, and what it tells of them still has their old names.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from email.message import Message
from functools import cached_property
from typing import NamedTuple
from urllib.parse import quote, quote_plus

from providers.sandbox.server import Answer, AnswerTo, Asked

# At any platform. Which of two it is, nobody says who puts a page in the place of data, or ends
# a reply in the middle.
SILENCES = {
    "down": "provider_unavailable",
    "wall": "blocked unexpected_reply",
    "cut": "network unexpected_reply",
    "silent": "network",
}
# Where a refusal has one name for what was revoked and what has run out.
ENDED = "auth_expired auth_invalid"
# Where a platform does not tell what is not there from what is not shown.
NOT_SHOWN = "account_not_found permission_missing"
NOTHING = ""


@dataclass(frozen=True)
class Break:
    """`instead` has what is sent, and what that is taken for. `means` are the kinds of error that
    the platform's documents leave open; none where nothing broke, and all stays green.
    """

    name: str
    instead: Mapping[str, str]
    means: frozenset[str]


class Trial(NamedTuple):
    """Values that are proven, and what breaks under them one after the other.

    `of` is the way in, where a platform has several trials.
    """

    values: Mapping[str, str]
    breaks: tuple[Break, ...]
    of: str = ""


def values(means: Mapping[str, str], sound: str) -> tuple[Break, ...]:
    """By what the value `sound` is taken for."""
    return breaks(means, str, sound=sound)


def breaks(
    means: Mapping[str, str], *ways: Callable[[str], str], sound: str = "healthy"
) -> tuple[Break, ...]:
    """By the word of a credential, in each way that it is sent."""
    return tuple(
        Break(word, {way(sound): way(word) for way in ways}, frozenset(kinds.split()))
        for word, kinds in means.items()
    )


class Breakable:
    """Answers as `answer` does, or as at a platform where that broke: `breakable.broken = …`."""

    def __init__(self, answer: AnswerTo) -> None:
        self._answer = answer
        self.broken: Break | None = None

    def __call__(self, asked: Asked) -> Answer:
        broken = self.broken
        if broken is None:
            return self._answer(asked)
        there = _Names(broken.instead)
        back = _Names({new: old for old, new in broken.instead.items()})
        return _told(self._answer(_taken(asked, there)), back)


class _Names:
    """Puts names in the place of others, however they are written in a request."""

    def __init__(self, names: Mapping[str, str]) -> None:
        written = (str, quote_plus, quote, lambda text: quote(text, safe=""))
        self._names = {way(old): way(new) for old, new in names.items() for way in written}

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        longest_first = sorted(self._names, key=len, reverse=True)
        return re.compile("|".join(map(re.escape, longest_first)))

    def in_text(self, text: str) -> str:
        return self._pattern.sub(lambda found: self._names[found[0]], text)


def _taken(asked: Asked, names: _Names) -> Asked:
    headers = Message()
    for name, value in asked.headers.items():
        headers[name] = _basic(value, names) if value.startswith("Basic ") else names.in_text(value)
    return replace(
        asked,
        path=names.in_text(asked.path),
        query={name: names.in_text(value) for name, value in asked.query.items()},
        headers=headers,
        body=names.in_text(asked.body.decode(errors="surrogateescape")).encode(
            errors="surrogateescape"
        ),
    )


def _basic(value: str, names: _Names) -> str:
    pair = base64.b64decode(value.removeprefix("Basic ")).decode()
    return "Basic " + base64.b64encode(names.in_text(pair).encode()).decode()


def _told(answer: Answer, names: _Names) -> Answer:
    if answer.body is None or isinstance(answer.body, bytes):
        return answer
    if isinstance(answer.body, str):
        return replace(answer, body=names.in_text(answer.body))
    return replace(answer, body=json.loads(names.in_text(json.dumps(answer.body))))
