"""A sign-in's tokens go where it was made, and count for the account that was connected."""

import pytest

from integrations import platforms
from integrations.models import Candidate
from integrations.services import rows
from integrations.services.connecting import candidates, saving, signing_in
from integrations.services.connecting.changes import Changes, overlay
from integrations.services.refusals import InvalidChange
from providers import registry
from providers.declare import App
from providers.sandbox.crm import PLATFORM, hubspot
from providers.sandbox.server import Server
from tests.integrations.conftest import SESSION, callback_of


@pytest.fixture
def crm(settings):
    """HubSpot and its neighbours on loopback, with the server's own app for HubSpot."""
    known = hubspot.SIGN_IN
    with Server(PLATFORM.answer) as server:
        settings.PROVIDER_ORIGINS = {"crm": dict.fromkeys(registry.get("crm").hosts, server.url)}
        settings.APPS = {"hubspot": App(known.client_id, known.client_secret)}
        platforms.catalogue.cache_clear()
        yield server
    platforms.catalogue.cache_clear()


def sign_in_to_hubspot(workspace, user, person="healthy", **more):
    """The candidate that came of it, proven as far as it goes."""
    url = signing_in.begin(
        rows.unread(workspace, "crm"),
        Changes(config={"vendor": "hubspot"}),
        user=user,
        session_key=SESSION,
        base_version=rows.find(workspace, "crm").version,
    )
    back = signing_in.come_back("hubspot", callback_of(url, person, **more), session_key=SESSION)
    assert back.candidate is not None, back.attempt.problem
    candidates.prove(back.candidate)
    back.candidate.refresh_from_db()
    return back.candidate


def test_a_sign_in_that_waits_cannot_be_sent_to_another_vendor(crm, workspace, editor):
    kept = sign_in_to_hubspot(workspace, editor, without="crm.objects.contacts.read")
    moved = Changes(config={"vendor": "pipedrive"}, auth_method="sign_in", sign_in=kept.sign_in)
    before = len(crm.requests_seen)

    with pytest.raises(InvalidChange) as refused:
        overlay(kept.connection, moved)

    assert "Sign in again with the new value." in refused.value.errors["config"]["vendor"][0]
    assert len(crm.requests_seen) == before


def test_a_saved_sign_in_cannot_be_moved_either(crm, workspace, editor):
    sign_in_to_hubspot(workspace, editor)

    with pytest.raises(InvalidChange):
        saving.change_connection(
            rows.unread(workspace, "crm"), Changes(config={"vendor": "zoho"}), by=editor
        )

    assert rows.find(workspace, "crm").config["vendor"] == "hubspot"


def test_a_pasted_key_of_another_vendor_takes_its_place(crm, workspace, editor):
    sign_in_to_hubspot(workspace, editor)

    pasted = Changes(
        config={"vendor": "pipedrive", "access_token": "a" * 40}, auth_method="access_token"
    )
    saved = saving.change_connection(rows.unread(workspace, "crm"), pasted, by=editor)

    assert saved.connection.config["vendor"] == "pipedrive"
    assert not saved.connection.is_signed_in


def test_an_account_that_nobody_names_is_not_taken_for_the_connected_one(crm, workspace, editor):
    sign_in_to_hubspot(workspace, editor)
    first = rows.find(workspace, "crm")
    assert first.platform_account_id

    kept = sign_in_to_hubspot(workspace, editor, without="oauth")

    assert kept.test.outcome == "passed"
    assert (kept.test.account_id, kept.is_unsure) == ("", True)
    assert kept.saved_at is None
    assert rows.find(workspace, "crm").sign_in_id == first.sign_in_id


def test_it_is_saved_when_the_person_says_so(crm, workspace, editor):
    sign_in_to_hubspot(workspace, editor)
    kept = sign_in_to_hubspot(workspace, editor, without="oauth")

    candidates.save_candidate(kept)

    assert rows.find(workspace, "crm").sign_in_id == kept.sign_in_id
    assert Candidate.objects.get(pk=kept.pk).saved_at
