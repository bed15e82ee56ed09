"""The one way to a good token: when it is renewed, what is kept, what failing means, the end."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from integrations import crypto, platforms
from integrations.models import Credential, IntegrationConnection, Trigger
from integrations.models.credentials import LEASE
from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes
from integrations.services.credentials import storing, tokens
from integrations.services.keeping import renewals
from integrations.services.proving import testing
from providers import errors
from providers.access.replies import tokens_in
from providers.declare import SIGN_IN, App, Tokens
from providers.sandbox import calendly as sandbox
from providers.sandbox.server import Answer
from tests.integrations.conftest import sign_in_as
from tests.integrations.kept import sign_ins
from tests.integrations.services.credentials.renewals import (
    DOWN,
    INVALID_GRANT,
    answer_as_usual,
    answer_renewals,
    declaring,
    go_round,
    is_accepted,
    is_renewal,
    renewals_seen,
    row_of,
    run_out,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
REDIRECT = Answer(302, "", {"Location": "/elsewhere"})
BUSY = Answer(429, {"error": "slow_down"})
OUTAGES = [
    pytest.param(DOWN, "provider_unavailable", id="503"),
    pytest.param(Answer(500, "<!doctype html><p>Oops"), "provider_unavailable", id="500"),
    pytest.param(BUSY, "rate_limited", id="429"),
    pytest.param(Answer(is_reset=True), "network", id="reset"),
    pytest.param(Answer(200, {"access_token": "new"}, is_cut=True), "network", id="cut"),
    pytest.param(Answer(200, "<!doctype html><p>Robot?"), "blocked", id="wall"),
    pytest.param(Answer(200, {"token": "new"}), "unexpected_reply", id="no token"),
]


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


@pytest.fixture
def declare(calendly):
    """`declare(consent_lifetime=…)`: what Calendly's file would say of signing in."""
    with declaring() as change:
        yield change


def obtained(workspace, **given):
    """The row for a sign-in that gave this, beside an access token."""
    return storing.obtain(
        platforms.get("calendly"),
        Tokens("access-1", **{"refresh_token": "refresh-1", **given}),
        workspace_id=workspace.pk,
        client_id=sandbox.SIGN_IN.client_id,
        values={},
    )


def renewed(server, row, **reply):
    """The row after a renewal that gave this, beside an access token."""
    answer_renewals(server, Answer(200, {"access_token": "access-2", **reply}))
    assert tokens.renew(row.pk)
    row.refresh_from_db()
    return row


def row_of_pk(row):
    return sign_ins().get(pk=row.pk)


def failed(row):
    """What asking for a token says."""
    with pytest.raises(errors.ProviderError) as raised:
        tokens.usable(row.pk)
    return raised.value


def attached(connection, row):
    """The connection with this sign-in instead of its own."""
    IntegrationConnection.objects.filter(pk=connection.pk).update(sign_in=row)
    return rows.find(connection.workspace, connection.provider)


# --- A good token --------------------------------------------------------------------------------


def test_a_good_token_is_given_without_asking_anybody(row, calendly):
    calendly.requests_seen.clear()

    used = tokens.usable(row.pk)

    assert used.held.tokens.access_token == tokens.held_by(row).access_token
    assert used.held.beside == {}
    assert calendly.requests_seen == []


@pytest.mark.parametrize(("left", "asked"), [(60, 0), (59, 1), (0, 1), (-3600, 1)])
def test_a_token_that_lives_less_than_a_minute_is_renewed(row, calendly, left, asked):
    run_out(row, seconds_left=left)

    used = tokens.usable(row.pk)

    assert is_accepted(used.held.tokens.access_token)
    assert len(renewals_seen(calendly)) == asked


def test_a_token_that_never_lives_a_minute_is_used_for_half_its_life(row, calendly, clock):
    renewed(calendly, row, expires_in=40)

    clock.shift(20)
    tokens.usable(row.pk)
    assert len(renewals_seen(calendly)) == 1
    clock.shift(1)
    tokens.usable(row.pk)
    assert len(renewals_seen(calendly)) == 2


def test_what_is_used_is_what_is_stored(row, calendly):
    run_out(row)

    used = tokens.usable(row.pk)

    row.refresh_from_db()
    assert tokens.held_by(row).access_token == used.held.tokens.access_token
    assert (row.renewed_at, row.expires_at) == (NOW, NOW + 2 * HOUR)
    assert (row.lease, row.lease_until, row.failures) == (None, None, 0)


