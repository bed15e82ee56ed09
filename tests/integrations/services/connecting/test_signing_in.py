"""Connect and Reconnect on the pages: to the platform, back, proven, saved."""

import re
from contextlib import contextmanager
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from integrations import platforms
from integrations.models import Candidate, Credential, SignInAttempt, Trigger, Workspace
from integrations.services import rows
from integrations.services.connecting import begun, candidates, saving, signing_in
from integrations.services.connecting.changes import Changes
from integrations.services.credentials import tokens
from integrations.services.proving import testing
from providers import registry
from providers.access.flow import Flow
from providers.declare import App
from providers.sandbox import calendly as sandbox
from providers.sandbox import crm as crm_sandbox
from providers.sandbox import ga4 as ga4_sandbox
from providers.sandbox import google as google_sandbox
from providers.sandbox import meta as meta_sandbox
from providers.sandbox.crm import hubspot as hubspot_sandbox
from providers.sandbox.server import Answer, Server
from tests.integrations.conftest import SESSION, callback_of, sign_in_as, signed_in
from tests.integrations.kept import sign_ins
from tests.integrations.pages.test_pages import text_of
from tests.integrations.services.credentials.renewals import declaring

HTMX = {"HX-Request": "true"}
TOKEN = sandbox.token_of("healthy")


class Visitor:
    """A person's browser with script: it goes to a platform when told, and opens dialogs."""

    def __init__(self, user=None):
        self.client = signed_in(user) if user else Client(enforce_csrf_checks=True)

    def get(self, view, *args, workspace="main", **query):
        return self.client.get(reverse(view, args=[workspace, *args]), query, headers=HTMX)

    def post(self, view, *args, workspace="main", **data):
        """Send a form of the settings page; it leads to the dialog that is shown next."""
        return self.send(reverse(view, args=[workspace, *args]), **data)

    def send(self, url, **data):
        """Post with the token that every page holds."""
        page = self.client.get("/dashboard/", follow=True).content.decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
        data = {"csrfmiddlewaretoken": token, **data}
        return self.client.post(url, data, follow=True, headers=HTMX)

    def presses_continue(self, slug="calendly", **typed):
        """The answer to the dialog's button, with what the dialog holds and what was typed."""
        version = rows.find(Workspace.objects.get(slug="main"), slug).version
        data = {"version": version, "auth_method": "sign_in", "is_enabled": "on", **typed}
        return self.post("sign-in", slug, **data)

    def leaves(self, slug="calendly", **typed):
        """Where the button leads to, at the platform."""
        reply = self.presses_continue(slug, **typed)
        assert reply.status_code == 200, text_of(reply)
        return reply["HX-Redirect"]

    def comes_back(self, callback, app="calendly"):
        """What the browser shows after the callback: the settings page with its dialog open."""
        back = self.client.get(reverse("sign-in-callback", args=[app]), callback, follow=True)
        return self.opens(back)

    def opens(self, page):
        """The dialog that the page opens by itself."""
        found = re.search(r'hx-get="([^"]+)"[^>]* data-opens', page.content.decode())
        assert found, f"No dialog opens: {page.status_code} {text_of(page)}"
        return self.client.get(unescape(found[1]), headers=HTMX)

    def connects(self, person="healthy", slug="calendly", app=None, *, without="", **typed):
        """Press Continue, sign in as this person, who may leave out a permission; come back."""
        callback = callback_of(self.leaves(slug, **typed), person, without=without)
        return self.comes_back(callback, app or slug)

    def chooses(self, account, slug="calendly"):
        kept = Candidate.objects.get()
        return self.post("choose-account", slug, str(kept.pk), account=account)


@contextmanager
def here(settings, slug, answer, **apps):
    """A platform on loopback in place of the real one, and the server's own apps for it."""
    with Server(answer) as server:
        hosts = registry.get(slug).hosts
        settings.PROVIDER_ORIGINS = {slug: dict.fromkeys(hosts, server.url)}
        settings.APPS = {
            name: App(known.client_id, known.client_secret) for name, known in apps.items()
        }
        settings.PUBLIC_URL = "http://testserver"
        platforms.catalogue.cache_clear()
        try:
            yield server
        finally:
            platforms.catalogue.cache_clear()


@pytest.fixture
def visitor(editor, calendly):
    return Visitor(editor)


