"""Digests: each Monday at eight, once to each who wants it, and worth reading."""

import json
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.db import connection as database

from integrations.models import (
    Channel,
    ConnectionDay,
    Delivery,
    Heartbeat,
    IntegrationConnection,
    Membership,
    Person,
    Role,
    Workspace,
)
from integrations.services.telling import changes, deliveries, digests, takes
from integrations.services.telling.changes import Changes
from integrations.services.watching import days, incidents
from tests.integrations.receivers import GOOD, channel, office, receiver
from tests.integrations.services.proving.test_races import at_once
from tests.integrations.services.watching.world import connected, fails

__all__ = ["channel", "office", "receiver"]

MONDAY = datetime(2026, 11, 30, 8, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BROKE = datetime(2026, 11, 27, 9, 14, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock(time_machine):
    """It stands still; `clock.move_to(…)` moves it."""
    time_machine.move_to(MONDAY, tick=False)
    return time_machine


@pytest.fixture
def owner(workspace, settings):
    settings.EMAIL_IS_CONFIGURED = True
    user = User.objects.create_user("dana", "dana@acme.example")
    user.memberships.all().delete()
    Membership.objects.create(user=user, workspace=workspace, role=Role.OWNER)
    return user


@pytest.fixture
def week(workspace):
    """Two connections, of which one was in error for half a day, and is proven again."""
    meta, stripe = connected(workspace), connected(workspace, "stripe")
    ConnectionDay.objects.bulk_create(
        ConnectionDay(
            connection=one,
            day=(MONDAY - age * DAY).date(),
            passed=24,
            proven_seconds=43_200 if (one, age) == (meta, 3) else 86_400,
            error_seconds=43_200 if (one, age) == (meta, 3) else 0,
        )
        for one in (meta, stripe)
        for age in range(1, 15)
    )
    Heartbeat.objects.create(name=days.NAME, at=days.midnight(MONDAY.date()))
    IntegrationConnection.objects.update(key_id="", proven_at=MONDAY - HOUR)
    return meta, stripe


def broke_and_mended(meta):
    fails(meta, "auth_expired", BROKE)
    incidents.reconcile(BROKE)
    IntegrationConnection.objects.filter(pk=meta.pk).update(
        last_error="", error_kind="", failing_since=None, proven_at=BROKE + 12 * HOUR
    )
    incidents.reconcile(BROKE + 12 * HOUR)
    IntegrationConnection.objects.filter(pk=meta.pk).update(proven_at=MONDAY - HOUR)


def told():
    """All that was written down for Mondays."""
    return Delivery.objects.filter(source__startswith=digests.SOURCE)


def facts(workspace, **more):
    return digests.of_week(workspace, ZoneInfo("UTC"), MONDAY, **more)


# --- When, and to whom ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "moment", "is_told"),
    [
        ("UTC", MONDAY - MINUTE, False),
        ("UTC", MONDAY, True),
        ("UTC", MONDAY + 24 * HOUR - MINUTE, True),
        ("UTC", MONDAY + 24 * HOUR, False),
        ("UTC", MONDAY - 7 * DAY, True),
        ("Asia/Tokyo", MONDAY - 9 * HOUR - MINUTE, False),
        ("Asia/Tokyo", MONDAY - 9 * HOUR, True),
        ("America/New_York", MONDAY + 5 * HOUR - MINUTE, False),
        ("America/New_York", MONDAY + 5 * HOUR, True),
    ],
)
def test_it_is_told_at_eight_by_the_channels_clock(
    workspace, week, channel, zone, moment, is_told, clock
):
    channel(tells_week=True, time_zone=zone)
    clock.move_to(moment, tick=False)

    digests.look(moment)

    assert told().exists() == is_told


def test_mail_wants_it_by_itself_and_others_do_not(workspace, week, channel, owner, office):
    mail, slack = channel("email"), channel("slack")

    digests.look(MONDAY)

    assert (mail.tells_week, slack.tells_week) == (True, False)
    assert {one.channel for one in told()} == {mail}


def test_without_a_channel_the_owners_are_mailed(workspace, week, owner, mailoutbox):
    digests.look(MONDAY)

    assert [one.to for one in mailoutbox] == [["dana@acme.example"]]


def test_where_channels_are_on_the_owners_are_not_mailed_too(
    workspace, week, owner, channel, mailoutbox
):
    channel("slack")
    digests.look(MONDAY)

    assert not told().exists()
    assert mailoutbox == []


def test_owners_who_want_no_notices_get_none(workspace, week, owner):
    Person.objects.create(user=owner, wants_notices=False)
    digests.look(MONDAY)

    assert not told().exists()


def test_where_nothing_is_connected_nothing_is_told(workspace, owner):
    digests.look(MONDAY)
    digests.tell(workspace.pk, MONDAY)

    assert not IntegrationConnection.objects.exists()
    assert told().count() == 0


def test_an_archived_workspace_is_told_nothing(workspace, week, owner):
    Workspace.objects.update(archived_at=MONDAY)
    digests.look(MONDAY)
    digests.tell(workspace.pk, MONDAY)

    assert not told().exists()


def test_who_switches_it_off_is_told_no_more(workspace, week, channel):
    one = channel(tells_week=True)
    changes.change(workspace, one.pk, Changes(tells_week=False), by=None)

    digests.look(MONDAY)

    assert not told().exists()


# --- Once ----------------------------------------------------------------------------------------


def test_it_is_told_once_however_often_one_looks(workspace, week, owner, channel, clock):
    channel(tells_week=True)
    for minutes in range(0, 24 * 60, 90):
        moment = MONDAY + minutes * MINUTE
        clock.move_to(moment, tick=False)
        digests.look(moment)
    assert told().count() == 1

    clock.move_to(MONDAY + 7 * DAY, tick=False)
    digests.look(MONDAY + 7 * DAY)
    assert told().count() == 2


def test_a_channel_that_moves_to_another_zone_is_not_told_again(workspace, week, channel):
    one = channel(tells_week=True)
    digests.look(MONDAY)
    Channel.objects.filter(pk=one.pk).update(time_zone="America/New_York")

    digests.look(MONDAY + 6 * HOUR)

    assert told().count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_at_once_one_tells(workspace, week, owner, channel):
    channel(tells_week=True)
    Delivery.objects.all().delete()

    results = at_once(6, lambda _number: digests.tell(workspace.pk, MONDAY))

    assert [one for one in results if one] == []
    assert told().count() == 1
    Channel.objects.all().delete()
    at_once(6, lambda _number: digests.tell(workspace.pk, MONDAY))
    assert told().filter(channel=None).count() == 1
    database.close()


def test_who_dies_before_it_is_written_leaves_it_to_the_next(workspace, week, channel, monkeypatch):
    channel(tells_week=True)

    def dies(*_):
        raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr(deliveries.queue, "enqueue", dies)
        with pytest.raises(SystemExit):
            digests.tell(workspace.pk, MONDAY)
    assert not told().exists()

    digests.tell(workspace.pk, MONDAY + MINUTE)
    assert told().count() == 1


def test_quiet_hours_are_kept(workspace, week, channel, receiver):
    channel("slack", tells_week=True, quiet=(time(7), time(9)))
    digests.look(MONDAY)

    [one] = told()
    assert one.outcome == Delivery.Outcome.WAITING
    assert one.sentence == takes.QUIET


# --- What ----------------------------------------------------------------------------------------


def test_it_is_worth_reading(workspace, week):
    meta, stripe = week
    broke_and_mended(meta)
    IntegrationConnection.objects.filter(pk=stripe.pk).update(expires_at=MONDAY + 6 * DAY)
    calendly = connected(workspace, "calendly")
    IntegrationConnection.objects.filter(pk=calendly.pk).update(proven_at=None)
    its = facts(workspace)

    assert its.title == (
        f"{workspace.name}, 23 to 29 Nov: 96.42\N{NO-BREAK SPACE}% proven, 1 incident, over."
    )
    assert its.what_happened == "Renew Stripe."
    assert dict(its.details) == {
        "Proven": "96.42\N{NO-BREAK SPACE}% of the time, over 2 connections; "
        "100\N{NO-BREAK SPACE}% the week before.",
        "Least proven": "Meta 92.85\N{NO-BREAK SPACE}%.",
        "Broke Fri 27 Nov, 09:14 UTC": "Meta ended the access token, for 12 hours. "
        "It concerned Ads monitor and Pixel/CAPI lead tracking.",
        "Ends soon": "Stripe on Sun 6 Dec.",
        "Not proven by now": "Calendly.",
    }


def test_all_well_is_said_so(workspace, week):
    its = facts(workspace)

    assert (its.state, its.is_well) == ("Everything that is connected works", True)
    assert its.title.endswith("proven, nothing broke.")
    assert its.what_happened == "Nothing is left to do."


def test_what_lasts_is_not_said_to_be_over(workspace, week):
    fails(week[0], "auth_expired", MONDAY - 50 * HOUR)
    incidents.reconcile(MONDAY)
    its = facts(workspace)

    assert (its.state, its.is_well) == ("1 incident open", False)
    assert "1 incident, still open" in its.title
    assert its.what_happened == "Still open: Meta ended the access token."
    assert "not over, by now for 50 hours" in dict(its.details)["Broke Sat 28 Nov, 06:00 UTC"]


def test_a_proof_that_ran_out_is_not_called_well(workspace, week):
    IntegrationConnection.objects.update(proven_at=MONDAY - 3 * DAY)

    assert facts(workspace).state == "Your week"


def test_a_channel_for_some_platforms_hears_of_these_alone(workspace, week):
    broke_and_mended(week[0])
    its = facts(workspace, only=["stripe"])

    assert "100\N{NO-BREAK SPACE}% proven, nothing broke" in its.title
    assert "Meta" not in json.dumps(its.to_json())


def test_east_of_here_sunday_is_not_over_and_not_counted(workspace, week):
    early = datetime(2026, 11, 29, 23, tzinfo=UTC)  # Monday, 08:00 in Tokyo
    its = digests.of_week(workspace, ZoneInfo("Asia/Tokyo"), early)

    assert ", 22 to 28 Nov: " in its.title


def test_a_day_that_is_over_and_not_summed_yet_is_not_counted(workspace, week):
    Heartbeat.objects.filter(name=days.NAME).update(at=days.midnight(MONDAY.date() - DAY))

    assert ", 22 to 28 Nov: " in facts(workspace).title


def test_the_heartbeat_that_is_looked_for_is_the_one_of_the_sums():
    assert digests.SUMMED == days.NAME


KINDS = ("discord", "email", "ntfy", "slack", "teams", "telegram", "webhook")


@pytest.mark.parametrize("kind", KINDS)
def test_the_longest_fits_into_each_channel(workspace, week, channel, receiver, office, kind):
    Workspace.objects.update(name="W" * 100)
    for number in range(8):
        one = connected(workspace, "meta", slug=f"n{number}")
        IntegrationConnection.objects.filter(pk=one.pk).update(
            name=f"{number}" * 90, expires_at=MONDAY + DAY, proven_at=None, key_id=""
        )
        fails(one, "permission_missing", MONDAY - HOUR, message="M" * 400)
    incidents.reconcile(MONDAY)
    made = channel(kind, tells_week=True)
    if kind in GOOD:
        receiver.answers = [GOOD[kind]]
    digests.tell(workspace.pk, MONDAY)

    for one in told():  # a mail is a message to each
        assert one.channel == made
        assert (one.outcome, one.sentence) == (Delivery.Outcome.DELIVERED, "")
    assert told()
    if kind == "telegram":
        text = json.loads(receiver.seen[-1].body)["text"]
        assert "Before that" in text
        assert len(text) < 4096


def test_what_concerns_none_of_a_channels_platforms_is_left_out(workspace, week, channel):
    channel(tells_week=True, platforms=["x"])
    digests.look(MONDAY)
    digests.look(MONDAY + MINUTE)

    [one] = told()
    assert (one.outcome, one.sentence) == (Delivery.Outcome.LEFT_OUT, digests.NOTHING)


def test_it_reads_well_as_a_mail(workspace, week, owner, office):
    broke_and_mended(week[0])
    digests.look(MONDAY)

    [mail] = office.mails
    assert mail["Subject"] == (f"{workspace.name}, 23 to 29 Nov: 96.42 % proven, 1 incident, over")
    text = mail.get_body(("plain",)).get_content()
    assert text.startswith("EVERYTHING THAT IS CONNECTED WORKS · ")
    assert "Nothing is left to do." in text
    assert "Broke Fri 27 Nov, 09:14 UTC: Meta ended the access token, for 12 hours." in text
    assert "See the overview: http" in text
    assert "You get this as an owner of" in text
    html = mail.get_body(("html",)).get_content()
    assert '<p class="state ok">' in html
    assert "Re: " not in mail["Subject"]
