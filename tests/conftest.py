"""What every test can use. Chromium and PostgreSQL are looked for here; an absence is said once."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests import platforms, postgres

TESTS = Path(__file__).parent
BROWSER_TESTS = TESTS / "browser"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
CHROMIUM_ON_MACOS = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
POSTGRES_PROGRAMS = ("initdb", "postgres", "pgbouncer")
HOW_TO_GET_POSTGRES = (
    "A PostgreSQL server of the tests' own needs initdb, postgres and pgbouncer. Install your "
    "system's packages (`apt-get install postgresql pgbouncer`)."
)
HOW_TO_GET_CHROMIUM = (
    "Chromium was not found. Install it with your system's packages (`apt-get install chromium`) "
    "or run `.venv/bin/python -m playwright install chromium`."
)


def find_chromium() -> str | None:
    """$CHROMIUM, the system's, or the one that playwright installed: the first that runs."""
    own = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH", "~/.cache/ms-playwright")).expanduser()
    candidates = [
        os.environ.get("CHROMIUM"),
        *map(shutil.which, CHROMIUM_NAMES),
        CHROMIUM_ON_MACOS,
        *sorted(map(str, own.glob("chromium-*/chrome-linux*/chrome")), reverse=True),
    ]
    return next((path for path in candidates if path and _runs(path)), None)


def _runs(path: str) -> bool:
    """A system may offer only a stub that says how to install the browser."""
    try:
        subprocess.run([path, "--version"], check=True, capture_output=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return False
    return True


@pytest.fixture(scope="session")
def chromium_path() -> str:
    path = find_chromium()
    if path is None:
        pytest.skip(HOW_TO_GET_CHROMIUM)
    return path


@pytest.fixture(scope="session")
def postgres_programs() -> None:
    if not all(map(postgres.find, POSTGRES_PROGRAMS)):
        pytest.skip(HOW_TO_GET_POSTGRES)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--platform", metavar="SLUG", help="run the tests about one platform alone")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    slug = config.getoption("platform")
    return True if slug and platforms.is_passed_by(collection_path, slug) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if slug := config.getoption("platform"):
        others = [item for item in items if not platforms.is_told_by(item, slug)]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in set(others)]
    for item in items:
        if BROWSER_TESTS in item.path.parents:
            item.add_marker(pytest.mark.browser)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Which tests were left out for want of a package."""
    skipped = [str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])]
    for kind, remedy in (("browser", HOW_TO_GET_CHROMIUM), ("database", HOW_TO_GET_POSTGRES)):
        if left_out := sum(remedy in reason for reason in skipped):
            terminalreporter.write_line(
                f"{left_out} {kind} tests did not run. {remedy}", yellow=True
            )
