"""What every test can use. Chromium is looked for here, and its absence is said once.

`--platform stripe` runs one platform's tests alone: see `tests.one_platform`.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests import one_platform

TESTS = Path(__file__).parent
BROWSER_TESTS = TESTS / "browser"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
CHROMIUM_ON_MACOS = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
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


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(one_platform.OPTION, metavar="SLUG", help="one platform's tests alone")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return one_platform.ignores(collection_path, config.getoption(one_platform.OPTION))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if slug := config.getoption(one_platform.OPTION):
        others = [item for item in items if not one_platform.is_about(item, slug)]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if one_platform.is_about(item, slug)]
    for item in items:
        if BROWSER_TESTS in item.path.parents:
            item.add_marker(pytest.mark.browser)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    browser = [report for report in skipped if HOW_TO_GET_CHROMIUM in str(report.longrepr)]
    if browser:
        terminalreporter.write_line(
            f"{len(browser)} browser tests did not run. {HOW_TO_GET_CHROMIUM}", yellow=True
        )
