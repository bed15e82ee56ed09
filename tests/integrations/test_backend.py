"""Whoever asks for a person by name and password passes the counting."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import aauthenticate, authenticate
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import User
from django.db import connection as database
from django.test import Client, RequestFactory
from django.urls import reverse

from integrations.models import Guesses
from integrations.services.people.guesses import SIGN_IN_HERE
from integrations.services.refusals import TooManyGuesses

LOGIN = reverse("login")
RIGHT = "right horse battery"
HASHED: list[str] = []


class CountingHasher(PBKDF2PasswordHasher):
    """Slow enough that forty at once meet, and it tells what was tried."""

    algorithm = "counting"
    iterations = 60_000

    def encode(self, password, salt, iterations=None):
        HASHED.append(password)
        return super().encode(password, salt, iterations)


@pytest.fixture
def dana(settings):
    settings.PASSWORD_HASHERS = ["tests.integrations.test_backend.CountingHasher"]
    user = User.objects.create_user("dana", password=RIGHT)
    HASHED.clear()
    return user


def asked(address="203.0.113.1"):
    return RequestFactory().post("/", REMOTE_ADDR=address)


@pytest.mark.django_db(transaction=True)
def test_of_forty_log_ins_at_once_no_more_passwords_are_tried_than_there_may_be(dana):
    start, answers = threading.Barrier(40), []

    def sign_in(password):
        start.wait()
        reply = Client().post(LOGIN, {"username": "dana", "password": password})
        answers.append(reply.status_code)
        database.close()

    passwords = ["wrong"] * 20 + [RIGHT] + ["wrong"] * 19
    threads = [threading.Thread(target=sign_in, args=[one]) for one in passwords]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert len(answers) == 40
    assert 1 <= HASHED.count("wrong") <= SIGN_IN_HERE.most
    assert len(HASHED) <= SIGN_IN_HERE.most + answers.count(302)  # who was right gave back one
    assert answers.count(429) >= 40 - len(HASHED)


@pytest.mark.django_db
def test_after_five_wrong_ones_the_right_one_is_not_even_tried(dana):
    for _ in range(4):
        assert authenticate(asked(), username="dana", password="wrong") is None
    for password in ("wrong", RIGHT):
        with pytest.raises(TooManyGuesses):
            authenticate(asked(), username="dana", password=password)

    assert HASHED == ["wrong"] * 5
    assert authenticate(asked("198.51.100.7"), username="dana", password=RIGHT) == dana


@pytest.mark.django_db
def test_a_name_that_nobody_has_costs_and_counts_the_same(dana):
    for _ in range(4):
        assert authenticate(asked(), username="nobody", password="wrong") is None
    with pytest.raises(TooManyGuesses):
        authenticate(asked(), username="nobody", password="wrong")

    assert HASHED == ["wrong"] * 5


@pytest.mark.django_db
def test_who_is_right_each_time_is_never_locked(dana):
    for _ in range(SIGN_IN_HERE.most * 2):
        assert authenticate(asked(), username="dana", password=RIGHT) == dana


@pytest.mark.django_db
@pytest.mark.parametrize("typed", [("", "wrong"), ("dana", ""), (None, None)])
def test_what_is_left_empty_is_no_try(dana, typed):
    username, password = typed
    for _ in range(10):
        assert authenticate(asked(), username=username, password=password) is None

    assert HASHED == []


@pytest.mark.django_db(transaction=True)
def test_there_is_no_second_way_past_the_counting(dana):
    def tried():
        try:
            return async_to_sync(aauthenticate)(asked(), username="dana", password="wrong")
        finally:
            database.close()

    with ThreadPoolExecutor(1) as alone:  # in ours a browser's event loop may run
        for _ in range(4):
            assert alone.submit(tried).result() is None
        with pytest.raises(TooManyGuesses):
            alone.submit(tried).result()


@pytest.mark.django_db(transaction=True)
def test_of_forty_right_ones_at_once_all_are_let_in(dana):
    start, found = threading.Barrier(40), []

    def sign_in():
        start.wait()
        try:
            found.append(authenticate(asked(), username="dana", password=RIGHT))
        except TooManyGuesses as refused:
            found.append(refused)
        finally:
            database.close()

    threads = [threading.Thread(target=sign_in) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert found == [dana] * 40
    assert not Guesses.objects.filter(count__gt=0).exists()
