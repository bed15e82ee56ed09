"""What every test can use, and what is known of each before it runs."""

from pathlib import Path

import pytest

from tests import clocks, database_use, packages, platforms

TESTS = Path(__file__).parent
BROWSER_TESTS = TESTS / "browser"
PROVIDERS_TESTS = TESTS / "providers"


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(clocks)
    config.pluginmanager.register(database_use)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--platform", metavar="SLUG", help="run the tests about one platform alone")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    slug = config.getoption("platform")
    return True if slug and platforms.is_passed_by(collection_path, slug) else None


@pytest.fixture(scope="session")
def chromium_path() -> str:
    path = packages.chromium()
    assert path
    return path


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if BROWSER_TESTS in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.needs("chromium"))
        if database_use.is_asked_for_by(item):
            item.add_marker(pytest.mark.database)
        if PROVIDERS_TESTS in item.path.parents and item.get_closest_marker("database"):
            raise pytest.UsageError(f"{item.nodeid}: the platforms know no database.")
    if slug := config.getoption("platform"):
        others = {item for item in items if not platforms.is_told_by(item, slug)}
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("needs"):
        for name in marker.args:
            if not packages.PACKAGES[name].is_there():
                pytest.skip(packages.PACKAGES[name].absence)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    for line in packages.left_out(str(report.longrepr) for report in skipped):
        terminalreporter.write_line(line, yellow=True)
