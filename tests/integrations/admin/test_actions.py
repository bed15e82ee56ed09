"""What the admin's list does to connections."""

from django.contrib.admin.models import LogEntry

from integrations.models import ConnectionTest, IntegrationConnection, Workspace
from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes
from tests.integrations.admin.conftest import reload


def test_the_test_action_says_how_each_test_went(site, connected, meta):
    other = Workspace.objects.create(name="Acme", slug="acme")
    blank = rows.lock(rows.unread(other, "meta"))

    text = site.act("test", connected, blank)

    assert f"Meta of {connected.workspace}: The test passed." in text
    assert "Meta of Acme: There is nothing to test yet." in text
    test = reload(connected).last_test
    assert (test.trigger, test.started_by.username) == ("admin", "root")


def test_the_test_action_says_what_failed(site, workspace, meta):
    values = {"access_token": "EAAexpired", "account_id": "act_1001"}
    saved = saving.change_connection(
        rows.unread(workspace, "meta"), Changes(config=values), by=None
    )

    text = site.act("test", saved.connection)

    assert "The Meta access token has expired. Paste a new one" in text


def test_the_test_action_keeps_the_rate(site, connected, meta, settings):
    settings.TEST_RATE = 1
    site.act("test", connected)

    assert "This was tested as often as a minute allows." in site.act("test", connected)


def test_more_tests_than_a_page_can_wait_for_are_not_started(site, workspace, root):
    for number in range(14):
        other = Workspace.objects.create(name=f"W{number}", slug=f"w{number}")
        rows.lock(rows.unread(other, "meta"))

    text = site.act("test", *IntegrationConnection.objects.all())

    assert "Choose 13 connections or fewer to test at once." in text
    assert not ConnectionTest.objects.exists()


def test_disabling_and_enabling_say_what_they_did(site, connected):
    assert f"Disabled: Meta of {connected.workspace}." in site.act("disable", connected)
    assert reload(connected).status == "disabled"
    assert "was disabled already." in site.act("disable", connected)

    assert f"Enabled: Meta of {connected.workspace}." in site.act("enable", connected)
    assert reload(connected).status == "connected"
    assert reload(connected).edited_by.username == "root"
    logged = LogEntry.objects.order_by("pk").values_list("change_message", flat=True)
    assert list(logged) == ["Disabled.", "Enabled."]


def test_disconnecting_first_says_what_stops_working(site, connected):
    text = site.act("disconnect", connected)

    assert "Without Meta, Ads monitor and Pixel/CAPI lead tracking stop working." in text
    assert reload(connected).is_complete


def test_disconnecting_forgets_the_values(site, connected):
    text = site.act("disconnect", connected, confirmed="yes")

    assert "Its values are gone; its history stays." in text
    assert reload(connected).status == "not_connected"
    assert not reload(connected).saved_names
