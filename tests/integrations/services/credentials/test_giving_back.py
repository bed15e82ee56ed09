"""A sign-in that nobody uses any more is ended at its platform, and none that is used."""

import json
import logging
import os
import signal
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.db import connection as database
from django.utils import timezone

from integrations import platforms
from integrations.models import Candidate, IntegrationConnection, SignInAttempt, Trigger
from integrations.services import rows
from integrations.services.connecting import begun, candidates, disconnecting, saving, signing_in
from integrations.services.connecting.changes import Changes
from integrations.services.credentials import revoking, tokens
from integrations.services.keeping import forgetting
from integrations.services.proving import testing
from providers.sandbox import calendly as sandbox
from providers.sandbox import crm as crm_sandbox
from providers.sandbox import ga4 as ga4_sandbox
from providers.sandbox import google as google_sandbox
from providers.sandbox import meta as meta_sandbox
from providers.sandbox import upwork as upwork_sandbox
from providers.sandbox.crm import salesforce as salesforce_sandbox
from providers.sandbox.server import Answer
from tests.integrations.conftest import SESSION, callback_of, sign_in_as
from tests.integrations.kept import secrets_of, sign_ins
from tests.integrations.pages.test_pages import text_of
from tests.integrations.services.connecting.test_signing_in import Visitor, here

DOWN = Answer(503, "<html>Down</html>")
MINUTE = timedelta(minutes=1)


def tried(workspace, user, person="healthy", *, slug="calendly", app=None, **config):
    """A sign-in that waits to be proven, and what the platform knows it by."""
    url = signing_in.begin(
        rows.unread(workspace, slug),
        Changes(config=config),
        user=user,
        session_key=SESSION,
        base_version=rows.find(workspace, slug).version,
    )
    back = signing_in.come_back(app or slug, callback_of(url, person), session_key=SESSION)
    assert back.candidate, back.attempt.problem
    return back.candidate


def token_of(row):
    return tokens.held_by(row).access_token


def is_ended(token, server=sandbox.SIGN_IN):
    return server.given_of(token).is_revoked


def revocations(server, path="/oauth/revoke"):
    return [asked for asked in server.requests_seen if asked.path == path]


def revocations_answer(server, answer):
    """From now on revocations are answered like this, and all else as before."""
    usual = sandbox.answer

    def choose(asked):
        if asked.path != "/oauth/revoke":
            return usual(asked)
        return answer(asked) if callable(answer) else answer

    server.answer = choose


def go_round(after=timedelta(0)):
    """What a worker does each half minute, so much later."""
    with time_machine.travel(timezone.now() + after):
        forgetting.forget(timezone.now())
        forgetting.give_back(timezone.now())


# --- What is given back --------------------------------------------------------------------------


def test_a_sign_in_that_was_cancelled_is_ended(workspace, editor, calendly):
    waiting = tried(workspace, editor)
    token = token_of(waiting.sign_in)

    candidates.discard(waiting)

    assert is_ended(token)
    assert not sign_ins().exists()


def test_one_that_a_newer_one_replaced_is_ended_and_the_new_one_lives(
    calendly_signed_in, workspace, editor
):
    before = token_of(calendly_signed_in.sign_in)

    after = sign_in_as("healthy", workspace, editor)

    assert is_ended(before)
    assert not is_ended(token_of(after.sign_in))
    assert sign_ins().get() == after.sign_in


def test_one_that_was_tried_again_is_ended(workspace, editor, calendly):
    first = token_of(tried(workspace, editor).sign_in)

    second = tried(workspace, editor)

    assert is_ended(first)
    assert not is_ended(token_of(second.sign_in))


def test_one_that_nobody_saved_in_time_is_ended(workspace, editor, calendly):
    token = token_of(tried(workspace, editor).sign_in)

    go_round(after=candidates.LIVES + MINUTE)

    assert is_ended(token)


def test_one_that_lost_its_candidate_is_ended(workspace, editor, calendly):
    token = token_of(tried(workspace, editor).sign_in)
    Candidate.objects.all().delete()

    go_round(after=MINUTE)
    assert not is_ended(token)
    go_round(after=3 * MINUTE)
    assert is_ended(token)


