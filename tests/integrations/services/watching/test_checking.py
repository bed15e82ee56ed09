"""One check: it asks as any test does, and says when to ask again."""

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.models import (
    ConnectionTest,
    Credential,
    IntegrationConnection,
    Pause,
    Trigger,
    Watch,
)
from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes
from integrations.services.people import workspaces
from integrations.services.proving import testing
from integrations.services.watching import checking, claims, schedule, sweep
from providers.platforms.fiverr.steps import PAGE
from providers.sandbox.meta import TOKENS
from providers.sandbox.server import Answer
from tests.integrations.services.keeping.moments import HOUR, MINUTE
from tests.integrations.services.watching.conftest import overdue

pytestmark = pytest.mark.django_db

DEAD = next(text for text, token in TOKENS.items() if token.dead)
PLACES = {"meta": 8, "fiverr": 8}


@pytest.fixture
def due(connected, chance):
    """Meta's watch, as a round makes it, due now."""
    sweep.make(timezone.now(), chance)
    make_due()
    return Watch.objects.get()


def make_due():
    Watch.objects.update(due_at=timezone.now() - MINUTE, lease_until=None)


def check(chance):
    (claimed,) = claims.claim(timezone.now(), PLACES, 1)
    test = checking.check(claimed, timezone.now, chance)
    return test, Watch.objects.get()


def change(workspace, provider="meta", **changes):
    saving.change_connection(rows.unread(workspace, provider), Changes(**changes), by=None)


def soon(watch):
    return watch.due_at - timezone.now()


def test_a_check_is_a_test_of_the_schedule_that_proves(workspace, meta, due, chance):
    test, watch = check(chance)

    assert (test.outcome, test.trigger, test.started_by) == ("passed", Trigger.SCHEDULE, None)
    connection = rows.find(workspace, "meta")
    assert connection.light(timezone.now()) == "green"
    assert connection.last_test == test
    assert watch.lease_until is None
    assert MINUTE < soon(watch) <= schedule.FARTHEST * HOUR


def test_a_refusal_is_asked_about_again_within_minutes(workspace, meta, due, chance):
    change(workspace, config={"access_token": DEAD})

    test, watch = check(chance)

    assert test.outcome == "failed"
    assert watch.tries == 1
    assert timedelta(0) < soon(watch) <= schedule.REFUSED


def test_no_answer_is_asked_about_again_within_a_minute(meta, due, chance):
    meta.answer = lambda _: Answer(503)

    test, watch = check(chance)

    assert test.outcome == "inconclusive"
    assert soon(watch) <= schedule.UNANSWERED


def test_after_each_try_it_waits_longer_and_a_pass_ends_that(meta, due, chance):
    healthy = meta.answer
    meta.answer = lambda _: Answer(503)
    for _ in range(4):
        _, watch = check(chance)
        make_due()
    assert watch.tries == 4

    meta.answer = healthy
    _, watch = check(chance)

    assert watch.tries == 0
    assert soon(watch) > MINUTE


def test_a_platform_that_names_a_time_is_not_asked_before_it(meta, due, chance):
    limit = {"error": {"code": 4, "message": "(#4) Application request limit reached"}}
    usage = '{"1001": [{"type": "ads", "estimated_time_to_regain_access": 25}]}'
    headers = {"X-Business-Use-Case-Usage": usage}
    meta.answer = lambda _: Answer(400, limit, headers)
    test, watch = check(chance)

    assert test.error_kind == "rate_limited"
    assert test.retry_at > timezone.now() + timedelta(minutes=20)
    assert watch.due_at >= test.retry_at


def test_while_a_pause_stands_nobody_is_asked(meta, due, chance):
    meta.answer = lambda _: Answer(429)
    check(chance)
    until = Pause.objects.get().until
    meta.requests_seen.clear()
    make_due()

    test, watch = check(chance)

    assert test is None
    assert meta.requests_seen == []
    assert watch.due_at >= until - timedelta(seconds=1)


def test_a_test_that_runs_is_joined_and_not_asked_again(workspace, meta, due, chance):
    running = testing.start(rows.unread(workspace, "meta"), trigger=Trigger.API, by=None)

    test, watch = check(chance)

    assert test is None
    assert meta.requests_seen == []
    assert [*ConnectionTest.objects.all()] == [running.test]
    assert soon(watch) > MINUTE


