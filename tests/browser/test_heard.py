"""A click is seen to be heard at once, on every page, however long its answer takes."""

import re

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.conftest import SETTINGS, save_meta

pytestmark = pytest.mark.looks

HEARD = re.compile(r"\bheard\b")
OVERVIEW, MEMBERS = "/w/main/dashboard/", "/w/main/members/"


@pytest.fixture
def page(open_page, owner, meta, workspace):
    save_meta(workspace)
    return open_page(owner, SETTINGS)


# Nothing can have been answered before this returns.
PRESS = "control => { control.click(); return control.classList.contains('heard'); }"


def hold(page: Page) -> list[Request]:
    """From now on the page gets no answer; what it asked for is listed."""
    asked: list[Request] = []
    page.route("**/*", lambda route: asked.append(route.request))
    return asked


@pytest.mark.parametrize(
    ("path", "control"),
    [
        (SETTINGS, "#test-all"),
        (SETTINGS, "#test-meta"),
        (SETTINGS, "#open-meta"),
        (SETTINGS, "#open-stripe"),
        (SETTINGS, "nav >> text=Overview"),
        (OVERVIEW, "main button"),
        (OVERVIEW, ".tile >> nth=0"),
        (MEMBERS, "main button"),
        (f"{SETTINGS}profile/", "main button >> nth=0"),
        (f"{SETTINGS}sign-in-apps/", "main a.btn >> nth=0"),
        (f"{SETTINGS}api-access/", "main button >> nth=0"),
    ],
)
def test_a_control_shows_that_it_was_pressed(page, path, control):
    page.goto(path)
    for field in page.locator("main input[required]").all():
        field.fill("anna")

    assert page.locator(control).evaluate(PRESS)


def test_what_was_chosen_in_a_menu_shows_on_the_menus_button(page):
    page.click("#more-meta")
    held = hold(page)
    page.get_by_text("History of tests").click()

    expect(page.locator("#more-meta")).to_have_class(HEARD)
    assert len(held) == 1


def test_in_the_dialog_a_second_press_sends_nothing_more(page):
    page.click("#open-meta")
    held = hold(page)
    button = page.locator("#dialog .actions").get_by_role("button", name="Test and save")
    button.click()
    expect(button).to_have_class(HEARD)
    button.click()

    assert [one.method for one in held] == ["POST"]


def test_what_was_answered_can_be_pressed_again(page):
    page.click("#test-all")
    expect(page.locator("#run-progress")).to_contain_text("All tested.")

    expect(page.locator("#test-all")).not_to_have_class(HEARD)


def test_who_comes_back_to_a_page_finds_nothing_pressed(page):
    page.click("nav >> text=Overview")
    page.wait_for_url(f"**{OVERVIEW}")
    page.go_back()

    expect(page.locator("#test-all")).to_be_visible()
    expect(page.locator(".heard")).to_have_count(0)


@pytest.mark.parametrize(
    ("control", "word"),
    [("#test-meta", "Testing…"), ("#open-meta", "Opening…"), ("#open-stripe", "Opening…")],
)
def test_who_waits_reads_what_is_being_done(page, control, word):
    hold(page)
    pressed = page.locator(control)
    pressed.click()

    expect(pressed).to_have_attribute("aria-busy", "true")
    shown = pressed.evaluate("one => getComputedStyle(one, '::after').content")
    assert shown == f'"{word}"'


def test_what_was_done_has_the_focus_after_a_page_was_loaded(page):
    page.goto(f"{SETTINGS}profile/")
    page.get_by_role("button", name="Save").click()

    expect(page.locator(".messages")).to_be_focused()


def test_what_is_wrong_has_the_focus_after_a_page_was_loaded(page):
    page.goto("/w/main/workspace/")
    page.get_by_role("textbox", name="Name").fill("")
    page.get_by_role("button", name="Rename it").click()

    expect(page.get_by_role("textbox", name="Name")).to_be_focused()
