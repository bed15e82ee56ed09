"""What is made of what was typed in the dialog."""

import pytest

from integrations.pages.forms import ConnectionForm
from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes


@pytest.mark.parametrize(
    ("changed", "is_kept"),
    [
        ({}, True),
        ({"expect_path": "data.id"}, True),
        ({"header_name": "x-logged"}, False),
        ({"auth_kind": ""}, False),
        ({"account_name_path": "headers"}, False),
        ({"base_url": "https://b.example"}, False),
    ],
)
def test_a_secret_that_waits_is_used_as_it_was_typed_for(workspace, changed, is_kept):
    plain = {
        "vendor": "generic",
        "base_url": "https://a.example",
        "auth_kind": "api_key_header",
        "header_name": "x-api-key",
    }
    typed = Changes(config=plain | {"access_token": "secret-123", "health_path": None})
    data = plain | {"auth_method": "rest", "version": "0"} | changed

    form = ConnectionForm(rows.find(workspace, "crm"), data, typed=typed)

    assert form.is_valid()
    assert ("access_token" in form.changes().config) is is_kept


@pytest.mark.parametrize(("kind", "is_kept"), [("", True), ("none", False)])
def test_a_way_that_was_cleared_is_not_taken_for_the_saved_one(workspace, kind, is_kept):
    first = {"vendor": "generic", "base_url": "https://a.example", "auth_kind": "none"}
    saved = saving.change_connection(
        rows.unread(workspace, "crm"), Changes(config=first, auth_method="rest"), by=None
    ).connection
    typed = Changes(config=first | {"auth_kind": None, "access_token": "secret-123"})
    data = first | {"auth_method": "rest", "version": "1", "auth_kind": kind}

    form = ConnectionForm(saved, data, typed=typed)

    assert form.is_valid()
    assert ("access_token" in form.changes().config) is is_kept