@pytest.fixture
def meta_app(settings):
    with here(settings, "meta", meta_sandbox.PLATFORM.answer, meta=meta_sandbox.SIGN_IN) as server:
        yield server


@pytest.fixture
def crm_app(settings):
    known = {"hubspot": hubspot_sandbox.SIGN_IN}
    with here(settings, "crm", crm_sandbox.PLATFORM.answer, **known) as server:
        yield server


def live(workspace, slug="calendly"):
    return rows.find(workspace, slug)


def held(workspace):
    """The access token of the saved sign-in."""
    return tokens.held_by(live(workspace).sign_in).access_token


# --- Connect -------------------------------------------------------------------------------------


def test_who_presses_continue_is_sent_to_the_platform(visitor, calendly):
    url = visitor.leaves()

    query = {name: value for name, [value] in parse_qs(urlsplit(url).query).items()}
    assert url.startswith(f"{calendly.url}/oauth/authorize?")
    assert query["client_id"] == sandbox.SIGN_IN.client_id
    assert query["redirect_uri"] == "http://testserver/oauth/calendly/callback/"
    assert query["code_challenge_method"] == "S256"
    assert len(query["state"]) >= 43
    assert calendly.requests_seen == []


def test_without_script_a_link_leads_there(visitor, calendly):
    data = {"version": 0, "auth_method": "sign_in", "is_enabled": "on"}
    seen = visitor.client.get(reverse("connection", args=["main", "calendly"])).content.decode()
    data["csrfmiddlewaretoken"] = re.search(r'csrfmiddlewaretoken" value="(\w+)"', seen)[1]

    page = visitor.client.post(reverse("sign-in", args=["main", "calendly"]), data)

    assert page.status_code == 200
    assert "Continue to Calendly" in text_of(page)
    link = unescape(re.search(r'href="([^"]+/oauth/authorize[^"]+)"', page.content.decode())[1])
    assert visitor.comes_back(callback_of(link)).status_code == 200


def test_each_sign_in_has_a_state_and_a_challenge_of_its_own(visitor):
    first, second = (parse_qs(urlsplit(visitor.leaves()).query) for _ in range(2))

    assert first["state"] != second["state"]
    assert first["code_challenge"] != second["code_challenge"]


def test_who_comes_back_is_connected_and_proven(visitor, workspace, editor):
    dialog = visitor.connects()

    saved = live(workspace)
    assert "Calendly works: proven at" in text_of(dialog)
    assert "Sign-in is alive" in text_of(dialog)
    assert (saved.status, saved.auth_method, saved.edited_by) == ("connected", "sign_in", editor)
    assert saved.proven_at
    assert saved.platform_account_name == "Ada Page"
    assert saved.sign_in.client_id == sandbox.SIGN_IN.client_id
    assert saved.hints == {}


def test_the_only_reachable_account_is_taken(visitor, workspace):
    visitor.connects()

    assert live(workspace).config == {"account_id": sandbox.ACME}


def test_of_several_accounts_one_is_chosen_before_anything_is_tested(visitor, workspace):
    dialog = visitor.connects("two")

    assert "Which account is it about?" in text_of(dialog)
    assert [sandbox.ACME in text_of(dialog), sandbox.OUTLET in text_of(dialog)] == [True, True]
    assert live(workspace).version == 0
    assert not live(workspace).tests.exists()


def test_the_chosen_account_is_proven_and_saved(visitor, workspace):
    visitor.connects("two")

    dialog = visitor.chooses(sandbox.OUTLET)

    assert "Calendly works: proven at" in text_of(dialog)
    assert live(workspace).config == {"account_id": sandbox.OUTLET}
    assert live(workspace).platform_account_id == sandbox.OUTLET


def test_an_account_that_was_not_offered_is_not_taken(visitor, workspace):
    visitor.connects("two")

    dialog = visitor.chooses("https://api.calendly.com/organizations/elsewhere")

    assert "Choose one of these accounts." in text_of(dialog)
    assert Candidate.objects.get().is_choosing
    assert live(workspace).version == 0


def test_where_an_account_is_required_one_must_be_chosen(editor, workspace, meta_app):
    visitor = Visitor(editor)
    visitor.connects("ada", "meta")

    assert "Choose one of these accounts." in text_of(visitor.chooses("", "meta"))
    assert "Meta works" in text_of(visitor.chooses("act_1003", "meta"))


