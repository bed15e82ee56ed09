"""Notices at 30, 14, 7 and 1 days: each once for each end, and none of an end that moved."""

import socket
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.db.models import F

from integrations.models import (
    Credential,
    Delivery,
    ExpiryNotice,
    IntegrationConnection,
    Person,
    Role,
    Workspace,
)
from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.telling import notices, owed
from tests.integrations.services.proving.test_races import at_once

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TICK = 6 * HOUR


@pytest.fixture(autouse=True)
def clock(time_machine):
    """It stands still; `clock.shift(timedelta)` moves it."""
    time_machine.move_to(NOW, tick=False)
    return time_machine


@pytest.fixture
def mails(settings, mailoutbox):
    """What was mailed, on an installation that has a mail server."""
    settings.EMAIL_IS_CONFIGURED = True
    settings.PUBLIC_URL = "https://control.example"
    return mailoutbox


def ending(workspace, *ends, **more):
    """Connections that end then."""
    there_are = IntegrationConnection.objects.filter(workspace=workspace).count()
    return IntegrationConnection.objects.bulk_create(
        IntegrationConnection(
            workspace=workspace,
            provider="meta",
            slug=f"number-{number}",
            is_default=number == 0,
            version=1,
            auth_method="access_token",
            **{"is_complete": True, "expires_at": ends_at, **more},
        )
        for number, ends_at in enumerate(ends, start=there_are)
    )


def given():
    """Every notice as (connection, days, end)."""
    return Counter(ExpiryNotice.objects.values_list("connection", "days", "ends_at"))


def give(moment):
    """Give what is due, and have everybody told of it."""
    found = notices.give_due(moment)
    for workspace_id in owed.behind():
        owed.catch_up(workspace_id, moment)
    return found


def days_given():
    return list(ExpiryNotice.objects.order_by("id").values_list("days", flat=True))


def look_until(until, since=NOW):
    """Look again and again from one moment to another."""
    moment = since
    while moment <= until:
        notices.give_due(moment)
        moment += TICK


# --- One connection ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "days"),
    [
        (31 * DAY, None),
        (30 * DAY + HOUR, None),
        (30 * DAY, 30),
        (15 * DAY, 30),
        (14 * DAY, 14),
        (7 * DAY + HOUR, 14),
        (7 * DAY, 7),
        (DAY + HOUR, 7),
        (DAY, 1),
        (HOUR, 1),
        (timedelta(0), None),
        (-DAY, None),
    ],
)
def test_the_nearest_notice_is_due(left, days):
    assert notices.due(NOW + left, NOW) == days


def test_every_notice_is_given_on_its_day(workspace):
    ending(workspace, NOW + 40 * DAY)

    look_until(NOW + 50 * DAY)

    moments = ExpiryNotice.objects.order_by("id").values_list("days", "given_at")
    assert list(moments) == [
        (30, NOW + 10 * DAY),
        (14, NOW + 26 * DAY),
        (7, NOW + 33 * DAY),
        (1, NOW + 39 * DAY),
    ]


def test_after_a_pause_only_the_nearest_is_given(workspace):
    ending(workspace, NOW + 5 * DAY)

    look_until(NOW + 10 * DAY)

    assert days_given() == [7, 1]


def test_an_end_that_moves_by_seconds_is_the_same_end(workspace):
    (one,) = ending(workspace, NOW + 31 * DAY)

    for tick in range(4 * 32):
        moved = NOW + 31 * DAY + timedelta(seconds=tick * 37 % 60 - 30)
        IntegrationConnection.objects.filter(pk=one.pk).update(expires_at=moved)
        notices.give_due(NOW + tick * TICK)

    assert days_given() == [30, 14, 7, 1]


def test_a_renewal_that_moves_the_end_makes_notices_of_its_own(workspace):
    (one,) = ending(workspace, NOW + 10 * DAY)
    look_until(NOW + 5 * DAY)
    assert days_given() == [14, 7]

    IntegrationConnection.objects.filter(pk=one.pk).update(expires_at=NOW + 60 * DAY)
    look_until(NOW + 29 * DAY, since=NOW + 5 * DAY)
    assert days_given() == [14, 7]
    look_until(NOW + 61 * DAY, since=NOW + 29 * DAY)
    assert days_given() == [14, 7, 30, 14, 7, 1]


