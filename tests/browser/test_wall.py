"""The wall in the room: shown anew by itself, turning, and never out of date without a word."""

import re
from datetime import timedelta

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import expect

from integrations.models import IntegrationConnection
from integrations.services.watching import incidents
from tests.browser.test_accessibility import TOO_WIDE, violations
from tests.integrations.services.watching.world import connected, fails

pytestmark = pytest.mark.looks

WALL = "/w/main/dashboard/?wall"
EVERY, TURN = 20_000, 12_000


@pytest.fixture
def broken(workspace):
    """Four causes: a screen holds three."""
    now = timezone.now()
    made = [connected(workspace, slug) for slug in ("meta", "stripe", "calendly", "x")]
    IntegrationConnection.objects.update(key_id="", sign_in_key_id="")
    for one in made:
        fails(one, "auth_expired", now - timedelta(minutes=5))
    incidents.reconcile(now)
    return made


@pytest.fixture
def wall(open_page, editor, broken):
    page = open_page(editor)
    page.clock.install()
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(WALL)
    return page


def test_it_is_dark_and_readable_and_asks_for_no_click(wall):
    wall.emulate_media(color_scheme="light")
    wall.evaluate(AXE_SCRIPT)
    rules = {"runOnly": ["color-contrast", "region", "heading-order", "list", "aria-allowed-role"]}

    assert violations(wall, "html", rules | {"resultTypes": ["violations"]}) == []
    colour = wall.evaluate("getComputedStyle(document.body).backgroundColor")
    assert colour == "rgb(7, 9, 12)"
    assert not wall.evaluate(TOO_WIDE)
    assert wall.evaluate("document.documentElement.scrollHeight <= innerHeight + 1")


def test_it_turns_by_itself_until_somebody_holds_it(wall):
    seen = set()
    for _ in range(2):
        seen.add(wall.locator(".fires:visible .turn").text_content())
        wall.clock.run_for(TURN)
    assert seen == {"1 of 2", "2 of 2"}

    wall.keyboard.press("Space")
    expect(wall.get_by_text("Held: the space bar lets it turn again.")).to_be_visible()
    held = wall.locator(".fires:visible .turn").text_content()
    wall.clock.run_for(TURN)
    assert wall.locator(".fires:visible .turn").text_content() == held


def test_nothing_moves_while_it_turns(wall):
    animated = "[...document.querySelectorAll('*')].flatMap((one) => one.getAnimations()).length"

    assert wall.evaluate(animated) == 0
    wall.clock.run_for(TURN)
    assert wall.evaluate(animated) == 0


def test_it_shows_itself_anew(wall, workspace, broken):
    expect(wall.get_by_role("heading", level=1)).to_contain_text("4 of 13 platforms need someone")
    IntegrationConnection.objects.filter(pk=broken[0].pk).update(is_enabled=False)
    incidents.reconcile(timezone.now())

    wall.clock.run_for(EVERY)

    expect(wall.get_by_role("heading", level=1)).to_contain_text("3 of 13 platforms need someone")


def test_it_says_that_it_lost_the_server_and_that_it_is_back(wall, watch):
    wall.route("**/*wall", lambda route: route.abort())
    wall.clock.run_for(EVERY)
    lost = wall.get_by_role("alert")
    expect(lost).to_have_text(
        re.compile(r"No connection to the server since \d\d:\d\d. What you see is from then.")
    )

    wall.unroute("**/*wall")
    wall.clock.run_for(EVERY)
    expect(lost).to_be_hidden()
    watch.problems.clear()  # that a request failed, as it was to


def test_it_says_that_it_was_signed_out(wall):
    Session.objects.all().delete()
    wall.clock.run_for(EVERY)

    expect(wall.get_by_role("alert")).to_contain_text("This screen was signed out at about")


def test_without_script_everything_is_shown_and_loaded_again(open_page, editor, broken):
    page = open_page(editor, WALL, java_script_enabled=False)

    assert page.locator(".fire:visible").count() == 4
    again = page.locator("meta[http-equiv=refresh]")
    assert again.get_attribute("content") == "20"
