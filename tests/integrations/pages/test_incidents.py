"""The page of a workspace's incidents, what people do there, and the operators' page."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from integrations.models import Event, Incident, Watch
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


def test_the_form_under_it_saves_owner_note_and_mute(browser, broken, owner):
    said = text_of(do(browser, owner="olga", note="Asking Carla", mute="14400"))

    assert "Asking Carla" in said
    assert "muted until" in said
    incident = Incident.objects.get()
    assert (incident.owner, incident.muted_until) == (owner, NOW + 6 * HOUR)

    do(browser, owner="olga", note="Asking Carla", mute="")
    assert Incident.objects.get().muted_until == NOW + 6 * HOUR
    do(browser, owner="", note="", mute="none")
    incident = Incident.objects.get()
    assert (incident.owner, incident.note, incident.muted_until) == (None, "", None)


def test_what_is_not_right_is_told(browser, broken):
    said = text_of(do(browser, owner="nobody", note="", mute=""))

    assert "Nobody in this workspace has this user name." in said


def test_a_viewer_reads_it_and_is_offered_nothing(viewer, broken):
    reply = signed_in(viewer).get(PAGE).content.decode()

    assert "Meta ended the access token" in reply
    assert "I take this" not in reply
    client = Client()
    client.force_login(viewer)
    assert do(client, do="take").status_code == 403
    assert Incident.objects.get().owner is None


def test_many_open_ones_are_shown_a_page_at_a_time_the_worst_first(browser, workspace):
    silent = connected(workspace, "reddit")
    fails(silent, "provider_unavailable", NOW - HOUR)
    for number in range(27):
        fails(connected(workspace, "stripe", slug=f"s-{number}"), "auth_invalid", NOW)
    fails(connected(workspace), "auth_invalid", NOW + HOUR)
    fails(connected(workspace, "youtube"), "auth_invalid", NOW - HOUR)
    go_round(NOW + HOUR)

    reply = browser.get(PAGE)
    assert "30 incidents open" in text_of(reply)
    assert {one.incident.title for one in reply.context["open"]} == {
        "Stripe ended the access token"
    }
    assert len(reply.context["open"]) == 25
    assert "?open=2" in reply.content.decode()
    last = browser.get(f"{PAGE}?open=2")
    assert [one.incident.title for one in last.context["open"]][2:] == [
        "Meta ended the access token",
        "YouTube ended the access token",
        "No answer from Reddit",
    ]

    incident = last.context["open"][0].incident
    assert 'name="open" value="2"' in last.content.decode()
    reply = browser.post(f"{PAGE}{incident.pk}/", {"do": "take", "open": "2"})
    assert reply.url == f"{PAGE}?open=2#incident-{incident.pk}"


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


def mute(connection, **how):
    place = {"workspace": connection.workspace, "provider": connection.provider}
    return Watch.objects.create(connection=connection, due_at=NOW, **place, **how)


def test_a_mute_of_its_only_connection_is_a_mute_of_it(browser, broken):
    mute(broken, muted_until=NOW + 3 * HOUR)

    said = page(browser)

    assert "Open, muted until 27 Nov 12:14 UTC" in said
    assert "with its connection: nobody is told." in said


def test_one_that_is_muted_for_good_says_so(browser, broken):
    mute(broken, is_quiet=True)

    assert "Muted until that is changed with its connection: nobody is told." in page(browser)


def test_where_one_of_two_is_not_muted_people_are_told(browser, workspace, broken):
    other = connected(workspace, slug="north", opens=broken.credential)
    fails(other, "auth_invalid", NOW)
    go_round(NOW)
    mute(broken, is_quiet=True)

    assert "nobody is told" not in page(browser)


def test_the_overview_and_the_card_say_so_too(browser, broken):
    mute(broken, muted_until=NOW + 3 * HOUR)

    for address in ("/w/main/dashboard/", "/w/main/dashboard/settings/"):
        said = page(browser, address).replace(" :", ":")
        assert "Muted until 27 Nov 12:14 UTC: nobody is told." in said, address
    assert "Open, muted until" in page(browser, "/w/main/dashboard/")


def test_a_button_keeps_what_was_typed_beside_it(browser, broken, editor):
    do(browser, do="take", owner="", owner_was="", note="Asking Carla", note_was="", mute="")

    incident = Incident.objects.get()
    assert (incident.owner, incident.note) == (editor, "Asking Carla")


def test_a_button_takes_back_nothing_that_another_one_wrote_meanwhile(browser, broken, owner):
    Incident.objects.update(note="Written meanwhile", owner=owner)

    do(browser, do="seen", owner="", owner_was="", note="", note_was="", mute="")

    incident = Incident.objects.get()
    assert (incident.note, incident.owner) == ("Written meanwhile", owner)


def test_what_is_too_long_stays_typed(browser, broken, owner):
    note = "A long story. " * 40

    reply = do(browser, owner="olga", owner_was="", note=note, note_was="", mute="3600")

    assert reply.status_code == 422
    shown = reply.content.decode()
    assert "A note may have 500 characters at most." in shown
    assert note.strip() in shown
    assert '<option value="olga" selected>' in shown
    assert '<option value="3600" selected>' in shown
    assert Incident.objects.get().note == ""


def test_that_one_has_seen_it_is_taken_back(browser, broken, editor):
    assert "I have not seen it after all" in text_of(do(browser, do="seen"))

    do(browser, do="unseen")

    assert Incident.objects.get().acknowledged_by is None


def test_its_connection_leads_to_the_page_of_it(browser, broken):
    assert f"/w/main/connections/{broken.pk}/" in browser.get(PAGE).content.decode()


def test_what_is_over_names_all_that_it_stopped(browser, workspace, broken):
    other = connected(workspace, "stripe", opens=broken.credential)
    fails(other, "auth_invalid", NOW)
    go_round(NOW)
    passes(other, NOW + HOUR / 2)
    go_round(NOW + HOUR / 2)
    passes(broken, NOW + HOUR)
    go_round(NOW + HOUR)

    told = browser.get("/api/incidents").json()["results"]

    assert "Payments" in page(browser)
    assert all("Ads monitor" in one["stops"] or "Payments" in one["stops"] for one in told)
    assert {use for one in told for use in one["stops"]} >= {"Ads monitor", "Payments"}


def test_what_went_on_as_another_one_did_not_pass(browser, broken):
    Incident.objects.update(closed_at=NOW, ended_by="moved", confirmed_at=None)

    said = page(browser)

    assert "It goes on as another incident" in said
    assert "Passed before" not in said


def test_an_open_page_is_drawn_anew_when_something_happened(browser, broken):
    latest = Event.objects.latest("pk").pk
    again = f"{PAGE}changes/?after="

    drawn = browser.get(f"{again}{latest - 1}").content.decode()

    assert browser.get(f"{again}{latest}").status_code == 304
    assert 'id="incidents" data-held hx-swap-oob="true"' in drawn
    assert "shown as they are now: 1 open." in drawn
    assert f"after={latest}" in drawn
    assert "changes.js" in browser.get(PAGE).content.decode()


def test_it_says_when_nothing_is_checked(browser, broken):
    broken.created_at = NOW - HOUR
    broken.save()

    assert "the worker is not running" in page(browser)
