"""A test that is not marked as using the database runs on one kind of it, and cannot notice which.

So nothing that depends on the kind is left out where only marked tests run.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

ROOT = Path(__file__).parent.parent


def test_it_cannot_ask_the_database():
    with pytest.raises(RuntimeError, match="Database access not allowed"):
        connection.ensure_connection()


def test_it_cannot_learn_the_kind():
    assert connection.vendor == "not to be known"


def test_its_processes_cannot_ask_the_database():
    settings = {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    asked = subprocess.run(
        [sys.executable, "manage.py", "showmigrations"],
        cwd=ROOT,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        check=False,
    )

    assert asked.returncode == 1
    assert "unable to open database file" in asked.stderr


def test_it_cannot_ask_for_the_database_while_it_runs(tmp_path):
    """In a run of its own: pytest cannot set up a fixture again that was refused to one test."""
    asking = tmp_path / "test_asking.py"
    asking.write_text("def test_asking(request):\n    request.getfixturevalue('db')\n")
    run = [sys.executable, "-m", "pytest", "-p", "tests.database_use", "-p", "no:cacheprovider"]
    found = subprocess.run(
        [*run, "-c", "setup.cfg", str(asking)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert found.returncode == 1
    assert "Mark this test with `database`." in found.stdout


def test_a_test_that_asks_for_the_database_is_marked(request, db):
    assert request.node.get_closest_marker("database")
    assert connection.vendor in ("sqlite", "postgresql")


@pytest.mark.django_db
def test_so_is_one_that_is_marked_for_django(request):
    assert request.node.get_closest_marker("database")
