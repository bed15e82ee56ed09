"""The page of one connection, with the keyboard alone."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from integrations.models import ConnectionDay
from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes
from integrations.services.watching import days
from integrations.services.watching import engine as checks
from integrations.services.watching.drills import performing
from tests.browser.test_every_page import problems
from tests.integrations.conftest import VALUES


@pytest.fixture
def connection(workspace, meta):
    saving.change_connection(rows.unread(workspace, "meta"), Changes(config=VALUES), by=None)
    found = rows.find(workspace, "meta")
    today = days.day_of(timezone.now())
    for ago in range(1, 90):
        error = 7800 if ago in (28, 50) else 0
        ConnectionDay.objects.create(
            connection=found,
            day=today - timedelta(days=ago),
            passed=24,
            took_ms=24_000,
            slowest_ms=1900,
            steps=[["Token is valid", 24, 4800, 340]],
            proven_seconds=86400 - error,
            error_seconds=error,
        )
    return found


def test_a_connection_is_tested_and_muted_on_its_page_without_a_mouse(
    open_page, editor, connection
):
    page = open_page(editor, reverse("connection-page", args=["main", connection.pk]))
    strip = page.get_by_role("img", name="Meta, the last 90 days In error on 2 days")
    expect(strip).to_be_visible()

    page.get_by_role("button", name="Test", exact=True).press("Enter")
    expect(page.get_by_text("Meta works. Proven")).to_be_visible()
    expect(page.get_by_role("button", name="Test", exact=True)).to_be_focused()
    expect(page.locator("#announcer")).to_have_text("Meta: the test passed.")
    expect(page.locator("#record")).to_contain_text("Ads data can be read")  # today, too

    page.get_by_role("combobox", name="Mute for how long").select_option("for 8 hours")
    expect(page.get_by_role("radio", name="Mute for 8 hours")).to_be_checked()
    page.get_by_role("radio", name="Mute until that is changed").press("Space")
    expect(page.get_by_role("combobox", name="Mute for how long")).to_have_value("")
    page.get_by_role("combobox", name="Mute for how long").select_option("for 8 hours")
    page.get_by_role("button", name="Save").press("Enter")
    expect(page.get_by_role("radio", name="Stay muted until")).to_be_checked()

    page.get_by_role("link", name="Configure").press("Enter")
    page.locator("#dialog[open] .dialog").wait_for()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Configure")).to_be_focused()
    assert problems(page, "the page of a connection") == []


def test_a_drill_is_begun_followed_and_stopped_without_a_mouse(open_page, editor, connection):
    checks.beat(timezone.now())
    page = open_page(editor, reverse("connection-page", args=["main", connection.pk]))
    begin = page.get_by_role("button", name="Start a drill…")
    page.get_by_role("radio", name="Access withdrawn").focus()
    page.keyboard.press("ArrowDown")
    begin.press("Enter")
    page.locator("#dialog[open] .dialog").wait_for()
    expect(page.locator("#dialog")).to_contain_text("Start a fire drill: outage?")
    assert problems(page, "the question before a drill") == []
    page.keyboard.press("Escape")
    expect(begin).to_be_focused()

    page.get_by_role("radio", name="Outage").focus()
    page.keyboard.press("ArrowUp")
    begin.press("Enter")
    page.get_by_role("button", name="Start the drill").press("Enter")
    stop = page.get_by_role("button", name="Stop the drill")
    stop.focus()
    for _ in range(2):
        for taken in performing.claim(timezone.now(), 1):
            performing.perform(taken, timezone.now)
    expect(page.locator("#drill")).to_contain_text("Now people are told")
    expect(stop).to_be_focused()  # though it was drawn anew
    assert problems(page, "a connection while a drill goes on") == []

    stop.press("Enter")
    page.locator(".drills summary").press("Enter")
    expect(page.locator(".drills")).to_contain_text("Somebody stopped it.")
    assert problems(page, "the record of a drill") == []
