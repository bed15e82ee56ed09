"""The dialog opens at the one thing that matters, in one screen, and loses nothing typed."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from integrations.models import Role, Trigger
from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes
from integrations.services.proving import testing
from providers.sandbox import calendly as sandbox
from tests.browser.conftest import META, SETTINGS, member, save_meta, saved, sign_in

pytestmark = pytest.mark.looks

OVERVIEW = "/w/main/dashboard/"
APP = f"{SETTINGS}sign-in-apps/calendly/?for=calendly"


# The pages' policy forbids wait_for_function, which evaluates its words.
UNTIL = """isOpen => new Promise((done) => {
    const look = () => Boolean(history.state?.dialog) === isOpen ? done() : setTimeout(look, 20);
    look();
})"""


def open_dialog(page: Page, slug: str = "meta") -> None:
    page.click(f"#open-{slug}")
    expect(page.locator("#dialog")).to_be_visible()


def break_meta(workspace, **values: str) -> None:
    save_meta(workspace, **values)
    testing.test_connection(saved(workspace), trigger=Trigger.SCHEDULE)


# --- What is wrong, first ------------------------------------------------------------------------


def test_a_refused_token_is_told_and_its_field_focused(page, workspace):
    break_meta(workspace, token="EAAunknownx9Qd")
    page.reload()
    open_dialog(page)

    wrong = page.locator("#dialog .wrong")
    expect(page.locator("#dialog-title")).to_have_text("Fix Meta")
    expect(wrong).to_contain_text("Meta does not accept this access token.")
    expect(wrong).to_contain_text("stops Ads monitor and Pixel/CAPI lead tracking")
    token = page.get_by_label("New access token")
    expect(token).to_be_focused()
    expect(token).to_have_accessible_description(
        re.compile(r"^The saved one \(ends in …x9Qd\) was refused Business settings")
    )


def test_what_is_fine_and_what_the_test_found_are_folded(page, workspace):
    break_meta(workspace, token="EAAexpired", pixel_id="2002")
    page.reload()
    open_dialog(page)
    fine = page.locator("#dialog summary", has_text="Saved and fine")

    expect(fine).to_contain_text("2 values stay as they are")
    expect(page.get_by_label("Ad account ID")).to_be_hidden()
    fine.click()
    expect(page.get_by_label("Ad account ID")).to_have_value("act_1001")
    page.locator("#dialog summary", has_text="What the test found").click()
    expect(page.locator("#dialog .ladder .failed")).to_contain_text("Token is valid")


def test_a_new_token_alone_mends_it(page, workspace):
    break_meta(workspace, token="EAAexpired", pixel_id="2002")
    page.reload()
    open_dialog(page)
    page.keyboard.type("EAAhealthy")
    page.keyboard.press("Enter")

    expect(page.locator("#dialog .note.ok")).to_contain_text("Meta works: proven at")
    assert saved(workspace).config == {"account_id": "act_1001", "pixel_id": "2002"}


def test_an_account_that_is_not_there_is_focused(page, workspace):
    break_meta(workspace, token="EAAhealthy", account_id="act_9999")
    page.reload()
    open_dialog(page)

    expect(page.get_by_label("Ad account ID")).to_be_focused()
    expect(page.locator("#dialog .refused")).to_have_text("The saved one was not found")


def test_a_sign_in_that_ended_focuses_the_button_that_renews_it(
    open_page, editor, calendly, workspace
):
    sign_in(workspace, editor)
    broken = saved(workspace, "calendly")
    broken.proven_at, broken.failing_since = None, timezone.now()
    broken.last_error, broken.error_kind = "The sign-in has ended.", "auth_expired"
    broken.save()
    page = open_page(editor, SETTINGS)
    open_dialog(page, "calendly")

    expect(page.locator("#dialog .wrong")).to_contain_text("The sign-in has ended.")
    expect(page.get_by_role("button", name="Sign in again")).to_be_focused()


def test_a_report_alone_is_on_top_with_its_button(page, workspace):
    save_meta(workspace)
    report = Changes(status="error", reported_error="No rows since Monday.")
    saving.change_connection(rows.unread(workspace, "meta"), report, by=None)
    page.reload()
    open_dialog(page)
    expect(page.locator("#dialog .wrong")).to_contain_text("No rows since Monday.")
    expect(page.locator("#dialog :focus")).to_have_text("Clear the report")
    page.keyboard.press("Enter")

    expect(page.locator("#dialog")).to_be_hidden()
    assert saved(workspace).reported_error == ""


def test_what_is_half_set_up_says_what_is_missing_and_focuses_it(page, workspace):
    half = Changes(config={"vendor": "hubspot", "account_id": "1001"}, auth_method="access_token")
    saving.change_connection(rows.unread(workspace, "crm"), half, by=None)
    page.reload()
    open_dialog(page, "crm")

    expect(page.locator("#dialog-title")).to_have_text("Finish HubSpot")
    expect(page.locator("#dialog .note").first).to_contain_text("Still missing: Service key.")
    expect(page.get_by_label("Service key", exact=True)).to_be_focused()


# --- The vendor first ----------------------------------------------------------------------------


def test_a_platform_of_several_vendors_asks_for_the_vendor_first(page):
    open_dialog(page, "crm")
    expect(page.locator("#dialog-title")).to_have_text("Which CRM do you use?")
    expect(page.get_by_label("HubSpot")).to_be_focused()
    page.get_by_label("Pipedrive").check()
    page.get_by_role("button", name="Continue with Pipedrive").click()

    expect(page.locator("#dialog-title")).to_have_text("Connect Pipedrive")
    expect(page.get_by_label("API token", exact=True)).to_be_visible()
    assert page.get_by_label("Consumer key").count() == 0
    page.get_by_role("link", name="Choose another CRM").click()
    expect(page.locator("#dialog-title")).to_have_text("Which CRM do you use?")


def test_choosing_another_vendor_asks_before_typed_values_go(page):
    asked = []
    page.on("dialog", lambda one: (asked.append(one.message), one.dismiss()))
    open_dialog(page, "crm")
    page.get_by_role("button", name="Continue with HubSpot").click()
    page.get_by_label("Service key", exact=True).fill("a-key")
    page.get_by_role("link", name="Choose another CRM").click()

    expect(page.get_by_label("Service key", exact=True)).to_have_value("a-key")
    assert len(asked) == 1


def test_a_fold_opens_when_the_chosen_way_needs_what_is_in_it(page):
    open_dialog(page, "linkedin")
    expect(page.get_by_label("Client ID", exact=True)).to_be_hidden()
    page.get_by_text("Another way").click()
    page.locator("[name=auth_method][value=refresh_token]").check()

    expect(page.get_by_label("Client ID", exact=True)).to_be_visible()


def test_with_script_a_dialog_that_is_a_page_disconnects_too(page, workspace):
    save_meta(workspace)
    page.goto(f"{META}disconnect/")
    page.get_by_role("button", name="Disconnect").click()

    expect(page.locator("#card-meta .pill")).to_have_text("Not connected")


def test_with_script_a_dialog_that_is_a_page_can_be_cancelled(page, gate):
    gate.close("act_1001")
    page.goto(META)
    page.get_by_label("Access token").fill("EAAhealthy")
    page.get_by_label("Ad account ID").fill("act_1001")
    page.get_by_role("button", name="Test and save").click()
    expect(page.locator(".ladder .running")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Connect Meta")
    page.get_by_role("button", name="Cancel").click()

    expect(page.locator(".messages")).to_have_text("Cancelled. Nothing was saved.")


# --- Nothing typed is lost -----------------------------------------------------------------------


def press_escape(page: Page) -> None:
    page.keyboard.press("Escape")


def press_escape_twice(page: Page) -> None:
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")


def click_beside(page: Page) -> None:
    page.mouse.click(5, 5)


def press_close(page: Page) -> None:
    page.get_by_role("link", name="Close").click()


def go_back(page: Page) -> None:
    page.evaluate("history.back()")
    page.evaluate(UNTIL, True)


LEAVING = [press_escape, press_escape_twice, click_beside, press_close, go_back]


@pytest.mark.parametrize("leave", LEAVING)
def test_typed_values_are_asked_for_before_they_go(page, leave):
    asked = []
    page.on("dialog", lambda one: (asked.append(one.message), one.dismiss()))
    open_dialog(page)
    page.get_by_label("Ad account ID").fill("act_1001")
    leave(page)

    assert set(asked) == {"Close without saving? What you typed is lost."}
    expect(page.get_by_label("Ad account ID")).to_have_value("act_1001")


def test_who_agrees_closes_it(page):
    page.on("dialog", lambda one: one.accept())
    open_dialog(page)
    page.get_by_label("Ad account ID").fill("act_1001")
    page.keyboard.press("Escape")

    expect(page.locator("#dialog")).to_be_hidden()
    expect(page.locator("#open-meta")).to_be_focused()


@pytest.mark.parametrize(("account", "kinds"), [("act_1001", ["beforeunload"]), ("", [])])
def test_a_tab_that_is_closed_asks_only_when_something_was_typed(page, account, kinds):
    asked = []
    page.on("dialog", lambda one: (asked.append(one.type), one.accept()))
    open_dialog(page)
    page.get_by_label("Ad account ID").fill(account)
    with page.expect_event("close"):
        page.close(run_before_unload=True)

    assert asked == kinds


def test_back_closes_the_dialog_and_the_next_leads_to_the_page_before(page, base_url):
    page.goto(OVERVIEW)
    page.goto(SETTINGS)
    open_dialog(page)
    page.go_back()
    expect(page.locator("#dialog")).to_be_hidden()
    expect(page.locator("#open-meta")).to_be_focused()
    page.go_back()

    assert page.url == f"{base_url}{OVERVIEW}"


@pytest.mark.parametrize("leave", [press_escape, Page.reload])
def test_a_dialog_that_is_gone_leaves_no_entry_behind(page, base_url, leave):
    page.goto(OVERVIEW)
    page.goto(SETTINGS)
    open_dialog(page)
    leave(page)
    expect(page.locator("#dialog")).to_be_hidden()
    page.evaluate(UNTIL, False)
    page.go_back()

    assert page.url == f"{base_url}{OVERVIEW}"


def test_a_sign_in_takes_what_was_typed_along_and_asks_nothing(open_page, editor, stand_in):
    stand_in("reddit")
    page = open_page(editor, SETTINGS)
    asked = []
    page.on("dialog", lambda one: (asked.append(one.type), one.accept()))
    open_dialog(page, "reddit")
    page.get_by_label("Your Reddit username").fill("acme")
    page.get_by_role("button", name="Continue to Reddit").click()

    expect(page.get_by_role("heading", name="Sign in to Reddit")).to_be_visible()
    assert asked == []


# --- A secret that is shown ----------------------------------------------------------------------


def test_a_pasted_secret_can_be_shown_and_is_hidden_after_a_round_trip(page):
    open_dialog(page)
    token = page.get_by_label("Access token")
    token.fill("EAAhealthy")
    shows = page.locator("[data-shows=id_access_token]")
    shows.click()
    expect(token).to_have_attribute("type", "text")
    expect(shows).to_have_attribute("aria-pressed", "true")
    page.get_by_label("Ad account ID").fill("no number")
    page.get_by_role("button", name="Test and save").click()

    expect(page.locator("#dialog .errors")).to_be_visible()
    expect(token).to_have_attribute("type", "password")
    expect(token).to_have_value("EAAhealthy")


# --- A sign-in that needs an app first -----------------------------------------------------------


def test_the_way_over_the_app_and_back_keeps_what_is_no_secret(
    open_page, owner, calendly, settings, base_url
):
    settings.APPS = {}
    page = open_page(owner, SETTINGS)
    page.on("dialog", lambda one: one.accept())
    open_dialog(page, "calendly")
    page.get_by_label("Organization URI").fill("https://api.calendly.com/organizations/a1")
    page.get_by_label("Personal access token", exact=True).fill("secret-canary")
    page.get_by_text("Another way").click()
    page.get_by_role("link", name="Set up Calendly").click()
    expect(page.locator("main")).to_contain_text("For signing in to Calendly")
    assert page.url == f"{base_url}{APP}"
    page.get_by_label("Client ID").fill(sandbox.SIGN_IN.client_id)
    page.get_by_label("Client secret").fill(sandbox.SIGN_IN.client_secret)
    page.get_by_role("button", name="Save and prove").click()
    page.get_by_role("link", name="Now connect Calendly").click()

    expect(page.get_by_label("Sign in with Calendly")).to_be_checked()
    account = page.locator("#dialog [name=account_id]")
    expect(account).to_have_value("https://api.calendly.com/organizations/a1")
    kept = page.evaluate("JSON.stringify({...sessionStorage})")
    assert "canary" not in kept
    expect(page.locator("#dialog [name=access_token]")).to_have_value("")


def test_who_may_not_set_it_up_is_told_whom_to_ask(
    open_page, editor, calendly, settings, workspace
):
    member(workspace, "dana", Role.OWNER, first_name="Dana", last_name="Kim")
    settings.APPS = {}
    page = open_page(editor, SETTINGS)
    open_dialog(page, "calendly")
    page.get_by_text("Another way").click()

    expect(page.locator("#dialog")).to_contain_text("Ask Dana Kim to set it up")