def not_complete(workspace):
    change(workspace, config={"access_token": None})


def switched_off(workspace):
    change(workspace, is_enabled=False)


def archived(workspace):
    workspaces.archive(workspace, by=None)


@pytest.mark.parametrize("becomes", [not_complete, switched_off, archived])
def test_what_nobody_needs_to_test_is_moved_on_untested(workspace, meta, due, chance, becomes):
    becomes(workspace)

    test, watch = check(chance)

    assert test is None
    assert meta.requests_seen == []
    assert not ConnectionTest.objects.exists()
    assert soon(watch) > MINUTE


def test_a_public_page_that_proves_nothing_is_not_looked_at_by_schedule(workspace, chance):
    page = Changes(config={"account_id": "acme", "live_lookup": "on"}, auth_method=PAGE)
    saving.change_connection(rows.unread(workspace, "fiverr"), page, by=None)
    sweep.make(timezone.now(), chance)
    make_due()

    test, _ = check(chance)

    assert test is None


def test_a_platform_without_a_tester_is_moved_on(workspace, without_test, chance):
    overdue(workspace, "fiverr")
    IntegrationConnection.objects.update(is_complete=True, auth_method="service")
    make_due()

    test, watch = check(chance)

    assert test is None
    assert soon(watch) > MINUTE


def test_who_lost_the_lease_does_not_ask(meta, due, chance):
    (late,) = claims.claim(timezone.now(), PLACES, 1)
    Watch.objects.update(lease=late.lease + 1)

    assert checking.check(late, timezone.now, chance) is None
    assert meta.requests_seen == []


def test_what_a_dead_process_began_is_gone_on_with_as_one_test(workspace, meta, due, chance):
    begun = testing.start(rows.unread(workspace, "meta"), trigger=Trigger.SCHEDULE, by=None)
    long_ago = timezone.now() - HOUR
    ConnectionTest.objects.update(started_at=long_ago, lease_until=long_ago + MINUTE)

    test, _ = check(chance)

    assert test.pk == begun.test.pk
    assert [(one.pk, one.outcome) for one in ConnectionTest.objects.all()] == [(test.pk, "passed")]
    assert rows.find(workspace, "meta").unanswered_since is None


def test_a_check_that_fails_by_our_own_fault_is_tried_again_soon(due, chance, monkeypatch):
    monkeypatch.setattr(testing, "start", lambda *_args, **_more: 1 / 0)
    (claimed,) = claims.claim(timezone.now(), PLACES, 1)

    with pytest.raises(ZeroDivisionError):
        checking.check(claimed, timezone.now, chance)

    watch = Watch.objects.get()
    assert watch.lease_until is None
    assert MINUTE < soon(watch) <= schedule.REFUSED


def test_a_check_that_fails_by_our_own_fault_is_tried_later_each_time(due, chance, monkeypatch):
    monkeypatch.setattr(testing, "perform", lambda *_, **__: 1 / 0)
    dues = []
    for _ in range(4):
        make_due()
        with pytest.raises(ZeroDivisionError):
            check(chance)
        ConnectionTest.objects.all().delete()
        dues.append(soon(Watch.objects.get()))

    watch = Watch.objects.get()
    assert (watch.tries, watch.lease_until) == (4, None)
    assert dues[0] <= schedule.REFUSED < dues[-1] + schedule.REFUSED
    row = IntegrationConnection.objects.get()
    assert row.unanswered_since is None


def test_a_test_of_other_values_that_runs_is_not_taken_for_a_check(connected, due, chance):
    testing.start(connected, trigger=Trigger.PAGE, by=None, dry_run=True)

    test, watch = check(chance)

    assert test is None
    assert soon(watch) <= schedule.UNANSWERED


def test_a_limit_is_waited_for_and_no_round_asks_sooner(workspace, meta, due, chance):
    IntegrationConnection.objects.update(unanswered_since=timezone.now())
    until = timezone.now() + HOUR
    opened = Credential.objects.get()
    Pause.objects.create(
        provider="meta",
        kind="rate_limited",
        counted_by="token",
        name=opened.pk.hex,
        obtained_at=opened.obtained_at,
        until=until - MINUTE,
    )

    check(chance)
    for _ in range(3):
        sweep.look_after(timezone.now())

    assert Watch.objects.get().due_at >= until - MINUTE
    assert not ConnectionTest.objects.exists()
