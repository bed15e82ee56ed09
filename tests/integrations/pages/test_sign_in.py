"""Each way in which a sign-in goes wrong, by accident or on purpose, and how it ends."""

import re
import threading
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection as database
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.models import (
    Candidate,
    ConnectionTest,
    Membership,
    Role,
    SignInAttempt,
    TestOutcome,
    Trigger,
    Workspace,
)
from integrations.models.credentials import LEASE
from integrations.services import rows
from integrations.services.connecting import begun, disconnecting, saving
from integrations.services.connecting.changes import Changes
from integrations.services.keeping import forgetting
from integrations.sessions import BACKEND
from providers.declare import App
from providers.sandbox import calendly as sandbox
from providers.sandbox import crm as crm_sandbox
from providers.sandbox import linkedin as linkedin_sandbox
from providers.sandbox import meta as meta_sandbox
from providers.sandbox.crm import salesforce as salesforce_sandbox
from providers.sandbox.server import Answer
from tests.integrations.conftest import callback_of, signed_in
from tests.integrations.kept import sign_ins
from tests.integrations.pages.test_pages import text_of
from tests.integrations.services.connecting.test_signing_in import Visitor, here, live

CALLBACK = "/oauth/calendly/callback/"


@pytest.fixture
def visitor(editor, calendly):
    return Visitor(editor)


def state_of(url):
    return parse_qs(urlsplit(url).query)["state"][0]


def exchanges(server):
    """How often a code was exchanged."""
    return sum(asked.path == "/oauth/token" for asked in server.requests_seen)


def answering(server, path, answer):
    """The server, which answers this path like that from now on."""
    usual = server.answer
    server.answer = lambda asked: answer if asked.path == path else usual(asked)
    return server


def offers_a_way_on(dialog):
    return "Continue to " in text_of(dialog) or "Sign in again" in text_of(dialog)


# --- What the platform says ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        ({"error": "access_denied"}, "The sign-in at Calendly was cancelled. Nothing was changed."),
        ({"error": "user_cancelled_login"}, "The sign-in at Calendly was cancelled."),
        ({"error": "user_cancelled_authorize"}, "The sign-in at Calendly was cancelled."),
        (
            {"error": "server_error", "error_reason": "user_denied"},
            "The sign-in at Calendly was cancelled.",
        ),
        ({"error": "invalid_scope"}, "Calendly does not give this app the permissions"),
        ({"error": "unauthorized_scope_error"}, "Calendly does not give this app the permissions"),
        ({"error": "server_error"}, "Calendly has a problem at the moment."),
        ({"error": "temporarily_unavailable"}, "Calendly has a problem at the moment."),
        ({"error": "unauthorized_client"}, "Calendly does not let this app sign people in."),
        ({"error_code": "999"}, "Calendly refused the sign-in, and says: “999”."),
        ({"error": "<script>alert(1)</script>"}, "Calendly refused the sign-in, and says:"),
        ({}, "Calendly sent you back without an answer."),
        ({"code": ""}, "Calendly sent you back without an answer."),
    ],
)
def test_a_refusal_ends_on_the_dialog_with_a_sentence(visitor, calendly, reply, sentence):
    dialog = visitor.comes_back({"state": state_of(visitor.leaves()), **reply})

    assert sentence in text_of(dialog)
    assert offers_a_way_on(dialog)
    assert "<script>alert" not in dialog.content.decode()
    assert exchanges(calendly) == 0


def test_what_the_platform_writes_about_it_is_not_repeated(visitor):
    told = {"error": "access_denied", "error_description": "Call +49 30 123456 to confirm"}

    dialog = visitor.comes_back({"state": state_of(visitor.leaves()), **told})

    assert "30 123456" not in dialog.content.decode()


def test_the_apps_secret_is_masked_in_what_the_platform_writes(visitor):
    secret = sandbox.SIGN_IN.client_secret
    told = {"error": "odd", "error_description": f"The secret {secret} is too old."}

    dialog = visitor.comes_back({"state": state_of(visitor.leaves()), **told})

    assert "and says: “The secret ••• is too old”" in text_of(dialog)
    assert secret not in dialog.content.decode()
    assert secret not in SignInAttempt.objects.get().problem


@pytest.mark.parametrize(
    ("slug", "known"),
    [("meta", meta_sandbox), ("linkedin", linkedin_sandbox)],
)
def test_cancelling_is_told_in_each_platforms_own_words(editor, settings, slug, known):
    with here(settings, slug, known.PLATFORM.answer, **{slug: known.SIGN_IN}):
        visitor = Visitor(editor)

        dialog = visitor.connects("", slug)

    assert "was cancelled. Nothing was changed." in text_of(dialog)
    assert offers_a_way_on(dialog)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (Answer(503, "<html>Down</html>"), "Calendly has a problem at the moment."),
        (Answer(429, {}), "Calendly is limiting requests at the moment."),
        (Answer(is_reset=True), "Calendly"),
        (Answer(200, "<html>Are you a robot?</html>"), "A web page answered"),
        (Answer(200, {"token_type": "bearer"}), "in a way we did not expect"),
        (Answer(200, {"access_token": "", "error": None}), "in a way we did not expect"),
        (Answer(400, {"error": "invalid_grant"}), "it took too long, or was used already"),
        (Answer(401, {"error": "invalid_client"}), "Calendly does not accept this app"),
        (Answer(302, "", {"Location": "https://elsewhere.example/"}), "did not expect"),
    ],
)
def test_no_token_for_the_code_ends_on_the_dialog(visitor, calendly, answer, sentence):
    answering(calendly, "/oauth/token", answer)

    dialog = visitor.connects()

    assert sentence in text_of(dialog)
    assert offers_a_way_on(dialog)
    assert not sign_ins().exists()
    assert not Candidate.objects.exists()


