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
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from integrations import crypto
from tests.postgres import bouncer, cluster

ROOT = Path(__file__).parents[3]
NEEDS_POSTGRESQL = pytest.mark.needs("postgresql")
PACKAGES = ("integrations", "integrations_center", "providers", "templates")


@dataclass(frozen=True)
class Started:
    """A server in a group of its own, as a terminal starts it."""

    folder: Path
    port: int
    process: "subprocess.Popen[str]"

    def kill(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()


def start(folder, *options, port=0, **environment):
    port = port or free_port()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve", *options],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PORT": str(port), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    return Started(folder, port, process)


@pytest.fixture
def serve():
    """Starts one, which is killed after the test."""
    with ExitStack() as ending:

        def started(folder, *options, **more):
            server = start(folder, *options, **more)
            ending.callback(server.kill)
            return server

        yield started


def fresh_copy(folder):
    for name in PACKAGES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "manage.py", folder)
    return folder


@pytest.fixture
def fresh(tmp_path):
    return fresh_copy(tmp_path / "a folder")


@pytest.fixture(scope="module")
def first_start(tmp_path_factory):
    """A copy that has served once, and what that printed."""
    server = start(fresh_copy(tmp_path_factory.mktemp("first") / "a folder"))
    try:
        printed = read_until_it_serves(server.process)
    finally:
        server.kill()
    return server.folder, printed


@pytest.fixture
def used(first_start, tmp_path):
    """A copy that has served before: its keys, its tables and its static files are there."""
    return shutil.copytree(first_start[0], tmp_path / "a folder")


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


def test_a_fresh_copy_serves_and_stops_cleanly(serve, fresh):
    server = serve(fresh)
    printed = read_until_it_serves(server.process)

    ready = ask(server.port, "/readyz")
    link = re.search(rf"http://127\.0\.0\.1:{server.port}(/\S+/[\w-]{{20,}}\S*)", printed)
    page = ask(server.port, link.group(1))
    style = ask(server.port, "/static/admin/css/base.css")
    os.killpg(server.process.pid, signal.SIGINT)
    _, errors = server.process.communicate(timeout=60)

    assert (ready.status_code, page.status_code, style.status_code) == (200, 200, 200)
    assert server.process.returncode == 0
    assert "Traceback" not in errors
    assert (fresh / ".env").stat().st_mode & 0o777 == 0o600


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgresql", marks=NEEDS_POSTGRESQL),
    ]
)
def empty_database(request):
    """The environment of a start on a database without tables."""
    if request.param == "sqlite":
        yield {}
    else:
        with cluster() as server:
            yield {"DATABASE_URL": server.url}


def test_four_that_start_at_once_on_an_empty_database_all_serve(serve, fresh, empty_database):
    servers = [serve(fresh, "--no-worker", **empty_database) for _ in range(4)]

    printed = [read_until_it_serves(server.process) for server in servers]
    links = [re.search(r"http://127\.0\.0\.1:\d+(/welcome/\S+)", text).group(1) for text in printed]

    assert sum("Migrating" in text for text in printed) == 1
    assert [ask(server.port, "/readyz").status_code for server in servers] == [200] * 4
    assert [ask(servers[0].port, link).status_code for link in links] == [200] * 4
    assert (fresh / ".env").read_text().count("_KEY") == 2


def migrate_four_times_at_once(tmp_path, **environment):
    """The exit codes, and how many found nothing to do."""
    given = {"SECRET_KEY": crypto.new_key(), "CREDENTIAL_KEYS": crypto.new_key()}
    given |= {"DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3"} | environment
    command = [sys.executable, "manage.py", "migrate", "--verbosity=1"]
    started = [
        subprocess.Popen(command, cwd=ROOT, env=os.environ | given, stdout=subprocess.PIPE)
        for _ in range(4)
    ]

    printed = [process.communicate(timeout=60)[0] for process in started]

    idle = sum(b"No migrations to apply" in text for text in printed)
    return [process.returncode for process in started], idle


def test_four_that_migrate_at_once_take_turns(empty_database, tmp_path):
    assert migrate_four_times_at_once(tmp_path, **empty_database) == ([0] * 4, 3)


@NEEDS_POSTGRESQL
@pytest.mark.needs("pgbouncer")
def test_those_that_wait_leave_pgbouncers_connections_to_the_one_that_works(tmp_path):
    with cluster() as server, bouncer(server, 2) as url:
        assert migrate_four_times_at_once(tmp_path, DATABASE_URL=url) == ([0] * 4, 3)


def test_a_worker_runs_beside_the_site_and_is_started_again_when_it_crashes(serve, used):
    server = serve(used)
    read_until_it_serves(server.process)
    wait_until(lambda: worker_is_seen(server.port))
    first = children(server.process)["worker"]

    os.kill(first, signal.SIGKILL)
    wait_until(lambda: children(server.process).get("worker", first) != first)

    assert children(server.process).keys() == {"gunicorn", "worker"}


def test_a_stop_by_its_own_id_ends_both(serve, used):
    server = serve(used)
    read_until_it_serves(server.process)
    wait_until(lambda: worker_is_seen(server.port))
    pids = children(server.process).values()

    server.process.terminate()
    _, errors = server.process.communicate(timeout=60)

    assert server.process.returncode == 0
    assert "Traceback" not in errors
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_the_worker_can_be_left_out(serve, used):
    server = serve(used, "--no-worker")
    read_until_it_serves(server.process)

    said = ask(server.port, "/readyz").json()["worker"]

    assert said.startswith("No worker was seen in the last minute.")
    assert children(server.process).keys() == {"gunicorn"}


def test_a_second_start_repeats_nothing(serve, used, first_start):
    first_folder, first_printed = first_start

    printed = read_until_it_serves(serve(used).process)

    assert "Migrating" in first_printed
    assert "Collected the static files." in first_printed
    assert "Collected" not in printed
    assert "Migrating" not in printed
    assert (used / ".env").read_text() == (first_folder / ".env").read_text()


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


def test_a_database_is_copied_before_its_secrets_are_rewritten(serve, used, first_start):
    add_migration(used)

    printed = read_until_it_serves(serve(used).process)

    (copy,) = (used / "data").glob("before-9999_rewrite-*.sqlite3")
    assert "before this update" not in first_start[1]
    assert f"The database as it was before this update is kept in {copy}.\n" in printed
    assert copy.stat().st_mode & 0o777 == 0o600


def test_a_port_in_use_is_one_sentence(serve, fresh):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = serve(fresh, port=taken.getsockname()[1])
        printed, errors = server.process.communicate(timeout=30)

    assert printed == ""
    assert errors.startswith(f"Port {server.port} is in use.")
    assert errors.count("\n") == 1