def test_an_end_that_is_gone_is_not_noticed(workspace):
    (one,) = ending(workspace, NOW + 10 * DAY)
    look_until(NOW)

    IntegrationConnection.objects.filter(pk=one.pk).update(expires_at=None)
    look_until(NOW + 20 * DAY)

    assert days_given() == [14]


@pytest.mark.parametrize("state", [{"is_enabled": False}, {"is_complete": False}])
def test_what_is_not_in_use_is_not_noticed(workspace, state):
    ending(workspace, NOW + 10 * DAY, **state)

    look_until(NOW + 11 * DAY)

    assert days_given() == []


def test_a_connection_that_is_enabled_again_is_told_what_is_due_then(workspace):
    (one,) = ending(workspace, NOW + 10 * DAY, is_enabled=False)
    look_until(NOW + 4 * DAY)

    IntegrationConnection.objects.filter(pk=one.pk).update(is_enabled=True)
    look_until(NOW + 5 * DAY, since=NOW + 4 * DAY)

    assert days_given() == [7]


def test_disconnecting_forgets_what_was_noticed(workspace, connected):
    IntegrationConnection.objects.update(expires_at=NOW + 10 * DAY)
    notices.give_due(NOW)

    saving.disconnect(rows.unread(workspace, "meta"), by=None)

    assert notices.give_due(NOW) == []
    assert days_given() == []


def test_a_notice_says_whether_the_end_is_an_estimate(workspace):
    ending(workspace, NOW + DAY, expires_is_estimate=True)
    ending(workspace, NOW + DAY, expires_is_estimate=False)

    assert {notice.is_estimate for notice in notices.give_due(NOW)} == {True, False}


# --- A calendar of many --------------------------------------------------------------------------


def expected(ends_at, since, until):
    """The notices of an end that stands still, while somebody looks."""
    at_first = notices.due(ends_at, since)
    later = {days for days in notices.DAYS if since < ends_at - days * DAY <= until}
    return later | ({at_first} if at_first else set())


def test_over_ninety_days_two_hundred_connections_get_each_notice_once(workspace):
    last = NOW + 90 * DAY
    ends = [NOW + number * 120 * DAY / 200 + timedelta(minutes=number) for number in range(1, 201)]
    rows = ending(workspace, *ends)
    renewed, disabled, disconnected, restless = (rows[start::5] for start in range(4))
    wanted = Counter()
    for row in rows:
        until = last if row not in disabled + disconnected else NOW + 45 * DAY - TICK
        if row in renewed and row.expires_at > NOW + 45 * DAY:
            until = NOW + 45 * DAY - TICK
            later = row.expires_at + 60 * DAY
            wanted.update((row.pk, days) for days in expected(later, NOW + 45 * DAY, last))
        wanted.update((row.pk, days) for days in expected(row.expires_at, NOW, until))

    for tick in range(90 * 4 + 1):
        moment = NOW + tick * TICK
        shift = timedelta(seconds=20 if tick % 2 else -20)
        moving = IntegrationConnection.objects.filter(pk__in=[row.pk for row in restless])
        moving.update(expires_at=F("expires_at") + shift)
        if moment == NOW + 45 * DAY:
            for row in renewed:
                if row.expires_at > moment:
                    row.expires_at += 60 * DAY
            for row in disabled:
                row.is_enabled = False
            for row in disconnected:
                row.is_complete, row.expires_at = False, None
            changed = ["expires_at", "is_enabled", "is_complete"]
            still = renewed + disabled + disconnected
            IntegrationConnection.objects.bulk_update(still, changed)
        notices.give_due(moment)

    found = Counter((notice.connection_id, notice.days) for notice in ExpiryNotice.objects.all())
    assert found == wanted
    assert set(given().values()) == {1}
    assert len(found) > 400