def test_a_refresh_token_that_is_replaced_is_kept(row, calendly):
    before = tokens.held_by(row).refresh_token
    run_out(row)

    tokens.usable(row.pk)

    row.refresh_from_db()
    after = tokens.held_by(row).refresh_token
    assert after not in (None, before)
    run_out(row)
    assert is_accepted(tokens.usable(row.pk).held.tokens.access_token)


def test_a_refresh_token_that_is_not_replaced_stays(row, calendly, monkeypatch):
    monkeypatch.setattr(sandbox.SIGN_IN, "rotates", False)
    before = tokens.held_by(row).refresh_token
    run_out(row)

    tokens.usable(row.pk)

    row.refresh_from_db()
    assert tokens.held_by(row).refresh_token == before


def test_the_scopes_that_a_renewal_names_count(row, calendly):
    renewed(calendly, row, scope="users:read")

    assert tokens.usable(row.pk).held.tokens.scopes == {"users:read"}


def test_the_scopes_stay_when_a_renewal_names_none(row, calendly):
    renewed(calendly, row)

    assert tokens.usable(row.pk).held.tokens.scopes == set(sandbox.EVERY_SCOPE)


def test_facts_stay_and_are_brought_up_to_date(row, calendly):
    renewed(calendly, row, organization="https://api.calendly.com/organizations/new")

    assert tokens.usable(row.pk).held.tokens.facts == {
        "owner": sandbox.ADA,
        "organization": "https://api.calendly.com/organizations/new",
    }


def test_the_app_is_handed_out_where_a_test_needs_it(row, declare):
    declare(app_values={"client_id": "app_id", "client_secret": "app_secret"})

    values = tokens.usable(row.pk).held.beside

    assert values["app_id"] == sandbox.SIGN_IN.client_id
    assert values["app_secret"] == sandbox.SIGN_IN.client_secret


# --- How they are stored -------------------------------------------------------------------------


def test_stored_tokens_cannot_be_read_in_the_database(row):
    held = tokens.held_by(row)
    stored = json.dumps(sign_ins().filter(pk=row.pk).values()[0], default=str)

    assert row.tokens.startswith("v2.")
    assert held.access_token not in stored
    assert held.refresh_token not in stored


def test_tokens_that_are_copied_to_another_row_cannot_be_used(row, workspace):
    other = obtained(workspace)
    sign_ins().filter(pk=other.pk).update(tokens=row.tokens)

    assert failed(other).kind == "credentials_unreadable"


def test_a_renewal_stores_with_the_newest_key_and_says_which(connection, calendly, settings):
    newest = crypto.new_key()
    settings.CREDENTIAL_KEYS = [newest, *settings.CREDENTIAL_KEYS]

    tokens.renew(row_of(connection).pk)

    found = rows.find(connection.workspace, "calendly")
    key_id = crypto.key_id(crypto.parse_key(newest))
    assert (row_of(connection).key_id, found.sign_in_key_id) == (key_id, key_id)
    settings.CREDENTIAL_KEYS = settings.CREDENTIAL_KEYS[1:]
    assert rows.find(connection.workspace, "calendly").is_unreadable


def test_no_token_is_in_the_text_of_what_is_handed_out(row):
    used = tokens.usable(row.pk)

    assert used.held.tokens.access_token not in repr(used)


# --- Ahead of the end ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lives", "ahead"),
    [
        pytest.param(60 * DAY, 12 * DAY, id="a fifth of two months"),
        pytest.param(2 * HOUR, timedelta(minutes=24), id="a fifth of two hours"),
        pytest.param(HOUR / 2, timedelta(minutes=6), id="a fifth of half an hour"),
        pytest.param(HOUR / 3, timedelta(minutes=5), id="five minutes at least"),
        pytest.param(HOUR / 10, timedelta(minutes=3), id="never before half of it"),
        pytest.param(timedelta(seconds=30), timedelta(seconds=15), id="of half a minute too"),
    ],
)
def test_a_renewal_is_due_ahead_of_the_end(workspace, calendly, lives, ahead):
    row = obtained(workspace, expires_in=lives.total_seconds())

    assert row.expires_at == NOW + lives
    assert row.renew_at == NOW + lives - ahead


def test_the_replys_lifetime_beats_the_published_one(workspace, declare):
    declare(access_token_lifetime=30 * DAY)

    assert obtained(workspace, expires_in=600).expires_at == NOW + timedelta(minutes=10)


def test_the_published_lifetime_counts_where_the_reply_names_none(workspace, declare):
    declare(access_token_lifetime=30 * DAY)

    assert obtained(workspace).expires_at == NOW + 30 * DAY


