"""A new owner invites a colleague, gives a role, takes it back and hands over; in two browsers."""

import re

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from integrations.models import Membership, Role, Workspace
from integrations.services.people import members, workspaces
from tests.browser.conftest import PASSWORD, SETTINGS, member, save_meta

MEMBERS = "/w/main/members/"
PROFILE = f"{SETTINGS}profile/"


@pytest.fixture
def at_home(settings, base_url):
    """Links lead to the server of the tests."""
    settings.PUBLIC_URL = base_url


def role_of(username: str) -> str:
    return Membership.objects.get(user__username=username).role


def invite(page: Page, role: str) -> str:
    page.locator("form.line-form").get_by_label("Role").select_option(role)
    page.get_by_role("button", name="Make a link").click()
    return page.locator("#invitation-link").inner_text()


def test_from_an_invitation_to_a_hand_over(open_page, owner, at_home):
    olga = open_page(owner, MEMBERS)
    nina = open_page(path=invite(olga, "viewer"))

    nina.get_by_label("Username").fill("nina")
    nina.get_by_label("First name").fill("Nina")
    nina.get_by_label("Password").fill(PASSWORD)
    nina.get_by_role("button", name="Make the account and join").click()
    expect(nina.get_by_text("Welcome to Main. You are a viewer here.")).to_be_visible()

    olga.goto(MEMBERS)
    olga.get_by_label("Role of Nina").select_option("editor")
    olga.get_by_role("button", name="Change the role of Nina").click()
    olga.locator("#dialog").get_by_role("button", name="Make Nina an editor").click()
    expect(olga.get_by_text("Nina is an editor now.")).to_be_visible()
    assert role_of("nina") == Role.EDITOR

    olga.get_by_label("I leave").check()
    olga.get_by_label("Your password").fill(PASSWORD)
    olga.get_by_role("button", name="Ask them").click()
    expect(olga.get_by_text("Nothing changes until Nina says yes.")).to_be_visible()

    nina.goto(MEMBERS)
    nina.get_by_label("Your password").fill(PASSWORD)
    nina.get_by_role("button", name="Yes, I own it").click()
    expect(nina.get_by_text("You own Main now.")).to_be_visible()
    assert role_of("nina") == Role.OWNER
    assert olga.goto(MEMBERS).status == 404


def test_the_role_owner_is_given_with_the_password_by_keys_alone(open_page, owner, workspace):
    member(workspace, "vera", Role.VIEWER)
    page = open_page(owner, MEMBERS)
    page.get_by_label("Role of vera").select_option("owner")
    page.get_by_role("button", name="Change the role of vera").press("Enter")
    expect(page.locator("#dialog").get_by_label("Your password")).to_be_focused()

    page.keyboard.type("not this one")
    page.keyboard.press("Enter")
    expect(page.get_by_text("This is not your password. Type it again.")).to_be_visible()
    expect(page.get_by_label("Your password")).to_be_focused()
    assert role_of("vera") == Role.VIEWER

    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_text("vera is an owner now.")).to_be_visible()
    assert role_of("vera") == Role.OWNER


def test_an_open_page_of_members_is_told_what_others_did(open_page, owner, workspace):
    vera = member(workspace, "vera", Role.VIEWER)
    page = open_page(owner, MEMBERS)

    members.leave(workspace, vera)
    page.evaluate("document.body.dispatchEvent(new Event('look-again'))")

    expect(page.get_by_text("vera left.")).to_be_visible()
    expect(page.get_by_text("The page shows it once you load it again.")).to_be_visible()


@pytest.mark.parametrize("path", [MEMBERS, SETTINGS, "/w/main/dashboard/"])
def test_an_open_page_is_told_that_its_workspace_is_archived(
    open_page, owner, workspace, watch, path
):
    page = open_page(member(workspace, "vera", Role.VIEWER), path)
    workspaces.archive(workspace, by=owner)

    page.evaluate("document.body.dispatchEvent(new Event('look-again'))")

    told = page.get_by_role("alert")
    expect(told).to_contain_text("olga archived this workspace.")
    page.evaluate("document.body.dispatchEvent(new Event('look-again'))")
    told.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Main is archived")
    assert {one for one in watch.problems if "Status Error Code 404" in one} == {*watch.problems}
    watch.problems.clear()


