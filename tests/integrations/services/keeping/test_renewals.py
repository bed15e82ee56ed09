"""Sign-ins are renewed before they end, and what changed is told."""

from uuid import uuid4

import pytest
from django.utils import timezone

from integrations.models import ConnectionTest, IntegrationConnection, Trigger, Workspace
from integrations.models.credentials import LEASE
from integrations.services import rows
from integrations.services.connecting import lending, saving
from integrations.services.connecting.changes import Changes
from integrations.services.keeping import renewals, rounds
from providers.sandbox import calendly as sandbox
from tests.integrations.kept import sign_ins
from tests.integrations.services.credentials.renewals import (
    DOWN,
    INVALID_GRANT,
    answer_as_usual,
    answer_renewals,
    renewals_seen,
    row_of,
    run_out,
)
from tests.integrations.services.keeping.moments import DAY, HOUR, MINUTE, NOW


def now_of(connection):
    return rows.find(connection.workspace, connection.provider)


@pytest.fixture
def lent(connection):
    """What lets it in lets in connections of three other workspaces."""
    places = [Workspace.objects.create(slug=f"c{number}", name=f"C{number}") for number in range(3)]
    for place in places:
        lending.lend(connection, place, [], by=None)
    return [rows.find(place, "calendly") for place in places]


def row_of_lender(connection):
    return sign_ins().get(pk=connection.sign_in_id)


def told(connection):
    """The schedule's tests of a connection, oldest first: outcome and kind."""
    tests = connection.tests.filter(trigger=Trigger.SCHEDULE).order_by("id")
    return [(test.outcome, test.error_kind) for test in tests]


def test_a_sign_in_is_due_from_the_moment_on_that_it_says(row):
    sign_ins().update(renew_at=NOW + MINUTE)

    assert renewals.due(NOW) == []
    assert renewals.due(NOW + MINUTE) == [row]


@pytest.mark.parametrize(
    ("values", "is_due"),
    [
        pytest.param({"lease": uuid4(), "lease_until": NOW + LEASE}, False, id="leased"),
        pytest.param({"lease": uuid4(), "lease_until": NOW + DAY}, True, id="by a clock ahead"),
        pytest.param({"lease": uuid4(), "lease_until": NOW - MINUTE}, True, id="left behind"),
        pytest.param({"is_ended": True, "failure_kind": "auth_expired"}, False, id="ended"),
        pytest.param({"renew_at": None}, False, id="not to be renewed"),
    ],
)
def test_a_sign_in_is_due_when_somebody_can_renew_it(row, values, is_due):
    sign_ins().update(**({"renew_at": NOW - HOUR} | values))

    assert bool(renewals.due(NOW)) is is_due


def test_a_sign_in_that_no_connection_uses_is_not_due(row):
    sign_ins().update(renew_at=NOW)
    IntegrationConnection.objects.update(sign_in=None)

    assert renewals.due(NOW) == []


def test_a_disabled_connection_is_kept_alive(connection):
    saving.change_connection(
        rows.unread(connection.workspace, "calendly"), Changes(is_enabled=False), by=None
    )
    sign_ins().update(renew_at=NOW)

    assert renewals.due(NOW) == [row_of(connection)]


def test_a_sign_in_that_lets_in_many_is_due_once(lent):
    sign_ins().update(renew_at=NOW)

    assert len(renewals.due(NOW)) == 1


def test_an_end_is_told_wherever_it_lets_in_first_at_the_lenders(connection, lent, calendly):
    answer_renewals(calendly, INVALID_GRANT)
    sign_ins().update(renew_at=NOW)

    renewals.renew(row_of_lender(connection).pk)
    rounds.look_after(NOW)

    assert [told(one) for one in (connection, *lent)] == [[("failed", "auth_expired")]] * 4
    tests = ConnectionTest.objects.filter(trigger=Trigger.SCHEDULE).order_by("id")
    assert tests.first().connection == connection
    assert len(renewals_seen(calendly)) == 1


def test_an_end_is_told_to_so_many_in_a_round_and_to_the_others_in_the_next(
    connection, lent, monkeypatch
):
    monkeypatch.setattr(renewals, "MOST_TOLD", 2)
    sign_ins().update(is_ended=True, failure_kind="auth_expired", failure_message="It has ended.")

    seen = []
    for _ in range(3):
        renewals.tell_ends(NOW)
        seen.append([bool(rows.again(one).last_error) for one in (connection, *lent)])

    assert seen[0][0]
    assert seen[0].count(True) == 2
    assert seen[1] == seen[2] == [True] * 4
    assert ConnectionTest.objects.filter(trigger=Trigger.SCHEDULE).count() == 4


def test_an_end_is_not_told_in_an_archived_workspace(connection, lent):
    Workspace.objects.filter(pk=lent[0].workspace_id).update(archived_at=NOW)
    sign_ins().update(is_ended=True, failure_kind="auth_expired", failure_message="It has ended.")

    renewals.tell_ends(NOW)

    assert [bool(told(one)) for one in (connection, *lent)] == [True, False, True, True]


def test_trouble_of_many_is_told_and_over_at_the_lenders(connection, lent, calendly, clock):
    answer_renewals(calendly, DOWN)
    run_out(row_of_lender(connection))
    renewals.renew(row_of_lender(connection).pk)
    assert now_of(connection).unanswered_since
    assert not any(told(one) for one in lent)

    answer_as_usual(calendly)
    clock.shift(HOUR)
    renewals.renew(row_of_lender(connection).pk)

    assert now_of(connection).unanswered_since is None
    assert not any(told(one) for one in lent)


def test_a_renewal_that_works_is_no_news(connection, calendly, clock):
    run_out(row_of(connection))

    renewals.renew(row_of(connection).pk)

    assert len(renewals_seen(calendly)) == 1
    assert told(connection) == []


