"""Takes secrets out of texts: whole or cut, however they are written.

Out of what a platform answers, that is. Of what a person may have typed only whole secrets are
taken: who tries what one begins with would see when that is right.

A text is looked at as it is, and as what its escapes, its hex and its Base64 stand for. Each of
these views is compared with the secrets in small letters, forwards and backwards. All of it
costs in proportion to the text, and an ordinary text is done with at a glance.
"""

import html
import json
import re
from binascii import a2b_base64
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cache, cached_property
from typing import NamedTuple

MASK = "•••"
SHORTEST_SECRET = 4
# So much of a longer secret is masked too. Whatever holds a run of twelve holds, at one of every
# seven places, six characters of the secret: these are looked for first.
RUN = 12
GLANCE = 6
STRIDE = RUN - GLANCE + 1
# What is written twice (the JSON of a JSON text, Base64 in an address) is found, too.
DEPTH = 2
# Of a text that is to be cut, so much of the rest is looked at: what begins before the cut has
# shown itself by there, however it is written.
BEYOND = 400
LONGEST_WAY = 12  # so many characters may stand for one: a backslash and u, in JSON twice
ARMOR = re.compile(r"-----[A-Z ]{1,40}-----|\\n|\s")
ESCAPE = re.compile(
    r"%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|\\[\"'/\\bfnrt]"
    r"|&#[0-9]{1,7};|&#[xX][0-9A-Fa-f]{1,6};|&(?:amp|lt|gt|quot|apos);"
)
BLANKS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
HEX_DIGITS = frozenset("0123456789abcdefABCDEF")
URL_SAFE = str.maketrans("-_", "+/")  # the other alphabet of RFC 4648


class View(NamedTuple):
    """What a text stands for; `place` says where in the text a part of it is written."""

    text: str
    place: Callable[[int, int], tuple[int, int]]


class Mask:
    """Covers these secrets, whole and in runs of twelve characters and more.

    Runs that a plain value holds as well are no secret. Secrets that are too short are left.
    Without `in_runs` it covers whole ones alone, for what a person may have typed.
    """

    def __init__(
        self, secrets: Iterable[str], plain: Iterable[str] = (), *, in_runs: bool = True
    ) -> None:
        self.secrets = frozenset(secrets)
        self.plain = frozenset(plain)
        parts = {_secret_part(secret) for secret in self.secrets}
        known = {_lowered(_in_a_line(part)) for part in parts}
        if not in_runs:  # of a key file no line is enough: it is looked for as it is, too
            known |= {_lowered(part.strip()) for part in parts}
        known |= {one.replace(" ", "+") for one in known if " " in one}  # as in an address
        known = {one for one in known if len(one) >= SHORTEST_SECRET}
        both_ways = [*known, *(one[::-1] for one in known)]
        self._short = [one for one in both_ways if len(one) < RUN or not in_runs]
        self._long = [one for one in both_ways if len(one) >= RUN and in_runs]
        self._beyond = BEYOND if in_runs else LONGEST_WAY * max(map(len, known), default=0)
        self._all_long = "\n".join(self._long)
        self._shortest = min([RUN, *map(len, known)])

    def over(self, text: str, *, longest: int | None = None) -> str:
        """The text without the secrets, cut only then to the longest that is wanted."""
        looked_at = text if longest is None else text[: longest + self._beyond]
        hidden = bytearray(len(looked_at))
        for view in _views(looked_at, self._shortest):
            for start, end in self._found_in(_lowered(view.text)):
                first, last = view.place(start, end)
                hidden[first:last] = b"\x01" * (last - first)
        return _without(looked_at[:longest], hidden[:longest])[:longest]

    def _found_in(self, text: str) -> list[tuple[int, int]]:
        """Where something of a secret is, in a text of small letters."""
        found = [place for secret in self._short for place in _places_of(secret, text)]
        glances = range(0, len(text) - GLANCE + 1, STRIDE) if self._long else ()
        if any(text[at : at + GLANCE] in self._all_long for at in glances):
            runs = self._runs
            ends = range(RUN, len(text) + 1)
            found += [(end - RUN, end) for end in ends if text[end - RUN : end] in runs]
        return found

    @cached_property
    def _runs(self) -> frozenset[str]:
        return _runs_of(self._long) - _runs_of(map(_lowered, self.plain))


def masked(
    text: str,
    secrets: Iterable[str],
    *,
    plain: Iterable[str] = (),
    longest: int | None = None,
    in_runs: bool = True,
) -> str:
    """The text without these secrets, as a `Mask` covers them."""
    return Mask(secrets, plain, in_runs=in_runs).over(text, longest=longest)


