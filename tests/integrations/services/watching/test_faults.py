"""Faults of the installation: its operators are told, once for all workspaces."""

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from integrations.models import Cause, Delivery, IntegrationConnection, Workspace
from integrations.services.telling import audience, owed
from integrations.services.watching import faults, incidents
from tests.integrations.receivers import NOW, look
from tests.integrations.services.watching.world import connected

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def clock(time_machine):
    time_machine.move_to(NOW, tick=False)
    return time_machine


@pytest.fixture
def at(clock):
    """`at(HOUR)`: it is an hour later, and a worker has compared and sent."""

    def move(later):
        now = NOW + later
        clock.move_to(now, tick=False)
        incidents.reconcile(now)
        for pk in Delivery.objects.filter(remind_at__lte=now).values_list("pk", flat=True):
            owed.remind(pk, now)
        look(now)

    return move


@pytest.fixture
def operator(db):
    return User.objects.create_superuser("root", "root@acme.example", "pass-word-1")


@pytest.fixture
def unreadable(workspace):
    """Connections of two workspaces whose key is not here."""
    other = Workspace.objects.create(name="Other", slug="other")
    every = [connected(workspace), connected(other), connected(other, slug="b")]
    missing = IntegrationConnection.objects.filter(pk__in=[one.pk for one in every])
    key = every[0].key_id
    missing.update(key_id="0123456789ab")
    return lambda: missing.update(key_id=key)


def told(receiver):
    return [json.loads(asked.body)["data"] for asked in receiver.seen]


def test_a_missing_key_is_one_message_to_operators(operators_channel, unreadable, receiver, at):
    operators_channel()
    at(0 * HOUR)
    at(HOUR)

    (one,) = told(receiver)
    assert one["title"] == "Stored credentials cannot be read."
    assert one["whatHappened"].endswith("It concerns 3 connections in 2 workspaces.")


def test_its_end_comes_in_the_same_thread(operators_channel, unreadable, receiver, at):
    operators_channel()
    at(0 * HOUR)
    unreadable()
    at(HOUR)
    at(2 * HOUR)

    opened, over = told(receiver)
    assert (over["moment"], over["key"]) == ("closed", opened["key"])
    assert over["lastedSeconds"] == 3600


def test_what_lasts_is_said_again_a_day_later(operators_channel, unreadable, receiver, at):
    operators_channel()
    at(0 * HOUR)
    at(25 * HOUR)

    assert [one["moment"] for one in told(receiver)] == ["opened", "reminder"]


def test_without_a_channel_operators_are_mailed(operator, unreadable, office, at):
    at(0 * HOUR)

    (mail,) = office.mails
    assert mail["To"] == "root@acme.example"
    text = mail.get_body(("plain",)).get_content()
    assert "You get this as an operator of this installation." in text


def test_who_adds_a_channel_later_hears_of_what_lasts(operators_channel, unreadable, receiver, at):
    at(0 * HOUR)
    operators_channel()
    at(HOUR)

    assert [one["moment"] for one in told(receiver)] == ["opened"]


def test_nobody_hears_without_a_channel_and_without_mail(operator, settings):
    assert not audience.is_heard(None)
    settings.EMAIL_IS_CONFIGURED = True
    assert audience.is_heard(None)


def test_what_comes_back_is_a_thread_of_its_own(operators_channel, receiver, at, db):
    operators_channel()
    cause = Cause.objects.create(
        key="ours installation worker",
        kind="ours",
        scope="installation",
        title="Our side: checks were not running",
        opened_at=NOW,
        confirmed_at=NOW,
    )
    for later, closed_at in ((0, None), (1, NOW + HOUR), (2, None), (5, NOW + 5 * HOUR)):
        Cause.objects.filter(pk=cause.pk).update(closed_at=closed_at)
        faults.tell(NOW + later * HOUR)
        look(NOW + later * HOUR)

    keys = [(one["moment"], one["key"].partition("/")[2]) for one in told(receiver)]
    assert keys == [("opened", "1"), ("closed", "1"), ("opened", "2"), ("closed", "2")]
