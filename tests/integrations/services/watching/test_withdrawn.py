"""A key that was withdrawn is found out by the next check, though its last token still works."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from django.utils import timezone

from integrations.models import IntegrationConnection, Watch
from integrations.services import rows
from integrations.services.connecting import several
from integrations.services.connecting.changes import Changes
from integrations.services.watching import checking, claims, sweep
from providers.sandbox.server import Answer
from tests.integrations.services.credentials import typed

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def clock(time_machine):
    time_machine.move_to(datetime(2026, 11, 23, 12, tzinfo=UTC), tick=False)
    return time_machine


@pytest.fixture(params=typed.ALL.values(), ids=list(typed.ALL))
def case(request):
    return request.param


@pytest.fixture
def platform(case):
    with typed.standing_in(case) as server:
        yield server


@pytest.fixture
def saved(workspace, case, platform):
    connection = typed.save(workspace, case)
    sweep.make(timezone.now(), Random(1))
    return connection


def check(*connections):
    Watch.objects.update(due_at=timezone.now() - MINUTE, lease_until=None)
    claimed = claims.claim(timezone.now(), {connections[0].provider: 9}, 9)
    tests = [checking.check(one, timezone.now, Random(1)) for one in claimed]
    return [test.outcome for test in tests]


def test_each_interval_s_check_asks_for_a_token_of_its_own(saved, platform, clock):
    assert check(saved) == ["passed"]
    clock.shift(0.95 * saved.platform.checks.every)
    assert check(saved) == ["passed"]

    assert platform.asked_for_tokens == 2


def test_within_the_interval_the_kept_one_serves(saved, platform, clock):
    check(saved)
    clock.shift(timedelta(minutes=40))
    check(saved)

    assert platform.asked_for_tokens == 1


def test_a_short_interval_of_the_team_s_own_is_no_storm_of_tokens(saved, platform, clock):
    Watch.objects.update(every_seconds=60)
    for _ in range(9):
        check(saved)
        clock.shift(MINUTE)

    assert platform.asked_for_tokens == 1


@pytest.mark.parametrize("case", [typed.SERVICE_ACCOUNT], ids=["google"], indirect=True)
def test_one_token_serves_all_that_share_the_key(saved, platform, workspace, case):
    other = several.add(
        workspace,
        case.slug,
        Changes(config=case.other_account),
        by=None,
        credential_id=saved.credential_id,
    ).connection
    sweep.make(timezone.now(), Random(1))
    assert IntegrationConnection.objects.get(pk=other.pk).credential_id == saved.credential_id

    assert check(saved, other) == ["passed", "passed"]
    assert platform.asked_for_tokens == 1


@pytest.mark.parametrize("case", [typed.SERVICE_ACCOUNT], ids=["google"], indirect=True)
def test_a_withdrawn_key_is_a_refusal_at_the_next_check(saved, platform, clock, workspace):
    check(saved)
    answer, gone = platform.answer, Answer(400, {"error": "invalid_grant"})
    platform.answer = lambda asked: gone if asked.form.get("grant_type") else answer(asked)
    clock.shift(timedelta(minutes=57))

    assert check(saved) == ["failed"]
    assert rows.find(workspace, saved.provider).needs_reauth
