"""Everything can be done with the keyboard, and the focus is always somewhere sensible."""

import re

import pytest
from playwright.sync_api import expect

from providers.sandbox import ga4
from tests.browser.conftest import SETTINGS, save_meta, sign_in

pytestmark = pytest.mark.looks

PROPERTY = next(iter(ga4.PROPERTIES))


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
    expect(page.locator("#card-meta .pill")).to_have_text("Proven by a stand-in")


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


def test_the_arrow_keys_open_a_menu_and_go_round_in_it(page, workspace):
    save_meta(workspace)
    page.reload()
    page.focus("#more-meta")
    seen = []
    for key in ("ArrowDown", "ArrowDown", "ArrowUp", "ArrowUp"):
        page.keyboard.press(key)
        seen.append(page.evaluate("document.activeElement.textContent"))
    page.keyboard.press("Escape")

    assert seen[0] == seen[2] == "History of tests"
    assert seen[1].startswith("Setup guide")
    assert seen[3] == "Disconnect…"
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


@pytest.fixture
def calendlys(open_page, editor, calendly):
    """The settings page, where people can sign in to Calendly."""
    return open_page(editor, SETTINGS)


def go_to_calendly(page):
    press_until(page, "Tab", "#open-calendly")
    page.keyboard.press("Enter")
    expect(page.locator("#dialog")).to_be_visible()
    press_until(page, "Tab", "#dialog .actions .primary")
    expect(page.locator("#dialog :focus")).to_have_text("Continue to Calendly")
    page.keyboard.press("Enter")
    page.wait_for_selector("#cancel")


def test_a_sign_in_needs_no_mouse_and_ends_on_its_card(calendlys):
    page = calendlys
    go_to_calendly(page)
    press_until(page, "Tab", "#as-two")
    page.keyboard.press("Enter")
    expect(page.locator("#account-form [type=radio]").first).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#dialog .note.ok")).to_be_focused()
    press_until(page, "Tab", "#dialog .actions .primary")
    page.keyboard.press("Enter")

    expect(page.locator("#dialog")).to_be_hidden()
    expect(page.locator("#test-calendly")).to_be_focused()
    expect(page.locator("#card-calendly")).to_contain_text("outlet02")


def test_the_focus_stays_where_it_is_while_the_ladder_is_drawn_again(calendlys, gate):
    page = calendlys
    go_to_calendly(page)
    gate.close("/scheduled_events")
    press_until(page, "Tab", "#as-healthy")
    page.keyboard.press("Enter")
    expect(page.locator("#dialog [data-close]").first).to_be_focused()
    press_until(page, "Tab", "#dialog [data-cancels] button")
    for _ in range(2):
        with page.expect_response(re.compile("/candidate/")):
            pass

    expect(page.locator("#dialog [data-cancels] button")).to_be_focused()


def test_closing_the_dialog_after_a_cancelled_sign_in_leads_to_its_card(calendlys):
    go_to_calendly(calendlys)
    press_until(calendlys, "Tab", "#cancel")
    calendlys.keyboard.press("Enter")
    expect(calendlys.locator("#dialog .note.warn")).to_be_focused()

    calendlys.keyboard.press("Escape")

    expect(calendlys.locator("#open-calendly")).to_be_focused()


def test_other_ways_to_connect_open_by_key_and_are_chosen_with_the_arrows(calendlys):
    page = calendlys
    page.click("#open-calendly")
    press_until(page, "Tab", "[name=auth_method]")
    press_until(page, "Tab", "#dialog summary")
    page.keyboard.press("Enter")
    press_until(page, "Shift+Tab", "[name=auth_method]")
    page.keyboard.press("ArrowDown")

    expect(page.get_by_label("A personal access token")).to_be_focused()
    expect(page.get_by_role("button", name="Test and save")).to_be_visible()
    expect(page.get_by_role("button", name="Continue to Calendly")).to_be_hidden()


def test_enter_in_a_field_begins_the_sign_in_that_needs_it(open_page, editor, stand_in):
    stand_in("reddit")
    page = open_page(editor, SETTINGS)
    page.click("#open-reddit")
    page.get_by_label("Your Reddit username").fill("acme")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Sign in to Reddit")).to_be_visible()


def test_a_way_to_end_a_sign_in_is_chosen_with_the_arrows(open_page, editor, stand_in, workspace):
    stand_in("youtube", "ga4")
    sign_in(workspace, editor, "youtube")
    sign_in(workspace, editor, "ga4", account=PROPERTY)
    page = open_page(editor, SETTINGS)
    page.focus("#more-youtube")
    page.keyboard.press("Enter")
    press_until(page, "Tab", "#menu-youtube a.danger")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Keep it")).to_be_focused()
    press_until(page, "Shift+Tab", "[name=revoke]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    expect(page.locator("#card-youtube .pill")).to_have_text("Not connected")
    expect(page.locator("#toast")).to_have_text("YouTube is disconnected.")
