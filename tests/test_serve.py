"""`manage.py serve` on a fresh copy: from nothing to an answer, and a clean stop."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry

ROOT = Path(__file__).parent.parent
PACKAGES = ("integrations", "integrations_center", "providers", "templates")


@pytest.fixture
def checkout(tmp_path):
    folder = tmp_path / "a folder"
    for name in PACKAGES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "manage.py", folder)
    return folder


@pytest.fixture
def serve(checkout):
    """Starts the server in a group of its own, as a terminal does."""
    started = []

    def start(port):
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=checkout,
            env={"PATH": os.environ["PATH"], "PORT": str(port)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def read_until_it_serves(process):
    printed = ""
    while "Serving on" not in printed:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        printed += line
    return printed


def test_a_fresh_copy_serves_and_stops_cleanly(serve, checkout):
    port = free_port()
    process = serve(port)
    printed = read_until_it_serves(process)
    session = requests.Session()
    session.mount("http://", HTTPAdapter(max_retries=Retry(connect=50, backoff_factor=0.05)))

    ready = session.get(f"http://127.0.0.1:{port}/readyz", timeout=20)
    link = re.search(rf"http://127\.0\.0\.1:{port}/\S+/[\w-]{{20,}}\S*", printed)
    page = session.get(link.group(), timeout=20)
    style = session.get(f"http://127.0.0.1:{port}/static/admin/css/base.css", timeout=20)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)

    assert (ready.status_code, page.status_code, style.status_code) == (200, 200, 200)
    assert process.returncode == 0
    assert "Traceback" not in errors
    assert (checkout / ".env").stat().st_mode & 0o777 == 0o600


def test_a_second_start_repeats_nothing(serve, checkout):
    first = serve(free_port())
    assert "Collected the static files." in read_until_it_serves(first)
    os.killpg(first.pid, signal.SIGKILL)
    keys = (checkout / ".env").read_text()

    printed = read_until_it_serves(serve(free_port()))

    assert "Collected" not in printed
    assert "Migrating" not in printed
    assert (checkout / ".env").read_text() == keys


def add_migration(checkout):
    """One that says it rewrites secrets, after those that there are."""
    folder = checkout / "integrations" / "migrations"
    last = max(path.stem for path in folder.glob("[0-9]*.py"))
    (folder / "9999_rewrite.py").write_text(
        "from django.db import migrations\n"
        "class Migration(migrations.Migration):\n"
        f"    dependencies = [('integrations', '{last}')]\n"
        "    rewrites_sealed_rows = True\n"
    )


def test_a_database_is_copied_before_its_secrets_are_rewritten(serve, checkout):
    first = serve(free_port())
    assert "before this update" not in read_until_it_serves(first)
    os.killpg(first.pid, signal.SIGKILL)
    add_migration(checkout)

    printed = read_until_it_serves(serve(free_port()))

    (copy,) = (checkout / "data").glob("before-9999_rewrite-*.sqlite3")
    assert f"The database as it was before this update is kept in {copy}.\n" in printed
    assert copy.stat().st_mode & 0o777 == 0o600


def test_a_port_in_use_is_one_sentence(serve):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        printed, errors = serve(port).communicate(timeout=30)

    assert printed == ""
    assert errors.startswith(f"Port {port} is in use.")
    assert errors.count("\n") == 1
