"""Disconnecting: a sign-in is ended at its platform too, and ours is forgotten in any case."""

import io
import json
import threading
import uuid

import pytest
from django.core.management import call_command
from django.db import connection as database
from django.utils import timezone

from integrations.models import (
    Candidate,
    Credential,
    FixLink,
    IntegrationConnection,
    Membership,
    Role,
    SignInAttempt,
    Trigger,
    Workspace,
)
from integrations.models.credentials import ATTEMPT
from integrations.services import rows
from integrations.services.connecting import (
    choosing,
    disconnecting,
    fix_links,
    lending,
    saving,
    several,
    signing_in,
)
from integrations.services.connecting.changes import Changes
from integrations.services.connecting.disconnecting import Siblings
from integrations.services.credentials import leases, tokens
from integrations.services.proving import testing
from integrations.services.refusals import InvalidChange
from providers.sandbox import calendly as sandbox
from providers.sandbox import upwork as upwork_sandbox
from providers.sandbox.server import Answer
from tests.integrations.conftest import SESSION, callback_of, sign_in_as, with_token
from tests.integrations.kept import sign_ins
from tests.integrations.pages.test_pages import text_of
from tests.integrations.services.connecting.google import google_sign_in
from tests.integrations.services.connecting.test_signing_in import Visitor, here, live

HOW = "Remove the app in the settings of your Calendly account."


@pytest.fixture
def visitor(editor, calendly):
    return Visitor(editor)


def held_by(workspace, slug="calendly"):
    return tokens.held_by(live(workspace, slug).sign_in)


def is_ended(held):
    return sandbox.SIGN_IN.given_of(held.access_token).is_revoked


def revocations(server):
    return [asked.form for asked in server.requests_seen if asked.path == "/oauth/revoke"]


def answering(server, path, answer):
    usual = server.answer
    server.answer = lambda asked: answer if asked.path == path else usual(asked)


# --- One sign-in ---------------------------------------------------------------------------------


def test_the_question_says_that_the_sign_in_is_ended_too(visitor, calendly_signed_in):
    question = text_of(visitor.get("disconnect", "calendly"))

    assert "The sign-in is ended at Calendly too" in question
    assert "Calls booked will get no more data" in question


def test_a_sign_in_is_ended_at_its_platform(visitor, calendly_signed_in, calendly, workspace):
    held = held_by(workspace)

    visitor.post("disconnect", "calendly")

    assert is_ended(held)
    [sent] = revocations(calendly)
    assert (sent["token"], sent["token_type_hint"]) == (held.refresh_token, "refresh_token")


def test_what_was_stored_is_forgotten(visitor, calendly_signed_in, workspace):
    visitor.post("disconnect", "calendly")

    after = live(workspace)
    assert (after.status, after.sign_in, after.auth_method) == ("not_connected", None, "")
    assert after.expires_at is None
    assert not sign_ins().exists()
    assert after.tests.count() == 1


def test_a_pasted_token_is_not_revoked(visitor, calendly, workspace):
    pasted = Changes(config={"access_token": sandbox.token_of("healthy")})
    saving.change_connection(rows.unread(workspace, "calendly"), pasted, by=None)

    question = text_of(visitor.get("disconnect", "calendly"))
    done = disconnecting.disconnect(rows.unread(workspace, "calendly"), by=None)

    assert "At Calendly the credentials stay valid until you revoke them there." in question
    assert (done.warning, calendly.requests_seen) == ("", [])


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (Answer(503, "<html>Down</html>"), "Calendly has a problem at the moment."),
        (Answer(is_reset=True), "Calendly"),
        (Answer(400, {"error": "invalid_request"}), "did not understand how it was asked"),
        (Answer(401, {"error": "invalid_client"}), "does not accept this app's ID and secret"),
        (Answer(200, "<html>Are you a robot?</html>"), "A web page answered"),
        (Answer(302, "", {"Location": "https://elsewhere.example/"}), "did not expect"),
    ],
)
def test_a_platform_that_does_not_confirm_is_told_and_ours_is_gone(
    calendly_signed_in, calendly, workspace, answer, sentence
):
    answering(calendly, "/oauth/revoke", answer)

    done = disconnecting.disconnect(rows.unread(workspace, "calendly"), by=None)

    assert done.warning.startswith("Calendly did not confirm that the sign-in was ended.")
    assert sentence in done.warning
    assert done.warning.endswith(HOW)
    assert done.connection.status == "not_connected"
    assert not sign_ins().exists()


