"""The page of one connection: how it is, its record, how it is watched."""

import csv
import io
from datetime import timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from integrations.models import (
    Budget,
    ConnectionDay,
    Event,
    Incident,
    Role,
    Trigger,
    Watch,
    Workspace,
)
from integrations.services import rows
from integrations.services.connecting import disconnecting, saving, several
from integrations.services.connecting.changes import Changes
from integrations.services.proving import testing
from integrations.services.watching import days
from tests.integrations.conftest import VALUES, signed_in
from tests.integrations.pages.people import Visitor, text_of
from tests.integrations.services.watching import world
from tests.integrations.services.watching.history import end_test
from tests.integrations.services.watching.world import connected as connected_to

DAY = timedelta(days=1)
HTMX = {"HX-Request": "true"}


def page_of(connection, name="connection-page"):
    return reverse(name, args=["main", connection.pk])


def remember(connection, ago=1, **seconds):
    day = days.day_of(timezone.now()) - ago * DAY
    named = {f"{state}_seconds": length for state, length in seconds.items()}
    return ConnectionDay.objects.create(connection=connection, day=day, passed=3, **named)


def here(connection):
    """What htmx says of a part of its page."""
    return HTMX | {"HX-Current-URL": f"http://testserver{page_of(connection)}"}


@pytest.fixture
def visitor(editor):
    return Visitor(editor)


def test_a_proven_connection_shows_its_proof_its_ladder_and_what_uses_it(visitor, proven):
    said = visitor.says(page_of(proven))

    assert "Meta works. Proven" in said
    assert "passed: Token is valid" in said
    assert "Used by Ads monitor Pixel/CAPI lead tracking" in said
    assert "Meta was connected." in said


def test_a_broken_one_says_what_stops_and_what_to_click(visitor, connected, meta):
    saving.change_connection(
        connected, Changes(config=VALUES | {"access_token": "EAAexpired"}), by=None
    )
    testing.test_connection(rows.find(connected.workspace, "meta"), trigger=Trigger.SCHEDULE)

    said = visitor.says(page_of(connected))

    assert "Error since" in said
    assert "What stops Stopped: Ads monitor" in said
    assert "Enter new credentials" in said
    assert "In error on 1 day (today)" in said


def test_one_that_was_never_tested_says_so(visitor, connected):
    said = visitor.says(page_of(connected))

    assert "It was never tested. Press Test to ask Meta now." in said
    assert "The record begins with the first test." in said
    assert "Export as CSV" not in said


def test_one_that_was_disconnected_says_so(visitor, proven, editor):
    disconnecting.disconnect(proven, by=editor)
    ConnectionDay.objects.all().delete()
    proven.tests.all().delete()

    said = visitor.says(page_of(proven))

    assert "Disconnected; its history stays." in said
    assert "There is nothing to record until it is connected and tested." in said
    assert "Meta was disconnected" in said


def test_one_that_is_disabled_says_so_and_has_its_record(visitor, proven, editor):
    remember(proven, proven=86400)
    saving.change_connection(proven, Changes(is_enabled=False), by=editor)

    said = visitor.says(page_of(proven))

    assert "Nothing should read from Meta while it is off." in said
    assert "proven on the other" in said
    assert "Next check" not in said


def test_one_that_nothing_can_prove_has_no_record(visitor, workspace):
    changes = Changes(config={"account_id": "acme"})
    saving.change_connection(rows.unread(workspace, "fiverr"), changes, by=None)
    fiverr = rows.find(workspace, "fiverr")
    fiverr.auth_method = next(
        method.slug for method in fiverr.platform.methods if method.unprovable
    )
    fiverr.save()

    assert "No test can prove this way to connect" in visitor.says(page_of(fiverr))


def test_a_lent_one_says_by_whom(visitor, proven):
    proven.lender = Workspace.objects.create(slug="agency", name="Northlight Agency")
    proven.save()

    assert "lent by Northlight Agency" in visitor.says(page_of(proven))


def test_days_that_were_not_proven_all_day_stand_in_a_table(visitor, proven):
    remember(proven, 2, error=7800, proven=78600)
    remember(proven, 1, proven=86400)

    page = visitor.get(page_of(proven)).content.decode()

    assert page.count('<tr><th scope="row">') - page.count('<td class="course">') == 2
    assert "2\N{NO-BREAK SPACE}h 10\N{NO-BREAK SPACE}min" in page
    assert 'role="img" aria-labelledby="strip-title strip-words"' in page