def test_without_any_lifetime_a_token_is_good_until_it_is_refused(workspace, declare, clock):
    declare(access_token_lifetime=None)
    row = obtained(workspace)

    clock.shift(400 * DAY)

    assert (row.expires_at, row.renew_at, row.ends_at) == (None, None, None)
    assert tokens.usable(row.pk).held.tokens.access_token == "access-1"


def test_a_refresh_token_that_dies_unused_is_used_in_time(workspace, declare):
    declare(access_token_lifetime=None, refresh_token_lifetime=60 * DAY)

    assert obtained(workspace).renew_at == NOW + 30 * DAY


def test_what_cannot_be_renewed_is_never_due(workspace, calendly):
    row = obtained(workspace, refresh_token=None, expires_in=3600)

    assert (row.can_renew, row.renew_at) == (False, None)


# --- No answer -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("answer", "kind"), OUTAGES)
def test_no_answer_never_ends_a_sign_in(row, calendly, answer, kind):
    answer_renewals(calendly, answer)
    run_out(row)

    assert failed(row).kind == kind

    row.refresh_from_db()
    assert (row.is_ended, row.failures, row.failure_kind) == (False, 1, kind)
    assert row.renew_at > NOW
    assert (row.lease, row.lease_until) == (None, None)


@pytest.mark.parametrize(("answer", "kind"), OUTAGES)
def test_no_answer_leaves_a_test_without_a_result(connection, calendly, answer, kind, api):
    answer_renewals(calendly, answer)
    run_out(row_of(connection))

    test = testing.test_connection(connection, trigger=Trigger.SCHEDULE)

    read = api.get("/api/integrations/calendly").json()
    assert (test.outcome, test.error_kind) == ("inconclusive", kind)
    assert [(step["label"], step["outcome"]) for step in test.steps] == [
        ("Sign-in is alive", "inconclusive")
    ]
    assert (read["status"], read["lastError"], read["needsReauth"]) == ("connected", None, False)
    assert read["unansweredSince"] == "2026-11-23T12:00:00Z"


def test_after_an_outage_it_goes_on(connection, calendly, clock):
    answer_renewals(calendly, DOWN)
    run_out(row_of(connection))
    testing.test_connection(connection, trigger=Trigger.SCHEDULE)

    clock.shift(10)
    answer_as_usual(calendly)
    test = testing.test_connection(connection, trigger=Trigger.SCHEDULE)

    found = rows.find(connection.workspace, "calendly")
    row = row_of(connection)
    assert (test.outcome, found.unanswered_since) == ("passed", None)
    assert (row.failures, row.failed_at, row.failure_kind) == (0, None, "")


def test_who_asks_right_after_a_failure_is_told_the_same_and_nobody_is_asked(row, calendly, clock):
    answer_renewals(calendly, DOWN)
    run_out(row)
    first = failed(row)

    clock.shift(4)
    again = failed(row)

    assert (again.kind, again.message, again.action) == (first.kind, first.message, first.action)
    assert len(renewals_seen(calendly)) == 1
    clock.shift(2)
    failed(row)
    assert len(renewals_seen(calendly)) == 2


def test_a_failure_by_a_clock_that_was_ahead_keeps_nobody_from_asking(row, calendly, clock):
    answer_renewals(calendly, DOWN)
    run_out(row)
    failed(row)

    clock.shift(-DAY)
    answer_as_usual(calendly)

    assert is_accepted(tokens.usable(row.pk).held.tokens.access_token)


def test_a_platform_that_says_when_to_come_back_is_left_alone_until_then(row, calendly, clock):
    answer_renewals(calendly, Answer(429, {"error": "slow_down"}, {"Retry-After": "1000"}))
    run_out(row)
    failed(row)

    clock.shift(999)
    assert failed(row).kind == "rate_limited"
    assert len(renewals_seen(calendly)) == 1
    answer_as_usual(calendly)
    clock.shift(2)
    assert is_accepted(tokens.usable(row.pk).held.tokens.access_token)


def test_a_token_that_still_lives_is_given_while_renewals_fail(row, calendly, clock):
    before = tokens.held_by(row).access_token
    answer_renewals(calendly, DOWN)
    with pytest.raises(errors.ProviderUnavailable):
        tokens.renew(row.pk)

    assert tokens.usable(row.pk).held.tokens.access_token == before


def after(failures):
    return Credential(method=SIGN_IN, failures=failures)