def test_the_page_says_what_was_not_confirmed(visitor, calendly_signed_in, calendly):
    answering(calendly, "/oauth/revoke", Answer(503, "<html>Down</html>"))

    reply = visitor.post("disconnect", "calendly")

    said = json.loads(reply["HX-Trigger-After-Settle"])["said"]
    assert said.startswith("Calendly is disconnected. Calendly did not confirm")
    assert HOW in said


def test_the_api_says_what_was_not_confirmed(api, calendly_signed_in, calendly):
    answering(calendly, "/oauth/revoke", Answer(503, "<html>Down</html>"))

    one = api.generic("POST", "/api/integrations/calendly/disconnect").json()

    assert one["status"] == "not_connected"
    [sentence] = one["warnings"]["revoke"]
    assert sentence.startswith("Calendly did not confirm that the sign-in was ended.")


def test_the_command_says_what_was_not_confirmed(calendly_signed_in, calendly, workspace):
    answering(calendly, "/oauth/revoke", Answer(503, "<html>Down</html>"))
    out, err = io.StringIO(), io.StringIO()

    call_command("integrations", "disconnect", "calendly", "--yes", stdout=out, stderr=err)

    assert "Calendly is disconnected." in out.getvalue()
    assert "Calendly did not confirm that the sign-in was ended." in err.getvalue()
    assert live(workspace).status == "not_connected"


def test_without_its_app_a_sign_in_cannot_be_ended_and_that_is_told(
    calendly_signed_in, calendly, workspace, settings
):
    settings.APPS = {}

    done = disconnecting.disconnect(rows.unread(workspace, "calendly"), by=None)

    assert "The app that this sign-in to Calendly was made with" in done.warning
    assert HOW in done.warning
    assert done.connection.status == "not_connected"
    assert revocations(calendly) == []


def test_tokens_that_no_key_opens_are_forgotten_and_that_is_told(
    calendly_signed_in, calendly, workspace, settings
):
    settings.CREDENTIAL_KEYS = ["bmV3LWtleS1uZXcta2V5LW5ldy1rZXktbmV3LWtleS0="]

    done = disconnecting.disconnect(rows.unread(workspace, "calendly"), by=None)

    assert "The stored credentials cannot be read." in done.warning
    assert HOW in done.warning
    assert not sign_ins().exists()


def test_a_sign_in_that_the_platform_ended_already_needs_no_ending(
    calendly_signed_in, calendly, workspace
):
    sign_ins().update(is_ended=True, failure_kind="auth_expired", failure_message="Ended.")

    done = disconnecting.disconnect(rows.unread(workspace, "calendly"), by=None)

    assert (done.warning, revocations(calendly)) == ("", [])


def test_where_there_is_no_way_to_end_it_the_person_is_told_where_to(settings, workspace, editor):
    known = {"upwork": upwork_sandbox.SIGN_IN}
    with here(settings, "upwork", upwork_sandbox.PLATFORM.answer, **known):
        sign_in_as("upw-single", workspace, editor, slug="upwork")

        done = disconnecting.disconnect(rows.unread(workspace, "upwork"), by=editor)

    assert done.warning.startswith("Upwork has no way to end a sign-in from here. Remove the app")
    assert done.connection.status == "not_connected"


def test_repeating_it_is_harmless(visitor, calendly_signed_in, calendly, workspace):
    visitor.post("disconnect", "calendly")

    again = disconnecting.disconnect(rows.unread(workspace, "calendly"), by=None)

    assert again.warning == ""
    assert again.connection.version == 2
    assert len(revocations(calendly)) == 1


def test_what_waits_is_forgotten_with_it(visitor, calendly_signed_in, workspace, owner):
    fix_links.send(rows.unread(workspace, "calendly"), recipient="Ben", by=owner)
    visitor.leaves()
    visitor.connects("two")

    visitor.post("disconnect", "calendly")

    assert not Candidate.objects.exists()
    assert not any(attempt.is_open for attempt in SignInAttempt.objects.all())
    assert not Credential.objects.filter(method=ATTEMPT).exists()
    assert not FixLink.objects.filter(used_at=None, expires_at__gt=timezone.now()).exists()


def test_it_can_be_connected_again(visitor, calendly_signed_in, workspace):
    visitor.post("disconnect", "calendly")

    assert "Calendly works" in text_of(visitor.connects())
    assert live(workspace).pk == calendly_signed_in.pk