def test_a_choice_is_made_once(visitor, workspace):
    visitor.connects("two")
    visitor.chooses(sandbox.OUTLET)

    again = visitor.post(
        "choose-account", "calendly", str(Candidate.objects.get().pk), account=sandbox.ACME
    )

    assert "Those values are no longer here" in text_of(again)
    assert live(workspace).config == {"account_id": sandbox.OUTLET}


def test_a_choice_that_was_made_waits_for_its_proof(visitor, workspace):
    visitor.connects("two")
    kept = Candidate.objects.get()

    candidates.choose_account(kept, sandbox.OUTLET)

    kept.refresh_from_db()
    assert (kept.is_choosing, kept.test, kept.is_running) == (False, None, True)


def test_a_choice_that_waits_is_not_saved_without_an_account(visitor, workspace):
    visitor.connects("two")

    visitor.post("save-candidate", "calendly", str(Candidate.objects.get().pk))

    assert live(workspace).version == 0


def test_a_sign_in_that_reaches_no_account_says_so(editor, workspace, meta_app):
    dialog = Visitor(editor).connects("ben", "meta")

    assert "This sign-in reaches no account." in text_of(dialog)
    assert "Sign in again" in text_of(dialog)
    assert live(workspace, "meta").version == 0


def test_fewer_permissions_say_what_is_there_what_is_missing_and_what_stops(visitor, workspace):
    dialog = text_of(visitor.connects(without="scheduled_events:read"))

    assert "You have: who is connected; the organization and its members; the kinds of" in dialog
    assert "Missing: scheduled_events:read (booked calls). Calls booked stops working." in dialog
    assert live(workspace).version == 0


@pytest.mark.parametrize("account", ["", "act_1001"])
@pytest.mark.parametrize("who", ["ada", "ben"])
def test_a_declined_permission_is_known_before_anything_else_is_concluded(
    editor, workspace, meta_app, who, account
):
    typed = {"account_id": account} if account else {}

    dialog = text_of(Visitor(editor).connects(who, "meta", without="ads_read", **typed))

    assert "Missing: ads_read (ad accounts, their reports and datasets)." in dialog
    assert "Ads monitor and lead tracking stop working." in dialog
    assert "Sign in to Meta again, and allow everything it asks." in dialog
    assert "reaches no account" not in dialog
    assert live(workspace, "meta").version == 0


def test_an_optional_permission_that_was_declined_only_warns(editor, workspace, meta_app):
    visitor = Visitor(editor)

    dialog = visitor.connects("ada", "meta", without="business_management", account_id="act_1001")

    assert "Meta works" in text_of(dialog)
    assert "Missing: business_management" in text_of(dialog)


def test_what_was_typed_before_is_saved_with_the_sign_in(visitor, workspace):
    visitor.connects("two", account_id=sandbox.OUTLET, user_uri=sandbox.ADA, is_enabled="")

    saved = live(workspace)
    assert saved.config == {"account_id": sandbox.OUTLET, "user_uri": sandbox.ADA}
    assert saved.status == "disabled"
    assert saved.proven_at


def test_a_value_that_is_not_right_is_said_before_anybody_leaves(visitor):
    reply = visitor.presses_continue(user_uri="ada")

    assert reply.status_code == 422
    assert "This is not a user URI." in text_of(reply)
    assert not SignInAttempt.objects.exists()


def test_what_a_sign_in_needs_besides_is_asked_for_first(editor, crm_app):
    reply = Visitor(editor).presses_continue("crm")

    assert reply.status_code == 422
    assert "This is required." in text_of(reply)


def test_a_platform_that_is_several_is_signed_in_to_as_the_chosen_one(editor, workspace, crm_app):
    visitor = Visitor(editor)

    dialog = visitor.connects("healthy", "crm", "hubspot", vendor="hubspot")

    assert "HubSpot works: proven at" in text_of(dialog)
    assert live(workspace, "crm").sign_in.values == {"vendor": "hubspot"}


