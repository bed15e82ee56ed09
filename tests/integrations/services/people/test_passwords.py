"""What a worker mails, and what `changepassword` ends."""

import io

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.management import call_command

from integrations.models import ApiToken, Role
from integrations.services.people import guesses, passwords


@pytest.fixture
def dana(person):
    return person("dana", Role.EDITOR, email="dana@example.com")


def test_the_worker_mails_a_link_to_the_one_it_is_told(dana, person):
    person("olga", email="olga@example.com")

    passwords.mail_link(dana.pk)

    assert [sent.to for sent in mail.outbox] == [["dana@example.com"]]
    assert "Hello dana," in mail.outbox[0].body


@pytest.mark.parametrize("change", [{"is_active": False}, {"password": "!unusable"}])
def test_who_lost_the_account_meanwhile_gets_no_link(dana, change):
    User.objects.update(**change)

    passwords.mail_link(dana.pk)
    assert mail.outbox == []


def test_nobody_gets_nothing(dana):
    passwords.mail_link(passwords.NOBODY)

    assert mail.outbox == []


def test_the_command_for_operators_ends_the_tokens_of_that_account_alone(dana, editor, monkeypatch):
    for user in (dana, editor):
        ApiToken.objects.create(user=user, name="Dashboard")
    typed = iter(["another horse 9"] * 2)
    monkeypatch.setattr("getpass.getpass", lambda *_args, **_more: next(typed))

    call_command("changepassword", "dana", stdout=io.StringIO())

    assert [token.user for token in ApiToken.objects.all()] == [editor]


def test_a_mail_address_is_one_however_it_is_written():
    written = ["dana@example.com", "DANA@example.com", "dana@EXAMPLE.com"]

    assert len({tuple(guesses.at_reset(email, "203.0.113.1")) for email in written}) == 1
