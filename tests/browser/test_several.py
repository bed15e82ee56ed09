"""Several connections of a platform, with the keyboard alone and in place."""

import re

import pytest
from playwright.sync_api import expect

from integrations.models import IntegrationConnection
from integrations.services.connecting import several
from integrations.services.connecting.changes import Changes
from tests.browser.conftest import SETTINGS, save_meta, saved

PLATFORM = "/w/main/integrations/meta/"


@pytest.fixture
def north(workspace):
    save_meta(workspace)
    changes = Changes(name="North", config={"access_token": "EAAhealthy", "account_id": "act_1002"})
    return several.add(workspace, "meta", changes, by=None).connection


def add_another(page, **values):
    page.locator("#more-meta, #add-meta").first.focus()
    page.keyboard.press("Enter")
    if page.locator("#menu-meta").count():
        page.locator("#menu-meta").get_by_role("button", name="Add another").press("Enter")
    dialog = page.locator("#dialog")
    expect(dialog.get_by_role("heading", name="Connect another Meta")).to_be_visible()
    for label, value in values.items():
        dialog.get_by_label(label.replace("_", " "), exact=False).first.fill(value)
    return dialog


def test_another_one_is_added_with_the_keyboard_and_becomes_a_row(page, workspace):
    save_meta(workspace)
    page.reload()
    dialog = add_another(page, What_do_you_call_it="North")
    dialog.get_by_label("Access token").first.fill("EAAhealthy")
    dialog.get_by_label("Ad account ID").fill("act_1002")
    page.keyboard.press("Enter")

    expect(dialog.get_by_text("Meta works: proven at")).to_be_visible()
    page.keyboard.press("Escape")

    rows = page.locator("#card-meta .connection")
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text="North")).to_contain_text("Acme Outlet")
    expect(page.locator("#behind")).to_contain_text("Behind them 2 connections")
    assert IntegrationConnection.objects.get(slug="north").name == "North"


def test_closing_the_dialog_discards_what_was_begun(page, workspace):
    save_meta(workspace)
    page.reload()
    dialog = add_another(page)

    page.keyboard.press("Escape")

    expect(dialog).to_be_hidden()
    expect(page.locator("#toast")).to_have_text("Cancelled. Nothing was saved.")
    assert IntegrationConnection.objects.count() == 1


@pytest.mark.parametrize("path", [SETTINGS, PLATFORM])
def test_a_row_is_worked_with_the_keyboard_in_place(page, north, path):
    page.goto(path)
    page.evaluate("window.isSamePage = true")
    key = str(north.pk)
    row = page.locator(f"#row-{key}")

    page.focus(f"#test-{key}")
    page.keyboard.press("Enter")
    expect(row.locator(".pill")).to_have_text("Proven by a stand-in")
    expect(page.locator("#announcer")).to_have_text("Meta (North): the test passed.")
    expect(page.locator(f"#test-{key}")).to_be_focused()

    page.focus(f"#more-{key}")
    page.keyboard.press("ArrowDown")
    page.locator(f"#menu-{key}").get_by_text("Rename…").press("Enter")
    name = page.locator("#dialog").get_by_label("What do you call it?")
    expect(name).to_be_focused()
    name.fill("South")
    page.keyboard.press("Enter")
    expect(row.locator("b bdi")).to_have_text("South")
    expect(page.locator("#dialog")).to_be_hidden()
    expect(page.locator(f"#more-{key}")).to_be_focused()

    page.keyboard.press("Enter")
    page.locator(f"#menu-{key}").get_by_text("Remove…").press("Enter")
    page.locator("#dialog").get_by_role("button", name="Remove", exact=True).press("Enter")
    expect(page.locator(f"#row-{key}")).to_have_count(0)
    expect(page.locator("#toast")).to_contain_text("Meta (South) is removed.")
    expect(page.locator("#card-meta :focus")).to_have_count(1)  # at what is left
    assert page.evaluate("window.isSamePage === true"), "The page was loaded anew."


def test_a_row_of_one_that_was_removed_goes_with_a_sentence(page, workspace, north):
    page.goto(SETTINGS)
    several.remove(north, by=None)

    page.click(f"#test-{north.pk}")

    expect(page.locator(f"#row-{north.pk}")).to_have_count(0)
    expect(page.locator("#toast")).to_contain_text("was removed meanwhile")
    assert saved(workspace).is_complete


def test_a_dialog_of_one_that_was_removed_says_so(page, north):
    page.goto(SETTINGS)
    several.remove(north, by=None)

    page.click(f"#more-{north.pk}")
    page.locator(f"#menu-{north.pk}").get_by_text(re.compile("^History")).click()

    expect(page.locator("#dialog")).to_contain_text("It was removed, or it belongs to another")


def test_a_search_shows_the_rows_that_match_of_a_card_with_many(page, workspace, north):
    for number in range(1, 9):
        changes = Changes(name=f"Client 15{number}", config={"account_id": f"act_400{number}"})
        token = north.credential_id
        several.add(workspace, "meta", changes, by=None, credential_id=token)
    page.goto(SETTINGS)

    page.get_by_label("Search integrations").fill("client 158")

    rows = page.locator("#card-meta .connection")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Client 158")
    expect(page).to_have_url(re.compile(r"[?&]q=client\+158"))
    page.get_by_label("Search integrations").fill("")
    expect(rows).to_have_count(5)
