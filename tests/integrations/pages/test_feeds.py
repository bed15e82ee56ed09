"""Badges and calendars: addresses that show one thing, without an account."""

import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.utils import timezone
from icalendar import Calendar

from integrations import platforms
from integrations.models import End, Feed, FeedKind, IntegrationConnection, Workspace
from integrations.services.people import members
from integrations.services.telling import ends, feeds
from integrations.sessions import BACKEND
from tests.integrations.pages.people import Visitor, text_of

PAGE = "/w/main/dashboard/settings/feeds/"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def clock(time_machine):
    """It stands still; `clock.shift(timedelta)` moves it."""
    time_machine.move_to(NOW, tick=False)
    return time_machine


@pytest.fixture
def olga(owner):
    return Visitor(owner)


@pytest.fixture
def anybody():
    return Client()


def made_by(visitor, shows):
    """The path of a new address, as the page shows it once."""
    page = visitor.send(PAGE, PAGE, shows=shows)
    assert page.status_code == 200
    return re.search(r'id="new-address">https?://[^/]+(/[^<]+)<', page.content.decode())[1]


def connect(workspace, provider="meta", **facts):
    """A connection that was saved, and is proven unless said otherwise."""
    complete = {"is_complete": True, "auth_method": "access_token", "version": 1}
    return IntegrationConnection.objects.create(
        workspace=workspace, provider=provider, **{**complete, "proven_at": NOW, **facts}
    )


def said_by(anybody, path):
    """The words in the picture."""
    picture = ElementTree.fromstring(anybody.get(path).content.decode())
    return [text.text for text in picture.iter(f"{SVG}text")]


# --- Badges --------------------------------------------------------------------------------------


def test_a_badge_says_what_a_connection_is_and_nothing_else(olga, workspace, anybody):
    meta = connect(workspace, name="Acme secret campaign")
    path = made_by(olga, str(meta.pk))

    reply = anybody.get(path)

    assert reply["Content-Type"] == "image/svg+xml"
    assert said_by(anybody, path) == ["Meta", "proven"]
    assert "Acme" not in reply.content.decode()
    assert not reply.cookies


ERROR = {"last_error": "No.", "error_kind": "auth_invalid", "failing_since": NOW, "proven_at": None}


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        (ERROR, "error"),
        ({"proven_at": None}, "not proven"),
        ({"proven_at": NOW - 2 * DAY}, "not proven"),
        ({"unanswered_since": NOW}, "no answer"),
        ({"is_enabled": False}, "disabled"),
        ({"is_complete": False, "proven_at": None}, "not connected"),
    ],
)
def test_a_badge_has_a_word_for_each_state(olga, workspace, anybody, facts, word):
    path = made_by(olga, str(connect(workspace, **facts).pk))

    assert said_by(anybody, path) == ["Meta", word]


def test_a_badge_says_that_only_a_stand_in_proved_it(olga, workspace, anybody, meta):
    proven = connect(workspace, proof_stand_in=platforms.stand_in("meta"))
    path = made_by(olga, str(proven.pk))
    of_all = made_by(olga, "all")

    assert said_by(anybody, path) == ["Meta", "proven by a stand-in"]
    assert said_by(anybody, of_all) == ["integrations", "1 proven by a stand-in"]
    assert anybody.get(f"{path.removesuffix('.svg')}.json").json()["color"] != "#1a7f4b"


def test_the_badge_of_a_workspace_tells_no_answer_from_no_proof(olga, workspace, anybody):
    connect(workspace, unanswered_since=NOW)

    assert said_by(anybody, made_by(olga, "all")) == ["integrations", "1 without an answer"]


def test_a_badge_decays_with_nobody_writing_anything(olga, workspace, anybody, clock):
    path = made_by(olga, str(connect(workspace).pk))
    assert said_by(anybody, path) == ["Meta", "proven"]

    clock.shift(DAY)

    assert said_by(anybody, path) == ["Meta", "not proven"]


def test_a_public_page_is_never_said_to_be_proven(olga, workspace, anybody):
    public = connect(workspace, "fiverr", auth_method="public_page", proven_at=None)

    assert said_by(anybody, made_by(olga, str(public.pk))) == ["Fiverr", "public page only"]