def test_thousands_of_tests_need_no_more_queries(visitor, proven):
    def asked():
        with CaptureQueriesContext(database) as seen:
            visitor.get(page_of(proven))
        return len(seen)

    asked()
    few = asked()
    now = timezone.now()
    for number in range(60):
        end_test(proven, now - timedelta(minutes=number))
    for ago in range(1, 89):
        remember(proven, ago, proven=86400)

    assert asked() <= few <= 22  # with its incidents, its drills and the clock of all


def test_somebody_elses_is_not_there(visitor, person):
    elsewhere = Workspace.objects.create(slug="other", name="Other")
    theirs = several.add(elsewhere, "meta", Changes(config=VALUES), by=None).connection

    for name in ("connection-page", "connection-changes", "uptime"):
        assert visitor.get(page_of(theirs, name)).status_code == 404


def test_a_draft_is_none_yet(visitor, proven):
    draft = several.begin_another(proven.workspace, "meta")

    assert visitor.get(page_of(draft)).status_code == 404


def test_cards_rows_and_the_overview_lead_there(visitor, proven, workspace):
    assert page_of(proven) in visitor.get(reverse("settings", args=["main"])).content.decode()
    several.add(workspace, "meta", Changes(config=VALUES | {"account_id": "act_1002"}), by=None)
    for name, *more in (("settings",), ("platform", "meta"), ("overview",)):
        shown = visitor.get(reverse(name, args=["main", *more])).content.decode()
        other = rows.of_platform(workspace, "meta")[1]
        assert page_of(other) in shown, name


def test_the_administration_leads_there(proven, person):
    root = person("root", Role.OWNER, is_superuser=True, is_staff=True)
    address = reverse("admin:integrations_integrationconnection_change", args=[proven.pk])

    assert page_of(proven) in signed_in(root).get(address).content.decode()


# --- What is done there ----------------------------------------------------------------------


def test_a_test_without_script_comes_back_to_the_page(visitor, proven):
    test = reverse("one:test", args=["main", proven.pk])

    shown = visitor.send(page_of(proven), test)
    back = visitor.send(page_of(proven), test, follow=False)

    assert shown.status_code == 200
    assert back.url.endswith("#card-meta")  # nothing says where it came from
    visitor.defaults["HTTP_REFERER"] = f"http://testserver{page_of(proven)}"
    assert visitor.send(page_of(proven), test, follow=False).url == page_of(proven)


def test_with_script_its_state_and_record_are_drawn_in_place(proven, editor):
    client = signed_in(editor)
    client.get(page_of(proven))
    token = {"HTTP_X_CSRFTOKEN": client.cookies["icc_csrf_8000"].value}

    reply = client.post(
        reverse("one:test", args=["main", proven.pk]), headers=here(proven), **token
    )

    shown = reply.content.decode()
    assert 'id="card-meta" class="card one' in shown
    assert shown.count('id="record" hx-swap-oob="true"') == 1
    assert "status-summary" not in shown
    assert "the test passed" in reply["HX-Trigger-After-Settle"]


def test_while_it_is_tested_only_its_state_is_asked_for_again(proven, viewer, worker_seen):
    lease_until = timezone.now() + timedelta(seconds=40)
    proven.tests.create(revision=proven.revision, trigger="page", lease_until=lease_until)

    shown = signed_in(viewer).get(
        reverse("one:card", args=["main", proven.pk]), headers=here(proven)
    )

    assert 'hx-trigger="load delay:600ms"' in shown.content.decode()
    assert 'id="record"' not in shown.content.decode()


def test_what_others_do_meanwhile_is_told_and_drawn(proven, viewer, editor):
    before = Event.objects.latest("pk").pk
    saving.change_connection(proven, Changes(is_enabled=False), by=editor)

    def look(after):
        return signed_in(viewer).get(
            page_of(proven, "connection-changes"),
            {"since": before, "after": after},
            headers=here(proven) | {"If-None-Match": f'"{after}"'},
        )

    told = look(before).content.decode()
    assert "Meta was disabled by <bdi>Emil Edit</bdi>" in told
    assert 'id="card-meta" class="card one" aria-labelledby="name-meta" hx-swap-oob="true"' in told
    assert 'id="record" hx-swap-oob="true"' in told
    assert look(Event.objects.latest("pk").pk).status_code == 304


