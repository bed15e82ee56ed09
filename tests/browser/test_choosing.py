"""Many accounts at once, in a real browser: searched, ticked, added, and seen to be proven."""

import re

import pytest
from playwright.sync_api import expect

from integrations.models import IntegrationConnection
from tests.browser.conftest import save_meta, saved
from tests.browser.test_accessibility import check


def path_of(connection):
    return f"/w/main/integrations/{connection.provider}/accounts/{connection.pk}/"


@pytest.fixture
def agency(workspace, meta):
    """A token that reaches 312 accounts, used for one of them."""
    save_meta(workspace, token="EAAagency")
    return saved(workspace)


def count(page):
    return page.locator("#chosen-count")


def test_all_that_match_are_added_and_proven_while_one_looks_on(open_page, editor, agency):
    page = open_page(editor, path_of(agency))
    expect(page.get_by_role("heading", name="All 312 accounts")).to_be_visible()
    page.get_by_label("Search the 312 accounts").fill("act_400")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=re.compile("9 match"))).to_be_visible()
    page.get_by_role("button", name="Select all 9 that match").click()
    expect(count(page)).to_have_text("9 accounts chosen")

    page.get_by_role("button", name="Add 9 accounts").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("2 of 9 accounts were not proven")
    expect(page.locator("tbody tr").first).to_contain_text("Failed")
    assert IntegrationConnection.objects.exclude(proven_at=None).count() == 7


def test_ticking_counts_at_once_and_names_what_the_button_does(open_page, editor, agency):
    page = open_page(editor, path_of(agency))
    boxes = page.get_by_role("checkbox", disabled=False)

    for number in range(5):
        boxes.nth(number).check()
    expect(count(page)).to_have_text("5 accounts chosen")
    boxes.nth(0).uncheck()

    expect(page.get_by_role("button", name="Add 4 accounts")).to_be_visible()
    page.get_by_role("button", name="Page 2").click()
    expect(count(page)).to_have_text("4 accounts chosen")


def test_the_keyboard_alone_adds_an_account(open_page, editor, agency):
    page = open_page(editor, path_of(agency))
    page.get_by_label("Search the 312 accounts").focus()
    page.keyboard.type("act_4002")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=re.compile("1 match"))).to_be_visible()

    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "account":
            break
    page.keyboard.press("Space")
    expect(count(page)).to_have_text("1 account chosen")
    assert page.evaluate("document.activeElement.name") == "account"
    while page.evaluate("document.activeElement.name") != "add":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("The account is proven")


def test_without_script_the_same_is_done_by_buttons(open_page, editor, agency):
    page = open_page(editor, path_of(agency), java_script_enabled=False)
    page.get_by_role("link", name="Show them").click()
    page.get_by_label("Search the 312 accounts").fill("act_4002")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Add the chosen accounts").click()

    for _ in range(60):
        if page.get_by_role("heading", level=1).inner_text() == "The account is proven":
            break
        page.get_by_role("link", name="Refresh").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The account is proven")


@pytest.mark.looks
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_all_of_it_without_scrolling_sideways(open_page, editor, agency, scheme):
    page = open_page(
        editor, path_of(agency), viewport={"width": 390, "height": 844}, color_scheme=scheme
    )
    expect(page.get_by_role("heading", name="All 312 accounts")).to_be_visible()
    page.get_by_role("checkbox", disabled=False).first.check()
    add = page.get_by_role("button", name="Add 1 account")
    expect(add).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") == 390

    add.click()

    expect(page.get_by_role("heading", level=1)).to_have_text("The account is proven")
    assert page.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.looks
def test_axe_finds_nothing_on_either_page_at_any_width(open_page, editor, agency):
    page = open_page(editor, path_of(agency) + "?q=act_400&ask=1")
    check(page)
    page.get_by_role("button", name="Select all").click()
    page.get_by_role("button", name="Add 9 accounts").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 of 9 accounts were not proven")
    check(page)


def test_what_failed_is_tried_again_and_removed(open_page, editor, agency):
    page = open_page(editor, path_of(agency) + "?q=act_4008&ask=1")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Add 1 account").click()
    headline = page.get_by_role("heading", level=1)
    expect(headline).to_have_text("1 of 1 account was not proven")

    page.get_by_role("button", name="Try it again").click()
    expect(headline).to_have_text("1 of 1 account was not proven")
    page.get_by_role("link", name=re.compile("Remove")).click()
    page.get_by_role("button", name="Remove it").click()

    expect(headline).to_have_text("Nothing is left of this")
    assert IntegrationConnection.objects.count() == 1


def test_a_platform_that_takes_its_time_is_waited_for_on_the_page(open_page, editor, agency, gate):
    gate.close("adaccounts")
    page = open_page(editor, path_of(agency))
    expect(page.get_by_text("Asking Meta for its accounts")).to_be_visible()
    gate.open()

    expect(page.get_by_role("heading", name="All 312 accounts")).to_be_visible()
