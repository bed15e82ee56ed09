"""What lets into a channel is looked for everywhere it must not be, with everything that fails."""

import logging

import pytest
from django.db import connection as database
from django_ox.models import OxTask

from integrations.models import Delivery
from integrations.services.telling import changes, owed
from integrations.work import worker
from providers.sandbox.server import Answer
from tests.integrations.receivers import NOW, OVER_HTTP, SECRET_PATH, TOKEN, owe, told

CANARIES = (SECRET_PATH.rpartition("/")[2], TOKEN.partition(":")[2], "tk_s3cr3t")


@pytest.mark.parametrize("kind", OVER_HTTP)
@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, "ok"),
        Answer(400, f"{SECRET_PATH} {TOKEN} tk_s3cr3tDoNotLeak4711"),
        Answer(302, "", {"Location": f"https://a.example{SECRET_PATH}"}),
        Answer(is_reset=True),
        Answer(is_cut=True, body="x" * 100),
    ],
    ids=["good", "echoed", "redirected", "reset", "cut"],
)
def test_no_log_row_or_sentence_holds_a_secret(kind, answer, workspace, channel, receiver, caplog):
    caplog.set_level(logging.DEBUG)
    one = channel(kind)
    receiver.answers = [answer]

    owe(workspace, told())
    tried = changes.send_test(one, NOW)
    owed.catch_up(workspace.pk, NOW)

    one.refresh_from_db()
    with database.cursor() as cursor:
        cursor.execute("SELECT * FROM integrations_delivery")
        rows = str(cursor.fetchall())
        cursor.execute("SELECT * FROM integrations_event")
        rows += str(cursor.fetchall())
    kept = caplog.text + rows + one.problem + tried.sentence + str(one.hints)
    assert Delivery.objects.count() == 2
    assert not [canary for canary in CANARIES if canary in kept]


@pytest.mark.django_db(transaction=True)
def test_a_job_is_given_the_messages_id_alone(workspace, channel, receiver, settings):
    settings.TASKS = {"default": {"BACKEND": worker.ENGINE}}
    channel("telegram")

    owe(workspace, told())

    jobs = [job for job in OxTask.objects.all() if "deliver" in job.task_path]
    assert [job.args for job in jobs] == [[str(Delivery.objects.get().pk)]]