def test_pauses_grow_and_end_at_an_hour_or_so():
    error = errors.Network()

    pauses = [
        [storing.pause(after(failures), error) for _ in range(50)] for failures in range(1, 40)
    ]

    for at, some in enumerate(pauses):
        usual = min(timedelta(seconds=30) * 2**at, HOUR)
        assert usual / 2 <= min(some) <= max(some) <= usual * 1.5


def test_pauses_are_spread():
    assert len({storing.pause(after(3), errors.Network()) for _ in range(50)}) > 40


@pytest.mark.parametrize(("asked", "least"), [(7200, 2 * HOUR), (10**9, DAY)])
def test_a_pause_is_as_long_as_the_platform_asked_for_but_a_day_at_most(asked, least):
    error = errors.ProviderUnavailable(retry_after_seconds=asked)

    assert storing.pause(after(1), error) == least


# --- The end -------------------------------------------------------------------------------------


def test_a_refusal_ends_a_sign_in(connection, calendly, api):
    answer_renewals(calendly, INVALID_GRANT)
    run_out(row_of(connection))

    test = testing.test_connection(connection, trigger=Trigger.SCHEDULE)

    row = row_of(connection)
    read = api.get("/api/integrations/calendly").json()
    assert (test.outcome, row.is_ended, row.renew_at) == ("failed", True, None)
    assert (read["status"], read["light"], read["attention"]) == ("error", "red", "failing")
    assert (read["needsReauth"], read["errorKind"]) == (True, "auth_expired")
    assert read["lastError"] == "Calendly has ended this sign-in, or it was withdrawn there."
    assert read["failure"]["action"] == "Sign in to Calendly again."
    assert (read["expiresAt"], read["expiresIsEstimate"]) == ("2026-11-23T12:00:00Z", False)


def test_what_has_ended_is_not_asked_for_again(row, calendly, clock):
    answer_renewals(calendly, INVALID_GRANT)
    run_out(row)
    first = failed(row)

    clock.shift(30 * DAY)
    again = failed(row)

    assert (again.kind, again.message, again.action) == (first.kind, first.message, first.action)
    assert not tokens.renew(row.pk)
    assert len(renewals_seen(calendly)) == 1


def test_an_end_is_an_end_though_the_access_token_would_live_on(row, calendly):
    answer_renewals(calendly, INVALID_GRANT)
    with pytest.raises(errors.AuthExpired):
        tokens.renew(row.pk)

    assert failed(row).action == "Sign in to Calendly again."


def test_what_cannot_be_renewed_says_that_it_has_ended(workspace, calendly, clock):
    row = obtained(workspace, refresh_token=None, expires_in=3600)

    clock.shift(HOUR)

    assert failed(row).message == "The sign-in to Calendly has ended."


def test_a_sign_in_that_is_not_there_was_disconnected(row):
    sign_ins().delete()

    assert failed(row).message == "This was replaced or disconnected in the meantime."


def test_an_app_that_is_gone_ends_nothing(row, calendly, settings, clock):
    apps, settings.APPS = settings.APPS, {}
    run_out(row)

    error = failed(row)

    assert error.kind == "invalid_config"
    assert "The app that this sign-in to Calendly was made with" in error.message
    assert renewals_seen(calendly) == []
    settings.APPS = apps
    clock.shift(10)
    assert is_accepted(tokens.usable(row.pk).held.tokens.access_token)


def test_another_app_is_not_used_for_it(row, calendly, settings):
    settings.APPS = {"calendly": App("another-app", "another-secret")}
    run_out(row)

    assert failed(row).kind == "invalid_config"
    assert renewals_seen(calendly) == []


def test_an_app_whose_secret_is_wrong_ends_nothing(row, calendly, settings, clock):
    apps = settings.APPS
    settings.APPS = {"calendly": App(sandbox.SIGN_IN.client_id, "a-wrong-secret")}
    run_out(row)

    error = failed(row)

    assert error.kind == "invalid_config"
    assert error.message == "Calendly does not accept this app's ID and secret."
    settings.APPS = apps
    clock.shift(10)
    assert is_accepted(tokens.usable(row.pk).held.tokens.access_token)


def test_without_its_key_nothing_is_asked_and_nothing_ends(row, calendly, settings, clock):
    keys, settings.CREDENTIAL_KEYS = settings.CREDENTIAL_KEYS, [crypto.new_key()]
    run_out(row)

    assert failed(row).kind == "credentials_unreadable"

    assert renewals_seen(calendly) == []
    settings.CREDENTIAL_KEYS = keys
    clock.shift(10)
    assert is_accepted(tokens.usable(row.pk).held.tokens.access_token)


