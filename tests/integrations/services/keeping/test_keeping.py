"""What the schedule does: renew what is due, tell what changed, forget what has run out."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.utils import timezone

from integrations.models import (
    Candidate,
    FixLink,
    Heartbeat,
    IntegrationConnection,
    SignIn,
    SignInAttempt,
    Trigger,
)
from integrations.services.connecting import candidates, connections, fix_links, signing_in
from integrations.services.connecting.connections import Changes
from integrations.services.credentials import tokens
from integrations.services.keeping import keeping
from providers.sandbox import calendly as sandbox
from tests.integrations.conftest import SESSION, callback_of
from tests.integrations.services.credentials.renewals import (
    DOWN,
    INVALID_GRANT,
    answer_as_usual,
    answer_renewals,
    is_accepted,
    renewals,
    row_of,
    run_out,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def clock(time_machine):
    """It stands still; `clock.shift(timedelta)` moves it."""
    time_machine.move_to(NOW, tick=False)
    return time_machine


@pytest.fixture
def connection(calendly_signed_in):
    return calendly_signed_in


@pytest.fixture
def row(connection):
    return row_of(connection)


def now_of(connection):
    return connections.find(connection.workspace, connection.provider)


def told(connection):
    """The schedule's tests of a connection, oldest first: outcome and kind."""
    tests = connection.tests.filter(trigger=Trigger.SCHEDULE).order_by("id")
    return [(test.outcome, test.error_kind) for test in tests]


# --- What is due ---------------------------------------------------------------------------------


def test_a_sign_in_is_due_from_the_moment_on_that_it_says(row):
    SignIn.objects.update(renew_at=NOW + MINUTE)

    assert keeping.due(NOW) == []
    assert keeping.due(NOW + MINUTE) == [row]


@pytest.mark.parametrize(
    ("values", "is_due"),
    [
        pytest.param({"lease": uuid4(), "lease_until": NOW + MINUTE}, False, id="leased"),
        pytest.param({"lease": uuid4(), "lease_until": NOW - MINUTE}, True, id="left behind"),
        pytest.param({"is_ended": True, "failure_kind": "auth_expired"}, False, id="ended"),
        pytest.param({"renew_at": None}, False, id="not to be renewed"),
    ],
)
def test_a_sign_in_is_due_when_somebody_can_renew_it(row, values, is_due):
    SignIn.objects.update(**({"renew_at": NOW - HOUR} | values))

    assert bool(keeping.due(NOW)) is is_due


def test_a_sign_in_that_no_connection_uses_is_not_due(row):
    SignIn.objects.update(renew_at=NOW)
    IntegrationConnection.objects.update(sign_in=None)

    assert keeping.due(NOW) == []


def test_a_disabled_connection_is_kept_alive(connection):
    connections.change_connection(
        connection.workspace, "calendly", Changes(is_enabled=False), by=None
    )
    SignIn.objects.update(renew_at=NOW)

    assert keeping.due(NOW) == [row_of(connection)]


# --- Telling -------------------------------------------------------------------------------------


def test_a_renewal_that_works_is_no_news(connection, calendly, clock):
    run_out(row_of(connection))

    keeping.renew(row_of(connection).pk)

    assert len(renewals(calendly)) == 1
    assert told(connection) == []


def test_what_somebody_else_renewed_meanwhile_is_not_renewed_again(row, calendly):
    SignIn.objects.update(renew_at=NOW)
    (waiting,) = keeping.due(NOW)
    keeping.renew(waiting.pk)

    keeping.renew(waiting.pk)

    assert len(renewals(calendly)) == 1


def test_a_renewal_of_what_is_gone_does_nothing(row, calendly):
    SignIn.objects.all().delete()

    keeping.renew(row.pk)

    assert renewals(calendly) == []


def test_an_end_is_told_by_one_test_in_the_history(connection, calendly):
    answer_renewals(calendly, INVALID_GRANT)
    SignIn.objects.update(renew_at=NOW)

    keeping.renew(row_of(connection).pk)
    keeping.look_after(NOW)
    keeping.look_after(NOW + MINUTE)

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

    keeping.look_after(NOW)

    assert told(connection) == [("failed", "auth_expired")]