@pytest.mark.django_db(transaction=True)
def test_one_that_came_too_late_to_be_tried_is_ended(workspace, editor, calendly):
    usual = calendly.answer

    def saves_meanwhile(asked):
        if asked.path == "/oauth/token":
            IntegrationConnection.objects.update(version=7)
            database.close()
        return usual(asked)

    calendly.answer = saves_meanwhile
    url = signing_in.begin(
        rows.unread(workspace, "calendly"),
        Changes(),
        user=editor,
        session_key=SESSION,
        base_version=0,
    )
    back = signing_in.come_back("calendly", callback_of(url), session_key=SESSION)

    assert "since this sign-in began" in back.attempt.problem
    assert len(revocations(calendly)) == 1
    assert not sign_ins().exists()


def test_typed_values_go_on_with_a_sign_in_that_waits(workspace, editor, calendly):
    waiting = tried(workspace, editor)
    goes_on = candidates.typed(waiting)

    candidates.keep_candidate(
        rows.unread(workspace, "calendly"),
        goes_on,
        user=editor,
        session_key=SESSION,
        base_version=0,
    )

    assert revocations(calendly) == []
    assert sign_ins().get().give_back_at is None


def test_one_that_another_way_took_the_place_of_is_ended_once_that_is_proven(
    calendly_signed_in, workspace, calendly
):
    token = token_of(calendly_signed_in.sign_in)
    pasted(workspace, "calendly", "access_token", access_token=sandbox.token_of("healthy"))
    go_round(after=timedelta(hours=3))
    assert not is_ended(token)

    testing.test_connection(rows.find(workspace, "calendly"), trigger=Trigger.SCHEDULE)
    go_round()

    after = rows.find(workspace, "calendly")
    assert (after.status, after.sign_in, after.sign_in_key_id) == ("connected", None, "")
    assert is_ended(token)
    assert not sign_ins().filter(app="calendly").exists()


def test_a_sign_in_in_use_is_never_given_back(calendly_signed_in, calendly):
    sign_ins().update(give_back_at=timezone.now())

    go_round()

    assert revocations(calendly) == []
    assert sign_ins().get().give_back_at is None


def test_what_is_typed_beside_a_sign_in_is_left_alone(workspace, editor, calendly):
    pasted = Changes(config={"access_token": sandbox.token_of("healthy")})
    saving.change_connection(rows.unread(workspace, "calendly"), pasted, by=None)
    live = sign_in_as("healthy", workspace, editor)
    assert secrets_of(live)

    go_round(after=timedelta(hours=3))

    after = rows.find(workspace, "calendly")
    assert secrets_of(after) == secrets_of(live)
    assert (after.credential.give_back_at, revocations(calendly)) == (None, [])


def test_one_that_has_run_out_needs_no_ending(workspace, editor, calendly):
    waiting = tried(workspace, editor)
    sign_ins().update(can_renew=False, expires_at=timezone.now() - MINUTE)

    candidates.discard(waiting)

    assert revocations(calendly) == []
    assert not sign_ins().exists()


def test_trials_at_salesforce_do_not_end_what_is_connected(settings, workspace, editor):
    known = {"salesforce": salesforce_sandbox.SIGN_IN}
    with here(settings, "crm", crm_sandbox.PLATFORM.answer, **known) as server:
        how = {"slug": "crm", "app": "salesforce", "vendor": "salesforce"}
        for _ in range(7):
            candidates.discard(tried(workspace, editor, **how))
        kept = tried(workspace, editor, **how)

        assert len(revocations(server, "/services/oauth2/revoke")) == 7
        assert not is_ended(token_of(kept.sign_in), salesforce_sandbox.SIGN_IN)


# --- What would end with it ----------------------------------------------------------------------


@pytest.fixture
def google(settings):
    with here(
        settings, "ga4", ga4_sandbox.PLATFORM.answer, google=google_sandbox.SIGN_IN
    ) as server:
        yield server


@pytest.fixture
def one_grant(calendly):
    """A platform that gives for each consent what it gave for the first."""
    usual, given = calendly.answer, []

    def answer(asked):
        answered = usual(asked)
        if asked.form.get("grant_type") == "authorization_code":
            given.append(answered)
            return given[0]
        return answered

    calendly.answer = answer