def test_what_happens_to_others_is_not_told_there(proven, viewer, editor, workspace):
    before = Event.objects.latest("pk").pk
    saving.change_connection(
        rows.unread(workspace, "reddit"), Changes(config={"account_id": "django"}), by=editor
    )

    told = signed_in(viewer).get(
        page_of(proven, "connection-changes"), {"since": before, "after": before}
    )

    assert "while you were here" not in told.content.decode()
    assert "card-meta" not in told.content.decode()


def test_an_open_page_of_what_was_removed_is_left(proven, viewer):
    address, headers = page_of(proven, "connection-changes"), here(proven)
    proven.delete()

    left = signed_in(viewer).get(address, headers=headers)

    assert left["HX-Redirect"] == reverse("settings", args=["main"])


def test_whoever_removes_it_there_is_led_away(proven, editor, workspace):
    several.add(workspace, "meta", Changes(config=VALUES | {"account_id": "act_1002"}), by=None)
    client = signed_in(editor)
    client.get(page_of(proven))
    token = {"HTTP_X_CSRFTOKEN": client.cookies["icc_csrf_8000"].value}

    left = client.post(
        reverse("one:remove", args=["main", proven.pk]),
        headers=here(proven) | {"HX-Target": "card-meta"},
        **token,
    )

    assert left["HX-Redirect"] == reverse("settings", args=["main"])


# --- How it is watched -----------------------------------------------------------------------


def watch(visitor, connection, **typed):
    return visitor.send(page_of(connection), page_of(connection, "watch-connection"), **typed)


def test_an_interval_is_saved_and_told_of_without_a_new_version(visitor, proven):
    shown = watch(visitor, proven, every="3600", tell="usual")

    found = Watch.objects.get()
    now = rows.find(proven.workspace, "meta")
    assert (found.every_seconds, found.workspace, found.provider) == (
        3600,
        proven.workspace,
        "meta",
    )
    assert found.due_at <= timezone.now() + timedelta(hours=1, minutes=10)
    assert (now.version, now.revision, now.proven_at) == (
        proven.version,
        proven.revision,
        proven.proven_at,
    )
    assert "Meta: time between checks changed from as usual to every hour by Emil Edit" in text_of(
        shown
    )
    assert '<option value="3600" selected>every hour</option>' in shown.content.decode()


def test_another_interval_brings_the_next_check_to_a_point_of_its_own(visitor, proven):
    due_at = timezone.now() + timedelta(hours=7)
    Watch.objects.create(
        connection=proven, workspace=proven.workspace, provider="meta", due_at=due_at
    )

    watch(visitor, proven, every="86400", tell="usual")
    assert Watch.objects.get().due_at <= timezone.now() + timedelta(hours=28)
    watch(visitor, proven, every="300", tell="usual")
    assert Watch.objects.get().due_at <= timezone.now() + timedelta(minutes=6)


def test_a_mute_lasts_as_long_as_was_chosen_and_stays_when_something_else_is_saved(visitor, proven):
    watch(visitor, proven, every="", tell="mute", mute="28800")
    until = Watch.objects.get().muted_until
    assert abs(until - timezone.now() - timedelta(hours=8)) < timedelta(minutes=1)
    assert "Stay muted until" in visitor.says(page_of(proven))

    watch(visitor, proven, every="3600", tell="keep")
    assert Watch.objects.get().muted_until == until

    watch(visitor, proven, every="3600", tell="usual")
    assert Watch.objects.get().muted_until is None


def test_quiet_is_kept(visitor, proven):
    watch(visitor, proven, every="", tell="quiet")

    assert Watch.objects.get().is_quiet
    assert "Muted Until that is changed Checks go on" in visitor.says(page_of(proven))


def test_whoever_chooses_a_length_means_to_mute_it(visitor, proven):
    watch(visitor, proven, every="", tell="usual", mute="28800")

    until = Watch.objects.get().muted_until
    assert abs(until - timezone.now() - timedelta(hours=8)) < timedelta(minutes=1)
    watch(visitor, proven, every="", tell="quiet", mute="")
    watch(visitor, proven, every="", tell="quiet", mute="3600")
    found = Watch.objects.get()
    assert not found.is_quiet
    assert found.muted_until


def test_a_length_and_another_choice_are_two_wishes(visitor, proven):
    refused = watch(visitor, proven, every="", tell="quiet", mute="3600")

    assert refused.status_code == 422
    assert "choose Mute, or take the length away" in text_of(refused)
    assert '<option value="3600" selected>' in refused.content.decode()