@pytest.mark.django_db(transaction=True)
def test_of_two_who_look_at_once_one_gives_each_notice_and_mails_it(workspace, person, mails):
    person("olga", Role.OWNER, email="olga@acme.example")
    ending(workspace, *(NOW + days * DAY for days in range(1, 31)))

    results = at_once(4, lambda _number: len(notices.give_due(NOW)))
    at_once(4, lambda _number: owed.catch_up(workspace.pk, NOW))

    assert sum(results) == 30
    assert sorted(given().values()) == [1] * 30
    assert len(mails) == 30


def test_a_look_at_what_was_told_already_locks_nothing(workspace, django_assert_num_queries):
    ending(workspace, *(NOW + days * DAY for days in range(1, 31)))
    notices.give_due(NOW)

    with django_assert_num_queries(2):
        assert notices.give_due(NOW) == []


# --- Mail ----------------------------------------------------------------------------------------


def test_the_owners_are_told_by_mail(workspace, person, mails):
    person("olga", Role.OWNER, email="olga@acme.example")
    person("otto", Role.OWNER, email="otto@acme.example")
    person("emil", Role.EDITOR, email="emil@acme.example")
    person("none", Role.OWNER)
    person("left", Role.OWNER, email="left@acme.example", is_active=False)
    ending(workspace, NOW + 7 * DAY)

    give(NOW)

    assert [mail.to for mail in mails] == [["olga@acme.example"], ["otto@acme.example"]]
    mail = mails[0]
    assert mail.subject == "Meta ends within 7 days"
    assert mail.body == (
        "ENDS SOON · Main · Meta\n\n"
        "Meta ends within 7 days. "
        "After that, Ads monitor and Pixel/CAPI lead tracking will get no data from it.\n\n"
        "When it ends: Mon 30 Nov, 12:00 UTC\n\n"
        "Renew it before then: https://control.example/w/main/dashboard/settings/#card-meta\n\n"
        "You get this as an owner of Main, which has no channel yet. "
        "Add one: https://control.example/w/main/channels/\n"
    )


def test_a_mail_says_that_an_end_is_an_estimate(workspace, person, mails):
    person("olga", Role.OWNER, email="olga@acme.example")
    ending(workspace, NOW + DAY, expires_is_estimate=True)

    give(NOW)

    assert mails[0].subject == "Meta probably ends within 1 day"
    assert "When it ends: Tue 24 Nov, 12:00 UTC" in mails[0].body


def test_owners_read_times_in_their_own_zone_or_in_the_one_that_most_of_them_set(
    workspace, person, mails
):
    for name, zone in (
        ("a", "Asia/Tokyo"),
        ("b", "Europe/Madrid"),
        ("c", "Europe/Madrid"),
        ("d", ""),
    ):
        user = person(name, Role.OWNER, email=f"{name}@acme.example")
        Person.objects.create(user=user, time_zone=zone)
    ending(workspace, NOW + 7 * DAY)

    give(NOW)

    said = [line for mail in mails for line in mail.body.splitlines() if "When it ends" in line]
    assert said == [
        "When it ends: Mon 30 Nov, 21:00 JST",
        *["When it ends: Mon 30 Nov, 13:00 CET"] * 3,
    ]


def test_owners_of_other_workspaces_are_not_told(workspace, person, mails):
    person("olga", Role.OWNER, email="olga@acme.example")
    ending(Workspace.objects.create(name="Other", slug="other"), NOW + DAY)

    give(NOW)

    assert mails == []


def test_without_a_mail_server_there_is_a_notice_and_no_mail(workspace, person, mailoutbox):
    person("olga", Role.OWNER, email="olga@acme.example")
    ending(workspace, NOW + DAY)

    assert len(give(NOW)) == 1
    assert mailoutbox == []


