"""Every control is a working link or form before any script runs."""

import pytest
from playwright.sync_api import expect

from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes
from integrations.services.proving import testing
from tests.browser.conftest import (
    ACME,
    OUTLET,
    PASSWORD,
    SETTINGS,
    fix_link,
    save_meta,
    saved,
    sign_in_to_outlet,
)


@pytest.fixture
def page(open_page, editor, meta):
    return open_page(editor, SETTINGS, java_script_enabled=False)


@pytest.fixture
def connected(page, workspace):
    save_meta(workspace)
    page.reload()
    return page


def connect(page, token):
    page.click("#open-meta")
    page.get_by_label("Access token").fill(token)
    page.get_by_label("Ad account ID").fill("act_1001")
    page.get_by_role("button", name="Test and save").click()


def choose(page, item):
    page.click("#more-meta")
    page.locator("#menu-meta").get_by_text(item, exact=True).click()


def test_connecting_ends_with_the_proof(page, workspace):
    connect(page, "EAAhealthy")

    expect(page.locator(".note.ok")).to_contain_text("Meta works: proven at")
    page.get_by_role("link", name="Done").click()
    expect(page.locator("#card-meta .pill")).to_have_text("Proven by a stand-in")


def test_the_vendor_is_asked_for_on_a_page_of_its_own(page):
    page.click("#open-crm")
    expect(page.get_by_role("heading", level=1)).to_have_text("Which CRM do you use?")
    page.get_by_label("Pipedrive").check()
    page.get_by_role("button", name="Continue").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Connect Pipedrive")
    expect(page.get_by_label("API token", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Show API token")).to_be_hidden()


def test_a_failure_can_be_saved_anyway(page, workspace):
    connect(page, "EAAexpired")
    expect(page.locator(".note.bad")).to_contain_text("has expired")
    assert not saved(workspace).saved_names

    page.get_by_role("button", name="Save anyway").click()

    expect(page.locator(".note.bad")).to_contain_text("Saved, but not proven.")
    page.get_by_role("link", name="Done").click()
    expect(page.locator("#card-meta .btn.primary")).to_have_text("Enter new credentials")


def test_the_first_button_is_the_chosen_ways(calendlys, workspace):
    half = Changes(auth_method="access_token", config={"account_id": ACME})
    saving.change_connection(rows.unread(workspace, "calendly"), half, by=None)
    calendlys.goto("/w/main/dashboard/")
    calendlys.get_by_role("link", name="Finish Calendly").click()
    buttons = calendlys.locator(".actions button.primary")

    expect(buttons.first).to_have_text("Test and save")
    expect(buttons.nth(1)).to_have_text("Continue to Calendly")


def test_a_test_is_followed_until_it_ends(connected):
    connected.click("#test-meta")

    expect(connected.locator("#card-meta .pill")).to_have_text("Proven by a stand-in")
    expect(connected.locator("#card-meta")).to_contain_text("Proven ")


def test_disabling_and_enabling_come_back_with_a_message(connected):
    choose(connected, "Disable")
    expect(connected.locator(".messages")).to_have_text("Meta is disabled. Its values stay saved.")

    connected.click("#enable-meta")
    expect(connected.locator(".messages")).to_have_text("Meta is enabled.")


def test_disconnecting_asks_on_a_page_of_its_own(connected, workspace):
    choose(connected, "Disconnect…")
    expect(connected.get_by_role("heading", name="Disconnect Meta?")).to_be_visible()

    connected.get_by_role("button", name="Disconnect").click()

    expect(connected.locator("#card-meta .pill")).to_have_text("Not connected")
    assert not saved(workspace).saved_names


def test_history_is_a_page_with_times_that_name_their_zone(connected, workspace):
    testing.test_connection(saved(workspace), trigger="schedule")
    choose(connected, "History of tests")

    expect(connected.locator(".history time")).to_contain_text("UTC")
    connected.locator(".history summary").click()
    expect(connected.locator(".history .ladder")).to_contain_text("Token is valid")


def test_a_filter_is_a_link(connected):
    connected.click("[data-show=unproven]")

    assert connected.locator(".card:visible h3").all_text_contents() == ["Meta"]
    expect(connected.locator("[data-show=unproven]")).to_have_attribute("aria-current", "true")


def test_a_search_is_a_form(page):
    page.get_by_role("searchbox").fill("payments")
    page.keyboard.press("Enter")

    expect(page.locator("#card-meta")).to_be_hidden()
    assert page.locator(".card:visible h3").all_text_contents() == ["Stripe"]


def test_a_search_that_finds_nothing_says_so(page):
    page.get_by_role("searchbox").fill("nothing like it")
    page.keyboard.press("Enter")

    expect(page.locator("#nothing-found")).to_be_visible()


def test_an_api_token_is_made_and_revoked(page):
    page.goto(f"{SETTINGS}api-access/")
    page.get_by_label("Name").fill("Dashboard")
    page.get_by_role("button", name="Make a token").click()
    expect(page.locator("#new-token")).not_to_be_empty()

    page.locator("summary", has_text="Revoke").click()
    page.get_by_role("button", name="Revoke now").click()

    expect(page.locator(".messages")).to_contain_text("The token is revoked.")
    expect(page.locator("main")).to_contain_text("No token yet.")


def test_signing_out_and_in_leads_back(page):
    page.locator("summary[aria-label^='Your account']").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()

    page.get_by_label("Username").fill("emil")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing is connected yet")


@pytest.fixture
def calendlys(open_page, editor, calendly):
    """The settings page, where people can sign in to Calendly."""
    return open_page(editor, SETTINGS, java_script_enabled=False)


def go_to_calendly(page):
    page.click("#open-calendly")
    page.get_by_role("button", name="Continue to Calendly").click()
    expect(page.get_by_role("heading", name="Continue to Calendly")).to_be_visible()
    page.get_by_role("link", name="Continue to Calendly").click()


def test_a_sign_in_goes_by_a_link_and_the_page_follows_the_proof(calendlys, gate):
    go_to_calendly(calendlys)
    gate.close("/scheduled_events")
    calendlys.click("#as-healthy")
    expect(calendlys.locator(".ladder .running")).to_contain_text("Booked calls can be read")
    gate.open()

    expect(calendlys.locator(".note.ok")).to_contain_text("Calendly works: proven at")
    calendlys.get_by_role("link", name="Done").click()
    expect(calendlys.locator("#card-calendly")).to_contain_text("The sign-in renews itself.")


def test_of_several_accounts_one_is_chosen(calendlys, workspace):
    go_to_calendly(calendlys)
    calendlys.click("#as-two")
    calendlys.get_by_text(OUTLET).click()
    calendlys.get_by_role("button", name="Use this account").click()

    expect(calendlys.locator(".note.ok")).to_contain_text("Calendly works: proven at")
    assert saved(workspace, "calendly").platform_account_id == OUTLET


def test_none_of_several_accounts_can_be_left_out_on_purpose(calendlys, workspace):
    go_to_calendly(calendlys)
    calendlys.click("#as-two")
    calendlys.get_by_role("button", name="None of these").click()

    expect(calendlys.locator(".note.ok")).to_contain_text("Calendly works: proven at")
    assert "account_id" not in saved(workspace, "calendly").config


def test_a_cancelled_sign_in_says_so(calendlys):
    go_to_calendly(calendlys)
    calendlys.click("#cancel")

    expect(calendlys.locator(".note.warn")).to_contain_text("The sign-in at Calendly was cancelled")


def test_a_fix_link_needs_no_script(open_page, calendly, workspace, owner):
    sign_in_to_outlet(workspace, owner)
    page = open_page(path=fix_link(workspace, owner), java_script_enabled=False)
    page.get_by_role("button", name="Continue to Calendly").click()
    page.get_by_role("link", name="Continue to Calendly").click()
    page.click("#as-two")

    expect(page.get_by_text("Thank you: Calendly works.")).to_be_visible()
