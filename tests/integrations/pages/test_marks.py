"""Whose connection it is one sees by its mark; who has none that may be used gets the one glyph."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

import integrations
from integrations.models import IntegrationConnection
from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes
from integrations.templatetags.integrations_page import icon, mark
from providers import registry
from tests.integrations.conftest import signed_in

SETTINGS = "/w/main/dashboard/settings/"
CRM = registry.get("crm")
VENDORS = {vendor.value: vendor.mark for vendor in CRM.vendors}
MARKS = Path(integrations.__file__).parent / "static" / "integrations" / "platforms"


def connect(workspace, vendor):
    config = {"vendor": vendor, "access_token": "pat-na1-abc"}
    changes = Changes(config=config, auth_method="access_token")
    saving.change_connection(rows.unread(workspace, "crm"), changes, by=None)


def logos(page):
    """The marks of a page, in their order."""
    return re.findall(r'class="logo">(.*?)</(?:span|i)>', page.content.decode(), re.DOTALL)


def test_marks_that_are_declared_are_there_and_those_that_are_there_are_used():
    families = {one.app.mark for p in registry.own() for one in p.sign_ins} - {""}
    slugs = {provider.slug for provider in registry.own()}
    declared = families | {name for name in VENDORS.values() if name}

    there = {path.stem for path in MARKS.glob("*.svg")}

    assert declared <= there
    assert there <= declared | slugs


def test_vendors_with_a_mark_are_told_apart_and_the_others_get_the_one_glyph():
    shown = {vendor: mark(name) for vendor, name in VENDORS.items()}

    assert len({shown["hubspot"], shown["zoho"], shown["generic"], icon("plug")}) == 4
    assert shown["salesforce"] == shown["pipedrive"] == icon("plug")


def test_a_variant_has_the_mark_of_its_vendor():
    found = {name: CRM.for_values({"vendor": name}).mark for name in VENDORS}

    assert found == VENDORS


@pytest.mark.parametrize("vendor", ["hubspot", "zoho", "salesforce"])
def test_card_overview_and_history_show_the_mark_of_the_vendor(editor, workspace, vendor):
    browser = signed_in(editor)
    connect(workspace, vendor)
    card = browser.get(SETTINGS)
    overview = browser.get("/w/main/dashboard/")
    history = browser.get(f"{SETTINGS}integrations/crm/history/")

    wanted = mark(VENDORS[vendor])
    for page in (card, overview, history):
        assert wanted in logos(page)
        assert mark("crm") not in logos(page)


def test_strip_and_notices_show_the_mark_of_the_vendor(editor, workspace):
    connect(workspace, "hubspot")
    soon = timezone.now() + timedelta(days=5)
    IntegrationConnection.objects.filter(provider="crm").update(expires_at=soon)

    shown = logos(signed_in(editor).get("/w/main/dashboard/"))

    assert shown.count(mark("hubspot")) >= 3  # needed, all platforms, the strip
    assert mark("crm") not in shown


def test_each_vendor_to_choose_has_its_mark(editor):
    page = signed_in(editor).get(f"{SETTINGS}integrations/crm/?first=")

    assert logos(page)[-len(VENDORS) :] == [mark(name) for name in VENDORS.values()]


@pytest.mark.parametrize("vendor", ["hubspot", "pipedrive", "generic"])
def test_the_dialog_has_the_mark_of_the_vendor_that_was_just_chosen(editor, vendor):
    page = signed_in(editor).get(f"{SETTINGS}integrations/crm/?first={vendor}")

    assert logos(page) == [mark(VENDORS[vendor])]


def test_no_app_and_no_platform_is_shown_by_letters(owner):
    browser = signed_in(owner)
    apps = logos(browser.get(f"{SETTINGS}sign-in-apps/"))
    cards = logos(browser.get(SETTINGS))

    assert all(one.startswith("<svg") for one in apps + cards)
    assert apps.count(mark("google")) == 1
    assert cards.count(icon("plug")) == 1  # LinkedIn has none that may be used
