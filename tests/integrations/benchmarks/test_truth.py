"""`manage.py benchmark truth`: that it sees what is true, and what is not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FEW = ("fiverr", "stripe")
# Rules of the product that are broken before the command runs.
FORGETS_TO_LOOK = """
from integrations.services.watching import schedule
schedule.next_point = lambda key, every, now, chance: now + 3 * every
"""
BLAMES = """
from providers.errors import Network, ProviderUnavailable
Network.outcome = ProviderUnavailable.outcome = "failed"
"""


def run(tmp_path, only, before=""):
    """In a process of its own, since the engine's threads are."""
    script = f"""
import sys
import django
django.setup()
{before}
from django.core.management import call_command
call_command("benchmark", "truth", "--json", "--only", *sys.argv[1:])
"""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'real.sqlite3'}",
    }
    return subprocess.run(
        [sys.executable, "-c", script, *only],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_of_two_platforms_everything_shown_and_told_is_true(tmp_path):
    ran = run(tmp_path, FEW)

    found = json.loads(ran.stdout)["platforms"]
    assert (found[-1]["misses"], ran.returncode) == ([], 0)
    everything = found[-1]
    zeros = ("false green", "false red", "wrong cause")
    assert [everything[name] for name in zeros] == ["0", "0", "0"]
    assert everything["messages"] == "1 + 1"
    assert int(everything["breaks"]) >= 20
    assert not list(tmp_path.iterdir())  # the real database is not opened


@pytest.mark.parametrize(
    ("before", "miss"),
    [(FORGETS_TO_LOOK, "green a full interval"), (BLAMES, "false red")],
    ids=["forgets-to-look", "blames"],
)
def test_a_broken_rule_is_a_miss_and_ends_it_with_1(tmp_path, before, miss):
    ran = run(tmp_path, FEW[:1], before)

    assert ran.returncode == 1, ran.stderr
    misses = json.loads(ran.stdout)["platforms"][-1]["misses"]
    assert any(miss in one for one in misses)