def test_a_refusal_that_quotes_the_code_and_the_state_shows_neither(visitor, calendly):
    brought = callback_of(visitor.leaves())
    quoted = f"Odd code {brought['code']} for state {brought['state']}"

    dialog = visitor.comes_back({**brought, "error": "odd", "error_description": quoted})

    problem = SignInAttempt.objects.get().problem
    assert "Odd code ••• for state •••" in problem
    assert brought["code"] not in dialog.content.decode()
    assert brought["state"] not in dialog.content.decode()


def test_a_failure_that_comes_late_writes_over_no_success(visitor, calendly, time_machine):
    url = visitor.leaves()
    first, second = callback_of(url), callback_of(url)
    slow = begun.find("calendly", first["state"], visitor.client.session.session_key)
    assert begun.claim(slow, first["code"])
    time_machine.move_to(timezone.now() + timedelta(seconds=31))
    connects = visitor.comes_back(second)

    begun.keep(slow, is_over=False, problem="It came to nothing.", action="Sign in again.")

    after = SignInAttempt.objects.get()
    assert "Calendly works" in text_of(connects)
    assert (after.problem, after.candidate_id is None) == ("", False)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("The code has expired. Please try again.", "it took too long, or was used already."),
        ("already used", "it took too long, or was used already."),
        ("being processed", "Calendly could not take the sign-in at the moment. Sign in again in"),
        ("inactive user", "The person who signed in to Calendly is no longer active there."),
        ("session policy", "A rule of your organization at Calendly asks people to sign in anew"),
        ("IP range", "Ask an admin there to allow it. Then sign in again."),
    ],
)
def test_a_refusal_of_the_code_is_told_as_one_of_a_sign_in(visitor, calendly, said, sentence):
    refused = {"error": "invalid_grant", "error_description": said}
    answering(calendly, "/oauth/token", Answer(400, refused))

    dialog = text_of(visitor.connects())

    assert sentence in dialog
    assert "renew" not in dialog
    assert "by itself" not in dialog


def test_a_refusal_of_the_code_in_a_platforms_own_words_promises_nothing(settings, editor):
    known = {"salesforce": salesforce_sandbox.SIGN_IN}
    with here(settings, "crm", crm_sandbox.PLATFORM.answer, **known) as server:
        refused = {"error": "invalid_grant", "error_description": "ip restricted"}
        answering(server, "/services/oauth2/token", Answer(400, refused))
        dialog = text_of(
            Visitor(editor).connects(slug="crm", app="salesforce", vendor="salesforce")
        )

    assert "Ask your Salesforce administrator to relax" in dialog
    assert "login hours. Then sign in again." in dialog


def test_an_answer_that_ends_the_sign_in_is_told_once_it_works_again_no_more(visitor, calendly):
    visitor.comes_back({"state": state_of(visitor.leaves()), "error": "access_denied"})
    visitor.connects()

    assert "was cancelled" not in text_of(visitor.get("connection", "calendly"))


def test_an_old_refusal_is_no_news(visitor, time_machine):
    visitor.comes_back({"state": state_of(visitor.leaves()), "error": "access_denied"})
    time_machine.move_to(timezone.now() + timedelta(minutes=21))

    assert "was cancelled" not in text_of(visitor.get("connection", "calendly"))


def test_a_wrong_client_secret_is_an_owners_to_correct(visitor, settings):
    settings.APPS = {"calendly": App(sandbox.SIGN_IN.client_id, "another-secret")}

    dialog = text_of(visitor.connects())

    assert "Calendly does not accept this app" in dialog
    assert "An owner corrects both in Settings, Sign-in apps." in dialog


def test_a_platform_that_is_down_at_the_proof_keeps_the_sign_in_for_another_try(
    visitor, calendly, workspace
):
    working = calendly.answer
    url = visitor.leaves(account_id=sandbox.ACME)
    answering(calendly, "/users/me", Answer(503, "<html>Down</html>"))
    dialog = visitor.comes_back(callback_of(url))
    assert "Calendly has a problem at the moment." in text_of(dialog)
    calendly.answer = working

    kept = Candidate.objects.get()
    more = {"version": 0, "auth_method": "sign_in", "candidate": kept.pk, "is_enabled": "on"}
    again = visitor.post("connection", "calendly", **more, account_id=sandbox.ACME)

    assert "Calendly works" in text_of(again)
    assert live(workspace).sign_in_id == kept.sign_in_id


