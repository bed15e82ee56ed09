"""What is told goes by the database's clock, whatever the machines of workers and pages believe."""

from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse

from integrations import clock
from integrations.models import Delivery
from integrations.services.telling import sending, takes
from integrations.services.telling.told import Moment
from integrations.work import tasks, tick
from providers.sandbox.server import Answer
from tests.integrations.conftest import signed_in
from tests.integrations.receivers import owe, told

pytestmark = pytest.mark.two_clocks
HOUR = timedelta(hours=1)
BROKEN, TAKEN = Answer(503, ""), Answer(200, "ok")


@pytest.fixture
def is_elsewhere():
    """SQLite is a file of this machine: nobody there has another clock."""
    return connection.vendor == "postgresql"


@pytest.fixture
def ahead(time_machine):
    """`ahead()`: from here on the machine is an hour ahead."""
    return lambda: time_machine.move_to(clock.now() + HOUR)


def posting(user):
    browser = signed_in(user)
    browser.handler.enforce_csrf_checks = False
    return browser


def test_a_worker_whose_clock_is_ahead_takes_over_what_is_not_left(
    workspace, channel, receiver, ahead, is_elsewhere
):
    channel()
    receiver.answers = [BROKEN, TAKEN]
    right = clock.now()
    owe(workspace, told(), right)
    pk = Delivery.objects.get().pk
    Delivery.objects.update(due_at=right)
    held = takes.take(pk, right)  # by one whose clock is right, and who is about to send it
    ahead()

    tasks.deliver.func(str(pk))

    sending.perform(held, right)
    assert len(receiver.seen) == (2 if is_elsewhere else 3)


@pytest.mark.django_db(transaction=True)
def test_what_a_worker_ahead_wakes_is_due(workspace, channel, receiver, ahead, is_elsewhere):
    channel()
    receiver.answers = [BROKEN, TAKEN]
    owe(workspace, told(), clock.now())
    Delivery.objects.update(due_at=clock.now() + HOUR / 2)
    ahead()

    tick.run(lambda _seconds: True)

    assert Delivery.objects.get().outcome == ("waiting" if is_elsewhere else "delivered")


def test_what_a_page_ahead_sends_again_is_due_at_once(workspace, channel, receiver, owner, ahead):
    one = channel()
    owe(workspace, told(), clock.now())
    browser = posting(owner)
    receiver.answers = [BROKEN]
    ahead()

    url = reverse("resend", args=[workspace.slug, one.pk, one.deliveries.get().pk])
    assert browser.post(url).status_code == 302

    again = one.deliveries.get()
    assert (again.tries, again.outcome) == (1, "waiting")  # the first try was at once
    assert again.due_at <= clock.now() + HOUR / 2


def test_a_test_from_a_page_ahead_is_of_now(workspace, channel, receiver, owner, ahead):
    one = channel()
    browser = posting(owner)
    ahead()

    browser.post(reverse("test-channel", args=[workspace.slug, one.pk]))

    sent = one.deliveries.get(moment=Moment.TEST)
    assert sent.outcome == "delivered"
    assert sent.made_at <= clock.now()
