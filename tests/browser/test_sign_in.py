"""Signing in as people see it: to a stand-in's own page and back, and what can stand between."""

import re

import pytest
from playwright.sync_api import Page, expect

from integrations.models import Candidate, IntegrationConnection
from integrations.services.credentials import apps
from providers.sandbox import calendly as sandbox
from providers.sandbox import google_ads
from tests.browser import states
from tests.browser.conftest import (
    ACME,
    OTHER_HOST,
    OUTLET,
    SETTINGS,
    continue_to,
    fix_link,
    save_meta,
    saved,
    sign_in,
    sign_in_to_outlet,
)
from tests.integrations.kept import sign_ins

APPS = f"{SETTINGS}sign-in-apps/"
GOOGLE_ADS = next(iter(google_ads.CUSTOMERS))
SECRET = sandbox.SIGN_IN.client_secret
PHONE_AT_NIGHT = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}
TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture
def page(open_page, editor, calendly):
    """The settings page, where people can sign in to Calendly."""
    return open_page(editor, SETTINGS)


@pytest.fixture
def outlet(page, workspace, editor):
    """The same, with a sign-in that is connected to the second of two accounts."""
    sign_in_to_outlet(workspace, editor)
    page.reload()
    return page


@pytest.fixture
def owners_page(open_page, owner, calendly):
    return open_page(owner, SETTINGS)


def go_and_return(page: Page, person: str, button: str = "Continue to Calendly") -> None:
    continue_to(page, "calendly", button)
    page.click(f"#as-{person}")


def choose(page: Page, account: str) -> None:
    page.locator("#account-form").get_by_text(account, exact=True).click()
    page.get_by_role("button", name="Use this account").click()


def proof(page: Page):
    return page.locator("#dialog .note.ok")


# --- Connect -------------------------------------------------------------------------------------


def test_connecting_leads_over_the_platforms_page_to_a_green_card(page, workspace, calendly):
    continue_to(page, "calendly", "Continue to Calendly")
    assert page.url.startswith(f"{calendly.url}/calendly/oauth/authorize?")
    page.click("#as-two")
    choose(page, OUTLET)
    expect(proof(page)).to_contain_text("Calendly works: proven at")
    page.get_by_role("link", name="Done").click()

    card = page.locator("#card-calendly")
    expect(card.locator(".pill")).to_have_text("Proven by a stand-in")
    expect(card).to_contain_text("The sign-in renews itself.")
    expect(page.locator("[data-show=stand_in] b")).to_have_text("1")
    expect(page.locator("#test-calendly")).to_be_focused()
    assert saved(workspace, "calendly").platform_account_id == OUTLET


def test_the_other_accounts_of_a_sign_in_are_offered_once_the_first_is_proven(page, workspace):
    continue_to(page, "calendly", "Continue to Calendly")
    page.click("#as-two")
    expect(page.locator("#dialog")).to_contain_text("To take several, begin with one")
    choose(page, OUTLET)
    expect(page.locator("#dialog")).to_contain_text("This sign-in reaches 1 more account.")

    page.get_by_role("link", name="Choose some").click()

    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("Which Calendly accounts?")
    page.get_by_role("button", name="Select the one").click()
    page.get_by_role("button", name="Add 1 account").click()
    expect(heading).to_have_text("The account is proven")
    sharing = {one.sign_in_id for one in IntegrationConnection.objects.all()}
    assert len(sharing) == 1
    assert IntegrationConnection.objects.count() == 2


