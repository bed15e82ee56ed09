"""Whoever reads a channel's mails ends that by themselves, and nobody else's."""

import pytest
from django.test import Client

from integrations.models import Channel, Event, Role
from integrations.services.telling import unsubscribing
from tests.integrations.pages.people import text_of
from tests.integrations.receivers import owe, told


@pytest.fixture
def anybody():
    """A mail reader's server: it has no cookies, and is checked for CSRF as any other."""
    return Client(enforce_csrf_checks=True)


def only(channel, to="dana@acme.example"):
    return channel("email", config={"to": to})


def path_of(one, address="dana@acme.example"):
    return unsubscribing.link(one.pk, address).removeprefix("https://control.example")


def test_a_mail_to_one_says_how_it_is_ended(workspace, channel, office, anybody):
    one = only(channel)
    owe(workspace, told())

    (mail,) = office.mails
    link = mail["List-Unsubscribe"].strip("<> ")
    assert link == f"https://control.example{path_of(one)}"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f"Get none of these any more: {link}" in mail.get_body(("plain",)).get_content()


def test_who_is_mailed_as_an_owner_is_not_let_go_silently(workspace, person, office):
    person("olga", Role.OWNER, email="olga@acme.example")
    owe(workspace, told())

    assert office.mails[0]["List-Unsubscribe"] is None


def test_to_look_changes_nothing(channel, office, anybody):
    one = only(channel, "dana@acme.example, ben@acme.example")
    page = anybody.get(path_of(one))

    assert "Get no more of these mails?" in text_of(page)
    assert page["Referrer-Policy"] == "no-referrer"
    assert Channel.objects.get().values["to"] == "dana@acme.example, ben@acme.example"


def test_one_click_ends_it_for_one(workspace, channel, office, anybody):
    one = only(channel, "dana@acme.example, ben@acme.example")
    for _ in range(2):
        reply = anybody.post(path_of(one), {"List-Unsubscribe": "One-Click"})
        assert "You get no more of these mails" in text_of(reply)

    assert Channel.objects.get().values["to"] == "ben@acme.example"
    assert Channel.objects.get().is_enabled
    owe(workspace, told())
    assert [mail["To"] for mail in office.mails] == ["ben@acme.example"]


def test_with_the_last_one_the_channel_is_off_and_others_are_told(channel, office, anybody):
    one = only(channel)
    anybody.post(path_of(one))

    one.refresh_from_db()
    assert (one.is_enabled, one.is_gone, one.is_problem_told) == (False, True, True)
    assert one.problem == "Its last address was unsubscribed. Enter others."
    assert Event.objects.get().type == "channel.failing"


@pytest.mark.parametrize("token", ["guessed", "W10:1abc:x"])
def test_what_nobody_signed_ends_nothing(channel, office, anybody, token):
    only(channel)
    for reply in (anybody.get(f"/unsubscribe/{token}/"), anybody.post(f"/unsubscribe/{token}/")):
        assert reply.status_code == 410
    assert Channel.objects.get().is_enabled


def test_of_a_removed_channel_nothing_is_left_to_end(channel, office, anybody):
    one = only(channel)
    path = path_of(one)
    one.delete()

    assert anybody.post(path).status_code == 200