# --- Time, tabs and lost sessions ----------------------------------------------------------------


def test_more_than_ten_minutes_are_too_long(visitor, calendly, time_machine):
    callback = callback_of(visitor.leaves())
    time_machine.move_to(timezone.now() + timedelta(minutes=10, seconds=1))

    dialog = visitor.comes_back(callback)

    assert "The sign-in took longer than ten minutes." in text_of(dialog)
    assert offers_a_way_on(dialog)
    assert exchanges(calendly) == 0


def test_ten_minutes_less_a_second_are_not(visitor, workspace, time_machine):
    callback = callback_of(visitor.leaves())
    time_machine.move_to(timezone.now() + timedelta(minutes=9, seconds=50))

    visitor.comes_back(callback)

    assert live(workspace).status == "connected"


def test_a_callback_that_never_came_is_told_by_the_dialog(visitor, time_machine):
    visitor.leaves()
    time_machine.move_to(timezone.now() + timedelta(minutes=11))

    dialog = visitor.get("connection", "calendly")

    assert "You began to sign in to Calendly" in text_of(dialog)
    assert "have not come back" in text_of(dialog)
    assert offers_a_way_on(dialog)


def test_after_an_hour_it_is_forgotten(visitor, time_machine):
    visitor.leaves()
    time_machine.move_to(timezone.now() + timedelta(hours=1, seconds=1))

    assert "You began to sign in" not in text_of(visitor.get("connection", "calendly"))


def test_a_sign_in_that_was_cut_off_is_told_by_the_dialog(visitor):
    visitor.leaves()
    # As a process leaves it that is killed while the platform answers.
    SignInAttempt.objects.update(used_at=timezone.now() - timedelta(minutes=1))

    dialog = visitor.get("connection", "calendly")

    assert "nothing is known of how it ended" in text_of(dialog)
    assert offers_a_way_on(dialog)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_tabs_the_first_to_come_back_connects_and_the_second_says_so(
    visitor, calendly, workspace, order
):
    callbacks = [callback_of(visitor.leaves()) for _ in range(2)]

    first = visitor.comes_back(callbacks[order[0]])
    second = visitor.comes_back(callbacks[order[1]])

    assert "Calendly works" in text_of(first)
    assert "Calendly was connected since this sign-in began." in text_of(second)
    assert "There is nothing more to do." in text_of(second)
    assert offers_a_way_on(second)
    assert exchanges(calendly) == 1
    assert live(workspace).version == 1


@pytest.mark.parametrize("view", ["connection", "accounts"])
def test_a_form_whose_sign_in_is_being_ended_meanwhile_starts_over(visitor, view):
    visitor.connects("two")
    kept, until = Candidate.objects.get(), timezone.now() + LEASE
    sign_ins().update(give_back_at=until, lease=uuid4(), lease_until=until)
    typed = {"version": 0, "auth_method": "sign_in", "candidate": str(kept.pk)}

    page = visitor.post(view, "calendly", **typed)

    assert "Those values are no longer here" in text_of(page)


def test_of_two_tabs_that_choose_the_later_one_counts(visitor, workspace):
    first, second = (callback_of(visitor.leaves(), "two") for _ in range(2))
    visitor.comes_back(first)
    stale = Candidate.objects.get().pk
    visitor.comes_back(second)

    gone = visitor.post("choose-account", "calendly", str(stale), account=sandbox.ACME)
    taken = visitor.chooses(sandbox.OUTLET)

    assert "Those values are no longer here" in text_of(gone)
    assert "Calendly works" in text_of(taken)


def test_of_many_accounts_one_is_searched(visitor):
    visitor.connects("two")
    kept = Candidate.objects.get()
    kept.accounts = [[f"id-{number}", f"Client {number}", {}] for number in range(100, 200)]
    kept.save()

    every = visitor.get("candidate", "calendly", kept.pk)
    found = visitor.get("candidate", "calendly", kept.pk, q="150 client")

    assert every.content.decode().count('type="radio" name="account"') == 50
    assert "The first 50 of 100: search for another." in text_of(every)
    assert re.findall(r'name="account" value="([^"]+)"', found.content.decode()) == ["id-150"]


def test_a_sign_in_that_waits_is_offered_again_when_the_dialog_is_opened_anew(visitor):
    visitor.connects("two")
    kept = Candidate.objects.get()

    dialog = visitor.get("connection", "calendly")

    assert "Go on with the sign-in of" in text_of(dialog)
    address = reverse("candidate", args=["main", "calendly", kept.pk])
    assert address in dialog.content.decode()
    visitor.post("discard-candidate", "calendly", str(kept.pk))
    assert "Go on with the sign-in" not in text_of(visitor.get("connection", "calendly"))


