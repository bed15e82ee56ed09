"""Each page and dialog, in each width and colour scheme: axe finds nothing, nothing is cut off."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from integrations import crypto
from integrations.models import After, Invitation, Membership, Person, Role, Workspace
from integrations.services.credentials import apps
from integrations.services.people import hand_over, invitations, own, people, workspaces
from tests.browser import states
from tests.browser.conftest import (
    META,
    PASSWORD,
    SETTINGS,
    continue_to,
    fix_link,
    member,
    save_meta,
    sign_in,
    sign_in_to_outlet,
)
from tests.integrations.kept import sign_ins

pytestmark = pytest.mark.looks

WIDE, NARROW = 1440, 390
FITS = (320, NARROW)
DIALOG = "#dialog"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ALL_RULES = {
    "runOnly": {"type": "tag", "values": TAGS},
    "rules": {"label-content-name-mismatch": {"enabled": True}},  # axe calls it an experiment
    "resultTypes": ["violations"],
}
COLOUR_RULES = {"runOnly": ["color-contrast", "link-in-text-block"], "resultTypes": ["violations"]}
# Above 760 px all widths look alike, and below nothing is shown that is not above: so a wide page
# has the dark colours of everything.
VIEWS: tuple[tuple[Any, int, Any], ...] = (
    ("light", WIDE, ALL_RULES),
    ("light", NARROW, ALL_RULES),
    ("dark", WIDE, COLOUR_RULES),
)
VISIBLE = """() => [...document.querySelectorAll("body *")].filter((one) => one.checkVisibility())
    .map((one) => [one.localName, one.id, ...one.classList].join(" "))
    .map((one) => one.replace(/ (heard|htmx-[a-z]+)/g, ""))
"""
TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
CUT_OFF = """() => [...document.querySelectorAll("main *, dialog *")].filter((one) =>
    one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX !== "visible"
    && !one.matches(".sr-only, input, select, textarea")).map((one) => one.outerHTML.slice(0, 90))