@pytest.mark.django_db(transaction=True)
def test_a_renewal_that_runs_is_waited_for_and_its_new_token_ended(calendly, workspace, editor):
    connection = sign_in_as("healthy", workspace, editor)
    sign_ins().update(renew_at=timezone.now())
    usual, asked_for, go_on = calendly.answer, threading.Event(), threading.Event()

    def slow(asked):
        if asked.path == "/oauth/token":
            asked_for.set()
            go_on.wait(10)
        return usual(asked)

    def work(what):
        try:
            what()
        finally:
            database.close()

    calendly.answer = slow
    renewal = threading.Thread(target=work, args=[lambda: tokens.renew(connection.sign_in_id)])
    renewal.start()
    assert asked_for.wait(10)
    disconnect = threading.Thread(
        target=work,
        args=[lambda: disconnecting.disconnect(rows.unread(workspace, "calendly"), by=None)],
    )
    disconnect.start()
    assert revocations(calendly) == []
    go_on.set()
    for thread in (renewal, disconnect):
        thread.join(timeout=30)

    [sent] = revocations(calendly)
    given = sandbox.SIGN_IN._by_refresh_token[sent["token"]]
    assert sent["token"] == given.refresh_tokens[-1] != given.refresh_tokens[0]
    assert given.is_revoked
    assert not sign_ins().exists()


# --- Siblings: one approval at Google for four platforms -----------------------------------------


@pytest.fixture
def two_of_google(google, workspace, editor):
    found = [google_sign_in(workspace, editor, slug) for slug in ("ga4", "search_console")]
    assert [one.status for one in found] == ["connected", "connected"]
    return found


def revoked_at(google):
    return [asked for asked in google.requests_seen if asked.path == "/revoke"]


def test_the_page_asks_where_ending_one_may_end_another(two_of_google, editor):
    question = text_of(Visitor(editor).get("disconnect", "ga4"))

    assert "may then also end the sign-in of Search Console" in question
    assert "No, forget it here only" in question
    assert "The sign-in is ended at" not in question


def test_where_a_platform_has_several_the_one_that_may_end_is_named(two_of_google, editor):
    seen = IntegrationConnection.objects.get(provider="search_console")
    seen.pk, seen.name, seen.slug, seen.is_default = uuid.uuid4(), "North", "north", False
    seen.config = {}
    seen.save(force_insert=True)

    question = text_of(Visitor(editor).get("disconnect", "ga4"))

    assert "Search Console (North)" in question
    assert "Search Console, Search Console" not in question


def test_forgetting_it_here_leaves_the_other_alive(two_of_google, editor, google, workspace):
    reply = Visitor(editor).post("disconnect", "ga4", revoke="no")

    assert revoked_at(google) == []
    said = json.loads(reply["HX-Trigger-After-Settle"])["said"]
    assert "was left in place." in said
    assert "may also end" not in said  # they were asked
    assert live(workspace, "search_console").status == "connected"


def test_ending_it_there_too_is_done_when_chosen(two_of_google, editor, google, workspace):
    Visitor(editor).post("disconnect", "ga4", revoke="yes")

    assert len(revoked_at(google)) == 1
    assert live(workspace, "ga4").status == "not_connected"
    assert live(workspace, "search_console").status == "connected"  # until it is asked


@pytest.mark.parametrize("choice", ["", "perhaps"])
def test_without_a_clear_choice_nothing_is_ended(two_of_google, editor, google, choice):
    Visitor(editor).post("disconnect", "ga4", revoke=choice)

    assert revoked_at(google) == []


def test_a_script_that_does_not_choose_leaves_the_approval_and_is_told(two_of_google, api, google):
    one = api.generic("POST", "/api/integrations/ga4/disconnect").json()

    assert one["status"] == "not_connected"
    assert revoked_at(google) == []
    [sentence] = one["warnings"]["revoke"]
    assert "was left in place. Ending it may also end the sign-in of Search Console." in sentence


def test_a_script_that_chooses_ends_it(two_of_google, api, google):
    one = api.post("/api/integrations/ga4/disconnect", {"revoke": True}, "application/json").json()

    assert len(revoked_at(google)) == 1
    assert "warnings" not in one


def test_a_script_may_choose_to_leave_it(two_of_google, api, google):
    body = {"revoke": False}

    one = api.post("/api/integrations/ga4/disconnect", body, "application/json").json()

    assert revoked_at(google) == []
    [sentence] = one["warnings"]["revoke"]
    assert sentence.endswith("was left in place.")