def google_connected(workspace, editor):
    waiting = tried(workspace, editor, slug="ga4", app="google")
    candidates.save_candidate(waiting)
    return rows.find(workspace, "ga4")


def test_where_one_in_use_would_end_with_it_it_is_left_and_that_is_told(google, workspace, editor):
    live = google_connected(workspace, editor)
    waiting = tried(workspace, editor, slug="ga4", app="google")

    said = disconnecting.farewell(waiting)
    candidates.discard(waiting)

    assert said == (
        "The approval at Google Analytics (GA4) was left in place: ending it may also end the "
        "sign-in of Google Analytics (GA4). If you signed in there as somebody else: Remove the "
        "app at myaccount.google.com/connections."
    )
    assert revocations(google, "/revoke") == []
    assert sign_ins().get() == live.sign_in


def test_the_page_tells_who_cancels_what_was_left_in_place(google, workspace, editor):
    google_connected(workspace, editor)
    visitor = Visitor(editor)
    visitor.connects("healthy", "ga4", "google")
    waiting = Candidate.objects.get(saved_at=None)

    reply = visitor.post("discard-candidate", "ga4", str(waiting.pk))

    said = json.loads(reply["HX-Trigger-After-Settle"])["said"]
    assert said.startswith("Cancelled. Nothing was saved. The approval at Google Analytics")


def test_where_none_would_end_with_it_it_is_ended(google, workspace, editor):
    waiting = tried(workspace, editor, slug="ga4", app="google")
    token = token_of(waiting.sign_in)

    assert disconnecting.farewell(waiting) == ""
    candidates.discard(waiting)

    assert is_ended(token, google_sandbox.SIGN_IN)


def test_while_somebody_signs_in_that_would_end_with_it_it_waits(google, workspace, editor):
    waiting = tried(workspace, editor, slug="ga4", app="google")
    signing_in.begin(
        rows.unread(workspace, "ga4"), Changes(), user=editor, session_key="another", base_version=0
    )

    candidates.discard(waiting)
    assert revocations(google, "/revoke") == []

    go_round(after=begun.LIVES + 2 * MINUTE)
    assert len(revocations(google, "/revoke")) == 1


@pytest.mark.usefixtures("one_grant")
def test_a_token_that_one_in_use_has_too_is_not_ended(workspace, editor, calendly):
    live = sign_in_as("healthy", workspace, editor)
    waiting = tried(workspace, editor)

    said = disconnecting.farewell(waiting)
    candidates.discard(waiting)

    assert said.startswith("The approval at Calendly was left in place: ending it may also end")
    assert revocations(calendly) == []
    assert sign_ins().get() == live.sign_in


@pytest.mark.usefixtures("one_grant")
def test_a_grant_is_the_same_one_after_its_token_was_replaced(workspace, editor, calendly):
    live = sign_in_as("healthy", workspace, editor)
    waiting = tried(workspace, editor)
    sign_ins().filter(pk=live.sign_in_id).update(expires_at=timezone.now())
    tokens.renew(live.sign_in_id)

    candidates.discard(waiting)

    assert revocations(calendly) == []
    assert not is_ended(token_of(sign_ins().get()))


def test_where_nobody_knows_which_grant_one_has_it_may_be_the_same(workspace, editor, calendly):
    sign_in_as("healthy", workspace, editor)
    sign_ins().update(grant="")  # as a version before this one left it

    candidates.discard(tried(workspace, editor))

    assert revocations(calendly) == []


def test_another_grant_of_the_same_app_is_ended_without_opening_the_one_in_use(
    workspace, editor, calendly
):
    live = sign_in_as("healthy", workspace, editor)
    sign_ins().update(tokens="v2.lost.AAAA", key_id="lost")

    candidates.discard(tried(workspace, editor))

    assert len(revocations(calendly)) == 1
    assert sign_ins().get() == live.sign_in


# --- Pasted tokens: never ours to end ------------------------------------------------------------

GOOGLE_CLIENT = google_sandbox.SIGN_IN.client_id
BY_REFRESH_TOKEN = {"client_secret": "GOCSPX-1", "refresh_token": "1//pasted"}