# --- A renewal that was interrupted --------------------------------------------------------------


def leave_behind(row):
    """A lease that has run out, of a process that died a minute ago."""
    began = timezone.now() - timedelta(minutes=1)
    sign_ins().filter(pk=row.pk).update(lease=row.pk, lease_until=began + LEASE)


def test_a_lease_that_was_left_behind_is_taken_over(row, calendly):
    run_out(row)
    leave_behind(row)

    tokens.usable(row.pk)

    row.refresh_from_db()
    assert (row.lease, row.lease_until, row.interrupted_at) == (None, None, None)


def test_a_sign_in_that_was_lost_with_a_process_says_so(row, calendly):
    answer_renewals(calendly, INVALID_GRANT)
    run_out(row)
    leave_behind(row)

    error = failed(row)

    assert error.message == (
        "Calendly has ended this sign-in, or it was withdrawn there. A renewal was interrupted "
        "on 2026-11-23 at 11:59 UTC before its answer could be stored."
    )


def test_an_interruption_is_remembered_over_an_outage(row, calendly, clock):
    answer_renewals(calendly, DOWN)
    run_out(row)
    leave_behind(row)
    failed(row)

    clock.shift(10)
    answer_renewals(calendly, INVALID_GRANT)

    assert "A renewal was interrupted on 2026-11-23 at 11:59 UTC" in failed(row).message


def test_an_answer_that_was_lost_is_told_with_the_end(row, calendly, clock):
    answer_renewals(calendly, Answer(is_reset=True))
    run_out(row)
    failed(row)

    clock.shift(10)
    answer_renewals(calendly, INVALID_GRANT)

    assert "A renewal was interrupted on 2026-11-23 at 12:00 UTC" in failed(row).message


# --- What a refusal says -------------------------------------------------------------------------


def refused_with(server, error, said):
    answer_renewals(server, Answer(400, {"error": error, "error_description": said}))


@pytest.mark.parametrize(
    ("said", "kind"),
    [("ip restricted", "permission_missing"), ("try again later", "provider_unavailable")],
)
def test_what_may_pass_is_tried_again_and_heals(row, calendly, clock, said, kind):
    refused_with(calendly, "invalid_grant", said)
    run_out(row)
    assert failed(row).kind == kind
    assert not row_of_pk(row).is_ended

    clock.shift(HOUR)
    answer_as_usual(calendly)

    assert renewals.due(timezone.now()) == [row]
    assert tokens.renew(row.pk)
    assert row_of_pk(row).failures == 0


def test_an_end_says_its_cause_and_what_helps(row, calendly):
    refused_with(calendly, "invalid_grant", "reauth related error (invalid_rapt)")
    run_out(row)

    error = failed(row)

    assert error.message.startswith("A rule of your organization at Calendly asks people")
    assert error.action == "Sign in again, and ask an admin there to exempt this app."
    assert row_of_pk(row).is_ended


@pytest.mark.parametrize(
    ("error", "said", "kind"),
    [
        ("moon_phase", "Not at this moon.", "unexpected_reply"),
        ("invalid_grant", "Please try again.", "provider_unavailable"),
    ],
)
def test_what_stays_refused_is_the_end_after_a_week(
    connection, calendly, clock, api, error, said, kind
):
    refused_with(calendly, error, said)
    run_out(row_of(connection))
    kinds = set()
    for _ in range(7):
        kinds.add(failed(row_of(connection)).kind)
        clock.shift(DAY)
    assert kinds == {kind}

    go_round()

    read = api.get("/api/integrations/calendly").json()
    assert (read["light"], read["needsReauth"]) == ("red", True)
    assert read["lastError"] == "Calendly has refused to renew this sign-in since 2026-11-23."
    assert read["failure"]["action"] == "Sign in to Calendly again."


def test_days_without_a_refusal_do_not_count(row, calendly, clock):
    for answer in (Answer(418, {}), DOWN, DOWN, DOWN, Answer(418, {})):
        answer_renewals(calendly, answer)
        run_out(row)
        assert failed(row).kind != "auth_invalid"
        clock.shift(3 * DAY)

    assert row_of_pk(row).refused_since == timezone.now() - 3 * DAY


def test_an_outage_is_never_the_end_however_long(row, calendly, clock):
    answer_renewals(calendly, DOWN)
    run_out(row)
    for _ in range(40):
        assert failed(row).kind == "provider_unavailable"
        clock.shift(DAY)

    assert (row_of_pk(row).refused_since, row_of_pk(row).is_ended) == (None, False)


