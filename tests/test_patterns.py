"""Patterns that meet outside input: a hostile text costs in proportion to its length, no more."""

import ast
import importlib
import inspect
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import integrations
import integrations_center
import providers
from integrations_center.logs import LONGEST, redact
from providers import registry

PRODUCT = (integrations, integrations_center, providers)
ROOT = Path(__file__).resolve().parent.parent
FRAGMENTS = (
    *(
        "a",
        "a-",
        "a.",
        "0",
        "0.",
        " ",
        "\t",
        "=",
        ":",
        '"',
        "'",
        "/",
        "//",
        "/a",
        "<",
        "{",
        "[",
        "%",
    ),
    *("://", "://a:", "a://", "a@", "a:a@", "token", "token=", "token ", 'token="', "token='"),
    *("token: '", "authorization", "authorization:", "bearer ", "/oauth/", "/oauth/a/callback?"),
    *("/password/reset/", 'W/"a"', 'W/"a", ', "<script", "<script id=", "_-", "api_key", "api-"),
)
LENGTHS = (500, 2_000, 8_000)
# Four times as long may take eight times as long; where everything is tried with everything, 16.
MOST_GROWTH = 8
MEASURABLE = 0.005  # seconds

Attempt = Callable[[re.Pattern[str], str], object]
HOLD: Attempt = lambda pattern, text: pattern.fullmatch(text)  # noqa: E731
LOOK: Attempt = lambda pattern, text: pattern.sub("", text)  # noqa: E731


def modules():
    for package in PRODUCT:
        yield package
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if "migrations" not in found.name and not found.name.endswith("gunicorn_config"):
                yield importlib.import_module(found.name)


def use(name: str) -> Attempt:
    """As a function of `re`, or a method of a pattern, does it."""
    return HOLD if name in ("match", "fullmatch") else LOOK


def compiled() -> Iterator[tuple[str, Attempt]]:
    """Those that stand in modules, alone or in tuples."""
    for module in modules():
        for name, value in vars(module).items():
            if _is_text(value):
                methods = re.findall(rf"\b{name}\.([a-z]+)\(", inspect.getsource(module))
                yield from ((value.pattern, use(method)) for method in methods)
            elif isinstance(value, tuple):
                yield from ((one.pattern, LOOK) for one in _flat(value) if _is_text(one))


def _is_text(one: Any) -> bool:
    return isinstance(one, re.Pattern) and isinstance(one.pattern, str)


def _flat(value: object) -> Iterator[Any]:
    if isinstance(value, tuple):
        for one in value:
            yield from _flat(one)
    else:
        yield value


def written() -> Iterator[tuple[str, Attempt]]:
    """Those that stand where they are used."""
    for package in PRODUCT:
        for file in Path(package.__path__[0]).rglob("*.py"):
            for call in ast.walk(ast.parse(file.read_text())):
                if isinstance(call, ast.Call) and call.args:
                    module, _, function = ast.unparse(call.func).rpartition(".")
                    is_used = module == "re" and function != "compile"
                    if is_used and isinstance(call.args[0], ast.Constant):
                        yield str(call.args[0].value), use(function)


def declared() -> Iterator[tuple[str, Attempt]]:
    """Those of fields, apps and error rules."""
    for provider in registry.catalogue().values():
        for field in provider.fields:
            yield from ((one, HOLD) for one in (field.pattern, field.usual_pattern) if one)
        yield from ((rule.text, LOOK) for rule in provider.errors if rule.text)
        if app := provider.oauth and provider.oauth.app:
            patterns = (app.client_id_pattern, app.client_secret_pattern)
            yield from ((one, HOLD) for one in patterns if one)


SOURCES = (compiled, written, declared)
ALL = sorted({found for source in SOURCES for found in source()}, key=lambda one: one[0])


def cost(pattern: re.Pattern[str], attempt: Attempt, text: str) -> float:
    """Seconds of this thread, the least of some tries."""
    taken: list[float] = []
    while len(taken) < 3 and min(taken, default=1) > MEASURABLE:
        began = time.thread_time()
        attempt(pattern, text)
        taken.append(time.thread_time() - began)
    return min(taken)


def grows_too_fast(pattern: re.Pattern[str], attempt: Attempt, fragment: str) -> bool:
    before = MEASURABLE
    for length in LENGTHS:
        text = (fragment * (length // len(fragment) + 1))[:length] + "\0"
        now = cost(pattern, attempt, text)
        if now > MOST_GROWTH * max(before, MEASURABLE):
            return True
        before = now
    return False


def of_its_own(pattern: str) -> set[str]:
    """Words of the pattern itself, which come furthest in it."""
    return set(re.findall(r"[A-Za-z0-9_:/<=\"'-]{2,40}", pattern))


def test_there_are_patterns_of_every_kind():
    assert len(ALL) > 80
    assert any("authorization" in pattern for pattern, _ in ALL)
    assert all(set(source()) for source in SOURCES)


@pytest.mark.parametrize(("pattern", "attempt"), ALL)
def test_a_hostile_text_costs_in_proportion_to_its_length(pattern, attempt):
    found = re.compile(pattern, re.IGNORECASE)

    fragments = {*FRAGMENTS, *of_its_own(pattern)}
    slow = [one for one in fragments if grows_too_fast(found, attempt, one)]

    assert slow == []


def test_what_tries_everything_with_everything_is_noticed():
    assert grows_too_fast(re.compile(r"\b[\w-]*token="), LOOK, "a-")


def test_a_long_message_is_cut_before_it_is_searched():
    said = redact("Invalid host: " + "a-" * 1_000_000 + " access_token=abcdefgh")

    assert len(said) < LONGEST
    assert said.startswith("Invalid host:")
    assert said.endswith("characters]")


def test_no_half_of_a_secret_stands_at_a_cut():
    longest = "x " * (LONGEST // 2 - 20)
    for secret in ("postgres://me:s3cr3t-Value@db/shop", 'token="s3cr3t Value and more of it"'):
        for shift in range(len(secret)):
            assert "s3cr3t" not in redact(longest + "y" * shift + " " + secret)
