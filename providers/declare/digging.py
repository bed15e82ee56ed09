"""Finds values in the JSON of a reply."""

from collections.abc import Mapping
from typing import Any


def first_in(body: Any, at: str | tuple[str, ...]) -> str | int | None:
    """The text or number that the first of these paths with one leads to."""
    found = (dig(body, path) for path in (at if isinstance(at, tuple) else (at,)))
    return next((value for value in found if isinstance(value, str | int)), None)


def dig(body: Any, path: str) -> Any:
    """`dig({"error": {"code": 190}}, "error.code")` -> 190; None where the path breaks.

    `*` stands for every part there is: `dig(…, "errors.*.reason")` is the first reason.
    """
    return _follow(body, path.split(".")) if path else None


def _follow(body: Any, parts: list[str]) -> Any:
    if not parts:
        return body
    part, *rest = parts
    if part == "*":
        inner = list(body.values()) if isinstance(body, Mapping) else body
        found = (_follow(one, rest) for one in (inner if isinstance(inner, list) else ()))
        return next((value for value in found if value is not None), None)
    if isinstance(body, list) and part.isdigit() and int(part) < len(body):
        return _follow(body[int(part)], rest)
    return _follow(body.get(part), rest) if isinstance(body, Mapping) else None