def test_who_is_asked_is_named_while_one_signs_in(editor, workspace, crm_app):
    visitor = Visitor(editor)
    url = visitor.leaves("crm", vendor="hubspot")
    unfinished = visitor.get("connection", "crm")
    refused = visitor.comes_back(
        {"state": parse_qs(urlsplit(url).query)["state"][0], "error": "access_denied"}, "hubspot"
    )
    missing = visitor.connects(
        "healthy", "crm", "hubspot", without="crm.objects.contacts.read", vendor="hubspot"
    )

    assert "You began to sign in to HubSpot" in text_of(unfinished)
    assert "The sign-in at HubSpot was cancelled." in text_of(refused)
    assert "Sign in to HubSpot again, and allow everything it asks." in text_of(missing)


def test_who_is_asked_is_named_once_it_is_connected(editor, owner, workspace, crm_app):
    visitor = Visitor(editor)
    visitor.connects("healthy", "crm", "hubspot", vendor="hubspot")
    hubspot_sandbox.SIGN_IN.revoke_all("healthy")
    test = testing.test_connection(live(workspace, "crm"), trigger=Trigger.SCHEDULE)

    assert test.action == "Sign in to HubSpot again."
    assert live(workspace, "crm").sign_in.failure_action == "Sign in to HubSpot again."
    assert "is ended at HubSpot too" in text_of(visitor.get("disconnect", "crm"))
    assert "owns the HubSpot account" in text_of(Visitor(owner).get("send-fix-link", "crm"))


def test_a_vendor_that_was_chosen_is_named_on_the_button(editor, workspace, crm_app):
    visitor = Visitor(editor)
    nobody = visitor.get("connection", "crm")
    chosen = visitor.presses_continue("crm", vendor="hubspot", base_url="nonsense")

    assert "Which CRM do you use?" in text_of(nobody)
    assert chosen.status_code == 422
    assert "Continue to HubSpot" in text_of(chosen)
    assert "HubSpot will ask you to allow: which account is connected" in text_of(chosen)


def test_the_test_of_a_sign_in_stays_in_the_history(visitor, workspace, editor):
    visitor.connects()

    [test] = live(workspace).tests.all()
    assert (test.outcome, test.dry_run, test.started_by) == ("passed", False, editor)
    assert "by emil" in text_of(visitor.get("history", "calendly"))


def test_without_an_app_the_dialog_says_how_to_get_one_and_offers_the_token(visitor, settings):
    settings.APPS = {}

    dialog = text_of(visitor.get("connection", "calendly"))
    refused = visitor.presses_continue()

    assert "it needs an app of yours at Calendly" in dialog
    assert "A personal access token" in dialog
    assert refused.status_code == 422
    assert "An owner sets it up in Settings, Sign-in apps." in text_of(refused)


# --- Reconnect -----------------------------------------------------------------------------------


def test_reconnecting_keeps_the_connection_its_settings_and_its_history(
    visitor, calendly_signed_in, workspace
):
    more = Changes(config={"user_uri": sandbox.ADA})
    before = saving.change_connection(rows.unread(workspace, "calendly"), more, by=None).connection

    visitor.connects(account_id=sandbox.ACME, user_uri=sandbox.ADA)

    after = live(workspace)
    assert (after.pk, after.config) == (before.pk, before.config)
    assert after.platform_account_name == "Ada Page"
    assert after.version == before.version + 1
    assert after.tests.count() == 2
    assert after.sign_in_id != before.sign_in_id


def test_the_sign_in_before_is_forgotten_once_the_new_one_is_proven(
    visitor, calendly_signed_in, workspace
):
    visitor.connects(account_id=sandbox.ACME)

    assert [row.pk for row in sign_ins()] == [live(workspace).sign_in_id]


def test_a_sign_in_that_fails_leaves_the_one_before_alive(visitor, calendly_signed_in, workspace):
    before = held(workspace)

    dialog = visitor.connects(account_id=sandbox.ACME, without="users:read")

    assert "Missing: users:read" in text_of(dialog)
    after = live(workspace)
    assert (after.version, after.proven_at) == (1, calendly_signed_in.proven_at)
    assert held(workspace) == before
    assert not sandbox.SIGN_IN.given_of(before).is_revoked


def test_a_failed_sign_in_can_be_cancelled(visitor, calendly_signed_in, workspace):
    Candidate.objects.all().delete()
    visitor.connects(account_id=sandbox.ACME, without="users:read")

    visitor.post("discard-candidate", "calendly", str(Candidate.objects.get().pk))

    assert not Candidate.objects.exists()
    assert live(workspace).sign_in_id == calendly_signed_in.sign_in_id


