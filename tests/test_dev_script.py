"""`./dev`, in copies whose path has a space, with stand-ins for Python and uv."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PYTHON_STAND_IN = """#!/bin/sh
case "$1$2" in
-cimport*) exit 0 ;;
esac
echo "python $*" >>calls
"""


@pytest.fixture
def checkout(tmp_path):
    """A copy with just what the script itself needs."""
    folder = tmp_path / "a folder"
    folder.mkdir()
    shutil.copy(ROOT / "dev", folder)
    shutil.copytree(ROOT / "integrations_center", folder / "integrations_center")
    (folder / "requirements.lock").write_text("runtime==1\n")
    (folder / "requirements-scale.lock").write_text("runtime==1\ncelery==1\n")
    (folder / "requirements-dev.lock").write_text("runtime==1\ntests==1\n")
    return folder


@pytest.fixture
def dev(checkout, tmp_path):
    """Runs the script from another folder and without a HOME."""

    def run(*arguments, **environment):
        path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
        return subprocess.run(
            [checkout / "dev", *arguments],
            cwd="/",
            env={"PATH": path, **environment},
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


def put_script(file, text):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(0o755)


@pytest.fixture
def calls(checkout, tmp_path):
    """What the stand-ins were called with, since the last time this was asked."""
    put_script(checkout / ".venv/bin/python", PYTHON_STAND_IN)
    put_script(tmp_path / "bin/uv", "#!/bin/sh\nexit 1\n")  # on PATH, and does not work

    def read():
        file = checkout / "calls"
        lines = file.read_text().splitlines() if file.exists() else []
        file.unlink(missing_ok=True)
        return lines

    return read


def test_without_a_command_it_says_how_it_is_used(dev):
    run = dev()

    assert run.returncode == 2
    assert run.stderr.startswith("Usage: ./dev serve")


def test_a_named_python_that_does_not_work_is_said(dev, checkout):
    run = dev("test", PYTHON="/bin/false")

    assert run.returncode == 1
    assert run.stderr.startswith("PYTHON is not a working Python 3.12 or newer")
    assert not (checkout / ".venv").exists()


def test_a_port_in_use_is_said_before_anything_is_set_up(dev, checkout):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        run = dev("serve", PYTHON=sys.executable, PORT=port)

    assert run.returncode == 1
    assert run.stderr.startswith(f"Port {port} is in use.")
    assert not (checkout / ".venv").exists()


def test_packages_are_installed_once_and_arguments_are_passed_on(dev, calls):
    assert dev("test", "-k", "two words").returncode == 0
    *_, pip, pytest_call = calls()
    assert "pip install" in pip
    assert "--require-hashes -r requirements-dev.lock" in pip
    assert pytest_call == "python -m pytest -n 3 --dist worksteal -k two words"

    dev("test")
    assert calls() == ["python -m pytest -n 3 --dist worksteal"]


def test_one_platforms_tests_run_in_one_process(dev, calls):
    assert dev("test", "--platform=stripe").returncode == 0

    assert calls()[-1] == "python -m pytest -n 0 --dist worksteal --platform=stripe"


def test_packages_are_installed_again_when_the_lock_changed(dev, calls, checkout):
    dev("serve")
    calls()
    (checkout / "requirements.lock").write_text("runtime==2\n")

    dev("serve")

    assert any("--require-hashes -r requirements.lock" in call for call in calls())


def test_serving_does_with_the_packages_of_the_tests(dev, calls):
    dev("test")
    calls()

    dev("serve", "--workers", "3")

    assert calls() == ["python manage.py serve --workers 3"]


def test_serving_with_redis_installs_celery_too(dev, calls, checkout):
    dev("serve", TASKS_URL="redis://127.0.0.1")
    assert any("--require-hashes -r requirements-scale.lock" in call for call in calls())

    dev("serve")
    assert calls() == ["python manage.py serve"]

    (checkout / ".venv/installed").unlink()
    (checkout / ".env").write_text("TASKS_URL=redis://127.0.0.1\n")
    dev("serve")
    assert any("--require-hashes -r requirements-scale.lock" in call for call in calls())


def test_uv_installs_where_it_works(dev, calls, tmp_path, checkout):
    put_script(tmp_path / "bin/uv", f'#!/bin/sh\necho "uv $*" >>"{checkout}/calls"\n')

    dev("serve")

    assert "uv pip install --python .venv/bin/python --require-hashes -r requirements.lock" in (
        calls()
    )
