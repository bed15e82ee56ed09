"""What a person sets for themselves; a new mail address counts once its link was used."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.tokens import default_token_generator
from django.utils import timezone
from django_ox.models import OxTask

from integrations.models import IntegrationConnection, Person, Role
from integrations.services.keeping import forgetting
from integrations.services.people import own
from integrations.services.people.guesses import MAIL_TO
from integrations.services.refusals import InvalidChange, TooManyGuesses
from integrations.services.telling import notices, owed
from integrations.work import worker

OLD, NEW = "dana@acme.example", "dana.kim@acme.example"


@pytest.fixture
def dana(person):
    return person("dana", Role.OWNER, email=OLD)


@pytest.fixture
def mails(settings, mailoutbox):
    settings.EMAIL_IS_CONFIGURED = True
    return mailoutbox


def token_in(mails):
    (to_new,) = [one for one in mails if one.to == [NEW]]
    return re.search(r"/accounts/email/(\S+)/", to_new.body)[1]


def email_of(user):
    user.refresh_from_db()
    return user.email


def test_a_new_address_counts_once_its_link_was_used(dana, mails):
    own.ask_to_confirm(dana, NEW)
    assert email_of(dana) == OLD

    own.confirm(token_in(mails))

    assert email_of(dana) == NEW
    assert Person.objects.get().email_confirmed_at


def test_the_present_address_is_told_and_gets_no_link(dana, mails):
    own.ask_to_confirm(dana, NEW)

    (told,) = [one for one in mails if one.to == [OLD]]
    assert NEW in told.body
    assert "/accounts/email/" not in told.body


def test_a_link_works_once(dana, mails):
    own.ask_to_confirm(dana, NEW)
    token = token_in(mails)
    own.confirm(token)

    with pytest.raises(own.LinkGone):
        own.confirm(token)


def test_it_lives_for_three_days(dana, mails):
    own.ask_to_confirm(dana, NEW)
    later = timezone.now() + timedelta(days=3, minutes=1)

    with time_machine.travel(later), pytest.raises(own.LinkGone):
        own.confirm(token_in(mails))


def test_what_nobody_confirmed_is_forgotten(dana, mails):
    own.ask_to_confirm(dana, NEW)

    forgetting.forget(timezone.now() + timedelta(days=4))

    assert Person.objects.get().new_email == ""


@pytest.mark.parametrize(
    "ends",
    [own.keep_old_email, lambda user: own.ask_to_confirm(user, "third@acme.example")],
)
def test_what_was_asked_before_ends(dana, mails, ends):
    own.ask_to_confirm(dana, NEW)
    token = token_in(mails)

    ends(dana)

    with pytest.raises(own.LinkGone):
        own.confirm(token)


def test_links_to_a_new_password_end_with_the_old_address(dana, mails):
    reset = default_token_generator.make_token(dana)
    own.ask_to_confirm(dana, NEW)
    own.confirm(token_in(mails))

    dana.refresh_from_db()
    assert not default_token_generator.check_token(dana, reset)


def test_an_address_that_somebody_has_is_treated_like_any_other(dana, person, mails):
    person("nina", email=NEW)

    own.ask_to_confirm(dana, NEW)

    assert token_in(mails)


def test_what_waits_in_the_queue_opens_nothing(dana, mails, settings):
    settings.TASKS = {"default": {"BACKEND": worker.ENGINE}}
    own.ask_to_confirm(dana, NEW)

    assert OxTask.objects.get().args == [dana.pk]
    assert Person.objects.get().new_email_digest == ""


def test_nobody_gets_many_mails(dana, mails):
    for _ in range(MAIL_TO.most):
        own.ask_to_confirm(dana, NEW)

    with pytest.raises(TooManyGuesses):
        own.ask_to_confirm(dana, NEW)


@pytest.mark.parametrize("email", ["dana", "", "a@b", f"{'a' * 250}@b.example"])
def test_what_is_no_address_is_said(dana, mails, email):
    with pytest.raises(InvalidChange) as refused:
        own.ask_to_confirm(dana, email)

    assert list(refused.value.errors) == ["email"]
    assert mails == []


def test_without_a_mail_server_it_says_whom_to_ask(dana):
    with pytest.raises(InvalidChange) as refused:
        own.ask_to_confirm(dana, NEW)

    assert refused.value.errors == {"email": [own.NO_MAIL]}


def test_a_time_zone_is_one_of_those_there_are(dana):
    facts = {"first_name": "", "last_name": "", "wants_notices": True}
    with pytest.raises(InvalidChange):
        own.change(dana, time_zone="Mars/Olympus", **facts)

    own.change(dana, time_zone="Europe/Madrid", **facts)
    assert own.page_of(dana).time_zone == "Europe/Madrid"


def test_who_wants_no_notices_gets_none_and_who_never_said_gets_them(
    dana, person, connected, mails
):
    person("otto", Role.OWNER, email="otto@acme.example")
    own.change(dana, first_name="", last_name="", time_zone="", wants_notices=False)
    IntegrationConnection.objects.update(expires_at=timezone.now() + timedelta(days=3))

    notices.give_due(timezone.now())
    owed.catch_up(connected.workspace_id, timezone.now())

    assert [one.to for one in mails] == [["otto@acme.example"]]
