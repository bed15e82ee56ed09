"""Each way to connect has a guide of ours: who can do it, what to click, what to copy."""

import re
from dataclasses import replace
from html import unescape

import pytest

from integrations import platforms
from integrations.models import Trigger
from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes
from integrations.services.credentials import apps
from integrations.services.proving import testing
from providers import registry
from providers.declare import SIGN_IN
from tests.integrations.conftest import signed_in
from tests.integrations.pages.people import text_of

SETTINGS = "/w/main/dashboard/settings/"
WAYS = [
    (provider.slug, vendor, method)
    for provider in registry.catalogue().values()
    for vendor, method in provider.ways
]


def address(slug, method="", vendor=""):
    way = f"{method}/" if method else ""
    first = f"?first={vendor}" if vendor else ""
    return f"/w/main/integrations/{slug}/guide/{way}{first}"


def links_of(page):
    return {unescape(link) for link in re.findall(r'href="([^"]+)"', page.content.decode())}


def guide_links(page):
    """Where "Setup guide" leads, each with whether it opens in a new tab."""
    found = re.findall(r"<a ([^>]*)>Setup guide", page.content.decode())
    return {re.search(r'href="([^"]+)"', one)[1]: 'target="_blank"' in one for one in found}


def connect(workspace, slug, method, **config):
    changes = Changes(config=config, auth_method=method)
    saving.change_connection(rows.unread(workspace, slug), changes, by=None)


@pytest.mark.parametrize(
    ("slug", "vendor", "way"), WAYS, ids=[f"{s}-{v}-{w.slug}" for s, v, w in WAYS]
)
def test_every_way_has_a_page_with_all_of_its_guide(viewer, slug, vendor, way):
    page = signed_in(viewer).get(address(slug, way.slug, vendor))

    shown = text_of(page)
    assert page.status_code == 200
    for text in way.guide.texts:
        assert text in shown
    assert set(way.guide.links) <= links_of(page)
    assert [scope.name for scope in way.guide.scopes if scope.name not in shown] == []


def test_a_guide_is_for_members_alone(stranger):
    assert signed_in(stranger).get(address("meta", "access_token")).status_code == 404


@pytest.mark.parametrize("way", [address("meta", "no_way"), address("nobody", "access_token")])
def test_there_is_no_guide_to_what_does_not_exist(viewer, way):
    assert signed_in(viewer).get(way).status_code == 404


def test_of_a_platform_that_is_several_one_chooses_the_guide(viewer):
    chosen = signed_in(viewer).get(address("crm", "access_token"), follow=True)

    assert chosen.redirect_chain == [(address("crm"), 302)]
    every = {address(slug, way.slug, vendor) for slug, vendor, way in WAYS if slug == "crm"}
    assert every <= links_of(chosen)


def test_once_the_vendor_is_saved_the_guide_is_in_its_words(viewer, workspace):
    connect(workspace, "crm", "access_token", vendor="pipedrive", access_token="abc123")

    shown = text_of(signed_in(viewer).get(address("crm", "access_token")))

    assert "A personal API token Setup guide for Pipedrive" in shown


def test_the_guide_to_a_sign_in_has_what_the_app_needs(owner):
    page = signed_in(owner).get(address("meta", SIGN_IN))

    shown = page.content.decode()
    assert f'<code id="redirect-uri">{apps.redirect_uri("meta")}</code>' in shown
    assert '<code id="scopes">ads_read,business_management</code>' in shown
    assert 'data-copy="redirect-uri"' in shown
    assert 'data-copy="scopes"' in shown
    assert f"{SETTINGS}sign-in-apps/meta/?for=meta" in links_of(page)


def test_the_app_comes_first_until_it_is_set_up(owner, calendly):
    missing = text_of(signed_in(owner).get(address("meta", SIGN_IN)))
    ready = text_of(signed_in(owner).get(address("calendly", SIGN_IN)))

    assert missing.index("First, once: the Meta app") < missing.index("Step by step")
    assert ready.index("Step by step") < ready.index("The Calendly app Set up here already")


def test_boxes_to_tick_are_copied_as_a_list(owner):
    shown = signed_in(owner).get(f"{SETTINGS}sign-in-apps/upwork/").content.decode()

    wanted = "Common Entities - Read-Only Access, Read marketplace Job Postings"
    assert f'<code id="scopes-upwork">{wanted}</code>' in shown
    assert 'Copy<span class="sr-only"> the permissions for Upwork' in shown


def test_a_platform_that_declares_none_says_what_it_has(viewer, monkeypatch):
    known = platforms.catalogue()
    bare = [replace(way, guide=None) for way in known["x"].methods]
    monkeypatch.setitem(known, "x", replace(known["x"], methods=tuple(bare)))

    page = signed_in(viewer).get(address("x", "access_token"))

    assert bare[0].help in text_of(page)
    assert known["x"].docs_url in links_of(page)


def test_what_is_not_connected_leads_to_the_choice_of_a_guide(editor):
    found = guide_links(signed_in(editor).get(SETTINGS))

    every = {address(slug) for slug in registry.catalogue()}
    assert found == dict.fromkeys(every, True)


def test_the_card_leads_to_the_guide_of_the_way_in_use(editor, connected):
    found = guide_links(signed_in(editor).get(SETTINGS))

    assert found[address("meta", "access_token")]


def test_each_way_in_the_dialog_leads_to_its_guide_in_a_new_tab(editor):
    found = guide_links(signed_in(editor).get(f"{SETTINGS}integrations/google_ads/"))

    ways = {address(slug, way.slug) for slug, _, way in WAYS if slug == "google_ads"}
    assert found == dict.fromkeys(ways, True)


def test_the_dialog_of_a_vendor_leads_to_the_guides_of_that_vendor(editor):
    found = guide_links(signed_in(editor).get(f"{SETTINGS}integrations/crm/?first=zoho"))

    ways = {address(slug, way.slug, vendor) for slug, vendor, way in WAYS if vendor == "zoho"}
    assert set(found) == ways


def test_what_is_broken_says_where_the_guide_is(editor, proven, meta):
    browser = signed_in(editor)
    connect(proven.workspace, "meta", "access_token", access_token="EAAexpired")
    testing.test_connection(rows.find(proven.workspace, "meta"), trigger=Trigger.SCHEDULE)
    shown = browser.get(f"{SETTINGS}integrations/meta/").content.decode()

    wrong = re.search(r'<div class="wrong">.*?</div></div>', shown, re.DOTALL)[0]
    assert address("meta", "access_token") in wrong


def test_the_page_of_an_app_leads_to_the_guides_of_all_that_sign_in_with_it(owner):
    found = guide_links(signed_in(owner).get(f"{SETTINGS}sign-in-apps/google/"))

    google = [slug for slug, provider in registry.catalogue().items() if provider.family]
    assert found == {address(slug, SIGN_IN): True for slug in google}


def test_what_a_sign_in_asks_for_can_be_copied_in_the_dialog(editor, calendly):
    shown = signed_in(editor).get(f"{SETTINGS}integrations/calendly/").content.decode()

    names = "users:read organizations:read event_types:read scheduled_events:read"
    assert f'<span class="sr-only" id="asked-scopes">{names}</span>' in shown
    assert 'data-copy="asked-scopes"' in shown
