"""Names as people give them: in any script, turned around, and long without a space."""

import pytest
from playwright.sync_api import expect

from integrations.models import Membership, Role
from integrations.services import rows
from integrations.services.people import invitations
from tests.browser import states
from tests.browser.conftest import SETTINGS

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


@pytest.mark.parametrize("path", PAGES)
def test_no_name_breaks_a_page_on_a_phone(open_page, editor, meta, named, path):
    page = open_page(editor, path, viewport={"width": 390, "height": 844})

    assert not page.evaluate(TOO_WIDE)


@pytest.mark.parametrize("path", PAGES_OF_OWNERS)
def test_no_name_of_a_member_breaks_a_page_on_a_phone(open_page, owner, meta, named, path):
    emil = Membership.objects.get(user__username="emil")
    invitations.invite(emil.workspace, Role.VIEWER, by=owner, note=named[:100])
    page = open_page(owner, path.format(emil.pk), viewport={"width": 390, "height": 844})

    assert not page.evaluate(TOO_WIDE)


def test_no_name_turns_what_stands_beside_it(open_page, editor, meta, named):
    page = open_page(editor, "/w/main/dashboard/", viewport={"width": 1440, "height": 900})

    lead = page.locator(".lead")
    expect(lead).to_contain_text("each platform counted once.")
    places = lead.evaluate(PLACES)
    assert places == sorted(places)
