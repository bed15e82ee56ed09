"""The system's packages without which some tests cannot run; who lacks one is told so."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path

# The shell draws no window around each page, which takes as long as the page.
CHROMIUM_SHELL = "chromium-headless-shell"
CHROMIUM_NAMES = (
    CHROMIUM_SHELL,
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
)
CHROMIUM_ON_MACOS = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
# Debian keeps PostgreSQL's programs where no PATH leads, and others where root's alone does.
PLACES = ("usr/lib/postgresql/*/bin", "usr/sbin", "usr/local/bin", "opt/homebrew/bin")


@cache
def chromium() -> str | None:
    """$CHROMIUM, the system's, or the one that playwright installed: the first that runs."""
    own = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH", "~/.cache/ms-playwright")).expanduser()
    candidates = [
        os.environ.get("CHROMIUM"),
        *map(shutil.which, CHROMIUM_NAMES),
        CHROMIUM_ON_MACOS,
        *_newest(own, "chromium_headless_shell-*/chrome-*/*headless*shell"),
        *_newest(own, "chromium-*/chrome-linux*/chrome"),
    ]
    return next((path for path in candidates if path and _runs(path)), None)


def _newest(folder: Path, pattern: str) -> list[str]:
    return sorted(map(str, folder.glob(pattern)), reverse=True)


def _runs(path: str) -> bool:
    """A system may offer only a stub that says how to install the browser."""
    try:
        subprocess.run([path, "--version"], check=True, capture_output=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return False
    return True


@cache
def program(name: str) -> str | None:
    """Where a program is that need not be on the PATH."""
    places = chain.from_iterable(Path("/").glob(f"{place}/{name}") for place in PLACES)
    return shutil.which(name) or next(map(str, places), None)


@dataclass(frozen=True)
class Package:
    """What some tests need, what Debian calls it, and how else it is had."""

    name: str
    debian: str
    is_there: Callable[[], bool]
    or_else: str = ""

    @property
    def absence(self) -> str:
        """Why a test is left out: the same words each time, so that they can be counted."""
        install = f"Install it with your system's packages (`apt-get install {self.debian}`)"
        return f"{self.name} was not found. {install}{self.or_else}."


CHROMIUM = Package(
    "Chromium",
    "chromium",
    lambda: chromium() is not None,
    " or run `.venv/bin/python -m playwright install chromium`",
)
POSTGRESQL = Package(
    "PostgreSQL's server", "postgresql", lambda: all(map(program, ("initdb", "postgres")))
)
PGBOUNCER = Package("PgBouncer", "pgbouncer", lambda: program("pgbouncer") is not None)
NGINX = Package("nginx", "nginx", lambda: program("nginx") is not None)
CADDY = Package("Caddy", "caddy", lambda: program("caddy") is not None)
HAPROXY = Package("HAProxy", "haproxy", lambda: program("haproxy") is not None)
PROMETHEUS = Package(
    "Prometheus", "prometheus", lambda: all(map(program, ("prometheus", "promtool")))
)
REDIS = Package("Redis", "redis-server", lambda: program("redis-server") is not None)
# By the name that a test says: `@pytest.mark.needs("pgbouncer")`.
ALL = (CHROMIUM, POSTGRESQL, PGBOUNCER, NGINX, CADDY, HAPROXY, PROMETHEUS, REDIS)
PACKAGES = {package.debian: package for package in ALL}


def left_out(reasons: Iterable[str]) -> Iterator[str]:
    """One line for each package that was missed, of the reasons why tests were skipped."""
    skipped = list(reasons)
    for package in PACKAGES.values():
        if count := sum(package.absence in reason for reason in skipped):
            were = "1 test was" if count == 1 else f"{count} tests were"
            yield f"{were} left out: {package.absence}"


def wanted() -> Iterator[str]:
    """What is missing, and the shell where it would only save time."""
    if shutil.which(CHROMIUM_SHELL) is None:
        yield CHROMIUM_SHELL
    yield from (package.debian for package in PACKAGES.values() if not package.is_there())


if __name__ == "__main__":  # for .ci/run, which installs them
    print(*wanted())  # noqa: T201
