"""After a change of engine: what waits in the other one's rows is done all the same."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_ox.models import OxTask

from integrations import clock, queue
from integrations.models import Job
from integrations.work import jobs, left, worker

CELERY = "integrations.work.celery_backend.CeleryBackend"
NOWHERE = {"BROKER": "redis://127.0.0.1:1/0"}


@pytest.fixture
def in_database(settings):
    def use():
        settings.TASKS = {"default": {"BACKEND": worker.ENGINE}}

    use()
    return use


@pytest.fixture
def on_celery(settings):
    def use():
        settings.TASKS = {"default": {"BACKEND": CELERY, "OPTIONS": NOWHERE}}

    return use


def test_jobs_of_the_database_are_asked_for_with_celery(db, in_database, on_celery):
    queue.enqueue("people.mail_link", 7)
    on_celery()

    left.take_over(clock.now())

    job = Job.objects.get()
    assert (job.task, job.ids, job.priority) == ("integrations.work.tasks.mail_link", [7], 20)
    assert not OxTask.objects.exists()


def test_what_the_other_engine_is_at_is_left_to_it_until_it_is_dead(db, in_database, on_celery):
    queue.enqueue("people.mail_link", 7)
    OxTask.objects.update(status="RUNNING", locked_at=clock.now())
    on_celery()

    left.take_over(clock.now())
    assert not Job.objects.exists()

    left.take_over(clock.now() + timedelta(minutes=3))
    assert Job.objects.exists()


def test_jobs_of_celery_are_asked_for_in_the_database(db, in_database, on_celery):
    on_celery()
    queue.enqueue("people.mail_link", 7)
    queue.enqueue("people.mail_link", 8)
    jobs.take(Job.objects.get(ids=[8]).pk, clock.now())
    in_database()

    left.take_over(clock.now())

    assert OxTask.objects.get().args == [7]
    assert Job.objects.get().ids == [8]


def test_what_the_database_did_is_forgotten_with_celery_too(db, in_database, on_celery):
    queue.enqueue("people.mail_link", 7)
    OxTask.objects.update(status="SUCCESSFUL", finished_at=timezone.now() - timedelta(days=2))
    on_celery()

    worker.prune()

    assert not OxTask.objects.exists()
