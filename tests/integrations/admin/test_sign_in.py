"""What the admin shows and does of sign-ins: their state, never their tokens."""

from datetime import timedelta

from django.contrib import admin
from django.urls import reverse
from django.utils import timezone

from integrations.models import (
    Candidate,
    ConnectionTest,
    Credential,
    FixLink,
    IntegrationConnection,
    SignInAttempt,
    Workspace,
)
from integrations.services import rows
from integrations.services.connecting import fix_links, lending
from providers.sandbox import calendly as sandbox
from providers.sandbox.server import Answer
from tests.integrations.admin.conftest import LIST, page_of, reload, words
from tests.integrations.kept import sign_ins
from tests.integrations.services.connecting.test_signing_in import Visitor


def test_a_page_says_how_a_sign_in_is(site, calendly_signed_in):
    text = site.text(page_of(calendly_signed_in))

    assert "Sign-in: Since " in text
    assert "Renews itself, next at " in text


def test_a_page_says_when_a_sign_in_ends(site, calendly_signed_in):
    sign_ins().update(ends_at=timezone.now() + timedelta(days=9), ends_is_estimate=True)

    assert "Probably ends " in site.text(page_of(calendly_signed_in))


def test_a_page_says_why_a_sign_in_is_not_renewed(site, calendly_signed_in):
    sign_ins().update(
        failures=1, failure_kind="network", failure_message="Calendly could not be reached."
    )

    text = site.text(page_of(calendly_signed_in))

    assert "Not renewed: Calendly could not be reached." in text


def test_a_page_says_that_a_sign_in_has_ended(site, calendly_signed_in):
    sign_ins().update(
        is_ended=True,
        failures=1,
        failure_kind="auth_expired",
        failure_message="Calendly has ended this sign-in.",
        renew_at=None,
    )

    text = site.text(page_of(calendly_signed_in))

    assert "Ended: Calendly has ended this sign-in." in text
    assert "Renews itself" not in text


def test_without_a_sign_in_there_is_nothing_to_say(site, connected):
    assert "Sign-in: –" in site.text(page_of(connected))


def test_no_page_holds_a_token(site, calendly_signed_in):
    row = calendly_signed_in.sign_in
    tokens = row.obtained().values()

    for url in (LIST, page_of(calendly_signed_in), reverse("admin:index")):
        page = site.client.get(url).content.decode()
        assert not any(token in page for token in (*tokens, row.tokens, row.key_id))


def test_other_values_are_saved_under_a_sign_in_that_stays(site, calendly_signed_in):
    reply = site.save(calendly_signed_in, user_uri=sandbox.ADA)

    saved = reload(calendly_signed_in)
    assert "was changed successfully" in words(reply)
    assert saved.config == {"account_id": sandbox.ACME, "user_uri": sandbox.ADA}
    assert (saved.auth_method, saved.sign_in_id) == ("sign_in", calendly_signed_in.sign_in_id)
    assert saved.status == "connected"


def test_a_method_that_takes_a_person_is_saved_and_waits_for_one(site, workspace):
    row = rows.lock(rows.unread(workspace, "calendly"))

    site.save(row, auth_method="sign_in")

    assert (reload(row).auth_method, reload(row).status) == ("sign_in", "not_connected")


def test_a_sign_in_is_tested_like_anything_else(site, calendly_signed_in):
    assert "Calendly of Main: The test passed." in site.act("test", calendly_signed_in)


def test_disconnecting_says_what_becomes_of_a_sign_in(site, calendly_signed_in):
    text = site.act("disconnect", calendly_signed_in)

    assert "What the sign-in obtained at Calendly is ended there too, where it can be." in text


def test_disconnecting_says_that_a_sign_in_that_is_lent_is_kept(site, calendly_signed_in):
    north = Workspace.objects.create(slug="north", name="North")
    lending.lend(calendly_signed_in, north, [], by=None)

    text = site.act("disconnect", calendly_signed_in)

    assert "What lets it in is kept: a connection of another workspace uses it." in text
    assert "is ended there too" not in text


def test_disconnecting_ends_a_sign_in_at_its_platform(site, calendly_signed_in, calendly):
    site.act("disconnect", calendly_signed_in, confirmed="yes")

    assert calendly.requests_seen[-1].path == "/oauth/revoke"
    assert not sign_ins().exists()


def test_what_the_platform_did_not_confirm_is_said(site, calendly_signed_in, calendly):
    usual = calendly.answer
    calendly.answer = lambda asked: (
        Answer(503, "<html>Down</html>") if asked.path == "/oauth/revoke" else usual(asked)
    )

    text = site.act("disconnect", calendly_signed_in, confirmed="yes")

    assert "Calendly did not confirm that the sign-in was ended." in text
    assert reload(calendly_signed_in).status == "not_connected"


def test_the_history_says_who_came_with_a_fix_link(site, calendly_signed_in, owner, workspace):
    fix_links.send(rows.unread(workspace, "calendly"), recipient="Ben of Ads", by=owner)
    ConnectionTest.objects.update(fix_link=FixLink.objects.get())

    test = ConnectionTest.objects.get()
    text = site.text(reverse("admin:integrations_connectiontest_change", args=[test.pk]))

    assert "Fix link for Ben of Ads" in text


def test_a_workspace_goes_with_all_that_signing_in_left(site, calendly_signed_in, owner, editor):
    workspace = calendly_signed_in.workspace
    fix_links.send(rows.unread(workspace, "calendly"), recipient="Ben", by=owner)
    visitor = Visitor(editor)
    visitor.connects("two")
    visitor.leaves()

    url = reverse("admin:integrations_workspace_delete", args=[workspace.pk])
    site.client.post(url, {"post": "yes"})

    for model in (IntegrationConnection, Credential, SignInAttempt, FixLink, Candidate):
        assert not model.objects.exists(), model


def test_what_holds_tokens_has_no_page():
    names = {model.__name__ for model in admin.site._registry}

    assert not names & {"Credential", "SignInAttempt", "AppRegistration", "FixLink", "Candidate"}
