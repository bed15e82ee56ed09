"""Every platform's room is laid out alike, so that whoever knows one knows them all."""

import ast
import inspect
from dataclasses import replace
from pathlib import Path

import pytest

import providers
from providers import registry

ROOT = Path(providers.__file__).parent
LONGEST_FILE = 300
LONGEST_ROOM_OF_ONE_FILE = 120
# The declaration, the ladder, the refusals, signing in, the guides to the other ways, the way in
# where it is the platform's own, what several of these share, the numbers.
LAYOUT = {"__init__", "steps", "errors", "sign_in", "guide", "access", "facts", "streams"}
OF_ITS_OWN = {
    "fiverr": {"page"},  # a public page, which is no API
    "crm": {"vendors"},  # several platforms behind one name
    "zoho": {"centres"},  # one Zoho for each part of the world
}
ROOMS = sorted(path.parent for path in (ROOT / "platforms").rglob("*/__init__.py"))
FAMILIES = sorted(path.parent for path in (ROOT / "families").rglob("*/__init__.py"))
FILES = sorted(file for home in ("platforms", "families") for file in (ROOT / home).rglob("*.py"))
each_room = pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)


def module_of(path: Path) -> str:
    """`…/providers/platforms/x/steps.py` -> `providers.platforms.x.steps`."""
    return ".".join(path.relative_to(ROOT.parent).with_suffix("").parts)


def length_of(file: Path) -> int:
    return len(file.read_text().splitlines())


@each_room
def test_a_room_has_the_usual_files_alone(room):
    found = {file.stem for file in room.glob("*.py")}

    assert found <= LAYOUT | OF_ITS_OWN.get(room.name, set())


def test_every_room_is_found_and_its_platform_is_called_like_it():
    rooms = {room.name for room in ROOMS if room.parent.name == "platforms"}

    assert {one.slug for one in registry.own()} == rooms


def test_slugs_that_addresses_need_are_taken(monkeypatch):
    taken = replace(registry.get("x"), slug="numbers")
    monkeypatch.setattr(registry, "own", lambda: (taken,))

    with pytest.raises(ValueError, match="'numbers' is taken"):
        registry.catalogue.__wrapped__()


@each_room
def test_a_declaration_says_what_the_platform_is_with_a_source(room):
    told = ast.get_docstring(ast.parse((room / "__init__.py").read_text()))

    assert told
    assert told.splitlines()[0].endswith(".")
    assert "https://" in told or "RFC" in told


@each_room
def test_a_room_of_one_file_is_a_small_one(room):
    is_alone = len(list(room.glob("*.py"))) == 1

    assert not is_alone or length_of(room / "__init__.py") <= LONGEST_ROOM_OF_ONE_FILE


@pytest.mark.parametrize("slug", [one.slug for one in registry.own()])
def test_the_ladder_is_in_the_steps(slug):
    room = ROOT / "platforms" / slug
    provider = registry.get(slug)
    known = [provider, *(provider.for_values(values) for values in provider.oauth_variants)]

    for one in known:
        home = inspect.getmodule(one.tester).__name__
        assert home.startswith(f"providers.platforms.{slug}")
        assert home.endswith(".steps") or not (room / "steps.py").exists()


@pytest.mark.parametrize("file", FILES, ids=module_of)
def test_no_file_is_long(file):
    assert length_of(file) <= LONGEST_FILE


@pytest.mark.parametrize("room", [*ROOMS, *FAMILIES], ids=lambda room: room.name)
def test_no_module_imports_the_declaration_of_its_room(room):
    name = ".".join(room.relative_to(ROOT.parent).parts)
    inside = {path.stem for path in room.iterdir()}

    for file in room.glob("*.py"):
        for found in ast.walk(ast.parse(file.read_text())):
            if isinstance(found, ast.ImportFrom) and found.module == name:
                assert {one.name for one in found.names} <= inside, file.name
