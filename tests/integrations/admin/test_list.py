"""The admin's list of connections."""

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from integrations.models import IntegrationConnection
from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes
from tests.integrations.admin.conftest import LIST, page_of, words


def test_the_list_says_in_words_how_a_connection_is(site, proven):
    text = site.text(LIST)

    assert f"Meta Proven by a stand-in {proven.workspace}" in text
    assert "Passed " in text


def test_the_list_says_why_a_person_should_look(site, connected):
    assert "Not proven yet" in site.text(LIST)


def test_the_list_asks_the_database_as_often_for_many_as_for_one(site, connected):
    def queries() -> int:
        with CaptureQueriesContext(database) as seen:
            site.text(LIST)
        return len(seen)

    before = queries()
    for slug in ("stripe", "x", "fiverr"):
        rows.lock(rows.unread(connected.workspace, slug))

    assert queries() == before


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=connected", True),
        ("status=error", False),
        ("provider__exact=meta", True),
        ("provider__exact=x", False),
        ("workspace=main", True),
        ("workspace=other", False),
        ("is_enabled__exact=1", True),
        ("is_enabled__exact=0", False),
        ("q=act_1001", True),
        ("q=act_9", False),
        ("q=Test+account", False),
    ],
)
def test_the_list_filters_and_searches(site, connected, query, found):
    assert (page_of(connected) in site.client.get(f"{LIST}?{query}").content.decode()) == found


def test_the_list_finds_the_text_of_an_error(site, connected):
    report = Changes(status="error", reported_error="Leads stopped coming")
    saving.change_connection(rows.unread(connected.workspace, "meta"), report, by=None)

    reply = site.client.get(f"{LIST}?q=leads+stopped")

    assert page_of(connected) in reply.content.decode()
    assert "Another system reports an error" in words(reply)


def test_a_connection_of_a_removed_package_does_not_break_the_list(site, connected):
    IntegrationConnection.objects.create(workspace=connected.workspace, provider="gone")

    assert "1 connection" in site.text(LIST)


def test_another_one_of_a_platform_is_added_by_name_and_told_apart(site, proven):
    where = {"workspace": proven.workspace.pk, "provider": "meta"}
    refused = site.client.post(f"{LIST}add/", where).content.decode()

    site.client.post(f"{LIST}add/", where | {"name": "North"})

    assert "give another a name" in refused
    north = IntegrationConnection.objects.get(name="North")
    assert (north.slug, north.is_default) == ("north", False)
    assert "Meta (North)" in site.text(LIST)
    assert page_of(north) in site.client.get(f"{LIST}?q=north").content.decode()
