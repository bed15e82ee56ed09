"""The page about adding a platform shows a whole platform: it is loaded, registered and run."""

import re
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

from integrations import checks
from providers import registry
from tests.providers import test_catalogue

PAGE = Path(__file__).parents[2] / "docs" / "adding-a-platform.md"
BLOCKS = re.findall(r"^```(python|toml)\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
PLATFORM, OWN_TESTS = (text for kind, text in BLOCKS if kind == "python")
(ENTRY_POINT,) = (text for kind, text in BLOCKS if kind == "toml")


def load(name, source):
    module = ModuleType(name)
    exec(compile(source, f"{PAGE.name}: {name}", "exec"), vars(module))
    return module


@pytest.fixture
def page_tests(monkeypatch):
    """The tests that the page shows, next to the platform that it shows."""
    name = "providers.platforms.postbox"
    monkeypatch.setitem(sys.modules, name, load(name, PLATFORM))
    return load("test_postbox", OWN_TESTS)


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """The page's file as an installed package, found by the page's entry point."""
    ((group, points),) = tomllib.loads(ENTRY_POINT)["project"]["entry-points"].items()
    ((slug, target),) = points.items()
    module = target.partition(":")[0]
    about = tmp_path / f"{module}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[{group}]\n{slug} = {target}\n")
    (tmp_path / f"{module}.py").write_text(PLATFORM)
    monkeypatch.syspath_prepend(tmp_path)
    registry.catalogue.cache_clear()
    yield slug
    registry.catalogue.cache_clear()
    sys.modules.pop(module, None)


def test_it_is_registered_after_our_own_and_complete(installed):
    assert list(registry.catalogue()) == [*(one.slug for one in registry.own()), installed]
    assert checks.platforms_are_complete() == []


@pytest.mark.parametrize(
    "rule", [name for name in vars(test_catalogue) if name.startswith("test_every_")]
)
def test_it_keeps_the_rules_of_the_catalogue(installed, rule):
    getattr(test_catalogue, rule)(registry.get(installed))


def test_a_good_key_is_proven_as_the_page_shows(page_tests, platform):
    page_tests.test_a_good_key_is_proven(platform)


def test_refusals_mean_what_the_page_says(page_tests, platform):
    test = page_tests.test_a_refusal_says_what_it_means
    (cases,) = (mark.args[1] for mark in test.pytestmark)

    for reply, kind in cases:
        test(platform, reply, kind)

    assert len(cases) == 3
