"""One line for each test and each message, with what a program needs and nothing else."""

import logging
from datetime import timedelta

import pytest

from integrations.models import Delivery, Trigger
from integrations.services import journal, rows
from integrations.services.connecting import saving, trying
from integrations.services.connecting.changes import Changes
from integrations.services.proving import testing
from providers.sandbox.server import Answer
from tests.integrations.conftest import TOKEN, VALUES
from tests.integrations.receivers import NOW, SECRET_PATH, look, owe, told


@pytest.fixture
def lines(caplog):
    """The journal's sentences, and the facts of each."""
    caplog.set_level(logging.INFO, logger=journal.logger.name)

    def written():
        found = [one for one in caplog.records if one.name == journal.logger.name]
        return [(one.getMessage(), one.facts) for one in found]

    return written


def test_a_test_is_one_line(connected, meta, lines):
    test = testing.test_connection(connected, trigger=Trigger.SCHEDULE)

    [(sentence, facts)] = lines()
    assert facts == {
        "what": "check",
        "connection": str(connected.pk),
        "provider": "meta",
        "outcome": "passed",
        "kind": "",
        "ms": test.duration_ms,
        "trigger": "schedule",
        "dry_run": None,
    }
    assert sentence == (
        f"check connection={connected.pk} provider=meta outcome=passed "
        f"ms={test.duration_ms} trigger=schedule"
    )


def test_a_refusal_is_told_by_its_kind_and_neither_by_its_words_nor_by_a_value(
    connected, meta, lines
):
    saving.change_connection(connected, Changes(config={"access_token": "EAAexpired"}), by=None)

    test = testing.test_connection(rows.find(connected.workspace, "meta"), trigger=Trigger.API)

    [(sentence, facts)] = lines()
    assert (facts["outcome"], facts["kind"]) == ("failed", test.error_kind)
    assert test.message
    for hidden in (test.message, "EAAexpired", TOKEN, VALUES["account_id"], meta.url):
        assert hidden not in f"{sentence} {facts}"


def test_a_dry_run_says_so(connected, meta, lines):
    trying.dry_run(connected, Changes(config=VALUES), trigger=Trigger.API, by=None)

    [(sentence, _)] = lines()
    assert sentence.endswith(" dry_run=True")


def test_each_try_of_a_message_is_one_line(channel, receiver, workspace, lines, time_machine):
    time_machine.move_to(NOW, tick=False)
    hook = channel("slack")
    receiver.answers = [Answer(503, "no"), Answer(200, "ok")]
    owe(workspace, told())
    look(NOW + timedelta(minutes=1))

    (_, first), (_, second) = lines()

    assert first == {
        "what": "message",
        "channel": "slack",
        "delivery": str(Delivery.objects.get().pk),
        "moment": "opened",
        "outcome": "retrying",
        "tries": 1,
        "status": 503,
    }
    assert second == first | {"outcome": "delivered", "tries": 2, "status": 200}
    assert SECRET_PATH not in f"{lines()}"
    assert hook.name not in f"{lines()}"
