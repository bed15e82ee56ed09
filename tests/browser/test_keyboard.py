"""Everything can be done with the keyboard, and the focus is always somewhere sensible."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import save_meta


def press_until(page, key, selector, most=60):
    """Press a key until the element has the focus."""
    for _ in range(most):
        page.keyboard.press(key)
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"{key} never reached {selector}.")


def test_the_first_tab_offers_to_skip_to_the_content(page):
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_in_viewport()

    page.keyboard.press("Enter")

    expect(page.locator("#main")).to_be_focused()


def test_a_platform_is_connected_with_the_keyboard_alone(page):
    press_until(page, "Tab", "#open-meta")
    page.keyboard.press("Enter")
    expect(page.locator("#dialog")).to_be_visible()
    press_until(page, "Tab", "[name=access_token]")
    page.keyboard.type("EAAhealthy")
    press_until(page, "Tab", "[name=account_id]")
    page.keyboard.type("act_1001")
    page.keyboard.press("Enter")

    expect(page.locator("#dialog .note.ok")).to_be_focused()
    expect(page.locator("#card-meta .pill")).to_have_text("Connected")


def test_escape_closes_the_dialog_and_the_focus_goes_back(page):
    press_until(page, "Tab", "#open-meta")
    page.keyboard.press("Enter")
    expect(page.locator("#dialog")).to_be_visible()

    page.keyboard.press("Escape")

    expect(page.locator("#dialog")).to_be_hidden()
    expect(page.locator("#open-meta")).to_be_focused()


def test_the_focus_stays_in_view_above_the_buttons_of_the_dialog(page):
    page.set_viewport_size({"width": 390, "height": 500})
    page.click("#open-meta")
    expect(page.locator("#dialog")).to_be_visible()
    hidden = []
    for _ in range(30):
        page.keyboard.press("Tab")
        hidden += page.evaluate(
            """() => {
                const focused = document.activeElement;
                if (!focused.closest(".dialog .content")) return [];
                const end = document.querySelector(".dialog .actions").getBoundingClientRect().top;
                const isHidden = focused.getBoundingClientRect().bottom > end;
                return isHidden ? [focused.outerHTML] : [];
            }"""
        )

    assert hidden == []


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_a_menu_opens_by_key_and_escape_closes_it(page, workspace, key):
    save_meta(workspace)
    page.reload()
    press_until(page, "Tab", "#more-meta")
    page.keyboard.press(key)
    expect(page.locator("#menu-meta")).to_have_attribute("open", "")
    page.keyboard.press("Tab")
    expect(page.locator("#menu-meta").get_by_text("History of tests")).to_be_focused()

    page.keyboard.press("Escape")

    expect(page.locator("#menu-meta")).not_to_have_attribute("open", "")
    expect(page.locator("#more-meta")).to_be_focused()


def test_a_menu_closes_when_the_focus_leaves_it(page, workspace):
    save_meta(workspace)
    page.reload()
    page.focus("#more-meta")
    page.keyboard.press("Enter")
    press_until(page, "Shift+Tab", "#test-meta")

    expect(page.locator("#menu-meta")).not_to_have_attribute("open", "")


def test_while_values_are_tested_the_ladder_is_in_view_and_the_focus_in_the_dialog(page, gate):
    page.set_viewport_size({"width": 390, "height": 600})
    gate.close("act_1001")
    page.click("#open-meta")
    page.get_by_label("Access token").fill("EAAhealthy")
    page.get_by_label("Ad account ID").fill("act_1001")
    page.keyboard.press("Enter")

    expect(page.locator(".ladder .running")).to_be_in_viewport()
    expect(page.locator("#dialog [data-close]").first).to_be_focused()
