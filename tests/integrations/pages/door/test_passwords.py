"""A password is changed by who knows the old one, and replaced by who reads the account's mail."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth.models import User
from django.core import mail
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_ox.models import OxTask

from integrations.models import ApiToken
from integrations.services.people.guesses import LINK, MAIL_TO, OLD_PASSWORD, SIGN_IN_HERE
from integrations.work import worker
from tests.integrations.conftest import with_token
from tests.integrations.pages.door.conftest import CHANGE, NEW, PASSWORD, RESET, Browser
from tests.integrations.pages.test_pages import text_of

LIST = "/api/integrations"
TWICE = {"new_password1": NEW, "new_password2": NEW}


@pytest.fixture
def mails(settings):
    """The mails that were sent, by a site that can."""
    settings.EMAIL_IS_CONFIGURED = True
    return mail.outbox


@pytest.fixture
def link(dana, guest, mails):
    """The path of the one that a mail brought."""
    guest.fill(RESET, email="dana@example.com")
    return re.search(r"http://127\.0\.0\.1:8000(/accounts\S+)", mails[0].body)[1]


# --- Changing it ---------------------------------------------------------------------------------


def test_who_knows_the_old_one_changes_it_and_stays_alone_inside(dana, inside):
    other = Browser()
    other.signs_in()

    reply = inside.fill(CHANGE, old_password=PASSWORD, end_tokens="on", **TWICE)

    assert reply.url == "/dashboard/"
    assert inside.get(LIST).status_code == 200
    assert other.get(LIST).status_code == 401
    assert Browser().signs_in(password=NEW).status_code == 302


def test_api_tokens_end_with_the_password_unless_the_box_is_emptied(dana, inside):
    script = with_token(dana)
    assert re.search(r'name="end_tokens"[^>]* checked', inside.get(CHANGE).content.decode())

    inside.fill(CHANGE, old_password=PASSWORD, **TWICE)
    assert script.get(LIST).status_code == 200
    inside.fill(CHANGE, old_password=NEW, end_tokens="on", **TWICE)
    assert script.get(LIST).status_code == 401


def test_who_did_not_see_the_box_ends_the_tokens(dana, inside):
    script = with_token(dana)
    headers = {"X-CSRFToken": inside.cookies[settings.CSRF_COOKIE_NAME].value}

    inside.post(CHANGE, {"old_password": PASSWORD, **TWICE}, headers=headers)

    assert script.get(LIST).status_code == 401


def test_at_an_open_session_the_old_password_cannot_be_guessed(dana, inside):
    def tries(password):
        return inside.fill(CHANGE, old_password=password, **TWICE).status_code

    assert [tries("wrong") for _ in range(5)] == [200, 200, 200, 200, 429]
    assert tries(PASSWORD) == 429
    dana.refresh_from_db()
    assert dana.check_password(PASSWORD)


def test_an_old_password_that_is_right_is_no_guess(inside):
    weak = {"new_password1": "1", "new_password2": "1"}
    for _ in range(OLD_PASSWORD.most + 1):
        reply = inside.fill(CHANGE, old_password=PASSWORD, **weak)

    assert reply.status_code == 200
    assert "too short" in text_of(reply)


def test_the_admin_changes_a_password_here_too(inside):
    assert inside.get("/admin/password_change/").url == CHANGE
    assert inside.post("/admin/password_change/").status_code in (302, 403)


def test_who_has_no_password_is_led_to_where_one_is_made(dana, inside):
    password = dana.password
    User.objects.update(password="!unusable")
    client = Client()
    client.force_login(User.objects.get(username="dana"))

    assert client.get(CHANGE).url == RESET
    assert password != User.objects.get(username="dana").password


# --- Asking for a link ---------------------------------------------------------------------------


def test_the_link_in_the_mail_leads_to_the_public_address(dana, guest, mails, settings):
    settings.PUBLIC_URL = "https://center.example"
    settings.ALLOWED_HOSTS = ["*"]
    guest.defaults["HTTP_HOST"] = "attacker.example"

    guest.fill(RESET, email="dana@example.com")

    assert "https://center.example/accounts/password/reset/" in mails[0].body
    assert "attacker" not in mails[0].body
    assert mails[0].to == ["Dana@example.com"]


def test_for_an_unknown_address_the_same_is_done(dana, guest, mails, settings):
    settings.TASKS = {"default": {"BACKEND": worker.ENGINE}}
    guest.fill(RESET, email="first@example.com")  # what is worked out once is

    def asked(email):
        with CaptureQueriesContext(database) as seen:
            page = guest.fill(RESET, email=email)
        return page.url, [re.sub(r"[\d']+.*", "", one["sql"]) for one in seen.captured_queries]

    known, unknown = asked("dana@example.com"), asked("nobody@example.com")

    assert known == unknown
    assert mails == []  # a worker sends it


def test_no_token_waits_in_the_queue(dana, guest, mails, settings):
    settings.TASKS = {"default": {"BACKEND": worker.ENGINE}}
    guest.fill(RESET, email="dana@example.com")
    guest.fill(RESET, email="nobody@example.com")

    waiting = OxTask.objects.values_list("args", flat=True)
    assert sorted(waiting) == [[0], [dana.pk]]


def test_one_person_gets_a_few_mails_an_hour_however_the_address_is_written(dana, guest, mails):
    written = ["dana@example.com", "DANA@example.com", "dana@EXAMPLE.com", "Dana@Example.com"]
    pages = [guest.fill(RESET, email=email) for email in written]

    assert [page.status_code for page in pages] == [302, 302, 302, 429]
    assert "Several mails to this address were asked for already." in text_of(pages[-1])
    assert len(mails) == MAIL_TO.most
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        assert guest.fill(RESET, email="dana@example.com").status_code == 302


def test_an_unknown_address_is_limited_just_so(dana, guest, mails):
    pages = [guest.fill(RESET, email="nobody@example.com").status_code for _ in range(4)]

    assert pages == [302, 302, 302, 429]
    assert mails == []


@pytest.mark.parametrize("change", [{"is_active": False}, {"password": "!unusable"}])
def test_who_may_not_sign_in_gets_no_link(dana, guest, mails, change):
    User.objects.update(**change)

    assert guest.fill(RESET, email="dana@example.com").status_code == 302
    assert mails == []


# --- Following it --------------------------------------------------------------------------------


def test_the_link_makes_a_new_password_once_and_ends_what_was_open(dana, inside, link):
    script, reader = with_token(dana), Browser()

    form = reader.get(link).url
    saved = reader.fill(form, **TWICE)

    assert link.split("/")[-2] not in form
    assert saved.url == "/accounts/password/reset/complete/"
    assert script.get(LIST).status_code == 401
    assert inside.get(LIST).status_code == 401
    assert Browser().signs_in(password=NEW).status_code == 302
    assert "This link does not work" in text_of(Client().get(link))


def test_who_was_locked_out_and_reads_the_mail_may_sign_in_at_once(dana, link):
    for _ in range(SIGN_IN_HERE.most):
        locked = Browser().signs_in(password="wrong")
    reader = Browser()
    reader.fill(reader.get(link).url, **TWICE)

    assert locked.status_code == 429
    assert Browser().signs_in(password=NEW).status_code == 302


@pytest.mark.parametrize("guess", ["1/made-up", "zzzzzzzzzzzzz/made-up", "!/x", "1/set-password"])
def test_a_link_that_nobody_sent_opens_nothing(dana, guest, guess):
    page = guest.get(f"{RESET}{guess}/")

    assert "This link does not work" in text_of(page)
    assert "no-store" in page.headers["Cache-Control"]


def test_who_guesses_links_is_told_to_wait(dana, guest):
    pages = [guest.get(f"{RESET}1/guess-{n}/").status_code for n in range(LINK.most + 1)]

    assert pages == [200] * LINK.most + [429]


# --- What an operator does -----------------------------------------------------------------------


def test_a_password_that_an_operator_sets_ends_tokens_and_sessions(dana, inside):
    script = with_token(dana)

    dana.set_password(NEW)
    dana.save()

    assert script.get(LIST).status_code == 401
    assert inside.get(LIST).status_code == 401


def test_one_that_is_only_hashed_anew_ends_nothing(dana, guest, settings):
    script = with_token(dana)
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]

    guest.signs_in()

    dana.refresh_from_db()
    assert dana.password.startswith("pbkdf2_sha1$")
    assert script.get(LIST).status_code == 200
    assert ApiToken.objects.count() == 1