def test_a_mail_server_that_does_not_answer_is_asked_again(workspace, person, settings, caplog):
    person("olga", Role.OWNER, email="olga@acme.example")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    options = {"host": "127.0.0.1", "port": port, "timeout": 1}
    smtp = {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}
    settings.MAILERS, settings.EMAIL_IS_CONFIGURED = {"default": smtp}, True
    ending(workspace, NOW + DAY, NOW + 7 * DAY)

    assert len(give(NOW)) == 2

    assert sorted(days_given()) == [1, 7]
    waiting = Delivery.objects.filter(outcome="waiting", tries=1, due_at__gt=NOW)
    assert {one.sentence for one in waiting} == {"The mail server could not be reached."}
    assert waiting.count() == 2
    assert "olga" not in caplog.text


def test_a_platform_that_is_gone_keeps_nobody_elses_mail(workspace, person, mails):
    person("olga", Role.OWNER, email="olga@acme.example")
    gone, _ = ending(workspace, NOW + DAY, NOW + DAY + HOUR)
    IntegrationConnection.objects.filter(pk=gone.pk).update(provider="gone")

    give(NOW)

    assert [mail.subject for mail in mails] == ["Meta ends within 7 days"]


def test_a_channel_hears_of_an_end_instead_of_the_owners(
    workspace, person, mails, channel, receiver
):
    person("olga", Role.OWNER, email="olga@acme.example")
    channel("slack")
    ending(workspace, NOW + 7 * DAY)

    give(NOW)

    assert mails == []
    assert b"Ends soon: Meta ends within 7 days." in receiver.seen[0].body


def test_an_end_that_moved_before_it_was_told_is_told_to_nobody(workspace, person, mails):
    person("olga", Role.OWNER, email="olga@acme.example")
    ending(workspace, NOW + 7 * DAY)
    notices.give_due(NOW)

    IntegrationConnection.objects.update(expires_at=NOW + 80 * DAY)
    owed.catch_up(workspace.pk, NOW)

    assert mails == []


# --- The overview --------------------------------------------------------------------------------


def shown(workspace):
    return [
        (one.connection.provider, one.notice.days)
        for one in notices.current([every[0] for every in rows.catalogue(workspace)], workspace)
    ]


@pytest.fixture
def noticed(workspace, connected):
    """Meta, which ends in 20 days."""
    IntegrationConnection.objects.update(expires_at=NOW + 20 * DAY)
    notices.give_due(NOW)
    return connected


def test_the_overview_shows_the_newest_notice(noticed, workspace):
    notices.give_due(NOW + 7 * DAY)

    assert shown(workspace) == [("meta", 14)]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"expires_at": NOW + 80 * DAY}, id="renewed"),
        pytest.param({"expires_at": None}, id="without an end"),
        pytest.param({"is_enabled": False}, id="disabled"),
    ],
)
def test_the_overview_shows_no_notice_that_is_not_true_any_more(noticed, workspace, change):
    assert shown(workspace) == [("meta", 30)]

    IntegrationConnection.objects.update(**change)

    assert shown(workspace) == []


def test_a_notice_is_not_shown_after_the_end(noticed, workspace, clock):
    clock.shift(20 * DAY)

    assert shown(workspace) == []


# --- Several that one credential lets in ---------------------------------------------------------


@pytest.fixture
def let_in_together(workspace, owner):
    """Three by one sign-in, and one by itself."""
    User.objects.filter(pk=owner.pk).update(email="olga@acme.example")
    made = ending(workspace, *[NOW + 5 * DAY] * 4)
    used = Credential.objects.create(workspace=workspace, method="sign_in", family="meta")
    IntegrationConnection.objects.exclude(pk=made[3].pk).update(sign_in=used, auth_method="sign_in")
    return made


def test_one_mail_tells_of_all_that_end_together(let_in_together, mails, worker_seen):
    give(NOW)

    assert ExpiryNotice.objects.count() == 4
    told = [mail.body for mail in mails if "What lets it in" in mail.body]
    assert (len(mails), len(told)) == (2, 1)
    assert "What lets it in lets in number-1 and number-2, too." in told[0]


def test_the_overview_tells_them_in_one_line(let_in_together, workspace):
    notices.give_due(NOW)

    (every,) = [every for every in rows.catalogue(workspace) if len(every) > 1]
    shown = notices.current(every, workspace)

    assert sorted(one.others for one in shown) == [0, 2]
