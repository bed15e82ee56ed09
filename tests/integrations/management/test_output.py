"""Where commands write to: a pipe that closes, a full disk, a terminal that knows few letters."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from integrations import crypto
from tests.postgres import cluster, free_port

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "manage.py", "help"]
FULL = Path("/dev/full")


@pytest.fixture
def environment(tmp_path):
    return {
        "PATH": os.environ["PATH"],
        "CREDENTIAL_KEYS": crypto.new_key(),
        "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3",
        "PORT": str(free_port()),
        "SECRET_KEY": crypto.new_key(),
    }


@pytest.mark.parametrize("buffered", ["", "1"])
def test_a_pipe_that_has_read_enough_ends_a_command_in_silence(environment, buffered):
    read, write = os.pipe()
    os.close(read)
    given = environment | {"PYTHONUNBUFFERED": buffered}

    ran = subprocess.run(
        COMMAND, cwd=ROOT, env=given, stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)

    assert (ran.returncode, ran.stderr) == (141, b"")


@pytest.mark.skipif(not FULL.exists(), reason="Only Linux has a disk that is always full.")
def test_a_full_disk_is_one_sentence(environment):
    with FULL.open("wb") as full:
        ran = subprocess.run(
            COMMAND, cwd=ROOT, env=environment, stdout=full, stderr=subprocess.PIPE, check=False
        )

    assert ran.returncode == 1
    assert ran.stderr.startswith(b"Not everything could be written: No space left on device.")
    assert ran.stderr.count(b"\n") == 1


@pytest.mark.parametrize("closed", [">&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_an_output_that_is_closed_is_read_by_nobody(environment, closed):
    command = f"exec {sys.executable} manage.py check {closed}"

    ran = subprocess.run(
        ["sh", "-c", command], cwd=ROOT, env=environment, capture_output=True, check=False
    )

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b"")


def test_what_is_opened_next_does_not_take_the_place_of_a_closed_output(environment):
    code = "import manage, os, sys; manage.open_what_is_closed(); print(os.pipe(), file=sys.stderr)"
    command = f"exec {sys.executable} -c '{code}' <&- >&-"

    ran = subprocess.run(
        ["sh", "-c", command], cwd=ROOT, env=environment, capture_output=True, check=False
    )

    assert min(int(one) for one in ran.stderr.strip(b"()\n").split(b",")) > 2


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_letters_that_a_terminal_lacks_are_written_in_others(environment, encoding):
    given = environment | {"PYTHONIOENCODING": encoding}
    code = "import manage, sys; sys.argv = ['manage.py', 'check']; manage.main(); print('a…')"

    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=given, capture_output=True, check=True
    )

    assert ran.stdout.endswith(b"a\\u2026\n")


def test_a_database_that_is_away_is_one_sentence(environment):
    given = environment | {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}
    command = [sys.executable, "manage.py", "integrations", "list"]

    ran = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False)

    assert ran.returncode == 1
    assert "The database does not answer. Check DATABASE_URL and that it runs.\n" in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.needs("postgresql")
def test_a_database_that_refuses_says_why(environment):
    with cluster() as server:
        given = environment | {"DATABASE_URL": server.url.removesuffix("postgres") + "nothing"}
        command = [sys.executable, "manage.py", "serve", "--no-worker"]

        ran = subprocess.run(
            command, cwd=ROOT, env=given, capture_output=True, text=True, check=False
        )

    assert ran.returncode == 1
    assert ran.stderr == 'The database refuses: database "nothing" does not exist.\n'
