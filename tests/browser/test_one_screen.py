"""A dialog with a way chosen is one screen of 1440×900: nobody scrolls to its buttons."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Page, ViewportSize, expect

from integrations import platforms
from integrations.models import ConnectionTest
from integrations.services import rows
from integrations.services.connecting import candidates
from integrations.services.connecting.changes import Changes
from providers.declare import SIGN_IN
from providers.sandbox.__main__ import PLATFORMS
from tests.browser.conftest import SETTINGS
from tests.browser.test_dialog import open_dialog
from tests.providers.contract.cases import CASES, Case

pytestmark = pytest.mark.looks

SCREEN = ViewportSize(width=1440, height=900)
SCROLLS = "dialog => dialog.scrollHeight > dialog.clientHeight + 1"
ERROR = {
    "message": "The platform does not accept what was typed, or it was revoked there meanwhile.",
    "action": "Generate a new one in its settings, allow everything that is asked, paste it here.",
    "action_url": "https://platform.example/settings/developers",
}


def too_tall(page: Page) -> list[str]:
    page.set_viewport_size(SCREEN)
    found = []
    for slug in platforms.catalogue():
        open_dialog(page, slug)
        if page.locator("[data-continues]").count():
            page.click("[data-continues]")
            expect(page.locator("#connection-form")).to_be_visible()
        if page.locator("#dialog").evaluate(SCROLLS):
            found.append(slug)
        page.keyboard.press("Escape")
        expect(page.locator("#dialog")).to_be_hidden()
    return found


def test_no_platform_asks_for_more_than_a_screen(page):
    assert too_tall(page) == []


def test_nor_does_one_where_people_can_sign_in(open_page, editor, stand_in):
    stand_in(*PLATFORMS)

    assert too_tall(open_page(editor, SETTINGS)) == []


def test_on_a_low_screen_close_and_the_buttons_stay_in_sight(page):
    page.set_viewport_size({"width": 1000, "height": 420})
    open_dialog(page)
    page.get_by_label("Ad account ID").focus()

    assert page.locator("#dialog").evaluate(SCROLLS)
    expect(page.locator("#dialog [data-close]").first).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("button", name="Test and save")).to_be_in_viewport(ratio=1)


def refuse(workspace, editor, case: Case, session_key: str, kind: str) -> str:
    """What was typed for a way was refused in the last of its steps: where its dialog is."""
    kept = candidates.keep_candidate(
        rows.unread(workspace, case.slug),
        Changes(config=case.values, auth_method=case.method),
        user=editor,
        session_key=session_key,
        base_version=rows.find(workspace, case.slug).version,
    )
    now = timezone.now()
    step = {"outcome": "passed", "detail": "Known.", "duration_ms": 120}
    steps = [{**step, "label": one.label} for one in case.steps]
    kept.test = ConnectionTest.objects.create(
        connection=kept.connection,
        revision=kept.connection.revision,
        trigger="save",
        dry_run=True,
        outcome="failed",
        finished_at=now,
        lease_until=now + timedelta(minutes=1),
        steps=[*steps[:-1], steps[-1] | {"outcome": "failed", "detail": ""}],
        error_kind=kind,
        **ERROR,
    )
    kept.save()
    return f"{SETTINGS}?dialog={case.slug}&candidate={kept.pk}"


def missed(page: Page) -> list[str]:
    """What of the open dialog nobody sees without scrolling."""
    dialog = page.locator("#dialog")
    actions = dialog.locator(".actions")
    controls = {
        "Close": dialog.get_by_label("Close", exact=True),
        "Cancel": actions.get_by_text("Cancel", exact=True),
        "Test and save": actions.get_by_role("button", name="Test and save"),
    }
    hidden = [name for name, control in controls.items() if not control.is_visible()]
    return hidden + (["the rest"] if dialog.evaluate(SCROLLS) else [])


@pytest.mark.parametrize("kind", ["auth_invalid", "unexpected_reply"])
def test_nor_does_any_way_after_it_failed_and_cancel_is_there(
    open_page, editor, stand_in, workspace, kind
):
    stand_in(*PLATFORMS)
    page = open_page(editor, SETTINGS, viewport=SCREEN)
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    found = {}
    for case in [one for one in CASES if one.method != SIGN_IN]:
        session_key = cookies[settings.SESSION_COOKIE_NAME]
        page.goto(refuse(workspace, editor, case, session_key, kind))
        expect(page.locator("#dialog #proof .note")).to_be_visible()
        found[str(case)] = missed(page)

    assert {case: what for case, what in found.items() if what} == {}


def test_the_failing_field_is_focused_and_says_what_the_platform_said(page):
    open_dialog(page)
    page.get_by_label("Access token").fill("EAAexpired")
    page.get_by_label("Ad account ID").fill("act_1001")
    page.get_by_role("button", name="Test and save").click()

    token = page.get_by_label("Access token", exact=True)
    expect(token).to_be_focused()
    expect(token).to_have_accessible_description(
        re.compile("access token has expired.*What you typed .*has ended")
    )
    expect(page.get_by_label("Ad account ID")).to_be_hidden()
    page.get_by_text("The rest of it").click()
    expect(page.get_by_label("Ad account ID")).to_have_value("act_1001")
