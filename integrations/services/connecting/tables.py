"""Tables: which account goes to which workspace, as somebody wrote it down.

Columns are separated by commas, semicolons or tabs; with a heading they stand in any order, and
others are left alone. Without one they are the account, the workspace, the name of a new one.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MOST_LINES = 5_000
MOST_BYTES = 1_000_000
COLUMNS = ("account", "workspace", "name")
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would work out
EMPTY = "The table is empty. Write a line for each account: account, workspace."
NO_COLUMNS = "The heading names no column {}. Use account, workspace, name."
TOO_LONG = f"The table is longer than {MOST_LINES:,} lines or 1 MB. Spread it in several parts."
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
    if len(text.encode(errors="replace")) > MOST_BYTES:
        raise UnreadableTable(TOO_LONG)
    if "\0" in text:
        raise UnreadableTable(ODD_TEXT)
    lines = list(_cells(text.removeprefix("\ufeff")))
    places = dict(zip(COLUMNS, range(len(COLUMNS)), strict=True))
    if lines and (headed := _heading(lines[0][1])):
        places, lines = headed, lines[1:]
    if not lines:
        raise UnreadableTable(EMPTY)
    if len(lines) > MOST_LINES:
        raise UnreadableTable(TOO_LONG)

    def row(number: int, cells: list[str]) -> Row:
        at = {name: cells[i] for name, i in places.items() if i < len(cells)}
        return Row(number, at.get("account", ""), at.get("workspace", ""), at.get("name", ""))

    return [row(number, cells) for number, cells in lines]


def _cells(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each line that holds something, with its number."""
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=_delimiter(text), skipinitialspace=True
    )
    number = 1
    try:
        for cells in reader:
            cleaned = [" ".join(cell.split()) for cell in cells]
            if any(cleaned):
                yield number, cleaned
            number = reader.line_num + 1
    except csv.Error:
        raise UnreadableTable(ODD_TEXT) from None


def _delimiter(text: str) -> str:
    """The one that the first line holds most of."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    outside = "".join(first.split('"')[::2])
    return max("\t;,", key=outside.count) if any(one in outside for one in "\t;,") else ","


def _heading(cells: list[str]) -> dict[str, int] | None:
    """Where the columns are; None where the first line is one of the others."""
    titles = [cell.casefold().removesuffix(" id").removesuffix("_id") for cell in cells]
    if "account" not in titles and "workspace" not in titles:
        return None
    for name in COLUMNS[:2]:
        if name not in titles:
            raise UnreadableTable(NO_COLUMNS.format(name))
    return {name: titles.index(name) for name in COLUMNS if name in titles}


def written(accounts: Iterable[tuple[str, str]]) -> str:
    """A table of these ids and names, whose workspaces are still to be filled in."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(("account", "account name", "workspace", "name"))
    for account_id, called in accounts:
        writer.writerow((account_id, plain(called), "", ""))
    return out.getvalue()


def plain(text: str) -> str:
    """As a cell of which no spreadsheet works anything out."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text