def test_a_renewal_that_works_forgets_what_was_refused(row, calendly, clock):
    refused_with(calendly, "moon_phase", "Not at this moon.")
    run_out(row)
    failed(row)
    answer_as_usual(calendly)
    tokens.renew(row.pk)

    assert row_of_pk(row).refused_since is None


# --- A token that is refused before its time -----------------------------------------------------


def refuse_bearers(server, refused):
    """The API refuses the access tokens for which this holds, whatever their lifetime."""

    def answer(asked):
        if asked.bearer and not is_renewal(asked) and refused(asked.bearer):
            return sandbox.refusal(401, "Unauthenticated", "The access token is invalid")
        return sandbox.answer(asked)

    server.answer = answer


def test_a_token_that_is_refused_before_its_time_is_renewed_once(connection, calendly):
    before = tokens.held_by(row_of(connection)).access_token
    refuse_bearers(calendly, lambda bearer: bearer == before)

    test = testing.test_connection(connection, trigger=Trigger.SCHEDULE)

    assert test.outcome == "passed"
    assert len(renewals_seen(calendly)) == 1
    assert is_accepted(tokens.usable(row_of(connection).pk).held.tokens.access_token)


def test_a_second_refusal_is_believed(connection, calendly, api):
    refuse_bearers(calendly, lambda _bearer: True)

    test = testing.test_connection(connection, trigger=Trigger.SCHEDULE)

    read = api.get("/api/integrations/calendly").json()
    assert test.outcome == "failed"
    assert (read["status"], read["needsReauth"]) == ("error", True)
    assert read["failure"]["action"] == "Sign in to Calendly again."
    assert len(renewals_seen(calendly)) == 1


def test_a_refusal_counts_for_nothing_while_renewals_have_no_answer(connection, calendly):
    usual = sandbox.refusal(401, "Unauthenticated", "The access token is invalid")
    calendly.answer = lambda asked: DOWN if is_renewal(asked) else usual

    test = testing.test_connection(connection, trigger=Trigger.SCHEDULE)

    assert (test.outcome, test.error_kind) == ("inconclusive", "provider_unavailable")
    assert rows.find(connection.workspace, "calendly").last_error == ""


def test_refusals_do_not_make_a_platform_asked_again_and_again(connection, calendly, clock):
    usual = sandbox.refusal(401, "Unauthenticated", "The access token is invalid")
    calendly.answer = lambda asked: DOWN if is_renewal(asked) else usual
    testing.test_connection(connection, trigger=Trigger.SCHEDULE)

    clock.shift(2)
    test = testing.test_connection(connection, trigger=Trigger.SCHEDULE)

    assert test.error_kind == "provider_unavailable"
    assert len(renewals_seen(calendly)) == 1


def test_a_refused_token_that_cannot_be_renewed_means_signing_in_again(connection, calendly):
    row = obtained(connection.workspace, refresh_token=None, expires_in=3600)
    connection = attached(connection, row)

    test = testing.test_connection(connection, trigger=Trigger.SCHEDULE)

    assert (test.outcome, test.action) == ("failed", "Sign in to Calendly again.")
    assert renewals_seen(calendly) == []


# --- The forecast --------------------------------------------------------------------------------


def end_of(row):
    return row.ends_at and row.ends_at - row.obtained_at, row.ends_is_estimate


def test_what_renews_itself_has_no_end(connection, api):
    read = api.get("/api/integrations/calendly").json()

    assert end_of(row_of(connection)) == (None, False)
    assert (read["expiresAt"], read["expiresIsEstimate"], read["attention"]) == (None, False, None)


def test_an_end_that_the_platform_names_is_known(workspace, calendly):
    row = obtained(workspace, refresh_token=None, expires_in=(60 * DAY).total_seconds())

    assert end_of(row) == (60 * DAY, False)


def test_an_end_that_only_the_documents_name_is_an_estimate(workspace, declare):
    declare(access_token_lifetime=60 * DAY)

    assert end_of(obtained(workspace, refresh_token=None)) == (60 * DAY, True)


def test_consent_that_ends_whatever_is_renewed_is_an_estimate(workspace, declare, calendly, clock):
    declare(consent_lifetime=90 * DAY)
    row = obtained(workspace, expires_in=3600)
    assert end_of(row) == (90 * DAY, True)

    clock.shift(HOUR)

    assert end_of(renewed(calendly, row, expires_in=3600)) == (90 * DAY, True)


