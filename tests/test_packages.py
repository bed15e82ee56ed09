"""Who lacks a package is told which tests were left out for want of it."""

import pytest

from tests import packages

CHROMIUM, PGBOUNCER = (packages.PACKAGES[name].absence for name in ("chromium", "pgbouncer"))


def test_what_was_left_out_is_counted_for_each_package():
    told = list(packages.left_out([PGBOUNCER, f"('tests/x.py', 1, '{CHROMIUM}')", PGBOUNCER]))

    assert told == [f"1 test was left out: {CHROMIUM}", f"2 tests were left out: {PGBOUNCER}"]


def test_nothing_is_said_of_tests_that_were_skipped_for_another_reason():
    assert list(packages.left_out(["It does not run on Tuesdays."])) == []


@pytest.mark.parametrize("package", packages.PACKAGES.values(), ids=lambda package: package.name)
def test_how_to_install_a_package_is_said(package):
    assert f"`apt-get install {package.debian}`" in package.absence


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """`programs("chromium")` makes it one of those on PATH, where nothing else is."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)

    def make(*names):
        for name in names:
            (tmp_path / name).write_text("#!/bin/sh\n")
            (tmp_path / name).chmod(0o755)
        return tmp_path

    forget_what_was_found()
    yield make
    forget_what_was_found()


def forget_what_was_found():
    packages.chromium.cache_clear()
    packages.program.cache_clear()


def test_the_shell_is_taken_before_the_whole_browser(programs):
    folder = programs("chromium", packages.CHROMIUM_SHELL)

    assert packages.chromium() == str(folder / packages.CHROMIUM_SHELL)
    assert packages.CHROMIUM_SHELL not in packages.wanted()


def test_the_shell_is_wanted_also_where_the_whole_browser_does(programs):
    folder = programs("chromium")

    assert packages.chromium() == str(folder / "chromium")
    assert packages.CHROMIUM_SHELL in packages.wanted()