def pasted(workspace, slug, method, **config):
    saving.change_connection(
        rows.unread(workspace, slug), Changes(auth_method=method, config=config), by=None
    )


@pytest.mark.parametrize(
    ("method", "values"),
    [
        ("refresh_token", {"client_id": GOOGLE_CLIENT, **BY_REFRESH_TOKEN}),
        ("access_token", {"access_token": "ya29.pasted"}),
    ],
    ids=["of the same app", "of an app that nobody knows"],
)
def test_a_pasted_token_that_would_end_with_it_is_left_alone(
    google, workspace, editor, method, values
):
    pasted(workspace, "ga4", method, account_id="123456789", **values)
    waiting = tried(workspace, editor, slug="ga4", app="google")

    said = disconnecting.farewell(waiting)
    candidates.discard(waiting)

    assert "ending it may also end the sign-in of Google Analytics (GA4)" in said
    assert revocations(google, "/revoke") == []
    assert not sign_ins().exists()


@pytest.mark.parametrize(
    ("method", "values"),
    [
        ("refresh_token", {"client_id": "9-b.apps.googleusercontent.com", **BY_REFRESH_TOKEN}),
        ("service_account", {}),
    ],
    ids=["of another app", "a robot's key"],
)
def test_what_is_pasted_of_somebody_else_is_in_nobodys_way(
    google, workspace, editor, method, values
):
    pasted(workspace, "ga4", method, account_id="123456789", **values)

    candidates.discard(tried(workspace, editor, slug="ga4", app="google"))

    assert len(revocations(google, "/revoke")) == 1


@pytest.mark.parametrize("app_id", [meta_sandbox.SIGN_IN.client_id, None])
def test_a_pasted_token_of_meta_that_may_end_with_it_is_left_alone(
    settings, workspace, editor, app_id
):
    known = {"meta": meta_sandbox.SIGN_IN}
    with here(settings, "meta", meta_sandbox.PLATFORM.answer, **known) as server:
        values = {"access_token": "EAAhealthy", "account_id": "act_1001", "app_id": app_id}
        pasted(workspace, "meta", "access_token", **values)
        candidates.discard(tried(workspace, editor, next(iter(known["meta"].people)), slug="meta"))

        assert [asked for asked in server.requests_seen if asked.method == "DELETE"] == []


def begins_at_google(workspace, user):
    """Somebody else leaves for Google, in another session."""
    return signing_in.begin(
        rows.unread(workspace, "ga4"), Changes(), user=user, session_key="another", base_version=0
    )


def test_while_somebody_who_said_no_may_go_back_it_waits_too(google, workspace, editor):
    waiting = tried(workspace, editor, slug="ga4", app="google")
    state = callback_of(begins_at_google(workspace, editor))["state"]
    no = {"error": "access_denied", "state": state}
    signing_in.come_back("google", no, session_key="another")

    candidates.discard(waiting)
    go_round(after=2 * MINUTE)

    assert revocations(google, "/revoke") == []
    assert SignInAttempt.objects.get(problem__gt="").is_open


def test_it_does_not_wait_for_anybody_where_it_will_not_be_ended(google, workspace, editor):
    live = google_connected(workspace, editor)
    waiting = tried(workspace, editor, slug="ga4", app="google")
    signing_in.begin(
        rows.unread(workspace, "ga4"), Changes(), user=editor, session_key="x", base_version=1
    )

    candidates.discard(waiting)

    assert sign_ins().get() == live.sign_in
    assert revocations(google, "/revoke") == []


def test_it_does_not_wait_for_ever(google, workspace, editor, caplog):
    waiting = tried(workspace, editor, slug="ga4", app="google")
    begins_at_google(workspace, editor)

    candidates.discard(waiting)
    SignInAttempt.objects.update(expires_at=timezone.now() + timedelta(days=9))
    for hours in range(7, 7 * (revoking.TRIES + 2), 7):
        go_round(after=timedelta(hours=hours))

    assert not sign_ins().exists()
    assert revocations(google, "/revoke") == []
    assert "A sign-in to ga4 is left at its platform." in caplog.messages