def test_what_passed_is_being_saved_and_to_be_saved_only_where_that_never_ended(visitor):
    visitor.connects("two")
    kept, now = Candidate.objects.get(), timezone.now()
    passed = ConnectionTest.objects.create(
        connection=kept.connection,
        revision=kept.connection.revision,
        trigger=Trigger.SAVE,
        dry_run=True,
        outcome=TestOutcome.PASSED,
        account_id=sandbox.ACME,
        lease_until=now + LEASE,
        finished_at=now - timedelta(seconds=20),
    )
    Candidate.objects.update(is_choosing=False, test=passed)

    saving_now = text_of(visitor.get("candidate", "calendly", kept.pk))
    ConnectionTest.objects.update(finished_at=now - timedelta(minutes=2))
    left = text_of(visitor.get("candidate", "calendly", kept.pk))

    assert "Everything passed. It is being saved" in saving_now
    assert "Press Save" not in saving_now
    assert "it was not saved by itself. Press Save to keep this sign-in." in left


def test_a_reloaded_callback_shows_the_same_end_and_asks_nobody(visitor, calendly, workspace):
    callback = callback_of(visitor.leaves())
    visitor.comes_back(callback)
    asked = len(calendly.requests_seen)

    again = visitor.comes_back(callback)

    assert "Calendly works" in text_of(again)
    assert len(calendly.requests_seen) == asked
    assert live(workspace).version == 1


def test_a_reloaded_refusal_says_the_same_again(visitor):
    callback = {"state": state_of(visitor.leaves()), "error": "access_denied"}
    visitor.comes_back(callback)

    assert "was cancelled" in text_of(visitor.comes_back(callback))


@pytest.mark.parametrize(
    "refusal", [{"error": "access_denied"}, {"error": "server_error"}, {}], ids=str
)
def test_who_said_no_may_go_back_and_say_yes(visitor, workspace, refusal):
    callback = callback_of(visitor.leaves())
    visitor.comes_back({"state": callback["state"], **refusal})

    dialog = visitor.comes_back(callback)

    assert "Calendly works" in text_of(dialog)
    assert live(workspace).status == "connected"


def test_a_platform_that_was_down_is_asked_again_with_a_new_code(visitor, calendly, workspace):
    url, usual = visitor.leaves(), calendly.answer
    answering(calendly, "/oauth/token", Answer(503, "<html>Down</html>"))
    down = visitor.comes_back(callback_of(url))
    calendly.answer = usual

    dialog = visitor.comes_back(callback_of(url))

    assert "Calendly has a problem at the moment." in text_of(down)
    assert "Calendly works" in text_of(dialog)
    assert live(workspace).status == "connected"


def test_a_code_that_got_no_answer_is_never_exchanged_twice(visitor, calendly):
    url, usual = visitor.leaves(), calendly.answer
    callbacks = [callback_of(url) for _ in range(2)]
    answering(calendly, "/oauth/token", Answer(is_reset=True))
    for callback in callbacks:
        visitor.comes_back(callback)
    calendly.answer = usual

    dialogs = [visitor.comes_back(callback) for callback in callbacks]

    assert exchanges(calendly) == 2
    assert all(offers_a_way_on(dialog) for dialog in dialogs)


def test_no_attempt_exchanges_codes_without_end(visitor, calendly):
    state = state_of(visitor.leaves())
    for number in range(begun.MOST_CODES + 2):
        visitor.comes_back({"state": state, "code": f"made-up-{number}"})

    assert exchanges(calendly) == begun.MOST_CODES


def test_who_comes_back_after_disconnecting_is_told(visitor, calendly):
    callback = callback_of(visitor.leaves())
    late = callback_of(visitor.leaves())
    visitor.comes_back(callback)
    disconnecting.disconnect(
        rows.unread(Workspace.objects.get(), "calendly"), by=None, revokes=False
    )

    dialog = visitor.comes_back(late)

    assert "Calendly was disconnected since this sign-in began." in text_of(dialog)
    assert exchanges(calendly) == 1


@pytest.mark.parametrize("minutes", [11, 25, 90, 60 * 24 * 20])
def test_at_whatever_minute_who_comes_back_late_learns_that(visitor, time_machine, minutes):
    callback = callback_of(visitor.leaves())
    started = timezone.now()
    Session.objects.update(expire_date=started + timedelta(days=99))
    time_machine.move_to(started + timedelta(minutes=minutes))
    forgetting.forget(timezone.now())

    dialog = visitor.comes_back(callback)

    assert "The sign-in took longer than ten minutes." in text_of(dialog)
    assert offers_a_way_on(dialog)


@pytest.mark.parametrize("minutes", [5, 16, 90])
def test_at_whatever_minute_who_connected_meanwhile_learns_that(visitor, time_machine, minutes):
    callback = callback_of(visitor.leaves())
    visitor.connects()
    time_machine.move_to(timezone.now() + timedelta(minutes=minutes))
    forgetting.forget(timezone.now())

    assert "Calendly was connected since this sign-in began." in text_of(
        visitor.comes_back(callback)
    )


def test_a_callback_reloaded_long_after_says_that_it_is_connected(visitor, time_machine):
    callback = callback_of(visitor.leaves())
    visitor.comes_back(callback)
    time_machine.move_to(timezone.now() + timedelta(minutes=40))
    forgetting.forget(timezone.now())

    assert "Calendly was connected since this sign-in began." in text_of(
        visitor.comes_back(callback)
    )