def test_a_refresh_token_that_ends_anyway_ends_so_long_after_the_sign_in(
    workspace, declare, calendly, clock
):
    declare(refresh_token_lifetime=365 * DAY, refresh_token_ends_anyway=True)
    row = obtained(workspace, expires_in=3600)
    assert end_of(row) == (365 * DAY, True)

    clock.shift(HOUR)

    assert end_of(renewed(calendly, row, expires_in=3600)) == (365 * DAY, True)


def test_the_reply_knows_better_when_a_refresh_token_ends(workspace, declare):
    declare(refresh_token_lifetime=365 * DAY, refresh_token_ends_anyway=True)
    row = obtained(workspace, refresh_token_expires_in=(200 * DAY).total_seconds())

    assert end_of(row) == (200 * DAY, False)


def test_a_refresh_token_that_lives_on_with_its_use_has_no_end(workspace, declare, calendly, clock):
    declare(refresh_token_lifetime=60 * DAY)
    row = obtained(workspace, expires_in=3600)
    assert end_of(row) == (None, False)

    clock.shift(HOUR)

    assert end_of(renewed(calendly, row, expires_in=3600)) == (None, False)


@pytest.mark.parametrize("lives", [7 * DAY, 60 * DAY])
def test_an_end_that_is_told_is_known_from_the_first_minute(workspace, calendly, clock, lives):
    row = obtained(workspace, refresh_token_expires_in=lives.total_seconds())

    assert end_of(row) == (lives, False)


def test_an_end_that_is_told_shows_on_the_card_and_in_the_api(workspace, calendly, editor, api):
    usual = sandbox.SIGN_IN.reply
    with pytest.MonkeyPatch.context() as patched:
        told = {"refresh_token_expires_in": (7 * DAY).total_seconds()}
        patched.setattr(sandbox.SIGN_IN, "reply", lambda given: usual(given) | told)
        sign_in_as("healthy", workspace, editor)

    read = api.get("/api/integrations/calendly").json()
    assert read["expiresAt"] == f"{NOW + 7 * DAY:%Y-%m-%dT%H:%M:%SZ}"
    assert (read["expiresIsEstimate"], read["attention"]) == (False, "expiring")


def test_of_a_new_refresh_token_that_nothing_is_told_of_no_end_is_known(workspace, calendly, clock):
    row = obtained(workspace, refresh_token_expires_in=(7 * DAY).total_seconds())

    clock.shift(HOUR)

    assert end_of(renewed(calendly, row, refresh_token="another")) == (None, False)
    clock.shift(HOUR)
    assert end_of(renewed(calendly, row)) == (None, False)


@pytest.mark.parametrize("told", [None, "0", -5, 10 * 365 * 24 * 3600])
def test_without_a_lifetime_to_believe_the_published_one_counts(workspace, declare, told):
    declare(access_token_lifetime=2 * HOUR)
    read = tokens_in({"access_token": "a", "expires_in": told}, (), lives=2 * HOUR)

    assert obtained(workspace, expires_in=read.expires_in).expires_at == NOW + 2 * HOUR


def test_without_any_lifetime_a_token_is_tried_by_its_use(workspace, declare, clock):
    declare(access_token_lifetime=None)
    row = obtained(workspace)

    clock.shift(5 * HOUR)

    assert row.expires_at is None
    assert tokens.is_good(row, timezone.now())


@pytest.mark.parametrize("lives", [7 * DAY, 60 * DAY])
def test_an_end_that_moves_with_every_renewal_is_none(workspace, calendly, clock, lives):
    seconds = lives.total_seconds()
    row = obtained(workspace, refresh_token_expires_in=seconds)

    clock.shift(HOUR)

    assert end_of(renewed(calendly, row, refresh_token_expires_in=seconds)) == (None, False)


@pytest.mark.parametrize("lives", [7 * DAY, 60 * DAY])
def test_an_end_that_stays_where_it_is_at_a_renewal_is_known(workspace, calendly, clock, lives):
    row = obtained(workspace, refresh_token_expires_in=lives.total_seconds())

    clock.shift(HOUR)
    left = (lives - HOUR).total_seconds() + 2  # platforms count in whole seconds

    ends_after, is_estimate = end_of(renewed(calendly, row, refresh_token_expires_in=left))
    assert (abs(ends_after - lives) < timedelta(seconds=5), is_estimate) == (True, False)


def test_an_end_that_is_told_once_stays_while_the_refresh_token_does(workspace, calendly, clock):
    row = obtained(workspace, refresh_token_expires_in=(7 * DAY).total_seconds())

    clock.shift(HOUR)

    assert end_of(renewed(calendly, row)) == (7 * DAY, False)


