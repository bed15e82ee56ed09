"""The way from nothing to a proven connection, and what can stand in it."""

import re

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from integrations.models import Candidate
from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes
from integrations.services.people import people
from tests.browser.conftest import PASSWORD, SETTINGS, member, save_meta, saved
from tests.integrations.kept import secrets_of

TOKEN = "EAAhealthy"


def open_dialog(page: Page, button: str = "#open-meta") -> None:
    page.click(button)
    expect(page.locator("#dialog")).to_be_visible()


def fill(page: Page, token: str, account: str = "act_1001") -> None:
    page.get_by_label("Access token").fill(token)
    page.get_by_label("Ad account ID").fill(account)


def press_test_and_save(page: Page) -> None:
    page.get_by_role("button", name="Test and save").click()


def mark(page: Page) -> None:
    """A reload would lose this."""
    page.evaluate("window.isSamePage = true")


def is_same_page(page: Page) -> bool:
    return bool(page.evaluate("window.isSamePage === true"))


def test_the_owner_link_leads_to_an_account_and_the_settings(workspace, open_page, base_url):
    link = people.make_owner_link()
    page = open_page(path="/welcome/" + link.rstrip("/").rsplit("/", 1)[1] + "/")

    page.get_by_label("Username").fill("dana")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make the account").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing is connected yet")
    assert page.url == f"{base_url}{SETTINGS}"


def test_the_ladder_is_seen_as_it_runs(page, gate):
    gate.close("act_1001")
    open_dialog(page)
    fill(page, TOKEN)
    press_test_and_save(page)

    ladder = page.locator(".ladder li")
    expect(ladder.nth(0)).to_have_class("passed")
    expect(ladder.nth(2)).to_have_class("running")
    expect(page.locator("#dialog-announcer")).to_contain_text("Ad account reachable")
    gate.open()
    expect(ladder.nth(3)).to_have_class("passed")


def test_a_report_that_stands_can_be_cleared_where_the_values_were_proven(page, workspace):
    save_meta(workspace)
    report = Changes(status="error", reported_error="No rows since Monday.")
    saving.change_connection(rows.unread(workspace, "meta"), report, by=None)
    page.reload()
    page.get_by_role("link", name="Configure").click()
    press_test_and_save(page)
    expect(page.locator("#dialog")).to_contain_text("so the card stays red")
    page.locator("#dialog").get_by_role("button", name="Clear the report").click()

    expect(page.locator("#dialog")).to_be_hidden()
    expect(page.locator("#card-meta .pill")).to_have_text("Proven by a stand-in")
    assert saved(workspace).reported_error == ""


def test_a_passed_test_saves_and_turns_the_card_green_in_place(page, workspace):
    mark(page)
    open_dialog(page)
    fill(page, TOKEN)
    press_test_and_save(page)

    expect(page.locator("#dialog .note.ok")).to_contain_text("Meta works: proven at")
    expect(page.locator("#card-meta .pill")).to_have_text("Proven by a stand-in")
    expect(page.locator("[data-show=stand_in] b")).to_have_text("1")
    assert is_same_page(page)
    assert saved(workspace).proven_at


def test_a_failure_says_what_to_do_and_leaves_the_live_values(page, workspace):
    save_meta(workspace)
    page.reload()
    open_dialog(page)
    fill(page, "EAAexpired")
    press_test_and_save(page)

    note = page.locator("#dialog .note.bad")
    expect(note).to_contain_text("has expired")
    expect(note.get_by_role("link", name="Open Meta")).to_be_visible()
    page.get_by_text("What the test found").click()
    expect(page.locator("#dialog .ladder li").first).to_have_class("failed")
    expect(page.locator("#save-anyway-help")).to_contain_text("although they failed")
    assert secrets_of(saved(workspace))["access_token"] == TOKEN


def test_save_anyway_turns_the_card_red_with_reconnect(page, workspace):
    mark(page)
    open_dialog(page)
    fill(page, "EAAexpired")
    press_test_and_save(page)
    page.get_by_role("button", name="Save anyway").click()

    expect(page.locator("#dialog")).to_contain_text("Saved, but not proven.")
    page.get_by_role("link", name="Done").click()
    card = page.locator("#card-meta")
    expect(card).to_have_class(re.compile("bad"))
    expect(card.locator(".btn.primary")).to_have_text("Enter new credentials")
    assert is_same_page(page)
    assert secrets_of(saved(workspace))["access_token"] == "EAAexpired"


def test_a_typed_secret_survives_a_mistake_in_another_field(page):
    open_dialog(page)
    fill(page, TOKEN, account="no number")
    press_test_and_save(page)

    expect(page.locator("#dialog .errors")).to_contain_text("An ad account ID is a number")
    expect(page.get_by_label("Ad account ID")).to_be_focused()
    expect(page.get_by_label("Access token")).to_have_value(TOKEN)