def test_a_sign_in_that_was_given_up_says_so_when_it_comes_back(visitor):
    callback = callback_of(visitor.leaves(), "two")
    visitor.comes_back(callback)
    visitor.post("discard-candidate", "calendly", str(Candidate.objects.get().pk))

    assert "What this sign-in gave was not kept" in text_of(visitor.comes_back(callback))


def test_the_code_of_another_attempt_is_worth_nothing(visitor, calendly):
    first, second = visitor.leaves(), visitor.leaves()
    callback = callback_of(first)

    dialog = visitor.comes_back({"state": state_of(second), "code": callback["code"]})

    assert "it took too long, or was used already" in text_of(dialog)
    assert not sign_ins().exists()


def test_who_was_signed_out_meanwhile_signs_in_and_is_told(visitor, calendly, editor):
    callback = callback_of(visitor.leaves())
    visitor.client.logout()

    reply = visitor.client.get(CALLBACK, callback)
    assert reply.url.startswith("/accounts/login/?next=/w/main/dashboard/settings/%3F")
    visitor.client.force_login(editor, backend=BACKEND)
    dialog = visitor.opens(visitor.client.get(parse_qs(urlsplit(reply.url).query)["next"][0]))

    assert "Your session here ended while you were signing in" in text_of(dialog)
    assert offers_a_way_on(dialog)
    assert exchanges(calendly) == 0


def test_who_signed_in_anew_meanwhile_is_told(visitor, calendly, editor):
    callback = callback_of(visitor.leaves())
    visitor.client.logout()

    dialog = Visitor(editor).comes_back(callback)

    assert "Your session here ended while you were signing in" in text_of(dialog)
    assert exchanges(calendly) == 0
    assert SignInAttempt.objects.get().used_at is None


def test_another_browser_of_the_same_person_is_told_so(visitor, calendly, editor):
    callback = callback_of(visitor.leaves())

    page = Visitor(editor).client.get(CALLBACK, callback)

    assert page.status_code == 400
    assert "This sign-in was begun in another browser" in text_of(page)
    assert "session" not in text_of(page)
    assert SignInAttempt.objects.get().used_at is None
    assert exchanges(calendly) == 0


def test_a_browser_without_cookies_is_told_so(visitor, calendly):
    page = Client().get(CALLBACK, callback_of(visitor.leaves()))

    assert page.status_code == 400
    assert "It sent no cookie of this site" in text_of(page)
    assert exchanges(calendly) == 0


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({}, "Calendly sent you back without an answer"),
        ({"code": "c"}, "Calendly does not say which sign-in it answers"),
        ({"error": "access_denied"}, "Calendly does not say which sign-in it answers"),
        ({"code": "c", "state": ""}, "Calendly does not say which sign-in it answers"),
        ({"code": "c", "state": "made-up"}, "This sign-in was not begun here"),
    ],
)
@pytest.mark.parametrize("waits", [True, False])
def test_an_answer_without_a_name_finds_the_open_attempt_and_is_not_used(
    visitor, calendly, query, sentence, waits
):
    if waits:
        visitor.leaves()

    page = visitor.client.get(CALLBACK, query)

    assert page.status_code == 400
    assert sentence in text_of(page)
    assert ("still waits for its answer" in text_of(page)) is waits
    assert ('href="/w/main/dashboard/settings/?dialog=calendly"' in page.content.decode()) is waits
    assert exchanges(calendly) == 0
    assert all(attempt.is_open for attempt in SignInAttempt.objects.all())


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"error": "access_denied"}, "The sign-in at Calendly was cancelled."),
        ({"error": "invalid_scope"}, "Calendly does not give this app the permissions"),
        ({"error": "call-49-30-123456", "error_description": "Call +49 30 123456"}, ""),
    ],
)
def test_a_refusal_without_a_name_is_told_by_its_code_and_never_quoted(visitor, query, sentence):
    visitor.leaves()

    page = visitor.client.get(CALLBACK, query)

    assert sentence in text_of(page)
    assert "123456" not in page.content.decode()
    assert SignInAttempt.objects.get().problem == ""


def test_an_open_attempt_of_another_browser_is_not_shown(visitor, attacker):
    visitor.leaves()

    assert "still waits" not in text_of(attacker.client.get(CALLBACK, {"code": "c"}))


def test_the_session_that_began_can_still_end_it_after_another_one_tried(visitor, editor):
    callback = callback_of(visitor.leaves())
    Visitor(editor).client.get(CALLBACK, callback)

    assert "Calendly works" in text_of(visitor.comes_back(callback))


def test_a_save_by_somebody_else_meanwhile_wins(visitor, calendly, workspace):
    callback = callback_of(visitor.leaves())
    pasted = {"access_token": sandbox.token_of("healthy")}
    saving.change_connection(rows.unread(workspace, "calendly"), Changes(config=pasted), by=None)

    dialog = visitor.comes_back(callback)

    assert "This connection was saved while you signed in" in text_of(dialog)
    assert live(workspace).auth_method == "access_token"
    assert exchanges(calendly) == 0


