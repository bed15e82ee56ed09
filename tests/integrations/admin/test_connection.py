"""A connection's page: facts to read, values to replace."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from integrations.admin.forms import OTHER_METHOD, TYPE_AGAIN
from integrations.models import IntegrationConnection
from integrations.services import rows
from integrations.services.connecting import changes, saving
from integrations.services.connecting.changes import Changes
from providers import registry
from tests.integrations.admin.conftest import CANARY, page_of, reload, words
from tests.integrations.conftest import TOKEN
from tests.integrations.kept import secrets_of


def test_a_saved_secret_is_announced_and_not_sent(site, workspace):
    values = {"access_token": CANARY, "account_id": "1001", "app_secret": "f" * 32}
    saved = saving.change_connection(
        rows.unread(workspace, "meta"), Changes(config=values), by=None
    )

    page = site.client.get(page_of(saved.connection)).content.decode()

    assert "Saved, ends in …x9Qd; leave empty to keep it." in page
    assert CANARY not in page
    assert saved.connection.credential.secrets not in page
    assert 'name="remove_app_secret"' in page
    assert 'name="remove_access_token"' not in page
    assert 'value="act_1001"' in page


def test_a_connections_page_says_what_is_known(site, workspace, meta):
    values = {"access_token": "EAAexpired", "account_id": "act_1001"}
    row = saving.change_connection(rows.unread(workspace, "meta"), Changes(config=values), by=None)
    site.act("test", row.connection)

    text = site.text(page_of(row.connection))

    assert "Status: Error since " in text
    assert "Needs attention: The last test failed" in text
    assert "What is wrong: The Meta access token has expired. Paste a new one" in text
    assert "Last test: Failed " in text
    assert "Last edit: A script: Ad account ID, credentials, method, " in text
    assert "Proven: – " in text


def test_saving_goes_through_the_service(site, connected):
    reply = site.save(connected, access_token=CANARY, account_id="2002")

    saved = reload(connected)
    assert "was changed successfully" in words(reply)
    assert secrets_of(saved) == {"access_token": CANARY}
    assert saved.config == {"account_id": "act_2002"}
    assert (saved.version, saved.edited_by.username) == (2, "root")


def test_a_blank_secret_keeps_the_saved_one_and_nothing_is_counted(site, connected):
    site.save(connected)

    saved = reload(connected)
    assert (secrets_of(saved), saved.version) == ({"access_token": TOKEN}, 1)
    assert LogEntry.objects.get().get_change_message() == "No fields changed."


def test_a_saved_optional_secret_can_be_removed(site, connected):
    site.save(connected, app_secret="f" * 32)

    site.save(connected, remove_app_secret="on")

    assert reload(connected).hints.keys() == {"access_token"}


def test_a_wrong_value_is_said_at_its_field_and_the_secret_asked_for_again(site, connected):
    reply = site.save(connected, access_token=CANARY, account_id="one")

    form = reply.context["adminform"].form
    assert form.errors["account_id"][0].startswith("An ad account ID is a number")
    assert form.errors["access_token"] == [TYPE_AGAIN]
    assert CANARY not in reply.content.decode()
    assert reload(connected).version == 1


def test_an_unusual_value_is_saved_with_a_warning(site, connected):
    reply = site.save(connected, access_token="unusual-0123456789")

    assert "Access token: Tokens that can read ads usually start with EAA" in words(reply)
    assert reload(connected).version == 2


def test_a_saved_secret_is_not_sent_to_a_new_address(site, workspace):
    values = {"access_token": CANARY, "base_url": "https://data.example.com/f"}
    saved = saving.change_connection(
        rows.unread(workspace, "fiverr"), Changes(config=values), by=None
    )

    reply = site.save(saved.connection, base_url="https://other.example.com/f")

    assert reply.context["adminform"].form.errors["base_url"] == [changes.RESEND]


def test_a_value_of_a_method_that_is_not_chosen_is_refused(site, workspace):
    row = rows.lock(rows.unread(workspace, "fiverr"))

    reply = site.save(row, auth_method="public_page", account_id="acme", access_token=CANARY)

    assert reply.context["adminform"].form.errors["access_token"] == [OTHER_METHOD]
    assert reload(row).version == 0


def test_who_saves_second_is_told_who_saved_what(site, connected, editor):
    url = page_of(connected)
    form = site.client.get(url).context["adminform"].form
    data = {"version": form["version"].value(), "auth_method": "access_token", "is_enabled": "on"}
    theirs = Changes(config={"account_id": "2002"})
    saving.change_connection(rows.unread(connected.workspace, "meta"), theirs, by=editor)

    reply = site.client.post(url, data | {"account_id": "3003"})

    assert re.search(r"emil saved Ad account ID at .*, while this page was open\.", words(reply))
    assert reload(connected).config == {"account_id": "act_2002"}


def test_the_names_of_keys_are_not_shown(site, connected):
    page = site.client.get(page_of(connected)).content.decode()

    assert connected.key_id not in page


def test_a_connection_is_added_in_two_steps(site, workspace):
    add = reverse("admin:integrations_integrationconnection_add")

    reply = site.client.post(add, {"workspace": workspace.pk, "provider": "stripe"})

    row = rows.find(workspace, "stripe")
    assert reply.url == page_of(row)
    again = site.client.post(add, {"workspace": workspace.pk, "provider": "stripe"})
    assert "Stripe has a connection in this workspace already." in words(again)


def test_no_connection_is_deleted_but_with_its_workspace(site, proven):
    delete = reverse("admin:integrations_integrationconnection_delete", args=[proven.pk])
    assert site.client.post(delete, {"post": "yes"}).status_code == 403

    url = reverse("admin:integrations_workspace_delete", args=[proven.workspace.pk])
    site.client.post(url, {"post": "yes"})

    assert not IntegrationConnection.objects.exists()


@pytest.mark.parametrize("slug", registry.catalogue())
def test_every_platform_has_a_page(site, workspace, slug):
    row = rows.lock(rows.unread(workspace, slug))

    text = site.text(page_of(row))

    assert all(method.label in text for method in row.platform.methods)
