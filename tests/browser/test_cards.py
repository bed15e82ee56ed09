"""What a card offers: each button changes that card and the counts, and says so."""

import gzip
import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from integrations import platforms
from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes
from integrations.services.proving import testing
from tests.browser import states
from tests.browser.conftest import SETTINGS, save_meta, saved


@pytest.fixture
def connected(page, workspace):
    """The settings page with a connected, untested Meta."""
    save_meta(workspace)
    page.reload()
    page.evaluate("window.isSamePage = true")
    yield page
    assert page.evaluate("window.isSamePage === true"), "The page was loaded anew."


def choose(page, item):
    page.click("#more-meta")
    page.locator("#menu-meta").get_by_text(item, exact=True).click()


def test_testing_shows_the_step_and_then_the_proof(connected, gate):
    gate.close("act_1001")
    connected.click("#test-meta")

    card = connected.locator("#card-meta")
    expect(card.locator(".progress")).to_contain_text("Testing: Ad account reachable (3 of 5)")
    expect(connected.locator("#test-meta")).to_have_text("Testing…")
    gate.open()
    expect(card.locator(".pill")).to_have_text("Proven by a stand-in")
    expect(connected.locator("#announcer")).to_have_text("Meta: the test passed.")
    expect(connected.locator("#test-meta")).to_be_focused()


def test_an_open_menu_stays_open_while_the_test_is_followed(connected, gate):
    gate.close("act_1001")
    connected.click("#test-meta")
    expect(connected.locator("#test-meta")).to_have_text("Testing…")
    connected.click("#more-meta")
    with connected.expect_response(re.compile("/card/$")):
        pass

    expect(connected.locator("#menu-meta")).to_have_attribute("open", "")


def test_a_test_that_ends_does_not_close_a_dialog(connected, gate):
    gate.close("act_1001")
    connected.click("#test-meta")
    connected.click("#open-meta")
    connected.get_by_label("Ad account ID").fill("act_1003")
    gate.open()

    expect(connected.locator("#card-meta .pill")).to_have_text("Proven by a stand-in")
    expect(connected.get_by_label("Ad account ID")).to_have_value("act_1003")


def test_disabling_and_enabling_change_the_card_in_place(connected):
    choose(connected, "Disable")
    expect(connected.locator("#card-meta .pill")).to_have_text("Disabled")
    expect(connected.locator("[data-show=disabled] b")).to_have_text("1")
    expect(connected.locator("#toast")).to_have_text("Meta is disabled. Its values stay saved.")
    expect(connected.locator("#more-meta")).to_be_focused()

    connected.click("#enable-meta")
    expect(connected.locator("#card-meta .pill")).to_have_text("Not proven yet")
    expect(connected.locator("#announcer")).to_have_text("Meta is enabled.")
    assert connected.evaluate("document.activeElement.closest('#card-meta') !== null")


def test_disconnecting_says_what_stops_before_it_does_it(connected, workspace):
    choose(connected, "Disconnect…")
    dialog = connected.locator("#dialog")
    expect(dialog).to_contain_text("Ads monitor and Pixel/CAPI lead tracking will get no more")
    expect(dialog.get_by_role("link", name="Keep it")).to_be_focused()
    assert saved(workspace).saved_names

    dialog.get_by_role("button", name="Disconnect").click()

    expect(connected.locator("#card-meta .pill")).to_have_text("Not connected")
    expect(connected.locator("#toast")).to_have_text("Meta is disconnected.")
    expect(connected.locator("#open-meta")).to_be_focused()
    assert not saved(workspace).saved_names


def test_history_opens_in_a_dialog_and_shows_the_steps(connected, workspace):
    testing.test_connection(saved(workspace), trigger="schedule")
    choose(connected, "History of tests")

    dialog = connected.locator("#dialog")
    dialog.locator("summary").click()
    expect(dialog.locator(".ladder")).to_contain_text("Ads data can be read")
    expect(dialog.locator("details")).to_contain_text("Asked from the schedule")


def visible_cards(page):
    return page.locator(".card:visible h3").all_text_contents()


def test_a_chip_leaves_only_its_cards(connected):
    connected.click("[data-show=unproven]")

    expect(connected.locator("[data-show=unproven]")).to_have_attribute("aria-current", "true")
    assert visible_cards(connected) == ["Meta"]


def test_searching_finds_what_a_platform_is_for(connected):
    connected.get_by_role("searchbox").fill("payments")
    assert visible_cards(connected) == ["Stripe"]

    connected.get_by_role("searchbox").fill("nothing like it")
    expect(connected.locator("#nothing-found")).to_be_visible()


def test_a_card_that_no_longer_fits_the_filter_leaves(connected):
    connected.click("[data-show=unproven]")
    choose(connected, "Disable")

    expect(connected.locator("#card-meta")).to_be_hidden()
    expect(connected.locator("[data-show=unproven]")).to_have_attribute("aria-current", "true")


@pytest.mark.parametrize(
    ("zone", "shown"),
    [("Asia/Tokyo", "2 Feb 2026 00:30"), ("America/New_York", "1 Feb 2026 10:30")],
)
def test_times_are_in_the_readers_zone(open_page, editor, meta, workspace, zone, shown):
    save_meta(workspace)
    connection = saved(workspace)
    connection.proven_at = datetime(2026, 2, 1, 15, 30, tzinfo=UTC)
    connection.proof_stand_in = platforms.stand_in("meta")
    connection.save()

    page = open_page(editor, SETTINGS, timezone_id=zone)

    expect(page.locator("#card-meta .pill")).to_have_text(f"Not proven since {shown}")


def test_the_page_with_all_it_loads_is_below_60_kilobytes(open_page, editor, meta, workspace):
    """As gzip would send it; the production server compresses at least as well."""
    states.fill(workspace)
    page = open_page(editor)
    bodies = []
    page.on("response", lambda reply: bodies.append(reply.body()))
    page.goto(SETTINGS)
    page.wait_for_load_state("networkidle")

    assert len(bodies) > 5
    assert sum(len(gzip.compress(body)) for body in bodies) < 60_000


def test_testing_all_follows_the_run_and_updates_the_cards(connected, gate):
    gate.close("act_1001")
    connected.click("#test-all")

    run = connected.locator("#run-progress")
    expect(run).to_contain_text("0 of 1")
    gate.open()
    expect(connected.locator("#card-meta .pill")).to_have_text("Proven by a stand-in")
    expect(connected.locator("[data-show=stand_in] b")).to_have_text("1")
    expect(run).not_to_contain_text("Stop")


def test_what_somebody_else_changes_reaches_the_open_page(connected, workspace, owner):
    connected.click("#more-meta")
    changed = Changes(config={"account_id": "act_1002", "access_token": "EAAhealthy"})
    saving.change_connection(rows.unread(workspace, "meta"), changed, by=owner)

    connected.evaluate("document.body.dispatchEvent(new Event('look-again'))")

    expect(connected.locator("#changes")).to_contain_text("changed by olga")
    expect(connected.locator("#card-meta")).to_contain_text("act_1002")
    expect(connected.locator("#menu-meta")).to_have_attribute("open", "")
    expect(connected.locator("#more-meta")).to_be_focused()


def test_an_open_page_asks_by_itself(connected):
    with connected.expect_response("**/changes/**", timeout=15_000) as asked:
        pass

    assert asked.value.status == 304
