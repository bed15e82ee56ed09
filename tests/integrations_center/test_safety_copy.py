"""The copy of an SQLite database that `serve` keeps before its secrets are rewritten."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from django.core.exceptions import ImproperlyConfigured

from integrations_center import safety_copy

NOW = datetime(2026, 12, 1, 8, 30, 5, tzinfo=UTC)


@pytest.fixture
def database(tmp_path):
    """A database with one row, open as in a site that runs: the row is not in its file yet."""
    file = tmp_path / "db.sqlite3"
    with closing(sqlite3.connect(file, autocommit=True)) as opened:
        opened.execute("PRAGMA journal_mode = WAL")
        opened.execute("CREATE TABLE sealed (credentials TEXT)")
        opened.execute("INSERT INTO sealed VALUES ('v1.as-it-was')")
        yield file


def rows_of(file):
    with closing(sqlite3.connect(file)) as opened:
        return opened.execute("SELECT credentials FROM sealed").fetchall()


def migration(name, app_label="integrations", **marks):
    return SimpleNamespace(name=name, app_label=app_label, **marks)


def test_the_copy_stands_beside_the_database_and_holds_its_rows(database):
    copy = safety_copy.keep(database, "0003_rewrite", NOW)

    assert copy == database.with_name("before-0003_rewrite-20261201-083005.sqlite3")
    assert rows_of(copy) == [("v1.as-it-was",)]


def test_only_its_owner_may_read_the_copy(database):
    assert safety_copy.keep(database, "0003_rewrite", NOW).stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_there_is_never_overwritten(database):
    there = database.with_name("before-0003_rewrite-20261201-083005.sqlite3")
    there.write_text("precious")

    with pytest.raises(ImproperlyConfigured, match="has to be copied"):
        safety_copy.keep(database, "0003_rewrite", NOW)
    assert there.read_text() == "precious"


def test_a_database_without_tables_is_not_copied(tmp_path):
    assert safety_copy.keep(tmp_path / "new.sqlite3", "0003_rewrite", NOW) is None
    assert not list(tmp_path.glob("before-*"))


def test_the_first_of_our_migrations_that_rewrites_secrets_asks_for_a_copy():
    due = [
        migration("0001_initial", "auth", rewrites_sealed_rows=True),
        migration("0003_add_column"),
        migration("0004_rewrite", rewrites_sealed_rows=True),
        migration("0005_rewrite_again", rewrites_sealed_rows=True),
    ]

    assert safety_copy.needed_by(due) == "0004_rewrite"


def test_other_migrations_ask_for_none():
    assert safety_copy.needed_by([migration("0003_add_column")]) is None
