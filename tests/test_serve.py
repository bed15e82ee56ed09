"""`manage.py serve` on a fresh copy: from nothing to an answer, and a clean stop."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
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

    def start(port, *options):
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", *options],
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


def ask(port, path):
    session = requests.Session()
    session.mount("http://", HTTPAdapter(max_retries=Retry(connect=50, backoff_factor=0.05)))
    return session.get(f"http://127.0.0.1:{port}{path}", timeout=20)


def wait_until(holds, seconds=30):
    pause, until = threading.Event(), time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "It did not happen in time."
        pause.wait(0.05)


def children(process):
    """`{"worker": pid, "gunicorn": pid}`: what runs beside each other under it."""
    found = {}
    listed = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(process.pid)],
        capture_output=True,
        text=True,
        check=False,
    )
    for line in listed.stdout.splitlines():
        pid, command = line.split(maxsplit=1)
        found["gunicorn" if "gunicorn" in command else "worker"] = int(pid)
    return found


def worker_is_seen(port):
    return ask(port, "/readyz").json()["worker"] == "ok"


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

    ready = ask(port, "/readyz")
    link = re.search(rf"http://127\.0\.0\.1:{port}(/\S+/[\w-]{{20,}}\S*)", printed)
    page = ask(port, link.group(1))
    style = ask(port, "/static/admin/css/base.css")
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)

    assert (ready.status_code, page.status_code, style.status_code) == (200, 200, 200)
    assert process.returncode == 0
    assert "Traceback" not in errors
    assert (checkout / ".env").stat().st_mode & 0o777 == 0o600


def test_a_worker_runs_beside_the_site_and_is_started_again_when_it_crashes(serve):
    port = free_port()
    process = serve(port)
    read_until_it_serves(process)
    wait_until(lambda: worker_is_seen(port))
    first = children(process)["worker"]

    os.kill(first, signal.SIGKILL)
    wait_until(lambda: children(process).get("worker", first) != first)

    assert children(process).keys() == {"gunicorn", "worker"}


def test_a_stop_by_its_own_id_ends_both(serve):
    port = free_port()
    process = serve(port)
    read_until_it_serves(process)
    wait_until(lambda: worker_is_seen(port))
    pids = children(process).values()

    process.terminate()
    _, errors = process.communicate(timeout=60)

    assert process.returncode == 0
    assert "Traceback" not in errors
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_the_worker_can_be_left_out(serve):
    port = free_port()
    process = serve(port, "--no-worker")
    read_until_it_serves(process)

    said = ask(port, "/readyz").json()["worker"]

    assert said.startswith("No worker was seen in the last minute.")
    assert children(process).keys() == {"gunicorn"}


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
