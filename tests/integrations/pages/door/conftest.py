"""Dana, who has an account, and a browser that nobody signed in."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from integrations.models import Role

PASSWORD = "pass-word-1"  # of whoever `person` makes
NEW = "another horse 9"
LOGIN = "/accounts/login/"
CHANGE = "/accounts/password/"
RESET = "/accounts/password/reset/"


class Browser(Client):
    """Sends what a page's form holds, and the token that came with it."""

    def __init__(self, **more):
        super().__init__(enforce_csrf_checks=True, **more)

    def fill(self, path, **typed):
        page = self.get(path).content.decode()
        form = re.search(r'<form class="form".*?</form>', page, re.DOTALL)[0]
        token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', form)[1]
        hidden = re.findall(r'type="hidden" name="([\w-]+-shown|next)" value="([^"]*)"', form)
        return self.post(path, {"csrfmiddlewaretoken": token, **dict(hidden), **typed})

    def signs_in(self, username="dana", password=PASSWORD, path=LOGIN):
        return self.fill(path, username=username, password=password)


@pytest.fixture
def dana(person) -> User:
    return person("dana", Role.EDITOR, email="Dana@Example.com")


@pytest.fixture
def guest() -> Browser:
    return Browser()


@pytest.fixture
def inside(dana, guest) -> Browser:
    """Dana's browser, signed in."""
    assert guest.signs_in().status_code == 302
    return guest