def test_no_reply_of_the_server_holds_a_typed_secret(page, watch):
    watch.reads(page.context)
    open_dialog(page)
    fill(page, "EAAnopermission", account="no number")
    press_test_and_save(page)
    expect(page.locator("#dialog .errors")).to_be_visible()
    page.get_by_label("Ad account ID").fill("act_1001")
    press_test_and_save(page)
    page.get_by_role("button", name="Save anyway").click()
    expect(page.locator("#dialog")).to_contain_text("Saved, but not proven.")
    page.reload()
    open_dialog(page)

    assert any("Saved, but not proven." in reply for reply in watch.replies)
    assert not any("EAAnopermission" in reply for reply in watch.replies)


@pytest.fixture
def other_account(page, workspace):
    """A dialog that found out that the new values lead to another account."""
    open_dialog(page)
    fill(page, TOKEN)
    press_test_and_save(page)
    page.get_by_role("link", name="Done").click()
    open_dialog(page)
    page.get_by_label("Ad account ID").fill("act_1003")
    press_test_and_save(page)
    expect(page.locator("#dialog .note.warn")).to_contain_text("lead to another account")
    return page


def test_another_account_is_named_before_it_is_switched_to(other_account, workspace):
    note = other_account.locator("#dialog .note.warn")
    expect(note).to_contain_text("Until now: Acme Shop (act_1001)")
    expect(note).to_contain_text("From now on: Acme Winter (act_1003)")

    other_account.get_by_role("button", name="Switch to Acme Winter").click()

    expect(other_account.locator("#card-meta")).to_contain_text("Acme Winter")
    assert saved(workspace).platform_account_id == "act_1003"


def test_going_back_keeps_the_old_account(other_account, workspace):
    other_account.keyboard.press("Escape")

    expect(other_account.locator("#card-meta")).to_contain_text("Acme Shop")
    assert saved(workspace).config["account_id"] == "act_1001"


def test_cancelling_a_running_test_saves_nothing(page, workspace, gate):
    gate.close("act_1001")
    open_dialog(page)
    fill(page, TOKEN)
    press_test_and_save(page)
    page.get_by_role("button", name="Cancel").click()

    expect(page.locator("#dialog")).to_be_hidden()
    expect(page.locator("#toast")).to_have_text("Cancelled. Nothing was saved.")
    assert not Candidate.objects.exists()
    assert not saved(workspace).saved_names


def test_closing_the_dialog_during_a_test_cancels_it_too(page, workspace, gate):
    gate.close("act_1001")
    open_dialog(page)
    fill(page, TOKEN)
    press_test_and_save(page)
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.locator("#toast")).to_have_text("Cancelled. Nothing was saved.")
    assert not Candidate.objects.exists()


def test_the_second_of_two_editors_is_told_who_saved_and_keeps_what_was_typed(
    page, open_page, workspace
):
    other = open_page(member(workspace, "vera"), SETTINGS)
    open_dialog(other)
    fill(other, "EAAsixtydays", account="act_1003")
    open_dialog(page)
    fill(page, TOKEN)
    press_test_and_save(page)
    expect(page.locator("#card-meta .pill")).to_have_text("Proven by a stand-in")

    press_test_and_save(other)

    expect(other.locator("#dialog .note.warn")).to_contain_text("emil saved")
    expect(other.get_by_label("Ad account ID")).to_have_value("act_1003")
    expect(other.get_by_label("Access token")).to_have_value("EAAsixtydays")
    assert saved(workspace).config["account_id"] == "act_1001"


def test_a_session_that_ends_while_the_dialog_is_open_loses_nothing(page, workspace, editor):
    open_dialog(page)
    fill(page, TOKEN)
    Session.objects.all().delete()
    press_test_and_save(page)
    expect(page.locator("#dialog .session-ended")).to_contain_text("You were signed out.")
    expect(page.get_by_label("Access token")).to_have_value(TOKEN)

    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in in another tab").click()
    elsewhere = opened.value
    elsewhere.get_by_label("Username").fill("emil")
    elsewhere.get_by_label("Password").fill(PASSWORD)
    elsewhere.get_by_role("button", name="Sign in").click()
    expect(elsewhere.get_by_role("heading", name="Nothing is connected yet")).to_be_visible()
    press_test_and_save(page)

    expect(page.locator("#dialog .note.ok")).to_contain_text("Meta works: proven at")
    assert saved(workspace).proven_at


@pytest.mark.parametrize("control", ["#test-all", "nav >> text=Overview"])
def test_whoever_has_no_dialog_open_reads_why_and_comes_back_to_the_same_place(page, control):
    page.click("[data-show=not_connected]")
    Session.objects.all().delete()
    page.click(control)
    expect(page.get_by_role("status").first).to_contain_text("You were signed out.")
    page.get_by_label("Username").fill("emil")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    there = "/w/main/dashboard/" if "Overview" in control else f"{SETTINGS}?show=not_connected"
    expect(page).to_have_url(re.compile(re.escape(there) + "$"))