def test_the_usual_interval_is_named(visitor, proven):
    shown = visitor.get(page_of(proven)).content.decode()

    assert "as usual for Meta (every hour)" in shown
    assert "It is checked every hour." in shown


def test_an_interval_beyond_its_budget_says_what_holds_and_why(visitor, workspace):
    dear = connected_to(workspace, "x")

    shown = text_of(watch(visitor, dear, every="300", tell="usual"))

    held = (
        "Asked for is every 5 minutes, and its budget allows less: it is checked "
        "every 1 h 24 min (checks may spend 150 US cents a day, and one may take 7; "
        "a fifth is kept for checks after a break)."
    )
    assert shown.replace("\N{NO-BREAK SPACE}", " ").count(held) == 2  # said once more by the form
    assert "Budget of its checks 0 of 150 US cents spent Begins anew" in shown
    assert Watch.objects.get().every_seconds == 300


def test_many_that_share_a_budget_say_how_many(visitor, workspace):
    dear = connected_to(workspace, "x")
    budget = Budget.objects.create(
        provider="x", counted_by="app", name="a", day=days.day_of(timezone.now()), used=21
    )
    for one in (dear, *(connected_to(workspace, "x", slug=f"n{n}") for n in range(19))):
        place = {"workspace": workspace, "provider": "x", "budget": budget}
        Watch.objects.create(connection=one, due_at=timezone.now(), **place)

    said = visitor.says(page_of(dear)).replace("\N{NO-BREAK SPACE}", " ")

    assert "20 connections share this budget, so each is checked every 1 day 4 h" in said
    assert "21 of 150 US cents spent" in said


def test_its_incidents_are_told_and_linked(visitor, workspace, editor):
    broken = connected_to(workspace, "meta")
    world.fails(broken, "auth_invalid", timezone.now(), "The password was changed.")
    world.go_round(timezone.now())
    incident = Incident.objects.get()
    Incident.objects.update(owner=editor, note="Asking Carla")

    page = visitor.get(page_of(broken))

    assert page.content.decode().count(f"/w/main/incidents/#incident-{incident.pk}") == 2
    assert "Taken by Emil Edit: “Asking Carla”" in text_of(page)


def test_it_says_when_nothing_is_checked(visitor, workspace):
    old = connected_to(workspace, "meta", created_at=timezone.now() - DAY)

    assert "the worker is not running" in visitor.says(page_of(old))


def test_saving_what_is_saved_tells_nobody(visitor, proven):
    watch(visitor, proven, every="3600", tell="usual")
    told = Event.objects.count()

    shown = watch(visitor, proven, every="3600", tell="usual")

    assert "Nothing was different." in text_of(shown)
    assert Event.objects.count() == told


@pytest.mark.parametrize(
    "typed",
    [
        {"every": "7", "tell": "usual", "mute": "3600"},
        {"every": "", "tell": "loud", "mute": "3600"},
        {"every": "", "tell": "mute", "mute": "-5"},
        {"every": "", "tell": "usual", "mute": "nine"},
        {"every": "", "tell": "mute", "mute": ""},
    ],
)
def test_what_is_not_on_the_list_is_not_saved(visitor, proven, typed):
    refused = watch(visitor, proven, **typed)

    assert refused.status_code == 422
    assert "Select a valid choice" in text_of(refused) or "Choose" in text_of(refused)
    assert not Watch.objects.exists()


def test_an_interval_of_a_script_stays_on_the_list(visitor, proven):
    Watch.objects.create(
        connection=proven,
        workspace=proven.workspace,
        provider="meta",
        due_at=timezone.now(),
        every_seconds=420,
    )

    shown = visitor.get(page_of(proven)).content.decode()

    assert '<option value="420" selected>every 7\N{NO-BREAK SPACE}min</option>' in shown


def test_viewers_see_how_it_is_watched_and_change_nothing(proven, viewer):
    looker = Visitor(viewer)
    page = looker.get(page_of(proven))
    token = looker.cookies["icc_csrf_8000"].value if "icc_csrf_8000" in looker.cookies else ""

    refused = looker.post(
        page_of(proven, "watch-connection"), {"tell": "quiet", "csrfmiddlewaretoken": token}
    )

    assert "It is checked every hour. Everybody is told as usual." in text_of(page)
    assert page_of(proven, "watch-connection") not in page.content.decode()
    assert refused.status_code == 403
    assert not Watch.objects.exists()


