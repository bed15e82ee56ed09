"""The portfolio in a browser: read by anybody, worked by keyboard, and without script."""

from datetime import timedelta

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.utils import timezone
from playwright.sync_api import expect

from integrations.models import Membership, Role, Workspace
from integrations.services.watching import incidents
from tests.browser.test_every_page import problems
from tests.integrations.services.watching.world import connected, fails

pytestmark = pytest.mark.looks

PORTFOLIO = "/dashboard/"


@pytest.fixture
def many(workspace, editor):
    """One that burns, one without an answer, one that was never proven, and an empty one."""
    now = timezone.now()
    made = [Workspace.objects.create(name=f"Client {n}", slug=f"client-{n}") for n in range(4)]
    for one in made:
        Membership.objects.create(user=editor, workspace=one, role=Role.EDITOR)
    for one, kind in zip(made, ("auth_expired", "network", ""), strict=False):
        connection = connected(one)
        type(connection).objects.filter(pk=connection.pk).update(key_id="", proven_at=None)
        if kind:
            fails(connection, kind, now - timedelta(hours=1))
    incidents.reconcile(now)
    return made


def test_it_is_read_by_anybody(open_page, editor, many):
    page = open_page(editor, PORTFOLIO)
    expect(page.get_by_role("heading", level=1)).to_have_text("1 of 5 workspaces needs someone now")
    assert problems(page, PORTFOLIO) == []

    page.goto(f"{PORTFOLIO}?wall")
    page.evaluate(AXE_SCRIPT)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("has_script", [True, False])
def test_it_is_searched_and_filtered_by_keyboard(open_page, editor, many, has_script):
    page = open_page(editor, PORTFOLIO, java_script_enabled=has_script)
    search = page.get_by_role("searchbox", name="Search workspaces")
    search.focus()
    page.keyboard.type("client 1")
    page.keyboard.press("Enter")
    rows = page.locator("table").last.locator("tbody tr")
    expect(rows).to_have_count(1)

    page.goto(PORTFOLIO)
    page.get_by_role("link", name="Needs someone now 1").focus()
    page.keyboard.press("Enter")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Client 0")
    rows.get_by_role("link", name="Meta ended the access token").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("1 incident open")


def test_it_says_that_something_changed(open_page, editor, many):
    page = open_page(editor)
    page.clock.install()
    page.goto(PORTFOLIO)
    fails(connected(many[3]), "auth_expired", timezone.now())

    page.clock.run_for(20_000)

    expect(page.get_by_text("Something changed while you were here")).to_be_visible()
    page.get_by_role("link", name="Show it as it is now").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("2 of 5 workspaces need someone")
