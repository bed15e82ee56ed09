"""A PostgreSQL server is stopped while a renewal has its answer, and its process is to end."""

import threading

import pytest
from django.core.management import call_command

from integrations.models import Workspace
from integrations.services.credentials import tokens
from tests import postgres
from tests.integrations import processes
from tests.integrations.services.credentials import typed

CASE = typed.UPWORK_REFRESH
pytestmark = pytest.mark.needs("postgresql")
STORED = "select lease is null and tokens <> '' and hints ->> 'refresh_token' = '…0001'"


def connect():
    """The task of a first process: all tables, and a connection; returns the id of its row."""
    call_command("migrate", verbosity=0)
    connection = typed.save(Workspace.objects.get(), CASE)
    return str(typed.row_of(connection).pk)


def renew(credential_id):
    """The task of the process that is told to end."""
    tokens.usable(credential_id)


@pytest.fixture
def cluster():
    with postgres.cluster() as cluster:
        yield cluster


@pytest.fixture
def platform():
    with typed.standing_in(CASE) as server:
        server.numbering.rotates = True
        yield server


def test_a_process_that_ends_waits_for_the_database_with_its_answer(cluster, platform):
    with processes.nursery(cluster.url) as first:
        first.start(f"{__name__}:connect")
        credential_id = first.ended()[0].answer
    is_leaving = threading.Event()

    with processes.process("leave", cluster.url) as ending:

        def answer(asked):
            answered = platform.numbering.answer(asked)
            cluster.stop()
            ending.say("end")
            assert ending.hear() == "leaving"
            is_leaving.set()
            return answered

        platform.answer = answer
        ending.say(processes.order(f"{__name__}:renew", credential_id))
        assert is_leaving.wait(timeout=30)
        cluster.start()

    assert cluster.ask(f"{STORED} from integrations_credential") is True
    assert platform.asked_for_tokens == 1