# --- A month as a table ----------------------------------------------------------------------


def table(visitor, connection, **query):
    reply = visitor.get(page_of(connection, "uptime"), query)
    assert reply["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.reader(io.StringIO(reply.content.decode("utf-8-sig"))))


@pytest.fixture
def noon(time_machine):
    time_machine.move_to("2026-11-23T12:00Z", tick=False)


def test_a_month_is_a_line_a_day_and_one_for_all(visitor, connected, noon):
    for ago, error in ((1, 0), (2, 43200), (40, 86400)):
        remember(connected, ago, proven=86400 - error, error=error)

    heading, *lines, whole = table(visitor, connected, month="2026-11")

    assert [line[0] for line in lines] == [f"2026-11-{number:02}" for number in range(1, 24)]
    assert set(lines[0][4:]) == {"0", ""}
    assert dict(zip(heading, whole, strict=True)) | {"seconds not proven": "", "proven %": ""} == {
        "day (UTC)": "2026-11",
        "workspace": "Main",
        "platform": "Meta",
        "connection": "act_1001",
        "tests passed": "6",
        "tests failed": "0",
        "tests without an answer": "0",
        "seconds proven": "129600",
        "seconds in error": "43200",
        "seconds without an answer": "0",
        "seconds not proven": "",
        "seconds off or not connected": "43200",
        "uptime %": "75",
        "proven %": "",
        "average ms": "0",
        "slowest ms": "0",
    }


def test_an_earlier_month_is_chosen_of_a_list(visitor, connected, noon):
    remember(connected, 40, proven=86400)

    days_of_it = [line[0] for line in table(visitor, connected, month="2026-10")][1:]

    assert (days_of_it[0], days_of_it[13], days_of_it[-2:]) == (
        "2026-10-01",
        "2026-10-14",
        ["2026-10-31", "2026-10"],
    )


def test_a_young_record_says_of_how_much_time_its_figures_are(visitor, proven):
    said = visitor.says(page_of(proven))

    assert "Uptime, today" in said
    assert "Uptime, 30 days" not in said
    assert "The record begins today." in said
    remember(proven, 12, proven=86400)
    begins = (timezone.now() - 12 * DAY).date()
    words = visitor.says(page_of(proven)).replace("\N{NO-BREAK SPACE}", " ")
    assert "Uptime, 7 days" in words
    assert f"Uptime, since {begins.day} {begins:%b}" in words
    assert "Uptime, 90 days" not in words


@pytest.mark.parametrize("month", ["2026-13", "2025-01", "2027-01", "november", "0000-01", ""])
def test_a_month_without_a_record_is_refused_in_words(visitor, connected, noon, month):
    shown = visitor.get(page_of(connected, "uptime"), {"month": month}, follow=True)

    assert "There is no report of that month. Choose one of the list." in text_of(shown)


def test_no_spreadsheet_works_anything_out_of_a_name(visitor, connected, noon):
    connected.name = "=HYPERLINK(1)"
    connected.save()
    Workspace.objects.update(name=" @SUM(1)")

    lines = table(visitor, connected)

    assert {(line[1], line[3]) for line in lines[1:]} == {("'@SUM(1)", "'=HYPERLINK(1)")}


# --- Cards -----------------------------------------------------------------------------------


def test_a_card_has_the_strip_in_words_and_for_the_eye_alone(visitor, proven):
    remember(proven, 3, error=86400)

    shown = visitor.get(reverse("settings", args=["main"])).content.decode()

    assert 'class="days low" viewBox="0 0 300 40"' in shown
    assert "Last 30 days: In error on 1 day" in shown
    assert "strip-title" not in shown


def test_the_strips_of_all_cards_are_one_query(visitor, workspace, proven):
    def asked():
        with CaptureQueriesContext(database) as seen:
            visitor.get(reverse("settings", args=["main"]))
        return len(seen)

    asked()
    one = asked()
    for slug, account in (("youtube", "UCabcdefghijklmnopqrstuv"), ("reddit", "django")):
        changes = Changes(config={"account_id": account})
        saving.change_connection(rows.unread(workspace, slug), changes, by=None)
    for connection in rows.saved_in(workspace):
        for ago in range(1, 30):
            remember(connection, ago, proven=86400)

    assert asked() <= one + 1
