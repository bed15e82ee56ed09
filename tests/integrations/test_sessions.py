"""A session and its person are read as Django reads them, only quicker."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from integrations.sessions import BACKEND, DJANGOS_BACKEND, SessionStore

digest_keys = import_module("integrations.migrations.0006_digest_session_keys").digest_keys
LIST = "/api/integrations"


@pytest.fixture
def browser(client, editor):
    client.force_login(editor, backend=BACKEND)
    return client


def test_a_person_with_a_session_is_signed_in(browser):
    assert browser.get(LIST).status_code == 200


def test_who_signed_in_before_there_was_our_backend_stays_signed_in(client, editor):
    client.force_login(editor, backend=DJANGOS_BACKEND)

    assert client.get(LIST).status_code == 200


def test_a_session_that_has_ended_is_nobodys(browser):
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))

    assert browser.get(LIST).status_code == 401


def test_a_session_that_nobody_began_is_nobodys(browser):
    Session.objects.all().delete()

    assert browser.get(LIST).status_code == 401


def test_a_person_who_was_switched_off_is_signed_out(browser, editor):
    editor.is_active = False
    editor.save()

    assert browser.get(LIST).status_code == 401


def test_a_new_password_ends_the_sessions_before_it(browser, editor):
    editor.set_password("another-pass-word-2")
    editor.save()

    assert browser.get(LIST).status_code == 401


@pytest.mark.django_db
def test_what_was_kept_in_a_session_is_read_again():
    kept = SessionStore()
    kept["theme"] = "dark"
    kept.save()

    assert SessionStore(kept.session_key)["theme"] == "dark"
    assert SessionStore("unknown").is_empty()


def test_no_key_of_a_session_stands_in_the_database(browser):
    key = browser.cookies[settings.SESSION_COOKIE_NAME].value
    row = Session.objects.get()

    assert key not in str(vars(row))
    browser.cookies[settings.SESSION_COOKIE_NAME] = row.session_key
    assert browser.get(LIST).status_code == 401


def test_who_signs_out_leaves_no_session(browser):
    browser.logout()

    assert not Session.objects.exists()


@pytest.mark.django_db
def test_a_session_of_before_digests_goes_on():
    kept = DatabaseStore()
    kept["theme"] = "dark"
    kept.save()

    digest_keys(apps, None)

    assert SessionStore(kept.session_key)["theme"] == "dark"
    assert not Session.objects.filter(session_key=kept.session_key).exists()


@pytest.mark.parametrize(("days_left", "days_then"), [(12.9, 14), (13.1, 13.1)])
def test_the_end_of_a_session_in_use_moves_on_once_a_day(browser, days_left, days_then):
    Session.objects.update(expire_date=timezone.now() + timedelta(days=days_left))

    reply = browser.get(LIST)

    left = Session.objects.get().expire_date - timezone.now()
    assert left == pytest.approx(timedelta(days=days_then), abs=timedelta(minutes=1))
    assert (settings.SESSION_COOKIE_NAME in reply.cookies) == (days_then == 14)
