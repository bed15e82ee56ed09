"""Several connections of a platform: each has its addresses, and a row in the platform's card."""

import re
import uuid

import pytest
from django.urls import reverse

from integrations.models import Candidate, ConnectionTest, Workspace
from integrations.services import rows
from integrations.services.connecting import several
from integrations.services.connecting.changes import Changes
from tests.integrations.conftest import callback_of
from tests.integrations.pages.test_pages import Browser, text_of

OUTLET = {"access_token": "EAAhealthy", "account_id": "act_1002"}
DIALOG = {"auth_method": "access_token", "is_enabled": "on"}
HTMX = {"HX-Request": "true"}


@pytest.fixture
def visitor(editor, meta):
    return Browser(editor)


@pytest.fixture
def north(workspace, connected):
    """A second Meta, which was never tested."""
    return add(workspace, "North", **OUTLET)


def add(workspace, name, provider="meta", **config):
    return several.add(workspace, provider, Changes(config=config, name=name), by=None).connection


def again(connection):
    return rows.again(connection)


# --- Addresses -----------------------------------------------------------------------------------


def test_what_is_done_at_the_address_of_one_leaves_the_default_one_alone(visitor, connected, north):
    visitor.post("one:disable", north.pk)
    visitor.post("one:test", north.pk)

    assert (again(north).is_enabled, again(connected).is_enabled) == (False, True)
    assert ConnectionTest.objects.get().connection == north


def test_a_dialog_opened_by_id_stays_at_that_connection(visitor, connected, north):
    page = visitor.get("one:connection", north.pk).content.decode()
    assert f'action="{reverse("one:connection", args=["main", north.pk])}"' in page
    assert 'value="act_1002"' in page

    version = again(north).version
    saved = visitor.post(
        "one:connection",
        north.pk,
        page=("one:connection", north.pk),
        version=version,
        account_id="act_1003",
        **DIALOG,
    )

    kept = Candidate.objects.get()
    assert kept.connection == north
    assert saved.request["PATH_INFO"] == reverse("one:candidate", args=["main", north.pk, kept.pk])


def test_the_default_one_keeps_the_addresses_of_its_platform(visitor, connected, north):
    page = visitor.get("connection", "meta").content.decode()

    assert f'action="{reverse("connection", args=["main", "meta"])}"' in page
    assert "connections/" not in page


@pytest.mark.parametrize("view", ["connection", "history", "disconnect"])
def test_one_that_was_removed_is_told_in_a_sentence(visitor, view):
    page = visitor.get(f"one:{view}", uuid.uuid4())

    assert page.status_code == 404
    assert "It was removed, or it belongs to another workspace." in text_of(page)


def test_a_button_of_one_that_was_removed_draws_the_card_anew(visitor, workspace, connected, north):
    gone = visitor.client.post(
        reverse("one:test", args=["main", uuid.uuid4()]),
        headers=HTMX | {"HX-Target": "card-meta", "X-CSRFToken": _token(visitor)},
    )

    assert gone.status_code == 200
    assert 'id="card-meta"' in gone.content.decode()
    assert "was removed meanwhile" in gone["HX-Trigger-After-Settle"]


def _token(visitor):
    return re.search(
        r'name="csrfmiddlewaretoken" value="(\w+)"', visitor.get("settings").content.decode()
    )[1]


def test_a_dialog_of_one_that_was_removed_is_answered_in_it(visitor):
    url = reverse("one:connection", args=["main", uuid.uuid4()])
    page = visitor.client.get(url, headers=HTMX | {"HX-Target": "dialog-content"})

    assert page.status_code == 410  # which the page shows, unlike 404
    assert page["HX-Retarget"] == "#dialog-content"
    assert "<html" not in page.content.decode()


def test_another_workspaces_connection_is_not_here(visitor, person):
    elsewhere = Workspace.objects.create(slug="other", name="Other")
    theirs = add(elsewhere, "Theirs", **OUTLET)

    assert visitor.get("one:connection", theirs.pk).status_code == 404
    assert visitor.post("one:disable", theirs.pk).status_code == 404
    assert again(theirs).is_enabled


def test_a_sign_in_comes_back_to_the_connection_that_began_it(
    editor, workspace, calendly_signed_in
):
    visitor = Browser(editor)
    draft = several.begin_another(workspace, "calendly")
    left = visitor.post(
        "one:sign-in",
        draft.pk,
        page=("one:connection", draft.pk),
        version=0,
        auth_method="sign_in",
        is_enabled="on",
    )
    url = re.search(r'href="(http://127[^"]+)"', left.content.decode())[1].replace("&amp;", "&")

    back = visitor.client.get(
        reverse("sign-in-callback", args=["calendly"]), callback_of(url, "two")
    )

    assert f"connection={draft.pk}" in back.url
    opens = visitor.client.get(back.url).content.decode()
    kept = Candidate.objects.get(connection=draft)
    assert f'hx-get="{reverse("one:candidate", args=["main", draft.pk, kept.pk])}"' in opens
