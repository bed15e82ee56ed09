from datetime import timedelta

import pytest
import time_machine
from django.test import override_settings
from django.utils import timezone

from integrations import crypto
from integrations.models import ConnectionTest, Credential, Event, Trigger
from integrations.models.tests import LEASE
from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes
from integrations.services.credentials import sealing
from integrations.services.proving import background, results, testing
from integrations.services.refusals import NothingToTest, TooManyTests
from integrations.work.tasks import run_test
from providers.errors import AuthExpired
from providers.run.results import Result


def save(workspace, **config):
    return saving.change_connection(rows.unread(workspace, "meta"), Changes(config=config), by=None)


def ask(connection, trigger=Trigger.SCHEDULE):
    return testing.test_connection(connection, trigger=trigger)


def replace_token(connection, token):
    """No edit, and what was found out stays."""
    secrets = {"access_token": token}
    sealing.keep_secrets(connection, connection.auth_method, connection.config, secrets)
    connection.save(update_fields=["credential", "hints", "key_id"])


def fresh(connection):
    return rows.find(connection.workspace, connection.provider)


def test_a_pass_is_proof_with_a_time_and_an_account(connected, meta):
    test = ask(connected)
    now = fresh(connected)

    assert (test.outcome, test.message) == ("passed", "")
    assert now.proven_at == test.finished_at
    assert (now.platform_account_id, now.last_test) == ("act_1001", test)
    assert now.light(timezone.now()) == "green"


def test_a_refusal_is_a_result_with_a_sentence_and_an_action(connected, meta):
    save(connected.workspace, access_token="EAAexpired")

    test = ask(fresh(connected))
    now = fresh(connected)

    assert (test.outcome, test.error_kind) == ("failed", "auth_expired")
    assert (now.status, now.needs_reauth, now.proven_at) == ("error", True, None)
    assert now.failure()["message"] == test.message
    assert test.steps[-1]["outcome"] == "skipped"


def test_an_outage_between_two_failures_keeps_the_break_as_it_was(connected, meta):
    save(connected.workspace, access_token="EAAexpired")
    with time_machine.travel("2026-11-22T14:02:00Z", tick=False):
        first = ask(fresh(connected))
    broken = fresh(connected)
    replace_token(broken, "EAAdown")
    with time_machine.travel("2026-11-22T15:02:00Z", tick=False):
        outage = ask(fresh(connected))

    now = fresh(connected)
    assert outage.outcome == "inconclusive"
    assert now.failure()["message"] == first.message
    assert (now.failing_since, now.failed_test) == (first.finished_at, first)
    assert now.unanswered_since == outage.finished_at

    replace_token(broken, "EAAexpired")
    second = ask(fresh(connected))
    now = fresh(connected)
    assert (now.failing_since, now.failed_test) == (first.finished_at, second)


def test_a_result_for_replaced_values_is_only_history(connected, meta):
    started = testing.start(connected, trigger=Trigger.PAGE, by=None)
    save(connected.workspace, access_token="EAAexpired")
    before = fresh(connected)

    results.finish(started.test, Result("passed"))

    after = fresh(connected)
    assert (after.proven_at, after.last_test, after.status) == (None, None, "connected")
    assert after.version == before.version
    assert after.tests.get().outcome == "passed"


def test_nothing_to_test_is_said(workspace, meta):
    with pytest.raises(NothingToTest):
        ask(rows.find(workspace, "meta"))
    assert ConnectionTest.objects.count() == 0


def test_credentials_that_cannot_be_read_are_a_failure_that_says_so(connected, meta):
    with override_settings(CREDENTIAL_KEYS=[crypto.new_key()]):
        test = ask(connected)

    assert (test.outcome, test.error_kind) == ("failed", "credentials_unreadable")
    assert fresh(connected).last_error == "The stored credentials cannot be read."
    assert not meta.requests_seen


def test_damaged_credentials_show_at_first_use(connected, meta):
    row = connected.credential
    Credential.objects.filter(pk=row.pk).update(secrets=row.secrets[:-8] + "AAAAAAAA")

    assert ask(fresh(connected)).error_kind == "credentials_unreadable"


def test_a_reported_error_survives_a_pass(connected, meta):
    saving.change_connection(
        rows.unread(connected.workspace, "meta"),
        Changes(status="error", reported_error="The report is empty."),
        by=None,
    )

    ask(fresh(connected))

    now = fresh(connected)
    assert (now.status, now.reported_error) == ("error", "The report is empty.")
    assert now.proven_at


