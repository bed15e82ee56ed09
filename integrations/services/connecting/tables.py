"""Tables: which account goes to which workspace, as somebody wrote it down.

Columns are separated by commas, semicolons or tabs; with a heading they stand in any order, and
others are left alone. Without one they are the account, the workspace, the name of a new one.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from unicodedata import normalize

MOST_LINES = 5_000
MOST_BYTES = 1_000_000
LONGEST_LINE = 10_000
COLUMNS = ("account", "workspace", "name")
SEPARATORS = "\t;,"
# With this a spreadsheet names its own separator, and shows the line to nobody.
SAID_SEPARATOR = re.compile(rf'"?sep=([{SEPARATORS}])"?\s*', re.IGNORECASE)
# What a spreadsheet works out where a cell begins, wherever it takes one to begin.
FORMULA = re.compile(r"(^|[;,|] ?)(?=[=+\-@＝＋－＠])")
GUARDED = re.compile(r"^'(?=[=+\-@＝＋－＠])")
EMPTY = "The table is empty. Write a line for each account: account, workspace."
NO_COLUMNS = "The heading names no column {}. Use account, workspace, name."
NAMED_TWICE = "The heading names the column {} twice. Keep one of the two."
TOO_LONG = f"The table is longer than {MOST_LINES:,} lines or 1 MB. Spread it in several parts."
LONG_LINE = f"Line {{}} is longer than {LONGEST_LINE:,} characters. Write a line for each account."
OPEN_QUOTE = (
    "In line {} a quotation mark is left open, or stands inside a cell. Write it twice there."
)
NOT_TEXT = "This is not UTF-8. Save the table as CSV in that encoding."
ODD_TEXT = "The table holds a character that no text has. Save it as CSV, in UTF-8."


class UnreadableTable(Exception):
    """The whole is no table. Its sentence repeats nothing of it."""


@dataclass(frozen=True)
class Row:
    """One line, counted from 1 as an editor shows it."""

    number: int
    account: str
    workspace: str
    name: str = ""


def decoded(content: bytes) -> str:
    """With a byte-order mark or without one. Raises UnreadableTable."""
    if len(content) > MOST_BYTES:
        raise UnreadableTable(TOO_LONG)
    is_wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return content.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableTable(NOT_TEXT) from None


def read(text: str) -> list[Row]:
    """Raises UnreadableTable; lines that say nothing are left out."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if len(text.encode(errors="replace")) > MOST_BYTES:
        raise UnreadableTable(TOO_LONG)
    if "\0" in text:
        raise UnreadableTable(ODD_TEXT)
    lines = list(_cells(normalize("NFC", text).split("\n")))
    places = dict(zip(COLUMNS, range(len(COLUMNS)), strict=True))
    if lines and (headed := _heading(lines[0][1])):
        places, lines = headed, lines[1:]
    if not lines:
        raise UnreadableTable(EMPTY)
    if len(lines) > MOST_LINES:
        raise UnreadableTable(TOO_LONG)
    return [_row(number, cells, places) for number, cells in lines]


def _row(number: int, cells: Sequence[str], places: dict[str, int]) -> Row:
    at = {name: cells[i] for name, i in places.items() if i < len(cells)}
    if any("\n" in cell.strip() for cell in at.values()):  # it holds the lines that follow
        raise UnreadableTable(OPEN_QUOTE.format(number))
    said = [GUARDED.sub("", " ".join(at.get(name, "").split())) for name in COLUMNS]
    return Row(number, *said)


def _cells(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Each line that holds something, with its number."""
    for at, line in enumerate(lines):
        if len(line) > LONGEST_LINE:
            raise UnreadableTable(LONG_LINE.format(at + 1))
    separator = _separator(lines)
    if said := SAID_SEPARATOR.fullmatch(lines[0]):
        separator, lines = said[1], ["", *lines[1:]]
    every = (f"{line}\n" for line in lines)
    reader = csv.reader(every, delimiter=separator, skipinitialspace=True, strict=True)
    number = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield number, cells
            number = reader.line_num + 1
    except csv.Error:
        raise UnreadableTable(OPEN_QUOTE.format(number)) from None


def _separator(lines: Sequence[str]) -> str:
    """The one that cuts most lines into as many cells; of several the one that comes first."""
    outside = ["".join(line.split('"')[::2]) for line in lines]
    first = next((line for line in outside if any(one in line for one in SEPARATORS)), ",")

    def alike(one: str) -> int:
        return max(Counter(line.count(one) for line in (first, *outside) if one in line).values())

    those = [one for one in SEPARATORS if one in first]
    return max(those, key=lambda one: (alike(one), -first.index(one)))


def _heading(cells: list[str]) -> dict[str, int] | None:
    """Where the columns are; None where the first line is one of the others."""
    titles = [" ".join(cell.split()).casefold() for cell in cells]
    titles = [title.removesuffix(" id").removesuffix("_id") for title in titles]
    if "account" not in titles and "workspace" not in titles:
        return None
    for name in COLUMNS[:2]:
        if name not in titles:
            raise UnreadableTable(NO_COLUMNS.format(name))
    for name in COLUMNS:
        if titles.count(name) > 1:
            raise UnreadableTable(NAMED_TWICE.format(name))
    return {name: titles.index(name) for name in COLUMNS if name in titles}


def written(accounts: Iterable[tuple[str, str]]) -> str:
    """A table of these ids and names, whose workspaces are still to be filled in."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(("account", "account name", "workspace", "name"))
    for account in accounts:
        writer.writerow((*map(plain, account), "", ""))
    return out.getvalue()


def plain(cell: str) -> str:
    """As a cell of which no spreadsheet works anything out."""
    return FORMULA.sub(r"\1'", " ".join(cell.split()))
