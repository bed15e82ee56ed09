"""Connections given back early, and errors that say that there is no database."""

import sqlite3

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, OperationalError, connection, transaction

from integrations.database import is_unavailable, release_connection


@pytest.mark.django_db(transaction=True)
def test_a_query_after_giving_back_finds_the_database_again():
    User.objects.count()

    release_connection()

    assert User.objects.count() == 0


@pytest.mark.django_db
def test_inside_a_transaction_nothing_is_given_back():
    with transaction.atomic():
        User.objects.create(username="ana")
        release_connection()

    assert User.objects.get().username == "ana"


@pytest.mark.django_db
def test_a_rule_that_is_broken_is_no_absence():
    User.objects.create(username="ana")

    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        User.objects.create(username="ana")

    assert not is_unavailable(refused.value)


@pytest.mark.django_db
def test_a_statement_that_is_wrong_is_no_absence():
    with pytest.raises(Exception) as refused, transaction.atomic():  # noqa: PT011 - by database
        connection.cursor().execute("SELECT nothing FROM nowhere")

    assert not is_unavailable(refused.value)


def test_a_file_that_another_writes_too_long_is_an_absence(tmp_path):
    file = tmp_path / "busy.sqlite3"
    with sqlite3.connect(file, autocommit=True) as one, sqlite3.connect(file, timeout=0) as other:
        one.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError) as refused:
            other.execute("BEGIN IMMEDIATE")
        one.execute("ROLLBACK")

    assert is_unavailable(as_django_raises(refused.value))


def as_django_raises(cause):
    error = OperationalError(str(cause))
    error.__cause__ = cause
    return error