def test_the_badge_of_a_workspace_says_the_worst_and_how_many(olga, workspace, anybody):
    path = made_by(olga, "all")
    assert said_by(anybody, path) == ["integrations", "not connected"]
    connect(workspace)
    connect(workspace, "stripe")
    assert said_by(anybody, path) == ["integrations", "2 proven"]
    connect(workspace, "x", proven_at=None)
    assert said_by(anybody, path) == ["integrations", "1 not proven"]
    connect(workspace, "reddit", **ERROR)

    assert said_by(anybody, path) == ["integrations", "1 in error"]


def test_no_proxy_keeps_a_badge(olga, workspace, anybody):
    reply = anybody.get(made_by(olga, "all"))

    assert reply["Cache-Control"] == "no-store, max-age=0"
    assert reply["Content-Security-Policy"].startswith("default-src 'none'")
    assert reply["X-Content-Type-Options"] == "nosniff"


def test_an_unknown_badge_is_a_grey_picture(anybody, db):
    assert anybody.get("/badge/guessed.svg").status_code == 200
    assert said_by(anybody, "/badge/guessed.svg") == ["integrations", "unknown"]


def test_shields_is_told_the_same(olga, workspace, anybody):
    path = made_by(olga, str(connect(workspace, **ERROR).pk))

    told = anybody.get(path.replace(".svg", ".json")).json()

    assert told == {
        "schemaVersion": 1,
        "label": "Meta",
        "message": "error",
        "color": "#c02b2b",
        "isError": True,
    }


def test_of_a_platform_that_is_gone_nothing_is_known(olga, workspace, anybody):
    gone = connect(workspace, provider="stripe")
    path = made_by(olga, str(gone.pk))
    IntegrationConnection.objects.filter(pk=gone.pk).update(provider="postbox")

    assert "unknown" in said_by(anybody, path)


# --- The calendar --------------------------------------------------------------------------------


def events_of(anybody, path):
    return Calendar.from_ical(anybody.get(path).content).walk("VEVENT")


def test_the_calendar_lists_what_ends(olga, workspace, anybody):
    meta = connect(workspace, name="North", expires_at=NOW + 9 * DAY)
    ends.keep(NOW)

    reply = anybody.get(made_by(olga, "calendar"))
    (event,) = Calendar.from_ical(reply.content).walk("VEVENT")

    assert reply["Content-Type"] == "text/calendar; charset=utf-8"
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT12H" in reply.content
    assert event["UID"] == f"end-{meta.pk}@127.0.0.1"
    assert event["SUMMARY"] == "Meta (North) ends"
    assert event.decoded("DTSTART") == (NOW + 9 * DAY).date()
    assert "At 12:00 UTC. After that, Ads monitor" in event["DESCRIPTION"]


def test_a_calendar_that_asks_again_is_told_that_nothing_changed(olga, workspace, anybody, clock):
    connect(workspace, expires_at=NOW + 9 * DAY)
    ends.keep(NOW)
    path = made_by(olga, "calendar")
    etag = anybody.get(path)["ETag"]

    clock.shift(DAY)
    ends.keep(timezone.now())

    assert anybody.get(path, headers={"if-none-match": etag}).status_code == 304


def test_an_end_that_moved_is_the_same_event_with_another_number(olga, workspace, anybody, clock):
    meta = connect(workspace, expires_at=NOW + 9 * DAY)
    ends.keep(NOW)
    path = made_by(olga, "calendar")
    (before,) = events_of(anybody, path)

    clock.shift(DAY)
    IntegrationConnection.objects.filter(pk=meta.pk).update(expires_at=NOW + 60 * DAY)
    ends.keep(timezone.now())
    (after,) = events_of(anybody, path)

    assert (after["UID"], after["SEQUENCE"]) == (before["UID"], before["SEQUENCE"] + 1)
    assert after.decoded("DTSTART") == (NOW + 60 * DAY).date()
    assert after.decoded("LAST-MODIFIED") == NOW + DAY


