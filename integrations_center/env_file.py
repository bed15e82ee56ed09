"""Reads `.env`: each line as python-dotenv reads it, or the start stops with file and line.

django-environ takes some forms otherwise, and prints what it cannot read. So it is given only
lines that it takes as they are meant. No sentence here holds anything that stands in the file.
"""

import re
from io import StringIO
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

# A comment needs a blank in front of it, unless a quote ends the value.
LINE = re.compile(
    r"""
    (?:export\s+)?+ (?P<name>[A-Za-z_][A-Za-z0-9_]*) \s*=\s*
    (?:
        (?P<quoted> '(?:[^'\\]|\\[^'\\])*' | "[^"\\]*" ) (?:\s*\#.*)?
        | (?P<plain> [^\s'"\#]\S*+ (?:\s+[^\s\#]\S*+)*+ )? (?:\s+\#.*)?
    )
    """,
    re.VERBOSE | re.ASCII,
)
FORM = "Write it in one line, like NAME=value or NAME='value' without ' in the value"
# What python-dotenv, a shell and a person do not all read alike, and a sentence about it.
UNCLEAR = (
    (re.compile(r"\$\{"), "Nothing is put in place of ${…} here. Write the value itself"),
    (re.compile(r"\A\"?(?:\$\(|`)"), "No command is run here. Write the value itself"),
    (re.compile(r"\A[“”„‘’‚«»]"), "Those are no quotes here. Use ' or none"),
)


def read(file: Path) -> None:
    """Lay the file under the real environment; do nothing when there is none."""
    lines = enumerate(re.split(r"\r\n|\n|\r", text(file)), 1)
    plain = [_plain(line.strip(), f"{file}, line {number}") for number, line in lines]
    environ.Env.read_env(StringIO("\n".join(plain)))


def text(file: Path) -> str:
    """What the file holds, with its line ends; "" when there is none."""
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise ImproperlyConfigured(f"{file} cannot be read: {error.strerror}.") from None
    try:
        return content.decode("utf-8-sig")  # some editors put a byte-order mark in front
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        raise ImproperlyConfigured(
            f"{file}, line {number}: This is not UTF-8. Save the file in that encoding."
        ) from None


def setting_in(line: str) -> tuple[str, str]:
    """`NAME='value'  # why` -> its name and its value without quotes; twice "" for another."""
    match = LINE.fullmatch(line.strip())
    return (match["name"], _value(match).strip("\"'")) if match else ("", "")


def _value(match: re.Match[str]) -> str:
    return match["quoted"] or match["plain"] or ""


def _plain(line: str, place: str) -> str:
    """`export NAME = 'value'  # why` -> `NAME='value'`; "" for a comment."""
    if not line or line.startswith("#"):
        return ""
    match = LINE.fullmatch(line)
    if not match:
        raise ImproperlyConfigured(f"{place}: {FORM}.")
    value = _value(match)
    if not value.isprintable():
        raise ImproperlyConfigured(f"{place}: A character does not show. Type the line anew.")
    for pattern, sentence in UNCLEAR:
        if pattern.search(value):
            raise ImproperlyConfigured(f"{place}: {sentence}.")
    return f"{match['name']}={value}"