def test_somebody_with_more_accounts_keeps_the_one_that_was_connected(
    visitor, calendly_signed_in, workspace
):
    dialog = visitor.connects("two", account_id=sandbox.ACME)

    assert "Calendly works" in text_of(dialog)
    assert live(workspace).platform_account_id == sandbox.ACME


def test_a_sign_in_replaces_a_pasted_token(visitor, workspace):
    pasted = Changes(config={"access_token": TOKEN}, auth_method="access_token")
    saving.change_connection(rows.unread(workspace, "calendly"), pasted, by=None)

    dialog = visitor.connects()

    assert "Calendly works" in text_of(dialog)
    assert (live(workspace).auth_method, live(workspace).is_signed_in) == ("sign_in", True)


# --- Another account -----------------------------------------------------------------------------


@pytest.fixture
def outlet(workspace, calendly, editor):
    """Calendly, connected to an organization that the person called healthy is not in."""
    visitor = Visitor(editor)
    visitor.connects("two")
    visitor.chooses(sandbox.OUTLET)
    Candidate.objects.all().delete()
    return live(workspace)


def test_a_sign_in_without_the_connected_account_is_not_taken(visitor, outlet, workspace):
    dialog = text_of(visitor.connects("healthy", account_id=sandbox.OUTLET))

    assert "This sign-in does not reach" in dialog
    assert "Which account is it about?" in dialog
    assert live(workspace).sign_in_id == outlet.sign_in_id
    assert live(workspace).platform_account_id == sandbox.OUTLET


def test_going_back_keeps_what_was_connected(visitor, outlet, workspace):
    visitor.connects("healthy", account_id=sandbox.OUTLET)

    visitor.post("discard-candidate", "calendly", str(Candidate.objects.get().pk))

    assert not Candidate.objects.exists()
    assert live(workspace).version == outlet.version


def test_a_choice_after_a_failed_proof_waits_for_a_new_one(visitor, outlet, workspace):
    visitor.connects("healthy", account_id=sandbox.OUTLET)
    kept = Candidate.objects.get()
    assert kept.test.outcome == "failed"

    candidates.choose_account(kept, sandbox.ACME)

    kept.refresh_from_db()
    assert (kept.test, kept.is_running) == (None, True)


def test_another_account_is_chosen_and_asked_about_before_it_is_switched_to(
    visitor, outlet, workspace
):
    visitor.connects("healthy", account_id=sandbox.OUTLET)

    dialog = visitor.chooses(sandbox.ACME)

    assert "These values lead to another account." in text_of(dialog)
    assert "Switch to Ada Page" in text_of(dialog)
    assert live(workspace).platform_account_id == sandbox.OUTLET


def test_really_switching_saves_the_other_account(visitor, outlet, workspace):
    visitor.connects("healthy", account_id=sandbox.OUTLET)
    visitor.chooses(sandbox.ACME)

    visitor.post("save-candidate", "calendly", str(Candidate.objects.get().pk))

    after = live(workspace)
    assert (after.platform_account_id, after.version) == (sandbox.ACME, outlet.version + 1)
    assert after.sign_in_id != outlet.sign_in_id
    assert after.proven_at
    assert after.pk == outlet.pk


# --- What stands in the way of the account that is needed ----------------------------------------


@pytest.fixture
def google(settings):
    with here(
        settings, "ga4", ga4_sandbox.PLATFORM.answer, google=google_sandbox.SIGN_IN
    ) as server:
        yield server


def test_a_platform_that_lists_no_accounts_just_now_says_so(visitor, google):
    usual = google.answer
    google.answer = lambda asked: (
        Answer(503, {}) if "accountSummaries" in asked.path else usual(asked)
    )

    dialog = visitor.connects("healthy", "ga4", "google")

    assert "Google Analytics (GA4) has a problem at the moment." in text_of(dialog)
    assert sign_ins().count() == 1


def test_who_signs_in_too_often_waits_for_the_accounts(visitor, google, settings):
    settings.TEST_RATE = 1
    for _ in range(2):
        dialog = visitor.connects("healthy", "ga4", "google")

    assert candidates.TRY_AGAIN in text_of(dialog)


# --- Out of the ordinary -------------------------------------------------------------------------