def test_an_end_that_is_no_more_is_called_off_and_forgotten_later(workspace):
    meta = connect(workspace, expires_at=NOW + 9 * DAY)
    ends.keep(NOW)
    IntegrationConnection.objects.filter(pk=meta.pk).update(expires_at=None)
    ends.keep(NOW + DAY)
    assert End.objects.get().is_off

    ends.keep(NOW + DAY + ends.KEPT)
    assert End.objects.exists()
    ends.keep(NOW + 2 * DAY + ends.KEPT)

    assert not End.objects.exists()


def test_a_countdown_in_seconds_moves_nothing(workspace):
    meta = connect(workspace, expires_at=NOW + 9 * DAY)
    ends.keep(NOW)
    nearly = NOW + 9 * DAY + timedelta(seconds=40)
    IntegrationConnection.objects.filter(pk=meta.pk).update(expires_at=nearly)

    ends.keep(NOW + DAY)

    assert End.objects.get().sequence == 0


def test_what_ended_long_ago_is_no_news(workspace):
    connect(workspace, expires_at=NOW - ends.KEPT - DAY)

    ends.keep(NOW)
    ends.keep(NOW)

    assert not End.objects.exists()


def now_in(anybody, path):
    """What a calendar shows after a round."""
    ends.keep(timezone.now())
    return events_of(anybody, path)


def test_one_of_a_platform_that_is_gone_is_left_out(olga, workspace, anybody):
    connect(workspace, expires_at=NOW + 5 * DAY)
    gone = connect(workspace, provider="stripe", expires_at=NOW + 6 * DAY)
    path = made_by(olga, "calendar")
    ends.keep(NOW)
    End.objects.filter(pk=gone.pk).update(provider="postbox")
    IntegrationConnection.objects.filter(pk=gone.pk).update(provider="postbox")

    (event,) = now_in(anybody, path)
    assert str(event["summary"]).startswith("Meta")


def test_of_a_removed_connection_it_is_called_off(olga, workspace, anybody):
    one = connect(workspace, name="North", expires_at=NOW + 5 * DAY)
    path = made_by(olga, "calendar")
    (before,) = now_in(anybody, path)
    one.delete()

    (after,) = now_in(anybody, path)
    assert (str(after["status"]), int(after["sequence"])) == ("CANCELLED", 1)
    assert (after["uid"], after["summary"]) == (before["uid"], before["summary"])


@pytest.mark.parametrize("what", ["is_enabled", "is_complete"])
def test_of_one_that_is_off_it_is_called_off_and_comes_back(olga, workspace, anybody, what):
    made = connect(workspace, expires_at=NOW + 5 * DAY, proven_at=None)
    one = IntegrationConnection.objects.filter(pk=made.pk)
    path = made_by(olga, "calendar")
    now_in(anybody, path)
    one.update(**{what: False})
    (off,) = now_in(anybody, path)
    one.update(**{what: True})
    (on,) = now_in(anybody, path)

    assert (str(off["status"]), int(off["sequence"])) == ("CANCELLED", 1)
    assert (str(on["status"]), int(on["sequence"])) == ("CONFIRMED", 2)


@pytest.mark.parametrize(
    ("change", "summary", "day"),
    [
        ({"name": "North"}, "Meta (North) probably ends", 28),
        ({"platform_account_name": "Acme"}, "Meta (Acme) probably ends", 28),
        ({"expires_is_estimate": False}, "Meta (main) ends", 28),
        ({"expires_at": NOW + 5 * DAY - timedelta(hours=20)}, "Meta (main) probably ends", 27),
    ],
)
def test_what_it_shows_is_told_anew_when_it_changes(
    olga, workspace, anybody, clock, change, summary, day
):
    one = connect(workspace, expires_at=NOW + 5 * DAY, expires_is_estimate=True)
    path = made_by(olga, "calendar")
    now_in(anybody, path)
    IntegrationConnection.objects.filter(pk=one.pk).update(**change)
    clock.shift(timedelta(hours=2))

    for _ in range(2):  # and only once
        (event,) = now_in(anybody, path)
        assert (str(event["summary"]), event["dtstart"].dt.day) == (summary, day)
        assert int(event["sequence"]) == 1
        assert event["dtstamp"].dt == NOW + timedelta(hours=2)