"""


def check(page: Page, part: str = "html") -> None:
    """Fails with every violation in every view, and with every width that cuts something off."""
    found = []
    shown: dict[int, set[str]] = {WIDE: set(), NARROW: set()}
    page.evaluate(AXE_SCRIPT)
    for scheme, width, rules in VIEWS:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        found += [f"{width} {scheme}: {problem}" for problem in violations(page, part, rules)]
        shown[width].update(page.evaluate(VISIBLE))
    found += [f"shown on a narrow page alone: {one}" for one in shown[NARROW] - shown[WIDE]]
    for width in FITS:
        page.set_viewport_size({"width": width, "height": 800})
        if page.evaluate(TOO_WIDE):
            found.append(f"{width}: scrolls sideways")
        found += [f"{width}: cut off: {part}" for part in page.evaluate(CUT_OFF)]
    assert found == []


def violations(page: Page, part: str, rules: dict[str, Any]) -> list[str]:
    run = "([part, rules]) => axe.run(part, rules).then((found) => found.violations)"
    return [
        f"{violation['id']} {node['target']} {node['failureSummary']}"
        for violation in page.evaluate(run, [part, rules])
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


GUIDES = "/w/main/integrations/crm/guide/"
SHOWN = ["/w/main/dashboard/", SETTINGS, GUIDES, f"{GUIDES}sign_in/?first=zoho"]


@pytest.mark.parametrize("path", SHOWN)
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


def ask_for_the_vendor(page: Page) -> None:
    page.click("#open-crm")
    expect(page.locator("#dialog")).to_be_visible()


def open_many_methods(page: Page) -> None:
    ask_for_the_vendor(page)
    page.get_by_role("button", name="Continue with HubSpot").click()
    page.get_by_text("Another way").click()


def open_all_of(page: Page, slug: str) -> None:
    """The dialog of what is broken or half set up, with all that is folded."""
    page.click(f"#open-{slug}")
    expect(page.locator("#dialog")).to_be_visible()
    for fold in page.locator("#dialog summary").all():
        fold.click()


def open_what_is_broken(page: Page) -> None:
    open_all_of(page, "meta")


def open_what_was_reported(page: Page) -> None:
    open_all_of(page, "search_console")


def open_what_is_half_set_up(page: Page) -> None:
    open_all_of(page, "upwork")


DIALOGS = [
    ask_to_disconnect,
    show_history,
    ask_for_the_vendor,
    open_many_methods,
    open_what_is_broken,
    open_what_was_reported,
    open_what_is_half_set_up,
]


@pytest.mark.parametrize("act", DIALOGS)
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


# --- Signing in ----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["sign-in-apps/", "sign-in-apps/google/"])
def test_pages_of_sign_in_apps(open_page, owner, calendly, path):
    check(open_page(owner, SETTINGS + path))


def test_an_app_that_was_not_accepted(open_page, owner, calendly, workspace):
    secrets = {"client_id": "sandbox-app", "client_secret": "wrong"}
    assert not apps.prove(apps.save(workspace, "calendly", by=owner, **secrets))
    page = open_page(owner, f"{SETTINGS}sign-in-apps/calendly/")
    page.click("summary.danger")
    check(page)


def test_an_app_with_mistakes(open_page, owner, calendly):
    page = open_page(owner, f"{SETTINGS}sign-in-apps/meta/")
    page.get_by_role("button", name="Save and prove").click()
    expect(page.locator(".errors").first).to_be_visible()
    check(page)


@pytest.fixture
def calendlys(open_page, owner, calendly):
    """The settings page, where people can sign in to Calendly."""
    return open_page(owner, SETTINGS)


def open_before_a_sign_in(page: Page) -> None:
    page.click("#open-calendly")
    page.get_by_text("Another way").click()


def come_back_and_choose(page: Page) -> None:
    continue_to(page, "calendly", "Continue to Calendly")
    page.click("#as-two")
    expect(page.locator("#account-form")).to_be_visible()


def come_back_without_a_permission(page: Page) -> None:
    continue_to(page, "calendly", "Continue to Calendly")
    page.get_by_role("link", name="event_types:read", exact=True).click()
    expect(page.locator("#dialog .note.bad")).to_be_visible()
    page.get_by_text("Settings, and other ways to connect").click()


def cancel_there(page: Page) -> None:
    continue_to(page, "calendly", "Continue to Calendly")
    page.click("#cancel")
    expect(page.locator("#dialog .note.warn")).to_be_visible()


BEFORE = [
    open_before_a_sign_in,
    come_back_and_choose,
    come_back_without_a_permission,
    cancel_there,
]


@pytest.mark.parametrize("act", BEFORE)
def test_dialogs_of_a_first_sign_in(calendlys, act: Callable[[Page], Any]):
    act(calendlys)
    check(calendlys, DIALOG)


def open_when_signed_in(page: Page) -> None:
    page.click("#open-calendly")
    expect(page.locator("#dialog")).to_be_visible()


def come_back_without_the_account(page: Page) -> None:
    continue_to(page, "calendly", "Sign in again")
    page.click("#as-healthy")
    expect(page.locator("#account-form")).to_be_visible()


def come_back_with_another_account(page: Page) -> None:
    come_back_without_the_account(page)
    page.locator("#account-form label").click()
    page.get_by_role("button", name="Use this account").click()
    expect(page.locator("#dialog").get_by_text("lead to another account")).to_be_visible()


def ask_for_a_fix_link(page: Page) -> None:
    page.click("#more-calendly")
    page.locator("#menu-calendly").get_by_text("Send a fix link…").click()
    expect(page.get_by_label("Who is it for?")).to_be_visible()


def make_a_fix_link(page: Page) -> None:
    ask_for_a_fix_link(page)
    page.get_by_label("Who is it for?").fill("Ben")
    page.get_by_role("button", name="Make the link").click()
    expect(page.locator("#fix-link")).to_be_visible()


SIGNED_IN = [
    open_when_signed_in,
    come_back_without_the_account,
    come_back_with_another_account,
    ask_for_a_fix_link,
    make_a_fix_link,
]


@pytest.mark.parametrize("act", SIGNED_IN)
def test_dialogs_of_a_sign_in(calendlys, workspace, owner, act: Callable[[Page], Any]):
    sign_in_to_outlet(workspace, owner)
    calendlys.reload()
    act(calendlys)
    check(calendlys, DIALOG)


def test_the_question_what_else_to_end(open_page, editor, stand_in, workspace):
    stand_in("youtube", "google_ads")
    sign_in(workspace, editor, "youtube")
    sign_in(workspace, editor, "google_ads", account="1000000001")
    page = open_page(editor, f"{SETTINGS}integrations/youtube/disconnect/")
    expect(page.get_by_label("No, forget it here only")).to_be_visible()
    check(page)


@pytest.mark.parametrize("path", ["/w/main/dashboard/", SETTINGS])
def test_pages_that_tell_what_ends_when(open_page, editor, calendly, workspace, path):
    sign_in(workspace, editor)
    states.fill_ends(workspace)
    problem = {"failures": 3, "failure_kind": "network", "failure_message": "No answer."}
    sign_ins().update(**problem)
    check(open_page(editor, path))


def test_the_page_that_leads_to_a_platform(open_page, editor, calendly):
    path = f"{SETTINGS}integrations/calendly/"
    page = open_page(editor, path)
    send = "(form, path) => { form.action = path; HTMLFormElement.prototype.submit.call(form) }"
    page.locator("#connection-form").evaluate(send, f"{path}sign-in/")  # as without script
    expect(page.get_by_role("link", name="Continue to Calendly")).to_be_visible()
    check(page)


@pytest.mark.parametrize("path", ["/oauth/calendly/callback/?state=a&code=b", "/fix/made-up/"])
def test_pages_of_what_is_not_valid(open_page, calendly, path):
    check(open_page(path=path))


def allow_all(page: Page) -> None:
    page.click("#as-two")
    expect(page.locator(".note.ok")).to_be_visible()


def be_somebody_else(page: Page) -> None:
    page.click("#as-healthy")
    expect(page.get_by_role("alert")).to_be_visible()


def change_ones_mind(page: Page) -> None:
    page.click("#cancel")
    expect(page.get_by_role("alert")).to_be_visible()


@pytest.mark.parametrize("act", [None, allow_all, be_somebody_else, change_ones_mind])
def test_pages_of_a_fix_link(open_page, calendly, workspace, owner, act):
    sign_in_to_outlet(workspace, owner)
    page = open_page(path=fix_link(workspace, owner))
    if act:
        page.get_by_role("button", name="Continue to Calendly").click()
        act(page)
    check(page)


def test_a_fix_link_with_accounts_to_choose_from(open_page, calendly, workspace, owner):
    page = open_page(path=fix_link(workspace, owner))
    page.get_by_role("button", name="Continue to Calendly").click()
    page.click("#as-two")
    expect(page.locator("#account-form")).to_be_visible()
    check(page)


# --- People and workspaces -----------------------------------------------------------------------

MEMBERS = "/w/main/members/"


@pytest.fixture
def team(workspace, owner, settings):
    """A workspace with people in each role, invitations, and somebody asked to take it over."""
    settings.EMAIL_IS_CONFIGURED = True
    emil = member(workspace, "emil", first_name="Emil", last_name="Edit")
    vera = member(workspace, "vera", Role.VIEWER)
    root = User.objects.create_superuser("root")
    root.memberships.all().delete()
    invitations.invite(workspace, Role.VIEWER, by=owner, note="the new analyst")
    waiting = {"email": "carla@acme.example", "expires_at": timezone.now() - timedelta(days=1)}
    Invitation.objects.create(workspace=workspace, role=Role.EDITOR, invited_by=owner, **waiting)
    hand_over.ask(workspace, emil.memberships.get().pk, After.LEAVE, by=owner)
    second = Workspace.objects.create(name="Client of an agency", slug="client")
    Membership.objects.create(user=owner, workspace=second, role=Role.OWNER)
    gone = Workspace.objects.create(name="Old client", slug="old")
    Membership.objects.create(user=owner, workspace=gone, role=Role.OWNER)
    workspaces.archive(gone, by=owner)
    return {
        "owner": owner,
        "editor": emil,
        "viewer": vera,
        "root": root,
    }


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("owner", MEMBERS),
        ("editor", MEMBERS),
        ("viewer", MEMBERS),
        ("viewer", f"{MEMBERS}leave/"),
        ("owner", "/w/main/workspace/"),
        ("owner", "/workspaces/"),
        ("root", "/workspaces/"),
        ("owner", "/workspaces/?q=nothing"),
        ("owner", f"{SETTINGS}profile/"),
    ],
)
def test_pages_of_a_team(open_page, team, who, path):
    check(open_page(team[who], path))


def test_members_with_mistakes_and_a_new_link(open_page, team):
    page = open_page(team["owner"], MEMBERS)
    page.get_by_label("E-mail address").evaluate("one => { one.type = 'text'; one.value = 'no' }")
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.locator(".errors")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Make a link instead").click()
    expect(page.locator("#invitation-link")).to_be_visible()
    check(page)


def ask_about_a_role(page: Page) -> None:
    page.get_by_label("Role of Emil Edit").select_option("viewer")
    page.get_by_role("button", name="Change the role of Emil Edit").click()


def ask_to_remove(page: Page) -> None:
    page.get_by_role("link", name="Remove… Emil Edit").click()


@pytest.mark.parametrize("act", [ask_about_a_role, ask_to_remove])
def test_questions_about_members(open_page, team, act: Callable[[Page], Any]):
    page = open_page(team["owner"], MEMBERS)
    act(page)
    expect(page.locator(DIALOG)).to_be_visible()
    check(page, DIALOG)


def test_the_switcher(open_page, team):
    page = open_page(team["owner"], MEMBERS)
    page.click(".switcher > summary")
    expect(page.get_by_label("Search workspaces")).to_be_visible()
    check(page, "header.top")


@pytest.mark.parametrize("who", [None, "viewer", "stranger"])
def test_pages_behind_an_invitation(open_page, team, workspace, who):
    _, link = invitations.invite(workspace, Role.EDITOR, by=team["owner"])
    team["stranger"] = User.objects.create_user("sven")
    path = "/invitation/" + str(link).rstrip("/").rsplit("/", 1)[1] + "/"
    check(open_page(team[who] if who else None, path))


def test_pages_of_links_for_people(open_page, team):
    check(open_page(path="/invitation/made-up/"))
    own.ask_to_confirm(team["owner"], "olga@acme.example")
    Person.objects.update(new_email_digest=crypto.digest("known"))
    check(open_page(path="/accounts/email/known/"))
    check(open_page(team["owner"], f"{SETTINGS}profile/"))
