"""Each page and dialog, in each width and colour scheme: axe finds nothing, nothing is cut off."""

from collections.abc import Callable
from typing import Any, Literal

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, expect

from integrations.services import people
from tests.browser import states
from tests.browser.conftest import META, PASSWORD, SETTINGS, save_meta

WIDTHS = (390, 768, 1440)
NARROW = (320, 390)
DIALOG = "#dialog"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ALL_RULES = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
COLOUR_RULES = {"runOnly": ["color-contrast", "link-in-text-block"]}
SCHEMES: dict[Literal["light", "dark"], dict[str, Any]] = {"light": ALL_RULES, "dark": COLOUR_RULES}
TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


def check(page: Page, part: str = "html") -> None:
    """Fails with every violation at every width, and with every width that scrolls sideways."""
    found = []
    page.evaluate(AXE_SCRIPT)
    for scheme, rules in SCHEMES.items():
        page.emulate_media(color_scheme=scheme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            found += [f"{width} {scheme}: {problem}" for problem in violations(page, part, rules)]
    for width in NARROW:
        page.set_viewport_size({"width": width, "height": 800})
        if page.evaluate(TOO_WIDE):
            found.append(f"{width}: scrolls sideways")
    assert found == []


def violations(page: Page, part: str, rules: dict[str, Any]) -> list[str]:
    response = page.evaluate("([part, rules]) => axe.run(part, rules)", [part, rules])
    return [
        f"{violation['id']} {node['target']} {node['failureSummary']}"
        for violation in response["violations"]
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/password/reset/", "/nothing/"])
def test_pages_for_anybody(open_page, workspace, path):
    check(open_page(path=path))


def test_the_page_behind_the_owner_link(open_page, workspace):
    token = people.make_owner_link().rstrip("/").rsplit("/", 1)[1]
    check(open_page(path=f"/welcome/{token}/"))


@pytest.mark.parametrize(
    "path",
    [
        "/w/main/dashboard/",
        SETTINGS,
        META,
        f"{SETTINGS}profile/",
        f"{SETTINGS}api-access/",
        "/accounts/password/",
        "/nothing/",
    ],
)
def test_pages_of_a_new_workspace(open_page, editor, meta, path):
    check(open_page(editor, path))


@pytest.mark.parametrize("path", ["/w/main/dashboard/", SETTINGS])
def test_pages_that_show_every_state(open_page, editor, meta, workspace, path):
    states.fill(workspace)
    check(open_page(editor, path))


def test_api_access_with_a_new_token(page):
    page.goto(f"{SETTINGS}api-access/")
    page.get_by_label("Name").fill("Dashboard")
    page.get_by_role("button", name="Make a token").click()
    expect(page.locator("#new-token")).to_be_visible()
    check(page)


def test_an_open_menu(page, workspace):
    states.fill(workspace)
    page.reload()
    page.click("#more-meta")
    check(page, "#card-meta")


def ask_to_disconnect(page: Page) -> None:
    page.click("#more-meta")
    page.locator("#menu-meta").get_by_text("Disconnect…").click()
    expect(page.locator("#dialog")).to_be_visible()


def show_history(page: Page) -> None:
    page.click("#more-stripe")
    page.locator("#menu-stripe").get_by_text("History of tests").click()
    page.locator("#dialog summary").first.click()


def open_many_methods(page: Page) -> None:
    page.click("#open-crm")
    expect(page.locator("#dialog")).to_be_visible()


@pytest.mark.parametrize("act", [ask_to_disconnect, show_history, open_many_methods])
def test_dialogs(page, workspace, act: Callable[[Page], Any]):
    states.fill(workspace)
    page.reload()
    act(page)
    check(page, DIALOG)


def try_values(page: Page, token: str, account: str = "act_1001") -> None:
    page.click("#open-meta")
    page.get_by_label("Access token").fill(token)
    page.get_by_label("Ad account ID").fill(account)
    page.get_by_role("button", name="Test and save").click()


def test_the_dialog_with_mistakes(page):
    try_values(page, "EAAhealthy", account="no number")
    expect(page.locator("#dialog .errors")).to_be_visible()
    check(page, DIALOG)


def test_the_dialog_while_it_tests(page, gate):
    gate.close("act_1001")
    try_values(page, "EAAhealthy")
    expect(page.locator(".ladder .running")).to_be_visible()
    check(page, DIALOG)


def test_the_dialog_after_a_failure(page):
    try_values(page, "EAAexpired")
    expect(page.locator("#dialog .note.bad")).to_be_visible()
    check(page, DIALOG)


def test_the_dialog_after_saving(page):
    try_values(page, "EAAhealthy")
    expect(page.locator("#dialog .note.ok")).to_be_visible()
    check(page, DIALOG)


def test_signing_in_with_a_mistake(open_page, editor):
    page = open_page(path="/accounts/login/")
    page.get_by_label("Username").fill("emil")
    page.get_by_label("Password").fill(PASSWORD + "?")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    check(page)


def test_a_run_over_all_platforms(page, gate, workspace):
    save_meta(workspace)
    gate.close("act_1001")
    page.reload()
    page.click("#test-all")
    expect(page.locator("#run-progress progress")).to_be_visible()
    check(page, "#integrations")