def test_where_there_is_no_way_the_person_is_told_where_to_end_it(settings, workspace, editor):
    known = {"upwork": upwork_sandbox.SIGN_IN}
    with here(settings, "upwork", upwork_sandbox.PLATFORM.answer, **known):
        waiting = tried(workspace, editor, "upw-single", slug="upwork")
        said = disconnecting.farewell(waiting)
        candidates.discard(waiting)

    assert said.startswith("Upwork has no way to end a sign-in from here. Remove the app in")
    assert not sign_ins().exists()


def test_who_switches_to_another_account_is_told_what_stays_of_the_one_before(settings, editor):
    known = {"upwork": upwork_sandbox.SIGN_IN}
    with here(settings, "upwork", upwork_sandbox.PLATFORM.answer, **known):
        visitor = Visitor(editor)
        visitor.connects("upw-single", "upwork")
        visitor.connects("upw-healthy", "upwork", account_id="5002")
        waiting = Candidate.objects.get(saved_at=None)
        saved = text_of(visitor.post("save-candidate", "upwork", str(waiting.pk)))

    assert (
        "Upwork has no way to end a sign-in from here. "
        "If somebody else had signed in there before: Remove the app"
    ) in saved


def test_what_is_replaced_at_google_is_left_in_place_and_that_is_told(google, workspace, editor):
    google_connected(workspace, editor)
    waiting = tried(workspace, editor, slug="ga4", app="google")

    candidates.save_candidate(waiting)

    assert Candidate.objects.latest("created_at").farewell == (
        "The approval at Google Analytics (GA4) was left in place: ending it may also end the "
        "sign-in of Google Analytics (GA4). If somebody else had signed in there before: Remove "
        "the app at myaccount.google.com/connections."
    )
    assert revocations(google, "/revoke") == []


def test_who_signs_in_anew_to_the_same_account_has_nothing_to_remove(settings, editor):
    """It is the approval that goes on."""
    known = {"upwork": upwork_sandbox.SIGN_IN}
    with here(settings, "upwork", upwork_sandbox.PLATFORM.answer, **known):
        visitor = Visitor(editor)
        visitor.connects("upw-single", "upwork")
        again = text_of(visitor.connects("upw-single", "upwork"))

    assert "Upwork works" in again
    assert "Remove the app" not in again


def test_who_cancels_beside_a_connected_sign_in_is_not_told_to_end_that(
    settings, workspace, editor
):
    known = {"upwork": upwork_sandbox.SIGN_IN}
    with here(settings, "upwork", upwork_sandbox.PLATFORM.answer, **known):
        sign_in_as("upw-single", workspace, editor, slug="upwork")
        said = disconnecting.farewell(tried(workspace, editor, "upw-single", slug="upwork"))

    assert "If you signed in there as somebody else: Remove the app" in said


# --- Without an answer ---------------------------------------------------------------------------


def test_a_dead_address_loses_nothing(workspace, editor, calendly):
    waiting = tried(workspace, editor)
    token = token_of(waiting.sign_in)
    revocations_answer(calendly, Answer(is_reset=True))

    candidates.discard(waiting)
    assert sign_ins().get().tokens.startswith("v2.")
    revocations_answer(calendly, sandbox.answer)
    go_round()
    assert not is_ended(token)

    go_round(after=2 * MINUTE)
    assert is_ended(token)
    assert not sign_ins().exists()


def test_it_is_given_up_after_so_many_tries(workspace, editor, calendly, caplog):
    waiting = tried(workspace, editor)
    revocations_answer(calendly, DOWN)

    with caplog.at_level(logging.ERROR):
        candidates.discard(waiting)
        for hours in range(7, 7 * (revoking.TRIES + 3), 7):
            go_round(after=timedelta(hours=hours))

    assert len(revocations(calendly)) == revoking.TRIES
    assert not sign_ins().exists()
    assert "A sign-in to calendly is left at its platform." in caplog.messages


@contextmanager
def declaring(**instead):
    """What another version of this application knows of platforms; None for one that is gone."""
    known = {**platforms.catalogue(), **instead}
    with pytest.MonkeyPatch.context() as patched:
        there = {slug: provider for slug, provider in known.items() if provider}
        patched.setattr(platforms, "catalogue", lambda: there)
        yield


