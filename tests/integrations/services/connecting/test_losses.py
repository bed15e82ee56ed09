"""A sign-in that can do less than the present one replaces it only when the person says so."""

import json

import pytest
from django.utils import timezone

from integrations.models import Candidate, IntegrationConnection
from integrations.services import rows
from integrations.services.connecting import fix_links
from providers.sandbox import calendly as sandbox
from providers.sandbox import crm as crm_sandbox
from providers.sandbox import x as x_sandbox
from providers.sandbox.crm import hubspot as hubspot_sandbox
from tests.integrations.conftest import sign_in_as
from tests.integrations.kept import sign_ins
from tests.integrations.pages.test_pages import text_of
from tests.integrations.services.connecting.test_fix_links import Recipient
from tests.integrations.services.connecting.test_signing_in import Visitor, here, live
from tests.integrations.services.credentials.test_giving_back import is_ended, token_of

QUESTION = "The new sign-in can do less than the present one."


@pytest.fixture
def visitor(editor, calendly):
    return Visitor(editor)


@pytest.fixture
def gives_no_more(calendly_signed_in, monkeypatch):
    """From now on no refresh token comes with a sign-in."""
    monkeypatch.setattr(sandbox.SIGN_IN, "gives_refresh_token", lambda _query: False)
    return calendly_signed_in


def kept():
    return str(Candidate.objects.get(saved_at=None).pk)


def test_one_that_cannot_renew_itself_is_asked_about(visitor, gives_no_more, workspace):
    dialog = text_of(visitor.connects())

    assert QUESTION in dialog
    assert "The new one cannot renew itself: it ends" in dialog
    assert "the present one renews itself. Nothing was replaced." in dialog
    assert live(workspace).sign_in == gives_no_more.sign_in
    assert not is_ended(token_of(gives_no_more.sign_in))


def test_the_question_leads_on_in_each_way(visitor, gives_no_more):
    dialog = text_of(visitor.connects())

    for way in ("Keep the present one", "Replace anyway", "Sign in again"):
        assert way in dialog


def test_keeping_the_present_one_ends_the_new_one(visitor, gives_no_more, workspace):
    visitor.connects()
    new = token_of(Candidate.objects.get(saved_at=None).sign_in)

    reply = visitor.post("discard-candidate", "calendly", kept())

    assert json.loads(reply["HX-Trigger-After-Settle"])["said"] == ("Cancelled. Nothing was saved.")
    assert is_ended(new)
    assert sign_ins().get() == gives_no_more.sign_in


def test_replacing_it_anyway_ends_the_present_one(visitor, gives_no_more, workspace):
    before = token_of(gives_no_more.sign_in)
    visitor.connects()

    visitor.post("save-candidate", "calendly", kept())

    assert not live(workspace).sign_in.can_renew
    assert is_ended(before)


def test_signing_in_again_with_consent_replaces_it_unasked(
    visitor, gives_no_more, workspace, monkeypatch
):
    visitor.connects()
    monkeypatch.setattr(sandbox.SIGN_IN, "gives_refresh_token", lambda _query: True)

    dialog = text_of(visitor.connects())

    assert "Calendly works" in dialog
    assert live(workspace).sign_in != gives_no_more.sign_in


def test_a_sign_in_that_has_ended_is_replaced_unasked(visitor, gives_no_more, workspace):
    sign_ins().update(is_ended=True, failure_kind="auth_expired")

    assert "Calendly works" in text_of(visitor.connects())
    assert not live(workspace).sign_in.can_renew


def test_a_first_one_is_no_loss(visitor, workspace, monkeypatch):
    monkeypatch.setattr(sandbox.SIGN_IN, "gives_refresh_token", lambda _query: False)

    assert "Calendly works" in text_of(visitor.connects())


def test_x_gives_no_refresh_token_to_who_leaves_the_permission_out(settings, workspace, editor):
    with here(settings, "x", x_sandbox.PLATFORM.answer, x=x_sandbox.SIGN_IN):
        before = sign_in_as("healthy", workspace, editor, slug="x", account_id="acme")
        dialog = Visitor(editor).connects("healthy", "x", without="offline.access")

    assert "The new one cannot renew itself" in text_of(dialog)
    assert "The new one may not read: a sign-in that lasts." in text_of(dialog)
    assert live(workspace, "x").sign_in == before.sign_in


def test_fewer_permissions_are_asked_about(settings, workspace, editor):
    how = {"slug": "crm", "app": "hubspot", "vendor": "hubspot"}
    visitor = Visitor(editor)
    known = {"hubspot": hubspot_sandbox.SIGN_IN}
    with here(settings, "crm", crm_sandbox.PLATFORM.answer, **known):
        visitor.connects("healthy", **how)
        before = live(workspace, "crm").sign_in
        dialog = visitor.connects("healthy", **how, without="crm.objects.deals.read")

    assert f"{QUESTION} The new one may not read: deals." in text_of(dialog)
    assert live(workspace, "crm").sign_in == before


def test_a_fix_link_does_not_take_it(gives_no_more, workspace, owner):
    recipient = Recipient(
        fix_links.send(rows.unread(workspace, "calendly"), recipient="Ada", by=owner)
    )

    page = text_of(recipient.signs_in())

    assert "This sign-in cannot renew itself, and the present one does" in page
    assert live(workspace).sign_in == gives_no_more.sign_in


def test_a_fix_link_takes_it_where_the_present_one_is_broken(gives_no_more, workspace, owner):
    IntegrationConnection.objects.update(
        proven_at=None,
        last_error="It may not read.",
        error_kind="permission_missing",
        failing_since=timezone.now(),
    )
    recipient = Recipient(
        fix_links.send(rows.unread(workspace, "calendly"), recipient="Ada", by=owner)
    )

    assert "Thank you: Calendly works." in text_of(recipient.signs_in())
    assert live(workspace).sign_in != gives_no_more.sign_in