def test_who_signs_in_sees_no_words_of_other_ways_until_asking_for_them(page):
    page.click("#open-calendly")
    token = page.locator("#dialog").get_by_text("A personal access token", exact=True)

    expect(page.get_by_label("Sign in with Calendly")).to_be_checked()
    expect(page.locator("#dialog")).to_contain_text("Calendly will ask you to allow: who is")
    expect(token).to_be_hidden()
    page.get_by_text("Another way").click()
    token.click()
    expect(page.get_by_label("Personal access token", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Continue to Calendly")).to_be_hidden()


def test_the_ladder_is_seen_after_the_return_and_the_address_keeps_nothing(page, gate, base_url):
    gate.close("/scheduled_events")
    go_and_return(page, "healthy")
    expect(page.locator(".ladder .running")).to_contain_text("Booked calls can be read")
    expect(page.locator("#dialog-announcer")).to_contain_text("Booked calls can be read")
    assert page.url == f"{base_url}{SETTINGS}#integrations"
    gate.open()
    expect(proof(page)).to_be_focused()
    page.reload()

    expect(page.locator("#card-calendly .pill")).to_have_text("Proven by a stand-in")
    expect(page.locator("#dialog")).to_be_hidden()


def test_cancelling_the_proof_after_the_return_saves_nothing(page, gate, workspace):
    gate.close("/scheduled_events")
    go_and_return(page, "healthy")
    page.get_by_role("button", name="Cancel").click()

    expect(page.locator("#toast")).to_have_text("Cancelled. Nothing was saved.")
    assert saved(workspace, "calendly").sign_in is None


def test_cancelling_at_the_platform_ends_on_the_dialog_with_a_way_on(page, base_url):
    continue_to(page, "calendly", "Continue to Calendly")
    page.click("#cancel")

    note = page.locator("#dialog .note.warn")
    expect(note).to_contain_text("The sign-in at Calendly was cancelled. Nothing was changed.")
    expect(note).to_be_focused()
    assert page.url == f"{base_url}{SETTINGS}#integrations"
    page.get_by_role("button", name="Continue to Calendly").click()
    page.click("#as-healthy")
    expect(proof(page)).to_be_visible()


def test_who_denied_goes_back_and_allows(page, workspace):
    continue_to(page, "calendly", "Continue to Calendly")
    page.click("#cancel")
    expect(page.locator("#dialog .note.warn")).to_contain_text("was cancelled")
    page.go_back()  # closes the dialog
    page.go_back()
    page.click("#as-healthy")

    expect(proof(page)).to_contain_text("Calendly works")
    assert saved(workspace, "calendly").sign_in


def test_a_second_return_shows_that_the_first_is_under_way_and_goes_on_by_itself(page, gate):
    second = page.context.new_page()
    gate.close("/oauth/token")
    continue_to(page, "calendly", "Continue to Calendly")
    second.goto(page.url)
    with page.expect_request("**/oauth/calendly/callback/**"):
        page.evaluate("setTimeout(() => document.getElementById('as-healthy').click())")
    second.click("#as-healthy")
    expect(second.locator("#dialog")).to_contain_text("You are back.")
    gate.open()

    expect(proof(second)).to_contain_text("Calendly works")
    expect(proof(page)).to_contain_text("Calendly works")


def test_who_never_came_back_is_told_when_the_dialog_opens_again(page):
    continue_to(page, "calendly", "Continue to Calendly")
    page.goto(SETTINGS)
    page.click("#open-calendly")

    expect(page.locator("#dialog .note.warn")).to_contain_text("and have not come back")


def test_fewer_permissions_say_what_is_missing_and_offer_to_sign_in_again(page, workspace):
    continue_to(page, "calendly", "Continue to Calendly")
    page.get_by_role("link", name="scheduled_events:read", exact=True).click()

    note = page.locator("#dialog .note.bad")
    expect(note).to_contain_text("You have: who is connected")
    expect(note).to_contain_text("Calls booked stops working.")
    expect(page.locator("#dialog .actions .primary:visible")).to_have_text("Sign in again")
    expect(page.get_by_role("button", name="Save anyway")).to_be_visible()
    assert saved(workspace, "calendly").version == 0


def test_an_account_must_be_chosen_or_left_out_on_purpose(page):
    go_and_return(page, "two")
    page.get_by_role("button", name="Use this account").click()
    assert page.locator("#account-form :invalid").count() > 0
    expect(page.locator("#account-form [type=radio]").first).to_be_focused()

    page.get_by_role("button", name="None of these").click()

    expect(proof(page)).to_be_visible()


def test_of_two_tabs_the_second_to_come_back_is_told_who_was_first(page, workspace):
    second = page.context.new_page()
    second.goto(SETTINGS)
    for tab in (page, second):
        continue_to(tab, "calendly", "Continue to Calendly")
    page.click("#as-healthy")
    expect(proof(page)).to_be_visible()

    second.click("#as-healthy")

    note = second.locator("#dialog .note.warn")
    expect(note).to_contain_text("Calendly was connected since this sign-in began.")
    assert saved(workspace, "calendly").version == 1


def test_without_an_app_the_dialog_offers_the_token_and_says_who_can_help(page, settings):
    settings.APPS = {}
    page.click("#open-calendly")

    expect(page.get_by_label("A personal access token")).to_be_checked()
    expect(page.locator("#dialog")).to_contain_text("An owner sets it up in Settings, Sign-in apps")
    page.get_by_text("Another way").click()
    page.get_by_label("Sign in with Calendly").check()
    expect(page.get_by_role("button", name="Continue to Calendly")).to_be_disabled()


# --- Reconnect -----------------------------------------------------------------------------------


def test_a_sign_in_without_the_account_is_refused_and_going_back_keeps_the_old(outlet, workspace):
    before = saved(workspace, "calendly").sign_in_id
    go_and_return(outlet, "healthy", "Sign in again")
    note = outlet.locator("#dialog .note.warn")
    expect(note).to_contain_text("This sign-in does not reach Ada Page (outlet02).")
    outlet.get_by_role("button", name="Go back").click()

    expect(outlet.locator("#toast")).to_have_text("Cancelled. Nothing was saved.")
    expect(outlet.locator("#card-calendly")).to_contain_text("outlet02")
    assert saved(workspace, "calendly").sign_in_id == before


@pytest.fixture
def other_account(outlet):
    """A dialog that found out that the new sign-in is proven, for another account."""
    go_and_return(outlet, "healthy", "Sign in again")
    choose(outlet, ACME)
    expect(outlet.locator("#dialog .note.warn")).to_contain_text("lead to another account")
    return outlet


def test_another_account_is_named_and_not_taken(other_account, workspace):
    note = other_account.locator("#dialog .note.warn")
    expect(note).to_contain_text("Until now: Ada Page (outlet02).")
    expect(note).to_contain_text("From now on: Ada Page (acme0001).")

    other_account.get_by_role("button", name="Go back").click()

    expect(other_account.locator("#toast")).to_have_text("Cancelled. Nothing was saved.")
    assert saved(workspace, "calendly").platform_account_id == OUTLET


def test_really_switching_takes_it(other_account, workspace):
    other_account.get_by_role("button", name="Switch to Ada Page").click()

    expect(proof(other_account)).to_contain_text("Calendly works")
    expect(other_account.locator("#card-calendly")).to_contain_text("acme0001")
    assert saved(workspace, "calendly").platform_account_id == ACME


def test_a_broken_sign_in_offers_to_sign_in_again_first(outlet, workspace):
    broken = {"is_ended": True, "failure_kind": "auth_expired", "failure_message": "It ended."}
    sign_ins().update(**broken)
    outlet.click("#open-calendly")

    expect(outlet.locator("#dialog .note.warn")).to_contain_text("It ended.")
    primary = outlet.locator("#dialog .actions .primary:visible")
    colours = primary.evaluate_all("all => all.map(one => getComputedStyle(one).backgroundColor)")
    assert primary.all_text_contents() == ["Sign in again", "Test and save"]
    assert len(set(colours)) == 2  # only the first of them looks like it


def test_sign_ins_of_one_app_are_named_before_one_of_them_is_ended(
    open_page, stand_in, workspace, editor
):
    stand_in("youtube", "google_ads")
    sign_in(workspace, editor, "youtube")
    sign_in(workspace, editor, "google_ads", account=GOOGLE_ADS)
    page = open_page(editor, SETTINGS)
    page.click("#more-youtube")
    page.locator("#menu-youtube").get_by_text("Disconnect…").click()

    dialog = page.locator("#dialog")
    expect(dialog).to_contain_text("Google may then also end the sign-in of Google Ads")
    expect(page.get_by_label("No, forget it here only")).to_be_checked()
    dialog.get_by_role("button", name="Disconnect").click()
    expect(page.locator("#toast")).to_contain_text("was left in place")
    assert saved(workspace, "google_ads").sign_in


# --- What lasts how long -------------------------------------------------------------------------


@pytest.fixture
def forecast(open_page, editor, calendly, workspace):
    """The overview of sign-ins in every state."""
    sign_in(workspace, editor)
    states.fill_ends(workspace)
    return open_page(editor, "/w/main/dashboard/")


def test_the_overview_shows_the_next_90_days_soonest_first(forecast):
    rows = forecast.locator(".strip li")

    assert [re.sub(r"\s+", " ", text).strip() for text in rows.all_text_contents()] == [
        "Meta Does not work now",
        "Stripe in 4 days",
        "Reddit Probably in 59 days",
        "Calendly Renews itself",
        "YouTube No end known",
    ]


def test_a_notice_leads_to_the_dialog_that_renews(forecast, base_url):
    expect(forecast.locator("main")).to_contain_text("Ends in 4 days.")
    forecast.get_by_role("link", name="Renew Stripe").click()

    expect(forecast.locator("#dialog-title")).to_have_text("Stripe")
    assert forecast.url == f"{base_url}{SETTINGS}#integrations"
    forecast.keyboard.press("Escape")
    expect(forecast.locator("#card-stripe > footer .btn").first).to_be_focused()


# --- The apps that sign-ins need -----------------------------------------------------------------


def test_an_app_is_set_up_refused_corrected_proven_and_removed(owners_page, settings, workspace):
    page = owners_page
    settings.APPS = {}
    page.goto(APPS)
    page.get_by_role("link", name="Set up Calendly").click()
    page.get_by_label("Client ID").fill(sandbox.SIGN_IN.client_id)
    page.get_by_label("Client secret").fill("another-secret")
    page.get_by_role("button", name="Save and prove").click()
    expect(page.locator(".note.bad")).to_contain_text("Calendly does not accept this app's ID")

    page.get_by_label("Client secret").fill(SECRET)
    page.get_by_role("button", name="Save and prove").click()
    expect(page.locator(".messages")).to_have_text("Saved, and proven: Calendly accepts this app.")
    page.get_by_role("link", name="All sign-in apps").click()
    expect(page.locator(".rows li", has_text="Calendly").locator(".pill")).to_contain_text("Proven")

    page.get_by_role("link", name="Change Calendly").click()
    page.locator("summary", has_text="Remove…").click()
    page.get_by_role("button", name="Remove the Calendly app now").click()
    expect(page.locator(".messages")).to_have_text("The Calendly app is removed here.")
    assert apps.find(workspace.pk, "calendly") is None


def test_what_is_missing_is_said_where_it_is_typed(owners_page):
    owners_page.goto(f"{APPS}linkedin/")
    owners_page.get_by_role("button", name="Save and prove").click()

    expect(owners_page.locator("[aria-invalid=true]").first).to_be_focused()
    expect(owners_page.locator(".note.bad")).to_be_in_viewport()
    expect(owners_page.locator(".errors").first).to_have_text("This is required.")


def test_the_redirect_uri_is_copied(owners_page, base_url):
    owners_page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    owners_page.goto(f"{APPS}calendly/")
    owners_page.get_by_role("button", name="Copy the redirect URI").click()

    expect(owners_page.locator("#toast")).to_have_text("Copied.")
    copied = owners_page.evaluate("navigator.clipboard.readText()")
    assert copied == f"{base_url}/oauth/calendly/callback/"


def test_on_plain_http_the_redirect_uri_is_copied_too(open_page, owner, base_url, settings):
    settings.ALLOWED_HOSTS = [OTHER_HOST]
    there = base_url.replace("127.0.0.1", OTHER_HOST).replace("localhost", OTHER_HOST)
    page = open_page(owner, f"{there}{APPS}calendly/")
    assert not page.evaluate("isSecureContext")

    page.get_by_role("button", name="Copy the redirect URI").click()
    expect(page.locator("#toast")).to_have_text("Copied.")
    page.get_by_label("Client ID").focus()
    page.keyboard.press("Control+V")

    expect(page.get_by_label("Client ID")).to_have_value(
        f"{settings.PUBLIC_URL}/oauth/calendly/callback/"
    )


# --- Fix links -----------------------------------------------------------------------------------


def test_a_fix_link_is_made_on_the_card_and_works_once_on_a_phone_at_night(
    owners_page, open_page, workspace, owner, base_url
):
    save_meta(workspace)
    sign_in_to_outlet(workspace, owner)
    owners_page.reload()
    owners_page.click("#more-calendly")
    owners_page.locator("#menu-calendly").get_by_text("Send a fix link…").click()
    expect(owners_page.get_by_label("Who is it for?")).to_be_focused()
    owners_page.keyboard.type("Ben of Ads")
    owners_page.keyboard.press("Enter")
    link = owners_page.locator("#fix-link").text_content()

    phone = open_page(path=link, **PHONE_AT_NIGHT)
    expect(phone.locator("main")).to_contain_text("olga asks Ben of Ads to sign in")
    expect(phone.locator("main")).not_to_contain_text("Meta")
    assert phone.url == f"{base_url}/fix/"
    assert not phone.evaluate(TOO_WIDE)
    phone.get_by_role("button", name="Continue to Calendly").click()
    phone.click("#as-two")
    expect(phone.get_by_text("Thank you: Calendly works.")).to_be_visible()
    assert not phone.evaluate(TOO_WIDE)

    again = open_page(path=link)
    expect(again.get_by_role("heading")).to_have_text("This link does not work any more")
    owners_page.goto(f"{SETTINGS}integrations/calendly/history/")
    expect(owners_page.locator(".history")).to_contain_text("by Ben of Ads, on the fix link")


def test_on_a_fix_link_the_ladder_is_seen_as_it_runs(open_page, calendly, workspace, owner, gate):
    sign_in_to_outlet(workspace, owner)
    page = open_page(path=fix_link(workspace, owner))
    gate.close("/scheduled_events")
    page.get_by_role("button", name="Continue to Calendly").click()
    page.click("#as-two")

    expect(page.locator(".ladder .running")).to_contain_text("Booked calls can be read")
    gate.open()
    expect(page.locator(".note.ok")).to_be_focused()


def test_on_a_fix_link_another_account_is_refused_with_a_way_on(
    open_page, calendly, workspace, owner
):
    sign_in_to_outlet(workspace, owner)
    page = open_page(path=fix_link(workspace, owner))
    page.get_by_role("button", name="Continue to Calendly").click()
    page.click("#as-healthy")
    expect(page.get_by_role("alert")).to_contain_text("does not reach the account")

    page.get_by_role("button", name="Sign in again").click()
    page.click("#cancel")

    expect(page.get_by_role("alert").first).to_contain_text("was cancelled")
    assert saved(workspace, "calendly").platform_account_id == OUTLET
    assert not Candidate.objects.filter(saved_at=None, user=None, is_choosing=True).exists()