def test_a_platform_that_has_no_sign_in_any_more_is_not_asked_for_ever(google, workspace, editor):
    row = given_up(workspace, editor, slug="ga4", app="google")
    begins_at_google(workspace, editor)

    with declaring(ga4=replace(platforms.get("ga4"), oauth=None)):
        revoking.give_back(row.pk)

    left = sign_ins().get()
    assert (left.failures, left.lease) == (1, None)
    assert left.give_back_at > timezone.now()


def test_what_a_platform_that_is_gone_gave_is_forgotten(workspace, editor, calendly):
    row = given_up(workspace, editor)

    with declaring(calendly=None):
        revoking.give_back(row.pk)

    assert not sign_ins().exists()


# --- Taken up again ------------------------------------------------------------------------------


def goes_on(workspace, user, changes):
    """Typed values again, with the sign-in that they came with."""
    return candidates.keep_candidate(
        rows.unread(workspace, "calendly"), changes, user=user, session_key=SESSION, base_version=0
    )


def test_whoever_goes_on_with_one_that_waits_to_be_ended_keeps_it(workspace, editor, calendly):
    waiting = tried(workspace, editor)
    changes = candidates.typed(waiting)
    revocations_answer(calendly, DOWN)
    candidates.discard(waiting)
    revocations_answer(calendly, sandbox.answer)

    kept = goes_on(workspace, editor, changes)
    row = sign_ins().get(candidates=kept)
    go_round(after=2 * MINUTE)

    assert (row.give_back_at, row.failures, row.lease) == (None, 0, None)
    assert len(revocations(calendly)) == 1


def test_nobody_goes_on_with_one_that_was_ended(workspace, editor, calendly):
    waiting = tried(workspace, editor)
    changes = candidates.typed(waiting)
    candidates.discard(waiting)

    with pytest.raises(candidates.CandidateGone):
        goes_on(workspace, editor, changes)
    assert not Candidate.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_nobody_goes_on_with_one_that_is_being_ended(workspace, editor, calendly):
    row, met = given_up(workspace, editor), []
    changes = Changes(auth_method="sign_in", sign_in=row)

    def meanwhile(asked):
        try:
            goes_on(workspace, editor, changes)
        except candidates.CandidateGone as gone:
            met.append(gone)
        finally:
            database.close()
        return sandbox.answer(asked)

    revocations_answer(calendly, meanwhile)
    revoking.give_back(row.pk)

    assert len(met) == 1
    assert not sign_ins().exists()


# --- Several workers, and one that dies ----------------------------------------------------------


def give_back(sign_in_id):
    """The task of one process."""
    revoking.give_back(sign_in_id)


def given_up(workspace, editor, **where):
    """A sign-in that was given up while nobody worked."""
    waiting = tried(workspace, editor, **where)
    sign_ins().update(give_back_at=timezone.now())
    Candidate.objects.all().delete()
    return waiting.sign_in


@pytest.mark.django_db(transaction=True)
def test_of_several_workers_one_asks(processes, workspace, editor, calendly):
    row = given_up(workspace, editor)

    processes.start(f"{__name__}:give_back", str(row.pk), count=4)

    assert [one.signal for one in processes.ended()] == [0] * 4
    assert len(revocations(calendly)) == 1
    assert not sign_ins().exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_heard", [True, False], ids=["ended", "never arrived"])
def test_what_a_killed_worker_was_at_is_done_again(
    processes, workspace, editor, calendly, is_heard
):
    row = given_up(workspace, editor)
    token = token_of(row)

    def kills(asked):
        answered = sandbox.answer(asked) if is_heard else Answer(is_reset=True)
        os.kill(processes.pids[0], signal.SIGKILL)
        return answered

    revocations_answer(calendly, kills)
    processes.start(f"{__name__}:give_back", str(row.pk))
    assert [one.signal for one in processes.ended()] == [signal.SIGKILL]
    revocations_answer(calendly, sandbox.answer)
    go_round(after=2 * MINUTE)

    assert is_ended(token)
    assert not sign_ins().exists()
