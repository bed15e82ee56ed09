"""The house as its imports draw it: rooms say what they are, and no two import each other."""

import ast
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parent.parent
HOUSE = ("integrations", "integrations_center", "providers")


@pytest.fixture(scope="module")
def graph():
    return grimp.build_graph(*HOUSE, cache_dir=None)


def test_no_module_leads_back_to_itself(graph):
    """Imports inside functions count as well."""
    knots = []
    waiting = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    while free := [module for module, needs in waiting.items() if not needs & waiting.keys()]:
        for module in free:
            del waiting[module]
    for module in waiting:
        knots += [f"{module} -> {needed}" for needed in waiting[module] & waiting.keys()]

    assert not knots


def test_every_room_says_what_lives_there():
    rooms = [
        path
        for name in HOUSE
        for path in (ROOT / name).rglob("__init__.py")
        if not {"migrations", "commands", "templatetags"} & set(path.parts)
    ]

    silent = [
        str(p.relative_to(ROOT)) for p in rooms if not ast.get_docstring(ast.parse(p.read_text()))
    ]

    assert not silent
