"""`manage.py benchmark mixed`: a real server is asked in every way at once, and answers rightly."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_readers_writers_and_testers_are_all_answered(tmp_path):
    real = tmp_path / "real.sqlite3"
    environment = {"DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": f"sqlite:///{real}"}

    ran = subprocess.run(
        [sys.executable, "manage.py", "benchmark", "mixed", "--json", "--seconds", "1"],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=300,  # where much else runs
        check=False,
    )

    measures = {one["name"]: one["value"] for one in json.loads(ran.stdout)["measures"]}
    for name in ("list, 8", "patch, 4", "test, 2"):
        assert measures[f"{name} at once: answered"] > 0
        assert measures[f"{name.split(',')[0]}: wrong answers"] == 0
    assert not real.exists()
