"""No tester is given a secret, and none asks for one: each request is let in by itself."""

import inspect
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from providers.declare import steps
from tests.providers.contract.cases import CASES

each_case = pytest.mark.parametrize("case", CASES, ids=str)
# How a tester is let in, which is no business of its own.
NOT_ITS_OWN = ("api", "_way")


def texts_in(value: Any) -> Iterator[str]:
    """Every text that can be reached in plain data."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from texts_in([*value.keys(), *value.values()])
    elif isinstance(value, list | tuple | set | frozenset):
        for inner in value:
            yield from texts_in(inner)


def source_of(tester: type[steps.Tester]) -> str:
    """What the tester's platform wrote, and its family."""
    above = tester.__mro__.index(steps.Tester)
    return "\n".join(inspect.getsource(one) for one in tester.__mro__[:above])


@each_case
def test_a_tester_holds_no_secret_when_its_test_is_over(case, healthy):
    trial = healthy(case)
    (tester,) = trial.testers
    own = {name: value for name, value in vars(tester).items() if name not in NOT_ITS_OWN}

    held = [*texts_in(own), *texts_in(tester.api.headers)]

    assert tester.values.keys().isdisjoint(case.secret_names)
    for secret in (*case.secrets.values(), *trial.obtained):
        assert not any(re.search(rf"(?<!\w){re.escape(secret)}(?!\w)", text) for text in held)


@each_case
def test_no_step_looks_a_secret_up(case):
    source = source_of(case.who.tester)

    looked_up = re.findall(r"""values(?:\.get\(|\[)\s*["'](\w+)["']""", source)

    assert case.who.secret_names.isdisjoint(looked_up)
    assert "access_token" not in looked_up


@each_case
def test_no_step_writes_what_lets_it_in(case):
    source = source_of(case.who.tester)

    assert "Authorization" not in source
    assert "self._way" not in source
