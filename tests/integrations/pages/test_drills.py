"""Fire drills on a connection's page: asked about, begun, followed, stopped, remembered."""

import re
from datetime import timedelta

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from integrations.models import Drill, DrillKind, DrillPlan, DrillState, Incident, Watch
from integrations.services.people import workspaces
from integrations.services.watching import engine as checks
from integrations.services.watching.drills import performing, starting
from integrations.sessions import BACKEND
from providers.outbound.transport import Timeouts
from tests.integrations.pages.people import Visitor, text_of

SOON = Timeouts(read=0.5)  # of silence; a busy machine answers within it
SECOND = timedelta(seconds=1)
HTMX = {"HX-Request": "true"}


@pytest.fixture
def visitor(editor):
    return Visitor(editor)


@pytest.fixture(autouse=True)
def running(db):
    """Somebody checks."""
    checks.beat(timezone.now())


def page_of(connection, name="connection-page"):
    return reverse(name, args=["main", connection.pk])


def unguarded(user):
    """A browser that is asked for no token: only who it is decides."""
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def begin(connection, by=None, kind=DrillKind.REVOKED):
    return starting.start(connection, kind, by=by, now=timezone.now())


def step(count=1):
    """What the checker does in so many looks."""
    for _ in range(count):
        for taken in performing.claim(timezone.now() + 5 * SECOND, 2):
            performing.perform(taken, timezone.now, SOON)


def test_the_page_offers_five_kinds_and_says_what_each_shows(visitor, proven):
    said = visitor.says(page_of(proven))

    for kind in DrillKind:
        assert kind.label in said
    assert "Meta does not answer at all." in said
    assert "Your credentials, status, proof and history are not touched" in said
    assert "It was never practised." in said


def test_before_it_begins_it_names_who_will_be_told(visitor, proven, channel, workspace):
    channel("slack", name="Marketing")
    url = f"{page_of(proven, 'start-drill')}?kind=outage"

    said = visitor.says(url)

    assert "Start a fire drill: outage?" in said
    assert "Told within a minute or two, as a drill: Marketing (Slack)." in said
    assert "A real one is told once it has lasted 30 minutes" in said
    assert not Drill.objects.exists()


def test_it_says_how_much_later_a_real_break_shows(visitor, proven, workspace):
    due = {"workspace": workspace, "provider": "meta", "due_at": timezone.now()}
    Watch.objects.create(connection=proven, every_seconds=3600, **due)

    said = visitor.says(f"{page_of(proven, 'start-drill')}?kind=revoked")

    assert "a real break shows with the next check, within 1 hour." in said


def test_a_mute_is_told_before_it_begins_in_the_readers_zone(visitor, proven, workspace):
    now = timezone.now()
    due = {"workspace": workspace, "provider": "meta", "due_at": now}
    Watch.objects.create(connection=proven, muted_until=now + timedelta(days=1), **due)
    shown = visitor.get(f"{page_of(proven, 'start-drill')}?kind=revoked")

    assert "Nobody is told: it is muted until" in text_of(shown)
    assert "<time datetime=" in shown.content.decode()


def test_with_nobody_to_tell_it_says_that_it_will_fail(visitor, proven):
    said = visitor.says(f"{page_of(proven, 'start-drill')}?kind=revoked")

    assert "Nobody would be told" in said
    assert "A real one" not in said


def test_yes_begins_it_and_leads_back_to_its_section(visitor, proven, editor):
    start = page_of(proven, "start-drill")
    reply = visitor.send(f"{start}?kind=limit", start, follow=False)

    assert reply.url == f"{page_of(proven)}#drill"
    drill = Drill.objects.get()
    assert (drill.kind, drill.asked_by) == ("limit", editor)


@pytest.mark.parametrize("kind", ["", "nonsense"])
def test_a_kind_that_is_none_is_asked_for_again(visitor, proven, kind):
    reply = visitor.get(page_of(proven, "start-drill"), {"kind": kind}, follow=True)

    assert "Choose first what to practise." in text_of(reply)
    assert not Drill.objects.exists()


def test_while_it_goes_on_the_page_follows_it_and_offers_to_stop(visitor, proven):
    begin(proven)
    html = visitor.get(page_of(proven)).content.decode()

    (url,) = re.findall(r'hx-get="([^"]+)" hx-trigger="every', html)
    assert url.startswith(page_of(proven, "drill-progress"))
    assert visitor.get(url, headers=HTMX).status_code == 204  # nothing to draw anew
    assert '<noscript><meta http-equiv="refresh"' in html
    assert "The worker takes it in a moment." in text_of(visitor.get(page_of(proven)))
    step(2)
    said = text_of(visitor.get(url, headers=HTMX))
    assert "Now people are told" in said
    assert "Noticed by the engine" in said
    assert "Start a drill" not in said

    reply = visitor.send(page_of(proven), page_of(proven, "stop-drill"))
    assert "The drill is stopped, and its incident closed." in text_of(reply)
    assert "Somebody stopped it." in text_of(reply)
    assert not Incident.objects.get().is_open


def test_a_second_one_is_refused_in_words(visitor, proven):
    start = page_of(proven, "start-drill")
    begin(proven)
    reply = visitor.send(f"{start}?kind=outage", start)

    assert "A drill of this connection goes on already." in text_of(reply)


def test_without_a_worker_it_says_what_to_mend_first(visitor, proven, time_machine):
    time_machine.move_to(timezone.now() + timedelta(hours=1))

    assert "Nothing would notice it: the worker is not running." in visitor.says(page_of(proven))


