"""The page of a workspace's incidents, what people do there, and the operators' page."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from integrations.models import Incident
from tests.integrations.conftest import signed_in
from tests.integrations.pages.test_pages import text_of
from tests.integrations.services.watching.world import (
    HOUR,
    NOW,
    connected,
    fails,
    go_round,
    passes,
)
from tests.integrations.services.watching.world import workspace as made_workspace

PAGE = "/w/main/incidents/"


@pytest.fixture(autouse=True)
def clock(time_machine):
    time_machine.move_to(NOW + 2 * HOUR, tick=False)


@pytest.fixture
def broken(workspace):
    meta = connected(workspace)
    fails(meta, "auth_invalid", NOW, "The password was changed.")
    go_round(NOW)
    return meta


@pytest.fixture
def browser(editor):
    client = Client()
    client.force_login(editor)
    return client


def do(client, **sent):
    incident = Incident.objects.get()
    return client.post(f"{PAGE}{incident.pk}/", sent, follow=True)


def page(client, path=PAGE):
    return text_of(client.get(path))


def test_an_open_incident_says_since_when_what_stops_who_has_it_and_what_to_click(browser, broken):
    said = page(browser)

    assert "1 incident open" in said
    assert "Meta ended the access token" in said
    assert "The password was changed." in said
    assert "for 2 h" in said.replace("\xa0", " ")
    assert "Ads monitor, Pixel/CAPI lead tracking" in said
    assert "nobody" in said
    reply = browser.get(PAGE).content.decode()
    assert "/w/main/dashboard/settings/?dialog=meta" in reply
    assert "Enter new credentials" in reply


def test_an_editor_takes_it_and_gives_it_back(browser, broken, editor):
    assert "Emil Edit" in text_of(do(browser, do="take"))
    incident = Incident.objects.get()
    assert (incident.owner, incident.acknowledged_by) == (editor, editor)

    do(browser, do="give-back")
    assert Incident.objects.get().owner is None


def test_the_form_under_it_saves_owner_note_and_silence(browser, broken, owner):
    said = text_of(do(browser, owner="olga", note="Asking Carla", silence="4"))

    assert "Asking Carla" in said
    assert "silent until" in said
    incident = Incident.objects.get()
    assert (incident.owner, incident.muted_until) == (owner, NOW + 6 * HOUR)

    do(browser, owner="olga", note="Asking Carla", silence="")
    assert Incident.objects.get().muted_until == NOW + 6 * HOUR
    do(browser, owner="", note="", silence="none")
    incident = Incident.objects.get()
    assert (incident.owner, incident.note, incident.muted_until) == (None, "", None)


def test_what_is_not_right_is_told(browser, broken):
    said = text_of(do(browser, owner="nobody", note="", silence=""))

    assert "Nobody in this workspace has this user name." in said


def test_a_viewer_reads_it_and_is_offered_nothing(viewer, broken):
    reply = signed_in(viewer).get(PAGE).content.decode()

    assert "Meta ended the access token" in reply
    assert "I take this" not in reply
    client = Client()
    client.force_login(viewer)
    assert do(client, do="take").status_code == 403
    assert Incident.objects.get().owner is None


def test_what_is_over_says_how_long_it_was(browser, broken):
    passes(broken, NOW + HOUR)
    go_round(NOW + HOUR)
    said = page(browser)

    assert "Nothing has broken since 27 Nov 2026" in said
    assert "09:14 UTC 1 h" in said.replace("\xa0", " ")
    assert "Proven again" in said


def test_before_anything_broke_it_says_since_when_nothing_has(browser, workspace):
    assert "Nothing is connected yet" in page(browser)
    connected(workspace, created_at=NOW)
    assert "Nothing has broken since 27 Nov 2026" in page(browser)


def test_our_own_fault_asks_nobody_here_for_anything(browser, workspace):
    for slug in ("meta", "stripe", "calendly"):
        fails(connected(workspace, slug), "network", NOW)
    go_round(NOW)
    reply = browser.get(PAGE).content.decode()

    assert "Our side: this server cannot reach the internet" in reply
    assert "btn primary" not in reply


def test_the_overview_names_the_cause_its_age_and_the_next_click(browser, broken):
    said = page(browser, "/w/main/dashboard/")

    assert "1 of 13 platforms needs someone now, by 1 cause" in said
    assert "Meta ended the access token" in said
    assert "nobody has taken it" in said


def test_an_incident_of_another_workspace_is_a_404(browser, db):
    fails(connected(made_workspace("other")), "auth_invalid", NOW)
    go_round(NOW)

    assert do(browser, do="take").status_code == 404
    assert Incident.objects.get().owner is None


def test_the_page_takes_as_many_queries_for_many_as_for_one(
    browser, workspace, broken, django_assert_max_num_queries
):
    with django_assert_max_num_queries(20) as asked:
        browser.get(PAGE)
    for slug in ("stripe", "calendly", "x", "linkedin"):
        fails(connected(workspace, slug), "permission_missing", NOW)
    go_round(NOW)
    with django_assert_max_num_queries(len(asked)):
        browser.get(PAGE)


def test_operators_see_the_causes_of_all_workspaces_and_nobody_else_does(browser, broken):
    for slug in ("north", "south", "west"):
        fails(connected(made_workspace(slug), app="our-app"), "auth_invalid", NOW)
    go_round(NOW)
    root = User.objects.create_superuser("root", password="pass-word-1")
    said = page(signed_in(root), "/dashboard/operations/")

    assert "2 causes open" in said
    assert said.index("Meta refuses the app") < said.index("Meta ended the access token")
    assert all(name in said for name in ("North", "South", "West"))
    refused = browser.get("/dashboard/operations/")
    assert refused.status_code == 403
    assert "whoever runs this installation" in text_of(refused)