def test_the_last_of_them_is_ended_without_a_question(two_of_google, editor, google, workspace):
    Visitor(editor).post("disconnect", "ga4", revoke="no")

    question = text_of(Visitor(editor).get("disconnect", "search_console"))
    disconnecting.disconnect(rows.unread(workspace, "search_console"), by=editor)

    assert "The sign-in is ended at Search Console too" in question
    assert not sign_ins().exists()


def test_those_of_other_workspaces_are_neither_named_nor_counted(google, workspace, editor):
    other = Workspace.objects.create(name="Secret client", slug="secret-client")
    Membership.objects.create(user=editor, workspace=other, role=Role.EDITOR)
    for where, slug in ((workspace, "ga4"), (other, "ga4"), (other, "search_console")):
        google_sign_in(where, editor, slug)

    question = text_of(Visitor(editor).get("disconnect", "ga4"))

    assert "may also end the sign-in of connections of other workspaces" in question
    assert "Secret client" not in question


def test_a_token_that_was_pasted_for_the_same_app_stays_alive(google, workspace, editor):
    google_sign_in(workspace, editor, "ga4")
    values = {"access_token": "ya29.pasted", "account_id": "https://example.com/"}
    pasted = Changes(auth_method="access_token", config=values)
    saving.change_connection(rows.unread(workspace, "search_console"), pasted, by=None)

    done = disconnecting.disconnect(rows.unread(workspace, "ga4"), by=editor)

    assert revoked_at(google) == []
    assert done.warning.endswith("Ending it may also end the sign-in of Search Console.")


def test_its_own_pasted_token_is_not_ended_with_a_sign_in_that_waits(google, workspace, editor):
    values = {"access_token": "ya29.pasted", "account_id": "123456789"}
    pasted = Changes(auth_method="access_token", config=values)
    saving.change_connection(rows.unread(workspace, "ga4"), pasted, by=None)
    url = signing_in.begin(
        rows.unread(workspace, "ga4"), Changes(), user=editor, session_key=SESSION, base_version=1
    )
    assert signing_in.come_back("google", callback_of(url), session_key=SESSION).candidate

    disconnecting.disconnect(rows.unread(workspace, "ga4"), by=editor)

    assert revoked_at(google) == []


def test_one_grant_in_two_workspaces_is_left_to_the_other(calendly, workspace, editor):
    usual, given = calendly.answer, []

    def one_grant(asked):
        answered = usual(asked)
        if asked.form.get("grant_type") == "authorization_code":
            given.append(answered)
            return given[0]
        return answered

    calendly.answer = one_grant
    other = Workspace.objects.create(name="Secret client", slug="secret-client")
    Membership.objects.create(user=editor, workspace=other, role=Role.EDITOR)
    for where in (workspace, other):
        sign_in_as("healthy", where, editor)

    done = disconnecting.disconnect(rows.unread(workspace, "calendly"), by=editor)

    assert revocations(calendly) == []
    assert "connections of other workspaces" in done.warning


def test_an_editor_does_not_end_what_other_workspaces_use(google, workspace, editor):
    other = Workspace.objects.create(name="Secret client", slug="secret-client")
    Membership.objects.create(user=editor, workspace=other, role=Role.EDITOR)
    for where in (workspace, other):
        google_sign_in(where, editor, "ga4")

    reply = Visitor(editor).post("disconnect", "ga4", revoke="yes")

    assert revoked_at(google) == []
    assert "Connections of other workspaces use the same app." in reply["HX-Trigger-After-Settle"]
    assert live(workspace, "ga4").status == "not_connected"


def test_whoever_runs_the_installation_may_end_them(google, workspace, editor):
    other = Workspace.objects.create(name="Secret client", slug="secret-client")
    Membership.objects.create(user=editor, workspace=other, role=Role.EDITOR)
    for where in (workspace, other):
        google_sign_in(where, editor, "ga4")

    disconnecting.disconnect(rows.unread(workspace, "ga4"), by=None, revokes=True)

    assert len(revoked_at(google)) == 1


def test_what_still_waits_to_be_proven_is_ended_too(visitor, calendly, workspace):
    visitor.connects("healthy", without="scheduled_events:read")

    visitor.post("disconnect", "calendly")

    assert len([one for one in calendly.requests_seen if one.path == "/oauth/revoke"]) == 1


@pytest.fixture
def lend(calendly_signed_in, workspace):
    """Lend the sign-in to a workspace."""
    to = Workspace.objects.create(slug="north", name="North")

    def one():
        lending.lend(rows.again(calendly_signed_in), to, [], by=None)
        return rows.find(to, "calendly")

    return one