def test_who_opened_the_dialog_before_somebody_saved_is_told_before_leaving(visitor, connected):
    version = connected.version - 1

    reply = visitor.presses_continue("meta", version=version)

    assert reply.status_code == 409
    assert "while you were typing" in text_of(reply)


def test_a_key_that_is_lost_meanwhile_is_told(visitor, settings):
    callback = callback_of(visitor.leaves())
    settings.CREDENTIAL_KEYS = ["bmV3LWtleS1uZXcta2V5LW5ldy1rZXktbmV3LWtleS0="]

    dialog = visitor.comes_back(callback)

    assert "The stored credentials cannot be read." in text_of(dialog)
    assert offers_a_way_on(dialog)


def test_an_app_that_is_removed_meanwhile_is_told(visitor, settings, calendly):
    callback = callback_of(visitor.leaves())
    settings.APPS = {}

    dialog = visitor.comes_back(callback)

    assert "The app was changed in Settings, Sign-in apps, while you signed in." in text_of(dialog)
    assert exchanges(calendly) == 0


def test_an_app_that_is_replaced_meanwhile_does_not_get_the_code(visitor, settings, calendly):
    callback = callback_of(visitor.leaves())
    settings.APPS = {"calendly": App("another-app", "its-secret")}

    assert "The app was changed" in text_of(visitor.comes_back(callback))
    assert exchanges(calendly) == 0


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_is_disconnected_during_the_exchange_stays_so(
    calendly_signed_in, calendly, workspace, editor
):
    visitor = Visitor(editor)
    callback = callback_of(visitor.leaves())
    usual = calendly.answer

    def disconnects(asked):
        if asked.path == "/oauth/token":
            disconnecting.disconnect(rows.unread(workspace, "calendly"), by=None, revokes=False)
            database.close()
        return usual(asked)

    calendly.answer = disconnects
    dialog = visitor.comes_back(callback)

    assert offers_a_way_on(dialog)
    assert live(workspace).status == "not_connected"
    assert not Candidate.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_reloaded", [True, False], ids=["the same code", "another code"])
def test_a_second_callback_meanwhile_waits_and_goes_on_by_itself(
    calendly, workspace, editor, is_reloaded
):
    visitor = Visitor(editor)
    url = visitor.leaves()
    callback = callback_of(url)
    again = callback if is_reloaded else callback_of(url)
    usual, pages = calendly.answer, []

    def answer(asked):
        if asked.path == "/oauth/token" and not pages:
            second = Visitor()
            second.client.cookies = visitor.client.cookies
            pages.append(second.comes_back(again))
            database.close()
        return usual(asked)

    calendly.answer = answer
    first = visitor.comes_back(callback)
    asks_again = re.search(r'hx-get="([^"]+)" hx-trigger="load delay', pages[0].content.decode())[1]

    assert "You are back. Asking whether the sign-in holds" in text_of(pages[0])
    assert "Calendly works" in text_of(first)
    then = visitor.client.get(asks_again, headers={"HX-Request": "true"}, follow=True)
    assert "Calendly works" in text_of(then)
    assert exchanges(calendly) == 1
    assert live(workspace).version == 1