def test_an_end_is_told_of_a_disabled_connection_without_enabling_it(connection, calendly):
    connections.change_connection(
        connection.workspace, "calendly", Changes(is_enabled=False), by=None
    )
    answer_renewals(calendly, INVALID_GRANT)
    SignIn.objects.update(renew_at=NOW)

    keeping.renew(row_of(connection).pk)

    assert (now_of(connection).status, now_of(connection).needs_reauth) == ("disabled", True)


def test_the_end_of_a_sign_in_that_is_not_used_for_anything_is_not_told(connection, calendly):
    pasted = Changes(
        config={"access_token": sandbox.token_of("healthy")}, auth_method="access_token"
    )
    connections.change_connection(connection.workspace, "calendly", pasted, by=None)
    answer_renewals(calendly, INVALID_GRANT)
    SignIn.objects.update(renew_at=NOW)

    keeping.renew(row_of(connection).pk)
    keeping.look_after(NOW)

    assert told(connection) == []


def test_what_cannot_be_renewed_is_told_when_its_time_is_over(connection, calendly, clock):
    SignIn.objects.update(can_renew=False, renew_at=None, expires_at=NOW + HOUR)
    clock.shift(HOUR - MINUTE)
    keeping.look_after(timezone.now())
    assert told(connection) == []
    calendly.requests_seen.clear()

    clock.shift(MINUTE)
    keeping.look_after(timezone.now())
    keeping.look_after(timezone.now())

    assert told(connection) == [("failed", "auth_expired")]
    assert now_of(connection).last_error == "The sign-in to Calendly has ended."
    assert calendly.requests_seen == []


def test_an_outage_is_no_news_while_the_token_lives(connection, calendly):
    answer_renewals(calendly, DOWN)
    SignIn.objects.update(renew_at=NOW)

    keeping.renew(row_of(connection).pk)

    assert told(connection) == []
    assert row_of(connection).failures == 1


def test_an_outage_that_outlives_the_token_is_told_once_and_breaks_nothing(
    connection, calendly, clock
):
    answer_renewals(calendly, DOWN)
    run_out(row_of(connection))

    keeping.renew(row_of(connection).pk)
    clock.shift(HOUR)
    keeping.renew(row_of(connection).pk)

    found = now_of(connection)
    assert told(connection) == [("inconclusive", "provider_unavailable")]
    assert (found.status, found.last_error, found.unanswered_since) == ("connected", "", NOW)
    assert len(renewals(calendly)) == 2


def test_the_end_of_an_outage_is_told_too(connection, calendly, clock):
    answer_renewals(calendly, DOWN)
    run_out(row_of(connection))
    keeping.renew(row_of(connection).pk)

    clock.shift(HOUR)
    answer_as_usual(calendly)
    keeping.renew(row_of(connection).pk)

    found = now_of(connection)
    assert told(connection) == [("inconclusive", "provider_unavailable"), ("passed", "")]
    assert (found.light(timezone.now()), found.unanswered_since) == ("green", None)


def test_an_end_after_an_outage_is_told(connection, calendly, clock):
    answer_renewals(calendly, DOWN)
    run_out(row_of(connection))
    keeping.renew(row_of(connection).pk)

    clock.shift(HOUR)
    answer_renewals(calendly, INVALID_GRANT)
    keeping.renew(row_of(connection).pk)

    assert told(connection)[1:] == [("failed", "auth_expired")]
    assert now_of(connection).needs_reauth


def test_an_app_that_is_gone_is_told_when_the_token_is_over_and_again_when_it_is_back(
    connection, calendly, settings, clock
):
    apps, settings.APPS = settings.APPS, {}
    run_out(row_of(connection))
    keeping.renew(row_of(connection).pk)
    assert told(connection) == [("failed", "invalid_config")]
    assert not now_of(connection).needs_reauth

    settings.APPS = apps
    clock.shift(HOUR)
    keeping.renew(row_of(connection).pk)

    assert told(connection) == [("failed", "invalid_config"), ("passed", "")]
    assert now_of(connection).light(timezone.now()) == "green"


# --- Forgetting ----------------------------------------------------------------------------------