def test_what_somebody_else_renewed_meanwhile_is_not_renewed_again(row, calendly):
    sign_ins().update(renew_at=NOW)
    (waiting,) = renewals.due(NOW)
    renewals.renew(waiting.pk)

    renewals.renew(waiting.pk)

    assert len(renewals_seen(calendly)) == 1


def test_a_renewal_of_what_is_gone_does_nothing(row, calendly):
    sign_ins().delete()

    renewals.renew(row.pk)

    assert renewals_seen(calendly) == []


def test_an_end_is_told_by_one_test_in_the_history(connection, calendly):
    answer_renewals(calendly, INVALID_GRANT)
    sign_ins().update(renew_at=NOW)

    renewals.renew(row_of(connection).pk)
    rounds.look_after(NOW)
    rounds.look_after(NOW + MINUTE)

    found = now_of(connection)
    assert told(connection) == [("failed", "auth_expired")]
    assert (found.status, found.light(NOW), found.needs_reauth) == ("error", "red", True)
    assert (found.expires_at, found.expires_is_estimate) == (NOW, False)


def test_an_end_that_somebody_else_met_is_told_too(connection, calendly, api):
    """A list of accounts was asked for: it keeps no result of its own."""
    answer_renewals(calendly, INVALID_GRANT)
    run_out(row_of(connection))
    assert api.get("/api/integrations/calendly/accounts").status_code != 200
    assert now_of(connection).last_error == ""

    rounds.look_after(NOW)

    assert told(connection) == [("failed", "auth_expired")]


def test_an_end_is_told_of_a_disabled_connection_without_enabling_it(connection, calendly):
    saving.change_connection(
        rows.unread(connection.workspace, "calendly"), Changes(is_enabled=False), by=None
    )
    answer_renewals(calendly, INVALID_GRANT)
    sign_ins().update(renew_at=NOW)

    renewals.renew(row_of(connection).pk)

    assert (now_of(connection).status, now_of(connection).needs_reauth) == ("disabled", True)


def test_the_end_of_a_sign_in_that_is_not_used_for_anything_is_not_told(connection, calendly):
    pasted = Changes(
        config={"access_token": sandbox.token_of("healthy")}, auth_method="access_token"
    )
    saving.change_connection(rows.unread(connection.workspace, "calendly"), pasted, by=None)
    answer_renewals(calendly, INVALID_GRANT)
    sign_ins().update(renew_at=NOW)

    renewals.renew(row_of(connection).pk)
    rounds.look_after(NOW)

    assert told(connection) == []


def test_what_cannot_be_renewed_is_told_when_its_time_is_over(connection, calendly, clock):
    sign_ins().update(can_renew=False, renew_at=None, expires_at=NOW + HOUR)
    clock.shift(HOUR - MINUTE)
    rounds.look_after(timezone.now())
    assert told(connection) == []
    calendly.requests_seen.clear()

    clock.shift(MINUTE)
    rounds.look_after(timezone.now())
    rounds.look_after(timezone.now())

    assert told(connection) == [("failed", "auth_expired")]
    assert now_of(connection).last_error == "The sign-in to Calendly has ended."
    assert calendly.requests_seen == []


def test_an_outage_is_no_news_while_the_token_lives(connection, calendly):
    answer_renewals(calendly, DOWN)
    sign_ins().update(renew_at=NOW)

    renewals.renew(row_of(connection).pk)

    assert told(connection) == []
    assert row_of(connection).failures == 1


def test_an_outage_that_outlives_the_token_is_told_once_and_breaks_nothing(
    connection, calendly, clock
):
    answer_renewals(calendly, DOWN)
    run_out(row_of(connection))

    renewals.renew(row_of(connection).pk)
    clock.shift(HOUR)
    renewals.renew(row_of(connection).pk)

    found = now_of(connection)
    assert told(connection) == [("inconclusive", "provider_unavailable")]
    assert (found.status, found.last_error, found.unanswered_since) == ("connected", "", NOW)
    assert len(renewals_seen(calendly)) == 2


def test_the_end_of_an_outage_is_told_too(connection, calendly, clock):
    answer_renewals(calendly, DOWN)
    run_out(row_of(connection))
    renewals.renew(row_of(connection).pk)

    clock.shift(HOUR)
    answer_as_usual(calendly)
    renewals.renew(row_of(connection).pk)

    found = now_of(connection)
    assert told(connection) == [("inconclusive", "provider_unavailable"), ("passed", "")]
    assert (found.light(timezone.now()), found.unanswered_since) == ("green", None)


def test_an_end_after_an_outage_is_told(connection, calendly, clock):
    answer_renewals(calendly, DOWN)
    run_out(row_of(connection))
    renewals.renew(row_of(connection).pk)

    clock.shift(HOUR)
    answer_renewals(calendly, INVALID_GRANT)
    renewals.renew(row_of(connection).pk)

    assert told(connection)[1:] == [("failed", "auth_expired")]
    assert now_of(connection).needs_reauth


def test_an_app_that_is_gone_is_told_when_the_token_is_over_and_again_when_it_is_back(
    connection, calendly, settings, clock
):
    apps, settings.APPS = settings.APPS, {}
    run_out(row_of(connection))
    renewals.renew(row_of(connection).pk)
    assert told(connection) == [("failed", "invalid_config")]
    assert not now_of(connection).needs_reauth

    settings.APPS = apps
    clock.shift(HOUR)
    renewals.renew(row_of(connection).pk)

    assert told(connection) == [("failed", "invalid_config"), ("passed", "")]
    assert now_of(connection).light(timezone.now()) == "green"
