"""A table spread over workspaces, in a real browser: planned, confirmed, followed to its end."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from integrations.models import IntegrationConnection
from tests.browser.conftest import PASSWORD, save_meta, saved
from tests.browser.test_every_page import problems

TABLE = "act_1003,north\nact_4001,South & Sons\nact_4002,south-sons\nact_9,north\nact_4003,\n"


@pytest.fixture
def agency(workspace, meta):
    """A token that reaches 312 accounts, used for one of them."""
    save_meta(workspace, token="EAAagency")
    return saved(workspace)


def test_a_table_is_planned_confirmed_and_seen_to_be_spread(open_page, workspace, agency):
    ruth = User.objects.create_superuser("ruth", "ruth@acme.example", PASSWORD)
    page = open_page(ruth, f"/w/main/integrations/meta/accounts/{agency.pk}/?ask=1")
    page.get_by_role("link", name="Spread over workspaces").click()
    page.get_by_label("A line for each account").fill(TABLE)
    found = problems(page, "table")
    page.get_by_role("button", name="Show what would happen").click()
    expect(page.get_by_text("1 problem")).to_be_visible()
    found += problems(page, "plan")

    page.get_by_role("button", name="Connect 3 accounts in 2 workspaces").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Spread over 2 workspaces")
    found += problems(page, "progress")
    assert IntegrationConnection.objects.filter(lender=workspace).count() == 3
    assert not found, "\n".join(found)
