"""In and out, through one door."""

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from integrations.demo import stories as demo
from integrations.models import Role
from integrations.services.people.guesses import SIGN_IN_HERE
from tests.integrations.pages.door.conftest import LOGIN, PASSWORD, Browser
from tests.integrations.pages.test_pages import text_of

WRONG = "The username or the password is wrong."


def is_signed_in(guest):
    return guest.get("/w/main/dashboard/").status_code == 200


def test_who_knows_the_password_gets_in_and_under_a_new_session(dana, guest):
    guest.cookies[settings.SESSION_COOKIE_NAME] = "chosen-by-somebody-else"

    reply = guest.signs_in()

    assert reply.url == "/dashboard/"
    assert is_signed_in(guest)
    assert guest.cookies[settings.SESSION_COOKIE_NAME].value != "chosen-by-somebody-else"


@pytest.mark.parametrize(
    ("username", "password"), [("dana", "wrong-canary"), ("nobody", PASSWORD), ("Dana", PASSWORD)]
)
def test_whatever_is_wrong_the_answer_is_the_same(dana, guest, username, password):
    page = guest.signs_in(username, password)

    assert page.status_code == 200
    assert WRONG in text_of(page)
    assert password not in page.content.decode()


@pytest.mark.parametrize("username", ["dana", "nobody"])
def test_who_has_few_tries_left_is_told_whether_anybody_has_the_name_or_not(dana, guest, username):
    pages = [text_of(guest.signs_in(username, "wrong")) for _ in range(4)]

    assert "left" not in pages[1]
    assert f"{WRONG} Two tries left, then wait 15 minutes." in pages[2]
    assert f"{WRONG} One try left, then wait 15 minutes." in pages[3]


def test_the_locked_page_says_how_it_is_lifted(dana, guest):
    for _ in range(SIGN_IN_HERE.most):
        page = guest.signs_in(password="wrong")

    assert page.status_code == 429
    assert "can let everybody try again at once" in text_of(page)
    assert ".venv/bin/python manage.py unlock" in text_of(page)

    call_command("unlock")
    assert guest.signs_in().status_code == 302


def test_a_name_is_found_however_its_letters_are_made(person, guest):
    person("josé", Role.VIEWER)

    assert guest.signs_in("jose\u0301").status_code == 302


def test_who_comes_by_a_socket_without_an_address_gets_in_too(dana, guest):
    guest.defaults["REMOTE_ADDR"] = ""

    assert guest.signs_in().status_code == 302


def test_an_account_that_is_switched_off_is_not_told_apart(dana, guest):
    User.objects.update(is_active=False)

    assert WRONG in text_of(guest.signs_in())


def test_a_mail_address_is_no_username(dana, guest):
    assert WRONG in text_of(guest.signs_in("Dana@Example.com"))


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://elsewhere.example/",
        "//elsewhere.example/",
        "https://testserver/w/main/",
        "https://trusted.example/",
        "javascript:alert(1)",
    ],
)
def test_signing_in_leads_nowhere_else(dana, guest, settings, elsewhere):
    settings.ALLOWED_HOSTS = ["*"]
    settings.CSRF_TRUSTED_ORIGINS = ["https://trusted.example"]

    reply = guest.signs_in(path=f"{LOGIN}?next={elsewhere}")

    assert reply.url == "/dashboard/"


def test_signing_in_leads_back_to_the_page_that_was_asked_for(dana, guest):
    assert guest.signs_in(path=f"{LOGIN}?next=/w/main/dashboard/").url == "/w/main/dashboard/"


def test_a_script_is_not_sent_back_what_it_typed(dana, guest):
    guest.get(LOGIN)
    typed = {"username": "dana", "password": "wrong-canary-1", "csrfmiddlewaretoken": ""}

    reply = guest.post(
        LOGIN,
        typed,
        headers={
            "Accept": "application/json",
            "X-CSRFToken": guest.cookies[settings.CSRF_COOKIE_NAME].value,
        },
    )

    assert reply.status_code == 200
    assert "wrong-canary-1" not in reply.content.decode()


def test_who_signs_out_is_out_and_no_link_does_it(inside):
    assert inside.get("/accounts/logout/").status_code == 405
    assert is_signed_in(inside)

    headers = {"X-CSRFToken": inside.cookies[settings.CSRF_COOKIE_NAME].value}
    assert inside.post("/accounts/logout/", headers=headers).url == LOGIN
    assert not is_signed_in(inside)


