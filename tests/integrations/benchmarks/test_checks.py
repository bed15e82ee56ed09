"""`manage.py benchmark checks`: a real worker checks, beside a pool that makes the same calls."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.redis_server import redis_server

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def measures(tmp_path_factory):
    """One small run in a process of its own; and what is left in Redis."""
    with redis_server() as server:
        yield run(tmp_path_factory, server.url), server.client().keys("*")


def run(tmp_path_factory, tasks_url):
    real = tmp_path_factory.mktemp("benchmark") / "real.sqlite3"
    own = {"DJANGO_SETTINGS_MODULE": "integrations_center.settings", "TASKS_URL": tasks_url}
    own |= {"DATABASE_URL": f"sqlite:///{real}"}
    ran = subprocess.run(
        [sys.executable, "manage.py", "benchmark", "checks", "--json", "--seconds", "1"],
        cwd=ROOT,
        env=os.environ | own,
        capture_output=True,
        text=True,
        timeout=300,  # where much else runs
        check=False,
    )
    assert ran.returncode in (0, 1), ran.stderr
    assert not list(real.parent.iterdir())
    return {one["name"]: one["value"] for one in json.loads(ran.stdout)["measures"]}


@pytest.mark.needs("redis-server")
def test_a_worker_checks_as_fast_as_it_can_and_says_how_fast(measures):
    found, left = measures

    assert found["A worker on Celery: threads that check"] == 8
    assert 0 < found["Ladders of one call: checks a second"] <= 41
    assert 20 < found["A bare pool of 8: calls a second"] <= 41
    # A ladder has more calls than one.
    platforms = found["Ladders of the platforms: checks a second"]
    assert 0 < platforms < found["Ladders of the platforms: calls a second"]
    assert found["Lag of what is due, steady: most"] < 30
    assert found["Worker: memory at most"] < 400
    assert left == []