def test_a_calendar_says_how_often_it_is_worth_asking(olga, workspace, anybody):
    lines = anybody.get(made_by(olga, "calendar")).content.decode().splitlines()

    assert "REFRESH-INTERVAL;VALUE=DURATION:PT12H" in lines
    assert "X-PUBLISHED-TTL:PT12H" in lines


@pytest.mark.parametrize(
    "facts",
    [
        {"name": "North", "platform_account_name": "Acme"},
        {"platform_account_name": "Acme", "platform_account_id": "act_1"},
        {"platform_account_id": "act_1", "config": {"account_id": "act_2"}},
        {"config": {"account_id": "act_2"}},
        {"config": {}, "former_account_id": "act_3"},
        {"config": {}, "former_account_name": "Was"},
        {},
    ],
)
def test_a_calendar_calls_a_connection_as_pages_do(workspace, facts):
    one = connect(workspace, expires_at=NOW + 5 * DAY, **facts)
    ends.keep(NOW)

    assert End.objects.get().title == one.title


def test_an_unknown_calendar_is_not_there(anybody, db):
    assert anybody.get("/expiries/guessed.ics").status_code == 404


# --- Who has the address -------------------------------------------------------------------------


def test_an_address_opens_its_own_kind_alone(olga, workspace, anybody):
    token = made_by(olga, "calendar").removeprefix("/expiries/").removesuffix(".ics")

    assert said_by(anybody, f"/badge/{token}.svg") == ["integrations", "unknown"]
    assert anybody.get("/api/integrations", {"token": token}).status_code == 401


def test_only_a_digest_is_stored_and_the_page_shows_no_address_again(olga, workspace):
    path = made_by(olga, "all")
    token = path.removeprefix("/badge/").removesuffix(".svg")

    assert token not in str(Feed.objects.values())
    page = olga.get(PAGE)
    assert token not in page.content.decode()
    assert "Badge of the workspace" in text_of(page)


def test_an_address_that_was_ended_shows_nothing(olga, workspace, anybody):
    path = made_by(olga, "all")
    feed = Feed.objects.get()

    page = olga.send(PAGE, f"{PAGE}{feed.pk}/end/")

    assert "That address tells nothing any more: a badge says “unknown”" in text_of(page)
    assert said_by(anybody, path) == ["integrations", "unknown"]


def test_an_archived_workspace_shows_nothing(olga, workspace, anybody):
    badge, calendar = made_by(olga, "all"), made_by(olga, "calendar")

    Workspace.objects.filter(pk=workspace.pk).update(archived_at=NOW)

    assert said_by(anybody, badge) == ["integrations", "unknown"]
    assert anybody.get(calendar).status_code == 404


def test_another_workspaces_connection_has_no_badge_here(olga, owner, workspace):
    other = Workspace.objects.create(name="Other", slug="other")
    theirs = connect(other)

    page = olga.send(PAGE, PAGE, shows=str(theirs.pk))

    assert page.status_code == 422
    assert not Feed.objects.exists()


def test_another_workspaces_address_is_not_ended_from_here(olga, owner, workspace):
    other = Workspace.objects.create(name="Other", slug="other")
    feed = Feed.objects.create(workspace=other, kind="badge", digest="theirs")
    made_by(olga, "all")
    mine = Feed.objects.get(workspace=workspace)

    browser = Client()
    browser.force_login(owner, backend=BACKEND)
    browser.post(f"{PAGE}{feed.pk}/end/")

    assert {*Feed.objects.all()} == {feed, mine}


def test_editors_make_none(editor):
    assert Visitor(editor).get(PAGE).status_code == 403


def test_a_workspace_that_was_archived_meanwhile_gets_none(olga, owner, workspace):
    stale = Workspace.objects.get(pk=workspace.pk)
    Workspace.objects.filter(pk=workspace.pk).update(archived_at=NOW)

    with pytest.raises(members.Archived):
        feeds.make(stale, FeedKind.BADGE, by=owner)

    assert not Feed.objects.exists()


def test_a_workspace_has_a_hundred_at_most(olga, owner, workspace):
    for number in range(feeds.MOST):
        Feed.objects.create(workspace=workspace, kind="badge", digest=str(number), made_by=owner)

    page = olga.send(PAGE, PAGE, shows="all")

    assert page.status_code == 422
    assert "A workspace has 100 at most." in text_of(page)
