"""SQLite's writers of one process take turns, and none keeps a turn that it does not need."""

import os
import sqlite3
import threading
import time

import pytest
from django.db import OperationalError
from django.db.utils import ConnectionHandler

from integrations.database import is_unavailable
from integrations_center import databases
from integrations_center.sqlite import base
from integrations_center.sqlite.turns import Turns


@pytest.fixture
def turns(monkeypatch):
    """The engine's, with little patience."""
    turns = Turns(0.05)
    monkeypatch.setattr(base, "TURNS", turns)
    return turns


@pytest.fixture
def connect(tmp_path, monkeypatch, turns, django_db_blocker):
    """New connections to one file."""
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/turns.sqlite3")
    made = []

    def make():
        config = databases.configured("DATABASE_URL", "")
        made.append(ConnectionHandler({"default": config}).create_connection("default"))
        return made[-1]

    with django_db_blocker.unblock():
        write(make(), "CREATE TABLE notes (text)")
        yield make
        for connection in made:
            connection.close()


def write(connection, statement="INSERT INTO notes VALUES ('a note')"):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def is_free(turns):
    with turns:
        return True


def test_who_waits_longest_is_next():
    turns, order = Turns(20), []

    def take(number):
        with turns:
            order.append(number)

    with turns:
        threads = [threading.Thread(target=take, args=[number]) for number in range(5)]
        for waiting, thread in enumerate(threads, 1):
            thread.start()
            until(lambda waiting=waiting: len(turns._waiting) == waiting)
    for thread in threads:
        thread.join()

    assert order == [0, 1, 2, 3, 4]


def until(happened):
    give_up = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < give_up
        os.sched_yield()


def test_who_waits_in_vain_is_told_what_sqlite_tells(turns):
    with turns, pytest.raises(sqlite3.OperationalError, match="database is locked"):
        turns.take()

    assert is_free(turns)


def test_a_child_process_does_not_wait_for_its_parents_threads(turns):
    with turns:
        child = os.fork()
        if child == 0:
            os._exit(0 if is_free(turns) else 1)
        _, status = os.waitpid(child, 0)

    assert status == 0


def test_a_transaction_is_one_turn(connect, turns):
    one, other = connect(), connect()

    one.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    with pytest.raises(OperationalError) as refused:
        write(other)
    one.rollback()

    assert is_unavailable(refused.value)
    assert is_free(turns)


@pytest.mark.parametrize("end", ["commit", "rollback", "close"])
def test_however_a_transaction_ends_the_turn_ends(connect, turns, end):
    connection = connect()
    connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)

    getattr(connection, end)()

    assert is_free(turns)


def test_a_transaction_that_cannot_begin_keeps_no_turn(connect, turns, tmp_path):
    connection = connect()
    connection.connect()
    write(connection, "PRAGMA busy_timeout = 1")
    with sqlite3.connect(tmp_path / "turns.sqlite3", autocommit=True) as another_process:
        another_process.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError):
            connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
        another_process.execute("ROLLBACK")

    assert is_free(turns)


def test_a_statement_alone_waits_for_its_turn_too(connect, turns):
    connection = connect()

    with turns, pytest.raises(OperationalError, match="database is locked"):
        write(connection)

    write(connection)


def test_reading_waits_for_nobody(connect, turns):
    connection = connect()

    with turns, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM notes")
        assert cursor.fetchone() == (0,)
