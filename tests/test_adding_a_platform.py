"""The page about adding a platform shows a whole platform: it is installed, and all runs on it."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
import requests

from integrations import checks, platforms
from providers import registry
from providers.sandbox.server import Server
from tests.integrations.conftest import api, editor, person, signed_in, workspace  # noqa: F401
from tests.providers.conftest import platform  # noqa: F401

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "adding-a-platform.md"
BLOCKS = re.findall(r"^```(python|toml)\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
PLATFORM, STAND_IN, OWN_TESTS = (text for kind, text in BLOCKS if kind == "python")
(ENTRY_POINTS,) = (text for kind, text in BLOCKS if kind == "toml")
LONGEST_PLATFORM = 60
PATH = "/api/integrations/postbox"


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """A folder with the page's platform in it, as an installer leaves a package there."""
    folder = tmp_path_factory.mktemp("site-packages")
    home = folder / "integrations_postbox"
    home.mkdir()
    (home / "__init__.py").write_text(PLATFORM)
    (home / "stand_in.py").write_text(STAND_IN)
    about = folder / "integrations_postbox-1.0.dist-info"
    about.mkdir()
    named = "Metadata-Version: 2.1\nName: integrations-postbox\nVersion: 1.0\n"
    (about / "METADATA").write_text(named)
    groups = tomllib.loads(ENTRY_POINTS)["project"]["entry-points"]
    lines = [
        f"[{group}]\n" + "".join(f"{slug} = {target}\n" for slug, target in points.items())
        for group, points in groups.items()
    ]
    (about / "entry_points.txt").write_text("\n".join(lines))
    return folder


@pytest.fixture
def installed(package, monkeypatch):
    """The package beside this process's own, and its stand-in's module."""
    monkeypatch.syspath_prepend(package)
    registry.catalogue.cache_clear()
    platforms.catalogue.cache_clear()
    stand_in = __import__("integrations_postbox.stand_in").stand_in
    yield stand_in
    registry.catalogue.cache_clear()
    platforms.catalogue.cache_clear()
    for name in [name for name in sys.modules if name.startswith("integrations_postbox")]:
        del sys.modules[name]


@pytest.fixture
def postbox(installed, settings):
    """Postbox on loopback, for pages and API."""
    with Server(installed.answer) as server:
        settings.PROVIDER_ORIGINS = {"postbox": {"API": server.url}}
        platforms.catalogue.cache_clear()
        yield server


def in_process(package, *arguments):
    """Another process of this Python that has the package; it must end well. What it said."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(package), "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_platform_is_short():
    assert len(PLATFORM.splitlines()) <= LONGEST_PLATFORM


def test_what_the_page_shows_is_written_as_we_write(package):
    for file in ("__init__.py", "stand_in.py"):
        path = str(package / "integrations_postbox" / file)
        for how in (["check"], ["format", "--check"]):
            in_process(package, "-m", "ruff", *how, "--config", str(ROOT / "ruff.toml"), path)


def test_it_is_registered_after_our_own_and_complete(installed):
    assert list(registry.catalogue()) == [*(one.slug for one in registry.own()), "postbox"]
    assert checks.platforms_are_complete() == []


def test_it_keeps_the_rules_of_the_catalogue_and_the_contract(package):
    said = in_process(
        package,
        *("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"),
        *("--platform=postbox", "tests"),
    )

    passed = re.search(r"^(\d+) passed", said, re.MULTILINE)
    assert passed, said
    assert int(passed[1]) >= 50


def test_the_sandbox_answers_like_it(package):
    command = [sys.executable, "-u", "-m", "providers.sandbox", "--port", "0"]
    env = os.environ | {"PYTHONPATH": str(package)}
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as running:
        said = running.stdout.readline()
        url = re.search(r"http://[\d.:]+\d", said)[0]
        bearer = {"Authorization": "Bearer pb_healthy"}
        me = requests.get(f"{url}/postbox/v1/me", headers=bearer, timeout=5).json()
        guide = requests.get(url, timeout=5).text
        running.terminate()

    assert me == {"id": "acme", "name": "Acme"}
    assert "pb_narrow" in guide


def test_the_page_shows_its_card_and_its_dialog(postbox, editor):  # noqa: F811
    browser = signed_in(editor)
    settings_page = browser.get("/w/main/dashboard/settings/").content.decode()
    dialog = browser.get("/w/main/dashboard/settings/integrations/postbox/").content.decode()

    assert 'id="card-postbox"' in settings_page
    assert "Postbox → Settings → API keys." in dialog


@pytest.mark.parametrize(
    ("key", "outcome", "kind"),
    [
        ("pb_healthy", "passed", None),
        ("pb_ended", "failed", "auth_expired"),
        ("pb_narrow", "failed", "permission_missing"),
        ("pb_limited", "inconclusive", "rate_limited"),
    ],
)
def test_the_api_connects_and_tests_it(postbox, api, key, outcome, kind):  # noqa: F811
    api.patch(PATH, {"config": {"accessToken": key}}, "application/json")

    answer = api.generic("POST", f"{PATH}/test").json()

    assert (answer["outcome"], answer["errorKind"]) == (outcome, kind)
    assert api.get(PATH).json()["status"] == ("error" if outcome == "failed" else "connected")


def test_refusals_mean_what_the_page_says(platform, monkeypatch):  # noqa: F811
    room = ModuleType("providers.platforms.postbox")
    exec(compile(PLATFORM, f"{PAGE.name}: platform", "exec"), vars(room))
    monkeypatch.setitem(sys.modules, room.__name__, room)
    tests = {}
    exec(compile(OWN_TESTS, f"{PAGE.name}: tests", "exec"), tests)
    test = tests["test_a_refusal_says_what_it_means"]
    (cases,) = (mark.args[1] for mark in test.pytestmark)

    for reply, kind in cases:
        test(platform, reply, kind)

    assert len(cases) == 3