def _secret_part(secret: str) -> str:
    """Of a key file its private key alone: whose it is, and of which project, is no secret."""
    if secret.lstrip()[:1] == "{":
        with suppress(ValueError, RecursionError):
            key = json.loads(secret).get("private_key")
            return key if isinstance(key, str) and key else secret
    return secret


def _in_a_line(key: str) -> str:
    return ARMOR.sub("", key) if "-----" in key else key


def _lowered(text: str) -> str:
    """In small letters, each at the place of the one that it is of."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(small if len(small := one.lower()) == 1 else one for one in text)


def _places_of(secret: str, text: str) -> Iterator[tuple[int, int]]:
    at = text.find(secret)
    while at >= 0:
        yield at, at + len(secret)
        at = text.find(secret, at + 1)


def _runs_of(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(text[end - RUN : end] for text in texts for end in range(RUN, len(text) + 1))


def _without(text: str, hidden: bytearray) -> str:
    if 1 not in hidden:
        return text
    pieces, at = [], 0
    for part in re.finditer(rb"\x01+", hidden):
        pieces += [text[at : part.start()], MASK]
        at = part.end()
    return "".join([*pieces, text[at:]])


# --- What a text stands for ----------------------------------------------------------------------


def _views(text: str, shortest: int) -> Iterator[View]:
    """The text as it is, and what it or a part of it can stand for, if that is long enough."""
    views = [View(text, lambda start, end: (start, end))]
    yield views[0]
    for _ in range(DEPTH):
        views = [more for view in views for more in _decoded(view, shortest)]
        yield from views


def _decoded(view: View, shortest: int) -> Iterator[View]:
    if ESCAPE.search(view.text):
        yield _unescaped(view)
    pairs, sixes, ascii_run = _patterns(shortest)
    for run in pairs.finditer(view.text):
        digits = [at for at in range(*run.span()) if view.text[at] in HEX_DIGITS]
        for first in (0, 1):  # another digit may stand before the first pair
            if ascii_run.search(meant := _bytes_of_hex(view.text, digits[first:])):
                yield _view_of_hex(view, digits[first:], meant)
    for run in sixes.finditer(view.text):
        for first in range(run.start(), run.start() + 4):  # the first of four is anywhere
            if ascii_run.search(meant := _bytes_of_base64(view.text[first : run.end()])):
                yield _view_of_base64(view, first, meant)


@cache
def _patterns(shortest: int) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[bytes]]:
    """Hex and Base64 of so many characters, and so many characters that a secret can have."""
    sixes = -(-shortest * 4 // 3)
    return (
        re.compile(rf"[0-9A-Fa-f]{{2}}(?:[:\- ]?[0-9A-Fa-f]{{2}}){{{shortest - 1},}}"),
        re.compile(rf"[A-Za-z0-9+/_\-]{{{sixes},}}"),
        re.compile(rb"[\t\n\r -~]{%d}" % shortest),
    )


def _unescaped(view: View) -> View:
    """Percent, JSON and HTML escapes: `%41`, a backslash and u0041, `&#65;` for A."""
    pieces: list[str] = []
    starts: list[int] = []
    at = 0
    for escape in ESCAPE.finditer(view.text):
        pieces += [view.text[at : escape.start()], _meant(escape[0])]
        starts += range(at, escape.start() + 1)
        at = escape.end()
    pieces.append(view.text[at:])
    starts += range(at, len(view.text) + 1)
    return View("".join(pieces), lambda start, end: view.place(starts[start], starts[end]))


def _meant(escape: str) -> str:
    """The one character that an escape stands for."""
    if escape[0] == "&":
        return html.unescape(escape)[:1] or " "
    if escape[0] == "%" or escape[1] in "ux":
        return chr(int(escape.lstrip("%\\ux"), 16))
    return BLANKS.get(escape[1], escape[1])


def _bytes_of_hex(text: str, digits: list[int]) -> bytes:
    return bytes.fromhex("".join(text[at] for at in digits[: len(digits) // 2 * 2]))


def _view_of_hex(view: View, digits: list[int], meant: bytes) -> View:
    return View(
        meant.decode("latin-1"),
        lambda start, end: view.place(digits[2 * start], digits[2 * end - 1] + 1),
    )


def _bytes_of_base64(written: str) -> bytes:
    written = written.translate(URL_SAFE)
    whole = written[: len(written) - (len(written) % 4 == 1)]  # six bits alone are no byte
    return a2b_base64(whole + "=" * (-len(whole) % 4))


def _view_of_base64(view: View, first: int, meant: bytes) -> View:
    """Six bits a character, so that what is shared with a neighbour belongs to both."""
    return View(
        meant.decode("latin-1"),
        lambda start, end: view.place(first + start * 8 // 6, first + (end * 8 + 5) // 6),
    )
