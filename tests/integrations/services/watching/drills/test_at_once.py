"""Several people begin a drill at once, and several workers take its step: each is there once."""

import pytest
from django.utils import timezone

from integrations.models import Cause, Drill, DrillKind, DrillState, Event, Incident
from integrations.services.connecting import several
from integrations.services.watching import engine as checks
from integrations.services.watching.drills import performing, staging, starting
from integrations.services.watching.drills.starting import NotPossible
from tests.integrations.services.connecting.test_spread_locks import meeting
from tests.integrations.services.proving.test_races import at_once
from tests.integrations.services.watching.world import connected

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def meta_connection(workspace):
    checks.beat(timezone.now())
    return connected(workspace)


def begin(connection):
    try:
        return starting.start(connection, DrillKind.REVOKED, by=None, now=timezone.now())
    except NotPossible:
        return None


def run_until(drill, state):
    while drill.state != state:
        for taken in performing.claim(timezone.now(), 2):
            performing.perform(taken, timezone.now)
        drill.refresh_from_db()


def test_of_several_who_begin_one_does(meta_connection):
    begun = at_once(4, lambda _: begin(meta_connection))

    assert [one for one in begun if one] == [Drill.objects.get()]
    assert Event.objects.filter(type="drill.changed").count() == 1


def test_of_several_workers_one_takes_the_step(meta_connection):
    begin(meta_connection)
    now = timezone.now()
    taken = at_once(4, lambda _: performing.claim(now, 2))

    assert sum(map(len, taken)) == 1
    assert Drill.objects.get().lease == 1


def test_a_stop_and_a_step_at_once_leave_nothing_open(meta_connection):
    drill = begin(meta_connection)
    run_until(drill, DrillState.BROKEN)
    (taken,) = performing.claim(timezone.now(), 2)

    def stop_or_step(number):
        if number:
            performing.perform(taken, timezone.now)
        else:
            starting.stop(meta_connection, by=None, now=timezone.now())

    assert at_once(2, stop_or_step) == [None, None]
    drill.refresh_from_db()
    assert drill.state == DrillState.STOPPED
    assert not Incident.objects.filter(closed_at=None).exists()
    assert not Cause.objects.filter(closed_at=None).exists()


def test_who_removes_the_connection_and_who_ends_its_drill_wait_for_no_other(
    meta_connection, workspace, editor
):
    other = connected(workspace, slug="north")
    drill = begin(other)
    run_until(drill, DrillState.NOTICED)

    works = (
        lambda: starting.stop(other, by=editor, now=timezone.now()),
        lambda: several.remove(other, by=editor),
    )

    with meeting(Drill.objects.filter(pk=drill.pk), *works) as results:
        pass

    assert not [one for one in results if isinstance(one, Exception)], results
    staging.take_off_left(timezone.now())
    assert not Drill.objects.exists()
    assert not Incident.objects.filter(closed_at=None).exists()
