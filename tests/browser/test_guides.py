"""Guides as people use them: beside the dialog, copied from, on a phone, without script."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OTHER_HOST, SETTINGS

pytestmark = pytest.mark.looks

GUIDE = "/w/main/integrations/meta/guide/access_token/"
SIGN_IN = "/w/main/integrations/calendly/guide/sign_in/"
META_SCOPES = "ads_read, business_management"
TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
PHONE_AT_NIGHT = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}


@pytest.fixture
def page(open_page, editor, calendly):
    return open_page(editor, SETTINGS)


def may_copy(page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])


def copied(page):
    return page.evaluate("navigator.clipboard.readText()")


def test_what_is_typed_survives_a_look_at_the_guide(open_page, editor):
    page = open_page(editor, SETTINGS)
    page.click("#open-meta")
    page.get_by_label("Access token").fill("EAAtyped")
    page.get_by_label("Ad account ID").fill("act_1001")
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Setup guide to System user token").click()
    expect(opened.value.get_by_role("heading", name="System user token")).to_be_visible()
    opened.value.close()

    expect(page.locator("#dialog")).to_be_visible()
    expect(page.get_by_label("Access token")).to_have_value("EAAtyped")
    expect(page.get_by_label("Ad account ID")).to_have_value("act_1001")


def test_the_guide_is_reached_with_the_keyboard_alone_and_chooses_nothing(open_page, editor):
    page = open_page(editor, SETTINGS)
    page.click("#open-meta")
    page.locator("#dialog summary", has_text="Another way").click()
    link = page.get_by_role("link", name="Setup guide to Sign in with Facebook")
    link.focus()
    with page.expect_popup() as opened:
        page.keyboard.press("Enter")
    expect(opened.value.get_by_role("heading", name="Step by step")).to_be_visible()

    expect(page.get_by_role("radio", name="System user token")).to_be_checked()


def test_the_permissions_of_a_guide_are_copied_together(page):
    may_copy(page)
    page.goto(GUIDE)
    page.get_by_role("button", name="Copy the permissions for Meta").click()

    expect(page.locator("#toast")).to_have_text("Copied.")
    expect(page.locator("#announcer")).to_have_text("Copied.")
    assert copied(page) == META_SCOPES


def test_the_redirect_uri_of_a_guide_is_copied(page, base_url):
    may_copy(page)
    page.goto(SIGN_IN)
    page.get_by_role("button", name="Copy the redirect URI").click()

    expect(page.locator("#toast")).to_have_text("Copied.")
    assert copied(page) == f"{base_url}/oauth/calendly/callback/"


def test_what_a_sign_in_asks_for_is_copied_from_the_dialog(page):
    may_copy(page)
    page.click("#open-calendly")
    page.locator("#dialog").get_by_role("button", name="Copy the permissions’ names").click()

    expect(page.locator("#toast")).to_have_text("Copied.")
    expect(page.locator("#dialog-announcer")).to_have_text("Copied.")
    names = "users:read organizations:read event_types:read scheduled_events:read"
    assert copied(page) == names


def test_on_plain_http_permissions_are_copied_too(open_page, editor, base_url, settings):
    settings.ALLOWED_HOSTS = [OTHER_HOST]
    there = base_url.replace("127.0.0.1", OTHER_HOST).replace("localhost", OTHER_HOST)
    page = open_page(editor, f"{there}{GUIDE}")
    assert not page.evaluate("isSecureContext")

    page.get_by_role("button", name="Copy the permissions for Meta").click()
    expect(page.locator("#toast")).to_have_text("Copied.")
    page.goto(f"{there}{SETTINGS}")
    page.get_by_label("Search integrations").focus()
    page.keyboard.press("Control+V")

    expect(page.get_by_label("Search integrations")).to_have_value(META_SCOPES)


@pytest.mark.parametrize("path", [GUIDE, SIGN_IN, "/w/main/integrations/crm/guide/"])
def test_a_guide_fits_a_phone(open_page, editor, calendly, path):
    page = open_page(editor, path, **PHONE_AT_NIGHT)

    assert not page.evaluate(TOO_WIDE)


def test_without_script_the_dialog_leads_to_the_guide(open_page, editor):
    page = open_page(editor, f"{SETTINGS}integrations/meta/", java_script_enabled=False)
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Setup guide to System user token").click()

    expect(opened.value.locator("ol.acts > li")).to_have_count(6)


def test_on_paper_a_guide_has_its_addresses_and_no_buttons(page):
    page.goto(GUIDE)
    page.emulate_media(media="print")

    link = page.get_by_role("link", name="Open System users in Business settings")
    printed = link.evaluate("one => getComputedStyle(one, '::after').content")
    assert "attr(href)" in printed or "https://business.facebook.com" in printed
    for gone in (".top", ".side", "[data-copy]", ".guide-next"):
        expect(page.locator(gone).first).to_be_hidden()