@pytest.mark.parametrize("path", ["signup", "email", "password/set", "login/code"])
def test_nobody_makes_an_account_or_finds_another_way_in(db, guest, path):
    assert guest.get(f"/accounts/{path}/").status_code == 404


# --- The admin -----------------------------------------------------------------------------------


def strangers_try(count):
    """From a network of their own each."""
    for number in range(count):
        guest = Browser(REMOTE_ADDR=f"203.0.{number // 5}.7")
        guest.signs_in(password="wrong")


def test_strangers_keep_nobody_out_who_has_signed_in_there_before(inside):
    inside.post("/accounts/logout/", headers={"X-CSRFToken": csrf_of(inside)})
    strangers_try(50)
    assert Browser(REMOTE_ADDR="198.51.100.9").signs_in().status_code == 429

    assert inside.signs_in().status_code == 302


def test_a_known_device_has_five_tries_too(inside):
    inside.post("/accounts/logout/", headers={"X-CSRFToken": csrf_of(inside)})
    tried = [inside.signs_in(password="wrong").status_code for _ in range(5)]

    assert tried[-1] == 429
    assert inside.signs_in().status_code == 429


def test_a_device_is_known_for_its_own_person_alone(inside, person):
    person("erik", Role.EDITOR)
    inside.post("/accounts/logout/", headers={"X-CSRFToken": csrf_of(inside)})
    for _ in range(5):
        inside.signs_in("erik", password="wrong")

    assert Browser().signs_in("erik").status_code == 429


def csrf_of(browser):
    return browser.cookies[settings.CSRF_COOKIE_NAME].value


@pytest.fixture
def stan(person):
    return person("stan", Role.VIEWER, is_staff=True)


def test_the_admin_asks_at_the_one_door_and_leads_back(stan, guest):
    asked = guest.get("/admin/", follow=True)

    assert asked.redirect_chain[-1][0] == f"{LOGIN}?next=%2Fadmin%2F"
    assert guest.signs_in("stan", path=asked.redirect_chain[-1][0]).url == "/admin/"
    assert guest.get("/admin/").status_code == 200


def test_the_admins_own_form_signs_nobody_in(stan):
    guest = Browser()
    guest.get(LOGIN)
    headers = {"X-CSRFToken": guest.cookies[settings.CSRF_COOKIE_NAME].value}

    reply = guest.post("/admin/login/", {"username": "stan", "password": PASSWORD}, headers=headers)

    assert reply.status_code == 302
    assert settings.SESSION_COOKIE_NAME not in guest.cookies


def test_who_is_no_staff_is_told_so_and_no_traceback_is_logged(inside, caplog):
    reply = inside.get(reverse("admin:index"), follow=True)

    assert reply.status_code == 403
    assert "The administration is for whoever runs this installation" in text_of(reply)
    assert not [one for one in caplog.records if one.exc_info]


def test_what_is_locked_at_one_door_is_locked_at_all(stan, guest):
    for _ in range(SIGN_IN_HERE.most):
        guest.signs_in("stan", "wrong", f"{LOGIN}?next=/admin/")

    assert guest.signs_in("stan").status_code == 429


def test_an_installation_without_people_says_how_to_get_the_first_account(db):
    page = text_of(Client().get(LOGIN))

    assert "Nobody has an account yet" in page
    assert "manage.py owner_link" in page


def test_the_demo_lets_everybody_in_as_its_owner(workspace, settings):
    demo.make_owner()
    assert "Sign in" in text_of(Client().get(LOGIN))
    settings.DEMO = True
    client = Client()

    client.get(LOGIN)

    assert client.get(reverse("settings", args=["main"])).status_code == 200


def test_a_form_that_is_out_of_date_says_so_and_leads_back(dana):
    client = Client(enforce_csrf_checks=True)
    there = f"http://testserver{LOGIN}?next=/w/main/dashboard/"

    reply = client.post(LOGIN, {"username": "dana"}, headers={"Referer": there})
    foreign = client.post(LOGIN, {}, headers={"Referer": "https://evil.example/"})

    assert reply.status_code == 403
    assert "This page was out of date" in text_of(reply)
    assert f'href="{there}"' in reply.content.decode()
    assert "evil.example" not in foreign.content.decode()
