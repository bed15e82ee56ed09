"""Which drills are possible, who starts and stops one, and each month by itself."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from integrations.models import (
    Drill,
    DrillKind,
    DrillPlan,
    DrillState,
    Event,
    Heartbeat,
    Watch,
    Workspace,
)
from integrations.services.keeping import rounds
from integrations.services.people.members import Archived
from integrations.services.telling import deliveries, owed
from integrations.services.watching import engine as checks
from integrations.services.watching import pruning
from integrations.services.watching.drills import hearing, plans, starting
from integrations.services.watching.drills.starting import NotPossible
from providers.sandbox.__main__ import PLATFORMS
from tests.integrations.receivers import NOW
from tests.integrations.services.watching.drills.conftest import MINUTE, SECOND
from tests.integrations.services.watching.world import connected as saved

DAY = timedelta(days=1)


@pytest.fixture
def meta_connection(workspace):
    return saved(workspace)


# --- What is possible ----------------------------------------------------------------------------


def test_all_five_kinds_are_possible(meta_connection):
    found = starting.choices(meta_connection)

    assert [(one.kind, one.why_not) for one in found] == [(kind, "") for kind in DrillKind]


def test_a_kind_that_cannot_be_shown_says_so(engine, workspace):
    (practice,) = (p for p in PLATFORMS["crm"].practices if p.healthy["vendor"] == "generic")
    crm = saved(workspace, "crm", config=dict(practice.healthy))

    assert {one.kind: one.why_not for one in starting.choices(crm)}[DrillKind.ACCOUNT] == (
        "Its stand-in cannot show this."
    )
    with pytest.raises(NotPossible, match="cannot show"):
        engine.start(crm, DrillKind.ACCOUNT)


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"is_complete": False}, starting.NOT_CONNECTED),
        ({"is_enabled": False}, starting.DISABLED),
    ],
)
def test_what_nothing_watches_is_not_practised(engine, meta_connection, facts, why):
    for name, value in facts.items():
        setattr(meta_connection, name, value)

    assert starting.why_none(meta_connection) == why
    assert starting.choices(meta_connection) == []
    with pytest.raises(NotPossible) as refused:
        engine.start(meta_connection)
    assert refused.value.sentence == why


def test_what_no_test_can_prove_is_not_practised(workspace):
    fiverr = saved(workspace, "fiverr", config={"account_id": "acme"})
    ways = fiverr.platform.methods
    fiverr.auth_method = next(method.slug for method in ways if method.unprovable)

    assert starting.why_none(fiverr) == starting.UNPROVABLE


def test_without_a_test_or_a_stand_in_it_says_which_is_missing(
    workspace, meta_connection, without_test, monkeypatch
):
    fiverr = saved(workspace, "fiverr", config={"base_url": "https://data.acme.example"})
    monkeypatch.delitem(PLATFORMS, "meta")

    assert starting.why_none(fiverr) == starting.NO_TEST.format("Your data service")
    assert starting.why_none(meta_connection) == starting.NO_STAND_IN.format("Meta")


def test_without_an_engine_nothing_would_notice(engine, meta_connection):
    Heartbeat.objects.filter(name=checks.NAME).delete()
    with pytest.raises(NotPossible, match="worker is not running"):
        starting.start(meta_connection, DrillKind.REVOKED, by=None, now=timezone.now())
    assert not Drill.objects.exists()


def test_one_at_a_time(engine, meta_connection):
    engine.start(meta_connection)
    with pytest.raises(NotPossible, match="goes on already"):
        engine.start(meta_connection, DrillKind.OUTAGE)
    with pytest.raises(IntegrityError), transaction.atomic():
        Drill.objects.create(connection=meta_connection, asked_at=NOW, due_at=NOW)


def test_nothing_begins_in_an_archived_workspace(engine, meta_connection):
    Workspace.objects.update(archived_at=NOW)
    with pytest.raises(Archived):
        engine.start(meta_connection)


def test_who_started_it_is_written_down(engine, meta_connection, editor):
    drill = engine.start(meta_connection, DrillKind.LIMIT, by=editor)
    event = Event.objects.get(type="drill.changed")

    assert (drill.asked_by, event.by, event.connection) == (editor, editor, meta_connection)
    assert event.data == {
        "what": "started",
        "drill": drill.pk,
        "fault": "limit",
        "is_planned": False,
        "is_drill": True,
    }


# --- Who would hear ------------------------------------------------------------------------------


def test_the_forecast_is_whom_a_break_would_be_told(engine, meta_connection, channel):
    channel("slack", name="Marketing")
    channel("teams", name="Night", quiet=(time(8), time(18)))
    channel("discord", name="Others", platforms=["stripe"])

    told = sorted(hearing.forecast(meta_connection, NOW).hearers, key=lambda one: one.name)
    (at_once, later) = told

    assert (at_once.name, at_once.waits_until) == ("Marketing (Slack)", None)
    assert later.waits_until == datetime(2026, 11, 27, 18, tzinfo=UTC)


def test_the_forecast_knows_of_mutes(engine, meta_connection):
    Watch.objects.create(
        connection=meta_connection,
        workspace=engine.workspace,
        provider="meta",
        due_at=NOW,
        muted_until=NOW + DAY,
        is_quiet=True,
    )
    told = hearing.forecast(meta_connection, NOW)

    assert (told.is_quiet, told.muted_until) == (True, NOW + DAY)
    assert hearing.forecast(meta_connection, NOW + 2 * DAY).muted_until is None
    assert told.hearers == []


# --- Each month ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (datetime(2026, 11, 6, 9, 59, tzinfo=UTC), datetime(2026, 11, 6, 10, tzinfo=UTC)),
        (datetime(2026, 11, 6, 10, tzinfo=UTC), datetime(2026, 12, 4, 10, tzinfo=UTC)),
        (datetime(2026, 12, 31, tzinfo=UTC), datetime(2027, 1, 1, 10, tzinfo=UTC)),
        (datetime(2027, 1, 31, tzinfo=UTC), datetime(2027, 2, 5, 10, tzinfo=UTC)),
    ],
)
def test_a_plan_is_due_on_the_first_friday_at_ten(now, due):
    assert plans.next_due("UTC", now) == due
    assert plans.next_due("America/New_York", due + timedelta(hours=1)).hour == 10


def test_a_plan_is_in_the_zone_of_who_makes_it_and_written_down_once(
    engine, meta_connection, editor
):
    editor.time_zone = "Europe/Madrid"
    for _ in range(2):
        made = plans.switch(meta_connection, is_on=True, by=editor, now=NOW)

    assert made.due_at == datetime(2026, 12, 4, 9, tzinfo=UTC)
    assert plans.switch(meta_connection, is_on=False, by=editor, now=NOW) is None
    said = [(one.data["what"], one.by) for one in Event.objects.filter(type="drill.changed")]
    assert said == [("plan_on", editor), ("plan_off", editor)]


def test_a_plan_needs_something_to_practise(engine, meta_connection, editor):
    meta_connection.is_enabled = False
    with pytest.raises(NotPossible):
        plans.switch(meta_connection, is_on=True, by=editor, now=NOW)


def due_now(connection):
    return DrillPlan.objects.create(connection=connection, due_at=NOW - MINUTE)


def test_what_is_due_begins_once_with_each_kind_in_turn(engine, meta_connection):
    due_now(meta_connection)
    for _ in range(6):
        DrillPlan.objects.update(due_at=NOW - MINUTE)
        plans.start_due(NOW)
        plans.start_due(NOW)  # somebody else, at the same time
        starting.stop(meta_connection, by=None, now=NOW)
    begun = list(Drill.objects.order_by("pk").values_list("kind", "is_planned"))

    assert begun == [(kind, True) for kind in (*DrillKind, DrillKind.REVOKED)]
    assert DrillPlan.objects.get().due_at == datetime(2026, 12, 4, 10, tzinfo=UTC)


def test_a_plan_waits_for_no_drill_of_a_person(engine, meta_connection):
    engine.start(meta_connection)
    due_now(meta_connection)
    plans.start_due(NOW)

    assert Drill.objects.get().is_planned is False


def test_a_round_starts_what_is_due_and_closes_what_is_left(engine, meta_connection):
    due_now(meta_connection)
    rounds.look_after(NOW)

    assert Drill.objects.get().is_planned


def test_a_monthly_drill_that_fails_is_told(engine, meta_connection, channel, receiver):
    plan = due_now(meta_connection)
    plans.start_due(NOW)
    drill = engine.run(Drill.objects.get())  # with nobody to tell
    assert drill.state == DrillState.FAILED
    channel("slack")
    plan.refresh_from_db()
    owed.catch_up(engine.workspace.pk, timezone.now())
    for pk in deliveries.due(timezone.now()):
        deliveries.deliver(pk, timezone.now())

    (asked,) = receiver.seen
    said = asked.body.decode()
    assert "A fire drill failed: The monthly fire drill of Meta failed." in said
    assert "A real break of it might not be told either." in said


def test_one_that_a_person_started_or_that_passed_is_not_told_again(
    engine, meta_connection, channel, receiver
):
    engine.run(engine.start(meta_connection))  # fails: there is no channel
    channel()
    owed.catch_up(engine.workspace.pk, timezone.now())
    due_now(meta_connection)
    plans.start_due(timezone.now())
    drill = engine.run(Drill.objects.filter(is_planned=True).get())
    engine.tell()

    assert drill.state == DrillState.PASSED
    assert len(receiver.seen) == 2  # its break, and its end
    assert b"The monthly fire drill. Nobody has to" in receiver.seen[0].body


def test_drills_are_kept_for_two_years(engine, meta_connection):
    engine.run(engine.start(meta_connection))
    pruning.prune(NOW + 729 * DAY)
    assert Drill.objects.exists()

    pruning.prune(NOW + 735 * DAY + SECOND)
    assert not Drill.objects.exists()
