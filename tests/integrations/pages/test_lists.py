"""A list of accounts is offered where there is one, and what is said instead names the field."""

import re

import pytest
from django.urls import reverse

from integrations.models import Trigger
from integrations.pages import sentences
from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes
from integrations.services.proving import testing
from tests.integrations.conftest import signed_in
from tests.integrations.pages.people import text_of

OFFERS = re.compile(r"<div( data-methods=\"[^\"]*\")?><button[^>]*>Choose from a list</button>")


def dialog(editor, slug, **typed):
    client = signed_in(editor)
    client.handler.enforce_csrf_checks = False
    url = reverse("accounts" if typed else "connection", args=["main", slug])
    return client.post(url, typed) if typed else client.get(url)


def offered(page):
    found = OFFERS.search(page.content.decode())
    return found and (found[1] or "").strip()


@pytest.mark.parametrize(("slug", "by"), [("x", 'data-methods="sign_in"'), ("meta", "")])
def test_the_button_stands_with_the_methods_that_have_a_list(workspace, editor, slug, by):
    assert offered(dialog(editor, slug)) == by


def test_a_vendor_that_lists_nothing_has_no_button(workspace, editor):
    values = {"vendor": "generic", "base_url": "https://crm.acme.example", "access_token": "t" * 40}
    saving.change_connection(rows.unread(workspace, "crm"), Changes(config=values), by=None)

    assert offered(dialog(editor, "crm")) is None


def test_what_is_said_without_a_list_names_the_field(workspace, editor):
    typed = {"auth_method": "access_token", "access_token": "AAAA" + "b" * 60, "version": "0"}
    page = dialog(editor, "x", **typed)

    assert page.status_code == 422
    assert "Enter the username by hand." in text_of(page)


@pytest.mark.parametrize(
    ("label", "said"),
    [("ID", "the ID"), ("Ad account ID", "the ad account ID"), ("URL of it", "the URL of it")],
)
def test_a_label_keeps_its_capitals(label, said):
    assert sentences.by_hand(label) == f"Enter {said} by hand."


def test_a_list_that_fails_keeps_what_was_said_of_the_field(connected, meta, editor):
    saving.change_connection(
        connected, Changes(config={"access_token": "EAAexpired", "account_id": "act_1001"}), by=None
    )
    testing.test_connection(rows.find(connected.workspace, "meta"), trigger=Trigger.API)
    shown = text_of(dialog(editor, "meta"))
    version = str(rows.find(connected.workspace, "meta").version)

    typed = {"auth_method": "access_token", "account_id": "act_1001", "version": version}
    page = dialog(editor, "meta", **typed)

    said = "The saved one"
    assert said in shown
    assert (page.status_code, said in text_of(page)) == (422, True)