def test_a_disabled_connection_can_be_tested_and_stays_disabled(connected, meta):
    saving.change_connection(
        rows.unread(connected.workspace, "meta"), Changes(is_enabled=False), by=None
    )

    assert ask(fresh(connected)).outcome == "passed"
    assert fresh(connected).status == "disabled"


def test_a_second_request_joins_the_running_test(connected, meta):
    running = testing.start(connected, trigger=Trigger.PAGE, by=None)

    again = testing.start(connected, trigger=Trigger.API, by=None)

    assert (again.joined, again.test) == (True, running.test)


@pytest.mark.parametrize("dry_run", [True, False])
def test_who_asks_while_other_values_are_tested_gets_a_test_of_the_saved_ones(
    connected, meta, editor, dry_run, worker_seen
):
    nearly_over = timezone.now() - LEASE + timedelta(milliseconds=300)
    with time_machine.travel(nearly_over):
        testing.start(connected, trigger=Trigger.SAVE, by=None, dry_run=dry_run)
    save(connected.workspace, pixel_id="2001")

    background.start_test(fresh(connected), trigger=Trigger.PAGE, by=editor)

    assert fresh(connected).last_test.outcome == "passed"
    assert fresh(connected).proven_at


def test_a_test_that_died_with_its_process_blocks_nobody_after_its_lease(connected, meta):
    with time_machine.travel(timezone.now() - timedelta(minutes=1)):
        dead = testing.start(connected, trigger=Trigger.PAGE, by=None).test

    test = ask(connected)

    dead.refresh_from_db()
    assert (dead.outcome, dead.error_kind) == ("inconclusive", "")
    assert "interrupted" in dead.message
    assert test.outcome == "passed"


def test_a_test_that_was_interrupted_says_nothing_about_the_connection(connected, meta):
    proven = ask(connected)
    with time_machine.travel(timezone.now() - timedelta(minutes=1)):
        dead = testing.start(connected, trigger=Trigger.PAGE, by=None).test

    results.interrupt(dead)

    row = rows.find(connected.workspace, "meta")
    assert row.last_test == dead
    assert (row.unanswered_since, row.proven_at) == (None, proven.finished_at)
    assert row.light(timezone.now()) == "green"
    assert not Event.objects.filter(data__what="unanswered").exists()


def test_a_test_that_was_ended_before_its_turn_came_asks_nobody(connected, meta):
    with time_machine.travel(timezone.now() - timedelta(minutes=1)):
        late = testing.start(connected, trigger=Trigger.PAGE, by=None).test
    testing.start(connected, trigger=Trigger.PAGE, by=None)

    run_test.call(late.pk)

    late.refresh_from_db()
    assert late.outcome == "inconclusive"
    assert not meta.requests_seen


def test_an_answer_that_comes_after_the_test_was_ended_changes_nothing(proven):
    with time_machine.travel(timezone.now() - timedelta(minutes=1)):
        late = testing.start(proven, trigger=Trigger.PAGE, by=None).test
    testing.start(proven, trigger=Trigger.PAGE, by=None)

    results.finish(late, Result("failed", AuthExpired()))

    assert late.outcome == "inconclusive"
    assert fresh(proven).last_error == ""


def test_a_test_that_waited_for_its_turn_has_its_whole_time(connected, meta):
    with time_machine.travel(timezone.now() - timedelta(seconds=40)):
        waited = testing.start(connected, trigger=Trigger.PAGE, by=None).test

    testing.perform(waited)

    assert waited.outcome == "passed"
    assert waited.lease_until > waited.finished_at + timedelta(seconds=40)


def test_tests_are_counted_per_minute_whoever_asks(connected, meta, settings):
    settings.TEST_RATE = 2
    ask(connected, Trigger.PAGE)
    ask(connected, Trigger.ADMIN)

    with pytest.raises(TooManyTests) as refused:
        ask(connected, Trigger.API)
    assert 0 < refused.value.retry_after_seconds <= 60

    assert ask(connected, Trigger.SCHEDULE).outcome == "passed"
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        assert ask(connected, Trigger.API).outcome == "passed"


def test_a_platform_without_a_tester_says_so(workspace, without_test):
    test = testing.test_connection(rows.find(workspace, "fiverr"), trigger=Trigger.API)

    assert (test.outcome, test.message) == ("not_implemented", "Test not implemented yet")