def waiting(workspace, user):
    """What a sign-in that nobody finished leaves behind: an attempt, a candidate, tokens."""
    version = connections.find(workspace, "calendly").version
    url = signing_in.begin(
        workspace, "calendly", Changes(), user=user, session_key=SESSION, base_version=version
    )
    callback = callback_of(url, "healthy")
    return signing_in.come_back("calendly", callback, session_key=SESSION).candidate


def left():
    return (Candidate.objects.count(), SignInAttempt.objects.count(), SignIn.objects.count())


def test_a_sign_in_that_nobody_finished_is_forgotten(workspace, calendly, editor, clock):
    waiting(workspace, editor)

    keeping.forget(NOW + candidates.LIVES)
    assert left() == (1, 1, 1)
    keeping.forget(NOW + candidates.LIVES + MINUTE)
    assert left() == (0, 1, 1)
    keeping.forget(NOW + HOUR + MINUTE)
    assert left() == (0, 1, 0)
    keeping.forget(NOW + HOUR + signing_in.LIVES + MINUTE)
    assert left() == (0, 0, 0)


def test_what_is_in_use_is_never_forgotten(connection, workspace, editor):
    link = fix_links.send(workspace, "calendly", recipient="Ada", by=editor)
    FixLink.objects.update(used_at=NOW)

    keeping.forget(NOW + 400 * DAY)

    found = now_of(connection)
    assert link
    assert (found.status, found.sign_in) == ("connected", row_of(connection))
    assert found.tests.count() == 1
    assert FixLink.objects.count() == 1  # the history names whom it was sent to


def test_a_link_that_nobody_used_is_forgotten_after_it_has_run_out(workspace, editor):
    fix_links.send(workspace, "calendly", recipient="Ada", by=editor)

    keeping.forget(NOW + fix_links.LIVES + HOUR)
    assert FixLink.objects.count() == 1
    keeping.forget(NOW + fix_links.LIVES + HOUR + MINUTE)
    assert FixLink.objects.count() == 0


def test_tokens_that_wait_in_a_candidate_are_not_forgotten(workspace, calendly, editor):
    candidate = waiting(workspace, editor)
    Candidate.objects.update(expires_at=NOW + DAY)

    keeping.forget(NOW + 2 * HOUR)

    assert SignIn.objects.get() == candidate.sign_in


# --- Whether somebody looks ----------------------------------------------------------------------


def ready(client):
    reply = client.get("/readyz")
    return reply.status_code, reply.json().get("detail", "")


def test_without_sign_ins_nobody_has_to_look(db, client):
    assert ready(client)[0] == 200


def test_readyz_says_when_nobody_looks_after_sign_ins(connection, client, clock):
    status, detail = ready(client)
    assert (status, "Nobody keeps the sign-ins alive." in detail) == (503, True)

    keeping.look_after(NOW)
    assert ready(client)[0] == 200
    clock.shift(5 * MINUTE)
    assert ready(client)[0] == 200
    clock.shift(1)
    assert ready(client)[0] == 503


def test_a_look_leaves_one_heartbeat(db):
    keeping.look_after(NOW)
    keeping.look_after(NOW + MINUTE)

    assert Heartbeat.objects.get().at == NOW + MINUTE


# --- The command ---------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_the_command_renews_what_is_due_and_ends(connection, calendly, client):
    run_out(row_of(connection))

    call_command("keep_alive", "--once")

    assert len(renewals(calendly)) == 1
    assert is_accepted(tokens.usable(row_of(connection).pk).values["access_token"])
    assert ready(client)[0] == 200


@pytest.mark.django_db(transaction=True)
def test_the_command_has_renewed_before_it_ends(connection, calendly, settings):
    """Not in a thread of the background, which would end with its process."""
    settings.TASKS = {"default": {"BACKEND": "integrations.work.background.ThreadBackend"}}
    run_out(row_of(connection))

    call_command("keep_alive", "--once")

    assert len(renewals(calendly)) == 1
    assert row_of(connection).lease is None


@pytest.mark.django_db(transaction=True)
def test_one_that_cannot_be_renewed_does_not_keep_the_command_from_the_others(
    connection, calendly, client
):
    SignIn.objects.update(renew_at=NOW, provider="gone", values={})

    call_command("keep_alive", "--once")

    assert ready(client)[0] == 200