def test_a_sign_in_that_others_came_to_use_is_not_ended(
    calendly_signed_in, calendly, lend, monkeypatch
):
    """It was nobody else's when that was asked first."""
    hold, lent = leases.hold, []

    def lend_first(pk):
        lent.append(lend())
        return hold(pk)

    monkeypatch.setattr(leases, "hold", lend_first)
    done = disconnecting.disconnect(calendly_signed_in, by=None)

    assert done.warning == ("The sign-in was kept: a connection of another workspace uses it.")
    assert revocations(calendly) == []
    assert testing.test_connection(lent[0], trigger=Trigger.API).outcome == "passed"
    assert sign_ins().get().lease is None


@pytest.mark.django_db(transaction=True)
def test_while_a_sign_in_is_ended_nobody_else_comes_to_use_it(
    calendly_signed_in, calendly, lend, workspace
):
    usual, refused = calendly.answer, []
    wanted = {"by": None, "credential_id": calendly_signed_in.sign_in_id}

    def others_try(asked):
        if asked.path == "/oauth/revoke":
            for act in (lend, lambda: several.add(workspace, "calendly", Changes(), **wanted)):
                try:
                    act()
                except InvalidChange as refusal:
                    refused.append(refusal)
            database.close()
        return usual(asked)

    calendly.answer = others_try
    disconnecting.disconnect(calendly_signed_in, by=None)

    assert [*refused[0].errors.values()] == [[choosing.ENDED]]
    assert refused[1].errors == {"credential": [several.GOING]}
    assert not IntegrationConnection.objects.exclude(sign_in=None).exists()


def test_a_sign_in_that_was_kept_is_given_back_where_the_others_are_gone_by_then(
    calendly_signed_in, calendly, lend, monkeypatch
):
    lent, forget = lend(), saving.disconnect

    def other_first(connection, **more):
        monkeypatch.setattr(saving, "disconnect", forget)
        disconnecting.disconnect(rows.again(lent), by=None)
        return forget(connection, **more)

    monkeypatch.setattr(saving, "disconnect", other_first)
    disconnecting.disconnect(calendly_signed_in, by=None)

    assert len(revocations(calendly)) == 1
    assert not sign_ins().exists()


def test_who_borrows_last_gives_a_sign_in_back(calendly_signed_in, calendly, lend):
    lent = lend()
    disconnecting.disconnect(calendly_signed_in, by=None)
    assert revocations(calendly) == []

    disconnecting.disconnect(rows.again(lent), by=None)

    assert len(revocations(calendly)) == 1
    assert not sign_ins().exists()


@pytest.mark.django_db(transaction=True)
def test_a_sign_in_made_meanwhile_is_ended_as_well(calendly_signed_in, calendly, workspace, editor):
    usual, made = calendly.answer, []

    def signs_in(asked):
        if asked.path == "/oauth/revoke" and not made:
            made.append(asked)
            sign_in_as("healthy", workspace, editor)
            database.close()
        return usual(asked)

    calendly.answer = signs_in
    disconnecting.disconnect(rows.unread(workspace, "calendly"), by=None)

    assert len([one for one in calendly.requests_seen if one.path == "/oauth/revoke"]) == 2
    assert not sign_ins().exists()


@pytest.mark.parametrize(
    ("siblings", "words"),
    [
        (Siblings(), ""),
        (Siblings(("YouTube",)), "YouTube"),
        (Siblings(("YouTube", "GA4")), "YouTube and GA4"),
        (Siblings(("A", "B", "C")), "A, B and C"),
        (Siblings(("A", "B", "C", "D", "E")), "A, B, C and 2 more"),
        (Siblings((), 1), "connections of other workspaces"),
        (Siblings(("A", "B"), 2), "A, B and connections of other workspaces"),
    ],
)
def test_siblings_read_as_a_list(siblings, words):
    assert str(siblings) == words
    assert bool(siblings) == bool(words)


# --- Who may -------------------------------------------------------------------------------------


def test_a_viewer_disconnects_nothing(viewer, calendly_signed_in, calendly):
    replies = [
        Visitor(viewer).post("disconnect", "calendly"),
        with_token(viewer).generic("POST", "/api/integrations/calendly/disconnect"),
    ]

    assert [reply.status_code for reply in replies] == [403, 403]
    assert revocations(calendly) == []