def test_the_dialog_of_a_sign_in_that_is_under_way_shows_that(visitor):
    visitor.leaves()
    SignInAttempt.objects.update(used_at=timezone.now())

    page = visitor.client.get(reverse("connection", args=["main", "calendly"]), follow=True)

    assert "You are back. Asking whether the sign-in holds" in text_of(page)
    assert '<meta http-equiv="refresh" content="1">' in page.content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_callback_that_is_brought_twice_at_once_is_exchanged_once(calendly, workspace, editor):
    visitor = Visitor(editor)
    callback = callback_of(visitor.leaves())
    start, pages = threading.Barrier(2), []

    def bring():
        client = Client()
        client.cookies = visitor.client.cookies
        start.wait()
        try:
            pages.append(client.get(CALLBACK, callback))
        finally:
            database.close()

    threads = [threading.Thread(target=bring) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert [page.status_code for page in pages] == [302, 302]
    assert exchanges(calendly) == 1
    assert live(workspace).version == 1


# --- Who may -------------------------------------------------------------------------------------


def test_a_viewer_may_not_sign_in_for_the_workspace(viewer, calendly):
    reply = Visitor(viewer).presses_continue()

    assert reply.status_code == 403
    assert "It takes the role editor" in text_of(reply)
    assert not SignInAttempt.objects.exists()


def test_another_workspace_is_not_there(visitor):
    Workspace.objects.create(name="Client", slug="client")

    assert visitor.post("sign-in", "calendly", workspace="client").status_code == 404


def test_who_is_not_signed_in_is_led_to_the_login(calendly, workspace):
    reply = Visitor().client.get(reverse("connection", args=["main", "calendly"]))

    assert reply.url.startswith("/accounts/login/?next=")


@pytest.mark.parametrize("view", ["sign-in", "accounts"])
def test_what_changes_something_is_never_done_by_a_link(visitor, view):
    assert visitor.get(view, "calendly").status_code == 405


def test_a_choice_is_never_made_by_a_link(visitor):
    visitor.connects("two")

    reply = visitor.get("choose-account", "calendly", str(Candidate.objects.get().pk))

    assert reply.status_code == 405


def test_a_callback_is_only_read(visitor):
    assert visitor.client.post(CALLBACK).status_code in (403, 405)
    assert visitor.client.head(CALLBACK).status_code == 405


def test_a_form_without_the_pages_token_is_refused(editor, calendly):
    reply = signed_in(editor).post(reverse("sign-in", args=["main", "calendly"]), {"version": 0})

    assert reply.status_code == 403
    assert not SignInAttempt.objects.exists()


def test_nobody_has_a_callback_for_an_unknown_app(visitor):
    assert visitor.client.get("/oauth/tiktok/callback/", {"code": "c"}).status_code == 404


def test_a_platform_without_sign_in_says_so(visitor):
    reply = visitor.presses_continue("fiverr")

    assert reply.status_code == 422
    assert not SignInAttempt.objects.exists()


@pytest.mark.parametrize("change", ["viewer", "removed", "inactive"])
def test_who_may_not_any_more_when_coming_back_changes_nothing(
    visitor, editor, calendly, workspace, change
):
    callback = callback_of(visitor.leaves())
    if change == "viewer":
        Membership.objects.filter(user=editor).update(role=Role.VIEWER)
    elif change == "removed":
        Membership.objects.filter(user=editor).delete()
    else:
        User.objects.filter(pk=editor.pk).update(is_active=False)

    page = visitor.client.get(CALLBACK, callback, follow=True)

    assert exchanges(calendly) == 0
    assert live(workspace).version == 0
    assert page.status_code == (404 if change == "removed" else 200)
    if change != "removed":
        assert "What allowed you to connect this ended" in text_of(page)


def test_a_browser_at_another_address_is_sent_to_the_right_one(visitor, settings, calendly):
    settings.PUBLIC_URL = "https://center.example"

    reply = visitor.presses_continue()

    assert reply.status_code == 422
    assert "A sign-in comes back to https://center.example." in text_of(reply)
    there = "https://center.example/w/main/dashboard/settings/?dialog=calendly"
    assert f'href="{there}"' in reply.content.decode()
    assert not SignInAttempt.objects.exists()


@pytest.mark.parametrize(
    ("stands_at", "status"),
    [
        ({"HTTP_ORIGIN": "http://center.example"}, 200),
        ({"HTTP_ORIGIN": "null", "HTTP_HX_CURRENT_URL": "http://center.example/w/main/"}, 200),
        ({"HTTP_ORIGIN": "null", "HTTP_REFERER": "http://CENTER.example:80/w/main/"}, 200),
        ({"HTTP_REFERER": "http://127.0.0.1:8000/"}, 422),
        ({"HTTP_ORIGIN": "http://testserver"}, 422),
        ({}, 422),
    ],
    ids=str,
)
def test_where_the_browser_stands_is_what_it_says_not_what_a_proxy_passes_on(
    editor, calendly, settings, stands_at, status
):
    settings.PUBLIC_URL = "http://center.example"
    settings.CSRF_TRUSTED_ORIGINS = [settings.PUBLIC_URL]
    browser = Client(headers={"HX-Request": "true"})  # checks no CSRF token: `null` may not post
    browser.force_login(editor, backend=BACKEND)
    data = {"version": 0, "auth_method": "sign_in", "is_enabled": "on"}

    reply = browser.post(reverse("sign-in", args=["main", "calendly"]), data, **stands_at)

    assert reply.status_code == status
    assert SignInAttempt.objects.exists() is (status == 200)


@pytest.mark.parametrize("public_url", ["http://TestServer", "http://testserver:80"])
def test_the_same_address_may_be_written_in_two_ways(visitor, settings, public_url):
    settings.PUBLIC_URL = public_url

    assert visitor.presses_continue().status_code == 200


# --- Attacks -------------------------------------------------------------------------------------


@pytest.fixture
def attacker(person):
    return Visitor(person("mallory", Role.EDITOR))


@pytest.mark.parametrize("victim_is", ["owner", "stranger", "nobody"])
def test_an_attackers_callback_does_nothing_in_somebody_elses_browser(
    attacker, calendly, workspace, request, victim_is
):
    """Login CSRF: the victim's workspace would be fed from the attacker's account."""
    victim = Visitor(None if victim_is == "nobody" else request.getfixturevalue(victim_is))
    callback = callback_of(attacker.leaves())

    reply = victim.client.get(CALLBACK, callback)

    assert exchanges(calendly) == 0
    assert SignInAttempt.objects.get().used_at is None
    assert not Candidate.objects.exists()
    assert live(workspace).version == 0
    assert reply.status_code == 400
    told = "It sent no cookie" if victim_is == "nobody" else "This sign-in was not begun here"
    assert told in text_of(reply)


def test_the_attacker_cannot_continue_the_victims_sign_in(attacker, visitor, calendly):
    callback = callback_of(visitor.leaves())

    reply = attacker.client.get(CALLBACK, callback)

    assert reply.status_code == 400
    assert exchanges(calendly) == 0


def test_a_candidate_is_only_its_own_sessions(attacker, visitor, editor, workspace):
    visitor.connects("two")
    kept = str(Candidate.objects.get().pk)

    for thief in (attacker, Visitor(editor)):
        assert "Those values are no longer here" in text_of(
            thief.post("choose-account", "calendly", kept, account=sandbox.ACME)
        )
        thief.post("discard-candidate", "calendly", kept)
        thief.post("save-candidate", "calendly", kept)

    assert Candidate.objects.get().is_choosing
    assert live(workspace).version == 0


@pytest.mark.parametrize("state", ["made-up", "\0", "ä" * 5000])
def test_a_state_that_nobody_gave_out_is_not_taken(visitor, calendly, state):
    visitor.leaves()

    reply = visitor.client.get(CALLBACK, {"state": state, "code": "c"})

    assert reply.status_code == 400
    assert "This sign-in was not begun here" in text_of(reply)
    assert exchanges(calendly) == 0


def test_a_state_is_worth_nothing_at_another_apps_address(visitor, calendly):
    """Mixed-up provider: Meta's answer must never be taken for Calendly's."""
    callback = callback_of(visitor.leaves())

    reply = visitor.client.get("/oauth/meta/callback/", callback)

    assert reply.status_code == 400
    assert exchanges(calendly) == 0
    assert SignInAttempt.objects.get().used_at is None


@pytest.mark.parametrize("issuer", ["https://elsewhere.example", "nonsense", "https://[", "//"])
def test_an_answer_of_another_issuer_is_stopped(visitor, calendly, issuer):
    dialog = visitor.comes_back({**callback_of(visitor.leaves()), "iss": issuer})

    assert "Somebody other than Calendly answered this sign-in" in text_of(dialog)
    assert exchanges(calendly) == 0


def test_in_a_trial_the_stand_in_is_the_issuer(visitor, calendly, workspace):
    visitor.comes_back({**callback_of(visitor.leaves()), "iss": calendly.url})

    assert live(workspace).status == "connected"


def test_in_a_trial_the_platform_itself_is_not_the_issuer(visitor, calendly):
    visitor.comes_back({**callback_of(visitor.leaves()), "iss": "https://calendly.com"})

    assert exchanges(calendly) == 0


@pytest.mark.parametrize("name", ["next", "redirect_uri", "dialog", "candidate", "url", "iss2"])
def test_no_parameter_of_a_callback_leads_elsewhere(visitor, name):
    elsewhere = {name: "https://elsewhere.example/"}

    reply = visitor.client.get(CALLBACK, {**callback_of(visitor.leaves()), **elsewhere})

    assert reply.url.startswith("/w/main/dashboard/settings/?dialog=calendly&candidate=")
    assert "elsewhere" not in reply.url


@pytest.mark.parametrize(
    "query",
    [
        {"dialog": "https://elsewhere.example/"},
        {"dialog": "//elsewhere.example"},
        {"dialog": "calendly", "candidate": "https://elsewhere.example/"},
        {"dialog": "calendly", "candidate": "../../../../elsewhere.example"},
        {"dialog": "calendly", "ended": "https://elsewhere.example/"},
        {"dialog": "calendly", "next": "https://elsewhere.example/"},
        {"next": "https://elsewhere.example/"},
    ],
)
def test_no_parameter_of_the_page_leads_elsewhere(visitor, query):
    page = visitor.client.get(reverse("settings", args=["main"]), query)

    assert page.status_code == 200
    assert "elsewhere" not in page.content.decode()


def test_the_login_after_a_callback_leads_nowhere_else(visitor, editor):
    callback = callback_of(visitor.leaves())
    visitor.client.logout()

    login = visitor.client.get(CALLBACK, {**callback, "next": "https://elsewhere.example/"})
    page = visitor.client.get(login.url).content.decode()
    token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', page)[1]
    typed = {"username": "emil", "password": "pass-word-1", "csrfmiddlewaretoken": token}
    reply = visitor.client.post(login.url, typed)

    assert reply.url.startswith("/w/main/dashboard/settings/?dialog=calendly")


def test_a_callback_leaves_no_referrer_and_is_not_kept(visitor):
    callback = callback_of(visitor.leaves())

    for reply in (visitor.client.get(CALLBACK, callback), Client().get(CALLBACK, callback)):
        assert reply["Referrer-Policy"] == "no-referrer"
        assert "no-store" in reply["Cache-Control"]


def test_an_expired_attempt_of_a_real_platform_holds_nothing_secret(visitor, workspace):
    visitor.connects()

    attempt = SignInAttempt.objects.get()
    assert attempt.credential is None
    assert len(attempt.state_digest) == 64


def test_an_attempt_holds_its_verifier_encrypted(visitor):
    visitor.leaves()

    attempt = SignInAttempt.objects.get()
    assert attempt.credential.secrets.startswith("v2.")
    assert "code_verifier" not in attempt.credential.secrets
