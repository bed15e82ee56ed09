"""Jobs as rows: one takes each, a lease keeps it, and what fails is tried again a few times."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connections

from integrations import clock
from integrations.models import Job
from integrations.work import jobs, performing

pytestmark = pytest.mark.django_db(transaction=True)

TASK = "integrations.work.tasks.mail_link"
NOBODY = 0


@pytest.fixture
def job(transactional_db):
    return jobs.keep(TASK, [NOBODY], 20)


def later(seconds):
    return clock.now() + timedelta(seconds=seconds)


def test_of_many_one_takes_it(job):
    def take(_):
        try:
            return jobs.take(job.pk, clock.now())
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        taken = [one for one in pool.map(take, range(8)) if one]

    assert [one.lease for one in taken] == [1]


def test_what_is_done_is_gone_and_is_not_done_again(job):
    performing.perform(job.pk)
    performing.perform(job.pk)

    assert not Job.objects.exists()
    assert performing.in_hand() == {}


def test_a_lease_that_is_renewed_is_taken_over_by_nobody(job):
    mine = jobs.take(job.pk, clock.now())
    soon = later(10)
    jobs.renew({mine.pk: mine.lease}, soon)

    assert jobs.take(job.pk, later(20)) is None
    assert jobs.take(job.pk, later(26)).lease == 2


def test_who_was_too_slow_ends_nothing_that_was_taken_over(job):
    slow = jobs.take(job.pk, clock.now())
    jobs.take(job.pk, later(16))

    jobs.renew({slow.pk: slow.lease}, later(1000))
    jobs.end(slow)

    assert Job.objects.get().lease_until < later(100)


def test_a_lease_that_a_wrong_clock_made_holds_nobody_up(job):
    jobs.take(job.pk, later(3600))

    assert jobs.take(job.pk, clock.now()).lease == 2


def test_what_nobody_came_for_is_found_after_a_moment_and_what_people_look_at_first(job):
    less = jobs.keep(TASK, [NOBODY], 0)

    assert jobs.untaken(clock.now(), 8) == []
    assert jobs.untaken(later(4), 8) == [job.pk, less.pk]
    assert jobs.untaken(later(4), 1) == [job.pk]


def test_what_a_dead_worker_left_is_found_when_its_lease_has_run_out(job):
    jobs.take(job.pk, clock.now())

    assert jobs.untaken(later(10), 8) == []
    assert jobs.untaken(later(16), 8) == [job.pk]


def test_what_fails_is_tried_again_and_at_last_given_up(caplog):
    broken = jobs.keep("integrations.work.tasks.prove", ["no id at all"], 0)

    for number in range(1, jobs.TRIES + 1):
        Job.objects.update(lease_until=None)
        performing.perform(broken.pk)
        assert Job.objects.get().lease == number
    assert jobs.take(broken.pk, later(16)) is None

    assert not Job.objects.exists()
    assert "was given up" in caplog.text
    assert "badly formed" not in caplog.text


def test_what_is_gone_troubles_nobody(caplog):
    performing.perform(uuid4())

    assert caplog.text == ""