def test_its_record_says_when_whom_and_in_which_words(visitor, proven, editor):
    now = timezone.now() - timedelta(minutes=3)
    moments = [now + timedelta(seconds=seconds) for seconds in (0, 2.1, 14, 15, 16.3, 40)]
    names = ("broken_at", "noticed_at", "told_at", "mended_at", "recovered_at", "ended_at")
    told = {"to": "Marketing (Slack)", "is_end": False, "outcome": "delivered", "sentence": ""}
    Drill.objects.create(
        connection=proven,
        kind=DrillKind.REVOKED,
        state=DrillState.FAILED,
        asked_by=editor,
        asked_at=now,
        sentence="Meta does not accept this access token.",
        remark="Ops (Slack) was not told: no such room.",
        told=[
            told | {"at": moments[2].isoformat()},
            told | {"to": "Ops (Slack)", "at": None, "sentence": "no such room."},
        ],
        tests=[
            {
                "outcome": "failed",
                "steps": [
                    {"label": "Token is valid", "outcome": "failed", "detail": "", "duration_ms": 9}
                ],
            }
        ],
        **dict(zip(names, moments, strict=True)),
    )
    said = visitor.says(page_of(proven))

    assert "“Meta does not accept this access token.”" in said
    for part in ("2.1 s", "14.0 s", "1.3 s", "by Emil Edit", "Marketing (Slack)", "Failed"):
        assert part in said
    assert "Marketing (Slack): told 14.0 s after it broke" in said
    assert "Not told: Ops (Slack): no such room." in said
    assert "failed: Token is valid" in said


def test_viewers_see_records_and_begin_nothing(proven, viewer):
    looking = Visitor(viewer)
    begin(proven)
    said = looking.says(page_of(proven))

    assert "Drill: Access withdrawn." in said
    assert "Stop the drill" not in said
    for name, data in (
        ("start-drill", {"kind": "limit"}),
        ("stop-drill", {}),
        ("monthly-drill", {"do": "on"}),
    ):
        reply = unguarded(viewer).post(page_of(proven, name), data)
        assert (reply.status_code, "editor" in text_of(reply)) == (403, True)
    assert Drill.objects.get().state == DrillState.BEGUN


def test_one_that_cannot_be_practised_says_why(visitor, connected):
    connected.is_enabled = False
    connected.save()

    said = visitor.says(page_of(connected))
    assert starting.DISABLED in said
    assert "Start a drill" not in said


def test_it_is_switched_on_and_off_for_each_month(visitor, proven):
    monthly = page_of(proven, "monthly-drill")
    on = visitor.send(page_of(proven), monthly, do="on")
    assert "It is practised each month from now on." in text_of(on)
    assert "Practised each month by itself, the next time" in text_of(on)
    assert DrillPlan.objects.get().due_at.weekday() == 4

    off = visitor.send(page_of(proven), monthly, do="off")
    assert "Not practised by itself." in text_of(off)


def test_the_history_and_open_pages_say_who_began_it(visitor, proven, owner):
    begin(proven, by=owner)

    assert "Meta: a fire drill was started by olga." in visitor.says(page_of(proven))
    changes = visitor.get(reverse("changes", args=["main"]), headers=HTMX)
    assert "Meta: a fire drill was started by olga." in text_of(changes)


def test_its_incident_is_shown_as_one_that_needs_nobody(visitor, proven):
    begin(proven)
    step(2)
    said = visitor.says(reverse("incidents", args=["main"]))

    assert "Nothing has broken since" in said
    assert "Only practised A fire drill goes on; nothing is broken" in said
    assert "Drill: Meta ended the access token" in said
    assert "A fire drill: nobody has to do anything." in said
    assert "Would stop: Ads monitor" in said
    assert "Drill: Meta" not in visitor.says(reverse("overview", args=["main"]))


def test_a_drill_that_is_over_breaks_no_record_of_quiet(visitor, proven):
    begin(proven)
    step(2)
    starting.stop(proven, by=None, now=timezone.now())
    said = visitor.says(reverse("incidents", args=["main"]))

    assert f"Nothing has broken since {proven.created_at.day} " in said
    assert "The drill ended before it worked again" in said


def test_the_api_says_that_it_is_a_drill(proven, api):
    begin(proven)
    step(2)
    (row,) = api.get("/api/incidents").json()["results"]

    assert row["isDrill"] is True
    assert row["connections"] == [str(proven.pk)]
    assert row["title"] == "Drill: Meta ended the access token"
    connection = api.get(f"/api/connections/{proven.pk}").json()
    assert connection["incident"] is None
    assert connection["light"] == "green"


def test_an_archived_workspace_is_told_so(editor, proven, owner):
    workspaces.archive(proven.workspace, by=owner)

    reply = unguarded(editor).post(page_of(proven, "start-drill"), {"kind": "limit"})
    assert reply.status_code == 404
    assert not Drill.objects.exists()


def test_the_section_costs_a_few_queries_however_many_there_were(visitor, proven):
    now = timezone.now()
    past = [Drill(connection=proven, state="passed", asked_at=now, ended_at=now) for _ in range(40)]
    Drill.objects.bulk_create(past)
    visitor.get(page_of(proven, "drill-progress"))
    with CaptureQueriesContext(database) as seen:
        visitor.get(page_of(proven, "drill-progress"))

    about_drills = [one for one in seen.captured_queries if "_drill" in one["sql"]]
    assert len(about_drills) == 2
