"""Names as people give them: in any script, turned around, and long without a space."""

import pytest
from playwright.sync_api import expect

from integrations.models import Membership, Role
from integrations.services import rows
from integrations.services.people import invitations
from tests.browser import states
from tests.browser.conftest import SETTINGS

pytestmark = pytest.mark.looks

OVERRIDE = "\N{RIGHT-TO-LEFT OVERRIDE}evil"
NAMES = {
    "right to left": "משרד הפרסום של חיפה",
    "turned around": OVERRIDE,
    "isolated": "\N{RIGHT-TO-LEFT ISOLATE}open",
    "long": "W" * 80,
    "emoji": "👩‍👩‍👧‍👦" * 12,
    "marked": "\N{RIGHT-TO-LEFT MARK}Acme\N{RIGHT-TO-LEFT MARK}",
}
PAGES = ("/w/main/dashboard/", SETTINGS, f"{SETTINGS}profile/", f"{SETTINGS}api-access/")
MEMBERS = "/w/main/members/"
PAGES_OF_OWNERS = (MEMBERS, MEMBERS + "{}/remove/", "/w/main/workspace/", "/workspaces/")
TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
# Where each letter of the text behind the name is painted.
PLACES = """element => {
  const text = element.lastChild;
  return [...text.textContent].map((_, at) => {
    const range = document.createRange();
    range.setStart(text, at);
    range.setEnd(text, at + 1);
    const { left, top } = range.getBoundingClientRect();
    return [Math.round(top), left];
  });
}"""


@pytest.fixture(params=NAMES)
def named(request, workspace, editor):
    """Person, workspace, account, report and reporter all have the name."""
    name = NAMES[request.param]
    states.fill(workspace)
    workspace.name = editor.first_name = name
    workspace.save()
    editor.save()
    for slug in ("meta", "search_console", "stripe"):
        one = rows.find(workspace, slug)
        one.platform_account_name = name
        one.reported_error, one.reported_by = (
            (f"{name} fails.", editor) if one.reported_at else ("", None)
        )
        one.save()
    return name


def too_wide_on_a_phone(page, paths):
    page.set_viewport_size({"width": 390, "height": 844})
    found = []
    for path in paths:
        page.goto(path)
        if page.evaluate(TOO_WIDE):
            found.append(path)
    return found


def test_no_name_breaks_a_page_on_a_phone(open_page, editor, meta, named):
    assert too_wide_on_a_phone(open_page(editor), PAGES) == []


def test_no_name_of_a_member_breaks_a_page_on_a_phone(open_page, owner, meta, named):
    emil = Membership.objects.get(user__username="emil")
    invitations.invite(emil.workspace, Role.VIEWER, by=owner, note=named[:100])
    paths = [path.format(emil.pk) for path in PAGES_OF_OWNERS]

    assert too_wide_on_a_phone(open_page(owner), paths) == []


def test_no_name_turns_what_stands_beside_it(open_page, editor, meta, named):
    page = open_page(editor, "/w/main/dashboard/", viewport={"width": 1440, "height": 900})

    lead = page.locator(".lead")
    expect(lead).to_contain_text("each platform counted once.")
    places = lead.evaluate(PLACES)
    assert places == sorted(places)