def test_a_press_in_an_archived_workspace_says_so(open_page, owner, meta, workspace, watch):
    save_meta(workspace)
    page = open_page(member(workspace, "emil"), SETTINGS)
    workspaces.archive(workspace, by=owner)

    page.locator("#card-meta").get_by_role("button", name="Test").click()

    expect(page.get_by_role("alert")).to_contain_text("olga archived this workspace.")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.locator("#toast")).to_be_hidden()
    watch.problems.clear()


def test_a_question_that_is_open_when_the_session_ends_says_so(open_page, owner, workspace):
    member(workspace, "vera", Role.VIEWER)
    page = open_page(owner, MEMBERS)
    page.get_by_label("Role of vera").select_option("owner")
    page.get_by_role("button", name="Change the role of vera").click()
    expect(page.locator("#dialog").get_by_label("Your password")).to_be_focused()

    Session.objects.all().delete()
    page.evaluate("document.body.dispatchEvent(new Event('look-again'))")

    expect(page.locator("#dialog").get_by_text("You were signed out.")).to_be_visible()


def test_without_script_all_of_it_works(open_page, owner, workspace, at_home):
    member(workspace, "vera", Role.VIEWER)
    olga = open_page(owner, MEMBERS, java_script_enabled=False)

    olga.get_by_label("Role of vera").select_option("editor")
    olga.get_by_role("button", name="Change the role of vera").click()
    olga.get_by_role("button", name="Make vera an editor").click()
    expect(olga.get_by_text("vera is an editor now.")).to_be_visible()
    olga.get_by_role("link", name="Remove… vera").click()
    olga.get_by_role("button", name="Remove vera").click()
    expect(olga.get_by_text("vera is removed")).to_be_visible()

    assert not User.objects.get(username="vera").memberships.exists()


def test_a_question_is_closed_by_escape_and_the_focus_comes_back(open_page, owner, workspace):
    member(workspace, "vera", Role.VIEWER)
    page = open_page(owner, MEMBERS)
    remove = page.get_by_role("link", name="Remove… vera")

    remove.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#dialog")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.locator("#dialog")).to_be_hidden()
    expect(remove).to_be_focused()


def test_a_role_that_was_not_confirmed_is_not_shown(open_page, owner, workspace):
    member(workspace, "vera", Role.VIEWER)
    page = open_page(owner, MEMBERS)
    role = page.get_by_label("Role of vera")
    role.select_option("owner")
    page.get_by_role("button", name="Change the role of vera").click()

    page.locator("#dialog").get_by_role("link", name="Cancel").click()

    expect(role).to_have_value("viewer")


def test_the_switcher_finds_a_workspace_while_one_types(open_page, owner):
    for number in range(20):
        one = Workspace.objects.create(name=f"Client {number:02}", slug=f"client-{number}")
        Membership.objects.create(user=owner, workspace=one, role=Role.VIEWER)
    page = open_page(owner, MEMBERS)
    page.click(".switcher > summary")
    expect(page.locator("#workspaces-found a")).to_have_count(9)

    page.get_by_label("Search workspaces").click()
    page.keyboard.type("client 17")

    expect(page.locator("#workspaces-found a")).to_have_text(["Client 17"])
    page.locator("#workspaces-found a").click()
    expect(page).to_have_url(re.compile("/w/client-17/dashboard/"))


def test_a_new_address_is_confirmed_by_a_button(open_page, owner, settings, mailoutbox, at_home):
    settings.EMAIL_IS_CONFIGURED = True
    settings.TASKS = {"default": {"BACKEND": "django.tasks.backends.immediate.ImmediateBackend"}}
    page = open_page(owner, PROFILE)
    page.get_by_text("Change the address").click()
    page.get_by_label("New e-mail address").fill("olga@acme.example")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_text("olga@acme.example waits to be confirmed.")).to_be_visible()

    link = re.search(r"http\S+/accounts/email/\S+", mailoutbox[0].body)[0]
    page.goto(link)
    page.get_by_role("button", name="Confirm it").click()

    expect(page.get_by_text("Your address is confirmed")).to_be_visible()
    assert User.objects.get(pk=owner.pk).email == "olga@acme.example"


def test_times_are_in_the_zone_that_a_person_set(open_page, owner):
    page = open_page(owner, PROFILE, timezone_id="America/New_York")
    page.get_by_label("Time zone").select_option("Asia/Tokyo")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()

    shown = page.locator("time").first
    there = shown.evaluate(
        "one => new Intl.DateTimeFormat('en-GB', {hour: '2-digit', minute: '2-digit',"
        " timeZone: 'Asia/Tokyo'}).format(new Date(one.dateTime))"
    )
    expect(shown).to_contain_text(there)