def test_a_trial_without_an_address_to_go_to_says_so(visitor, calendly, settings):
    settings.PROVIDER_ORIGINS = {"calendly": {"API": calendly.url}}
    platforms.catalogue.cache_clear()

    reply = visitor.presses_continue()

    assert reply.status_code == 422
    assert "This trial has no address for Calendly&#x27;s host" in reply.content.decode()


class Odd(Flow):
    def exchange(self, callback, **_more):
        raise RuntimeError(f"Odd code {callback['code']}")


def test_what_nobody_foresaw_is_told_and_named_without_its_text(visitor, calendly, caplog):
    callback = callback_of(visitor.leaves())

    with declaring() as declare:
        declare(flow=Odd)
        dialog = visitor.comes_back(callback)

    assert "The platform answered in a way" in text_of(dialog)
    assert "A callback for the app calendly failed with RuntimeError" in caplog.messages
    assert callback["code"] not in caplog.text


def test_of_two_answers_that_saw_the_same_attempt_one_is_looked_at(visitor, calendly):
    callback = callback_of(visitor.leaves())
    seen = [
        begun.find("calendly", callback["state"], visitor.client.session.session_key)
        for _ in range(2)
    ]

    claimed = [begun.claim(one, code) for one, code in zip(seen, "ab", strict=True)]

    assert claimed == [True, False]
    assert seen[1].codes == seen[0].codes
    assert seen[1].is_under_way


def test_a_sign_in_that_a_command_began_asks_for_nobodys_permission(workspace, calendly):
    url = signing_in.begin(
        rows.unread(workspace, "calendly"),
        Changes(),
        user=None,
        session_key=SESSION,
        base_version=0,
    )

    back = signing_in.come_back("calendly", callback_of(url), session_key=SESSION)

    assert back.candidate
    assert back.candidate.user is None


def test_saved_secrets_that_no_key_opens_are_told_by_the_test(visitor, workspace, calendly):
    pasted = Changes(config={"access_token": TOKEN}, auth_method="access_token")
    saving.change_connection(rows.unread(workspace, "calendly"), pasted, by=None)
    callback = callback_of(visitor.leaves())
    Credential.objects.filter(connections__workspace=workspace).update(
        secrets="v2.lost.AAAA", key_id="lost"
    )

    dialog = visitor.comes_back(callback)

    assert "cannot be read" in text_of(dialog)


# --- Keys and destinations -----------------------------------------------------------------------


def test_a_token_that_no_key_opens_gives_way_to_a_sign_in(visitor, workspace, settings):
    pasted = Changes(config={"access_token": TOKEN}, auth_method="access_token")
    saving.change_connection(rows.unread(workspace, "calendly"), pasted, by=None)
    settings.CREDENTIAL_KEYS = ["bmV3LWtleS1uZXcta2V5LW5ldy1rZXktbmV3LWtleS0="]
    assert live(workspace).is_unreadable

    dialog = visitor.connects()

    assert "Calendly works" in text_of(dialog)
    after = live(workspace)
    assert (after.hints, after.is_unreadable, after.light(after.proven_at)) == ({}, False, "green")


def test_a_sign_in_that_no_key_opens_gives_way_to_a_new_one(
    visitor, calendly_signed_in, workspace, settings
):
    settings.CREDENTIAL_KEYS = ["bmV3LWtleS1uZXcta2V5LW5ldy1rZXktbmV3LWtleS0="]

    dialog = visitor.connects(account_id=sandbox.ACME)

    assert "Calendly works" in text_of(dialog)
    assert live(workspace).sign_in_id != calendly_signed_in.sign_in_id


def test_a_sign_in_elsewhere_gives_up_the_secrets_of_the_place_before(editor, workspace, crm_app):
    pasted = {"vendor": "pipedrive", "access_token": "a" * 40}
    saving.change_connection(
        rows.unread(workspace, "crm"), Changes(config=pasted, auth_method="access_token"), by=None
    )

    dialog = Visitor(editor).connects("healthy", "crm", "hubspot", vendor="hubspot")

    assert "HubSpot works" in text_of(dialog)
    assert live(workspace, "crm").hints == {}


def test_a_whole_sign_in_as_the_services_do_it(workspace, calendly, editor):
    assert sign_in_as("healthy", workspace, editor).status == "connected"