@pytest.mark.parametrize("lives", [7 * DAY, 60 * DAY])
def test_a_renewal_too_soon_to_tell_changes_no_forecast(workspace, calendly, clock, lives):
    seconds = lives.total_seconds()
    row = obtained(workspace, refresh_token_expires_in=seconds)
    clock.shift(HOUR)
    renewed(calendly, row, refresh_token_expires_in=seconds)

    clock.shift(20)

    assert end_of(renewed(calendly, row, refresh_token_expires_in=seconds)) == (None, False)


def test_the_end_comes_near_while_renewals_fail(connection, declare, calendly, clock):
    declare(refresh_token_lifetime=60 * DAY)
    row = row_of(connection)
    answer_renewals(calendly, DOWN)
    seen = []
    for _ in range(storing.LASTING):
        with pytest.raises(errors.ProviderUnavailable):
            tokens.renew(row.pk)
        found = rows.find(connection.workspace, "calendly")
        seen.append((found.expires_at, found.expires_is_estimate))

    assert seen[:-1] == [(None, False)] * (storing.LASTING - 1)  # a hiccup alarms nobody
    assert seen[-1] == (NOW + 60 * DAY, True)

    clock.shift(2 * HOUR)
    answer_as_usual(calendly)
    assert tokens.renew(row.pk)
    found = rows.find(connection.workspace, "calendly")
    assert (found.expires_at, found.expires_is_estimate) == (None, False)


def test_the_api_tells_an_end_that_is_near(connection, declare, calendly, clock, api):
    declare(consent_lifetime=90 * DAY)
    renewed(calendly, row_of(connection), expires_in=3600)
    read = api.get("/api/integrations/calendly").json()
    assert (read["expiresAt"], read["expiresIsEstimate"]) == ("2027-02-21T12:00:00Z", True)
    assert read["attention"] is None

    clock.shift(77 * DAY)

    assert api.get("/api/integrations/calendly").json()["attention"] == "expiring"


def test_a_test_that_knows_the_end_beats_the_forecast_until_the_sign_in_is_replaced(
    connection, declare, calendly, clock
):
    declare(consent_lifetime=90 * DAY)
    test = testing.test_connection(connection, trigger=Trigger.SCHEDULE)
    told = NOW + 88 * DAY
    type(test).objects.filter(pk=test.pk).update(expires_at=told)
    IntegrationConnection.objects.update(expires_at=told, expires_is_estimate=False)

    clock.shift(2 * HOUR)
    renewed(calendly, row_of(connection), expires_in=3600)

    found = rows.find(connection.workspace, "calendly")
    assert (found.expires_at, found.expires_is_estimate) == (told, False)


def test_a_pasted_token_ends_when_its_platform_publishes_it_to(workspace, clock, api):
    config = {"access_token": "AQX" + "x" * 60, "account_id": "5515715"}
    changes = Changes(config=config, auth_method="access_token")
    saving.change_connection(rows.unread(workspace, "linkedin"), changes, by=None)

    read = api.get("/api/integrations/linkedin").json()

    assert (read["expiresAt"], read["expiresIsEstimate"]) == ("2027-01-22T12:00:00Z", True)


def test_a_pasted_token_ends_later_when_it_is_replaced_and_not_when_it_is_kept(workspace, clock):
    config = {"access_token": "AQX" + "x" * 60, "account_id": "5515715"}
    changes = Changes(config=config, auth_method="access_token")
    saved = saving.change_connection(
        rows.unread(workspace, "linkedin"), changes, by=None
    ).connection
    clock.shift(30 * DAY)

    other_account = Changes(config={"account_id": "5515716"})
    kept = saving.change_connection(
        rows.unread(workspace, "linkedin"), other_account, by=None
    ).connection
    another = Changes(config={"access_token": "AQX" + "y" * 60})
    replaced = saving.change_connection(
        rows.unread(workspace, "linkedin"), another, by=None
    ).connection

    assert kept.expires_at == saved.expires_at == NOW + 60 * DAY
    assert replaced.expires_at == NOW + 90 * DAY


def test_where_nothing_is_published_no_end_is_made_up(workspace):
    changes = Changes(config={"access_token": "eyJabc.eyJdef.ghi"}, auth_method="access_token")

    saved = saving.change_connection(
        rows.unread(workspace, "calendly"), changes, by=None
    ).connection

    assert (saved.expires_at, saved.expires_is_estimate) == (None, False)
