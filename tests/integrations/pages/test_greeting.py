"""What the first owner reads on their first page, until they know."""

import pytest

from integrations.models import Workspace
from integrations.services import rows
from integrations.services.connecting import disconnecting, saving
from integrations.services.connecting.changes import Changes
from integrations.services.people import people
from tests.integrations.conftest import VALUES, signed_in
from tests.integrations.pages.people import PASSWORD, Visitor, text_of

SETTINGS = "/w/main/dashboard/settings/"
GREETING = "Welcome. You own Main."


@pytest.fixture
def first(workspace):
    """The first owner's browser, on the first page."""
    path = f"/welcome/{people.make_owner_link().rstrip('/').rpartition('/')[2]}/"
    visitor = Visitor()
    page = visitor.send(path, path, username="dana", password=PASSWORD, email="")
    assert page.redirect_chain[-1][0] == SETTINGS
    visitor.page = text_of(page)
    return visitor


def test_the_first_page_says_what_to_do_first(first):
    assert GREETING in first.page
    assert "Connect the platform whose silence would cost you most" in first.page
    assert "Then invite a colleague" in first.page


def test_nobody_else_is_greeted(first, owner):
    assert GREETING not in text_of(signed_in(owner).get(SETTINGS))


def test_it_stays_until_it_is_put_away(first):
    assert GREETING in first.says(SETTINGS)

    page = first.send(SETTINGS, f"{SETTINGS}greeting/dismiss/")

    assert GREETING not in text_of(page)
    assert GREETING not in first.says(SETTINGS)


def test_once_anything_was_connected_it_is_gone_for_good(first):
    workspace = Workspace.objects.get()
    saving.change_connection(rows.unread(workspace, "meta"), Changes(config=VALUES), by=None)
    assert GREETING not in first.says(SETTINGS)

    disconnecting.disconnect(rows.unread(workspace, "meta"), by=None)
    assert GREETING not in first.says(SETTINGS)
