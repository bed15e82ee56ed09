"""A stop of the worker is a cause of ours while it lasts, seen by whoever is alive."""

from datetime import timedelta

import pytest

from integrations.models import Cause, Event, Heartbeat, Incident, IntegrationConnection
from integrations.services.keeping import rounds
from integrations.services.watching import engine, incidents, stops
from tests.integrations.services.keeping.moments import DAY, HOUR, MINUTE, NOW
from tests.integrations.services.proving.test_races import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def old(connected):
    """A connection that is not of a minute ago, and a last check an hour ago."""
    IntegrationConnection.objects.update(created_at=NOW - 30 * DAY)
    Heartbeat.objects.create(name=engine.NAME, at=NOW - HOUR)
    return connected


def test_it_is_open_since_the_last_check_and_for_operators(old):
    stop = stops.look(NOW)

    assert stop.title == "Our side: checks were not running"
    assert (stop.opened_at, stop.confirmed_at, stop.closed_at) == (NOW - HOUR, NOW, None)
    assert stop.is_for_operators
    assert stops.look(NOW + MINUTE) == stop
    assert Cause.objects.count() == 1
    assert not Incident.objects.exists()
    assert not Event.objects.filter(type__startswith="incident.").exists()


def test_it_is_over_once_somebody_checks_again(old):
    stops.look(NOW)
    incidents.reconcile(NOW)  # which closes causes that nobody is in
    assert stops.look(NOW)

    engine.beat(NOW + MINUTE)
    assert stops.look(NOW + MINUTE) is None
    assert Cause.objects.get().closed_at == NOW + MINUTE


def test_a_worker_that_goes_round_again_ends_it_and_writes_no_other_one(old):
    Heartbeat.objects.create(name=engine.KEEPER, at=NOW - HOUR)
    stops.look(NOW)
    engine.beat(NOW + MINUTE)
    rounds.look_after(NOW + MINUTE)

    assert Cause.objects.get().closed_at == NOW + MINUTE


def test_a_worker_that_is_started_anew_is_no_stop(old):
    assert stops.look(NOW - HOUR + engine.LATE) is None
    assert not Cause.objects.exists()


def test_without_anything_to_check_nothing_has_stopped(workspace):
    Heartbeat.objects.create(name=engine.NAME, at=NOW - DAY)

    assert stops.look(NOW) is None


def test_those_of_the_last_week_are_told(old):
    for days in (8, 6, 2):
        stops.note(NOW - days * DAY - HOUR, NOW - days * DAY)

    assert [one.closed_at for one in stops.lately(NOW)] == [NOW - 2 * DAY, NOW - 6 * DAY]


@pytest.mark.django_db(transaction=True)
def test_of_many_who_see_it_one_writes_it_down(old):
    seen = at_once(4, lambda _: stops.look(NOW))

    assert {one.pk for one in seen} == {Cause.objects.get().pk}


def test_readyz_writes_it_down(old, client, time_machine):
    time_machine.move_to(NOW, tick=False)
    reply = client.get("/readyz")

    assert "No worker was seen" in reply.json()["worker"]
    assert Cause.objects.get().opened_at == NOW - HOUR


def test_the_page_of_incidents_has_one_line_of_it(old, client, viewer, time_machine):
    time_machine.move_to(NOW + timedelta(hours=1), tick=False)
    stops.note(NOW - HOUR, NOW)
    client.force_login(viewer)

    page = client.get("/w/main/incidents/").content.decode()
    assert page.count("checks were not running") == 1
    assert "what broke in that time was noticed after it" in page


def test_operators_read_what_to_do(old, client, person, time_machine):
    time_machine.move_to(NOW, tick=False)
    stops.look(NOW)
    root = person("root")
    root.is_superuser = True
    root.save()
    client.force_login(root)

    page = client.get("/dashboard/operations/").content.decode()
    assert "Look in its log why it stopped" in page
