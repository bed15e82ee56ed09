"""`./dev test --platform=x` selects what is about x: by file, or by a parameter."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from providers import registry
from tests import platforms


def item(file, *parameters):
    params = dict(enumerate(parameters))
    return SimpleNamespace(path=Path(file), callspec=SimpleNamespace(params=params))


@pytest.mark.parametrize("file", ["test_x.py", "test_x_sign_in.py"])
def test_the_files_of_a_platform_are_about_it(file):
    assert platforms.is_told_by(item(f"tests/providers/platforms/{file}"), "x")


@pytest.mark.parametrize(
    "parameter",
    ["x", registry.get("x"), Path("providers/platforms/x/steps.py"), ("x", "429")],
    ids=["slug", "provider", "room", "tuple"],
)
def test_a_test_whose_parameter_names_the_platform_is_about_it(parameter):
    assert platforms.is_told_by(item("tests/providers/contract/test_faults.py", parameter), "x")


@pytest.mark.parametrize("parameter", ["xing", "meta", 429, registry.get("meta")], ids=repr)
def test_other_tests_are_not(parameter):
    assert not platforms.is_told_by(item("tests/providers/sandbox/test_xing.py", parameter), "x")


@pytest.mark.parametrize(
    ("path", "is_passed"),
    [
        ("providers", False),
        ("providers/contract/test_faults.py", False),
        ("providers/platforms", False),
        ("providers/platforms/test_x.py", False),
        ("providers/platforms/test_meta.py", True),
        ("providers/outbound/test_api.py", True),
        ("integrations", True),
        ("test_docs.py", True),
    ],
)
def test_what_cannot_be_about_it_is_not_read(path, is_passed):
    assert platforms.is_passed_by(Path(__file__).parent / path, "x") is is_passed
