"""A drill, from its start to its record: what is found, who is told, and what stays untouched."""

import json
from datetime import time, timedelta

import pytest
from django.apps import apps
from django.utils import timezone

from integrations import platforms
from integrations.models import (
    Cause,
    Channel,
    Drill,
    DrillKind,
    DrillState,
    Ending,
    Event,
    Incident,
    IncidentConnection,
    IntegrationConnection,
    Watch,
)
from integrations.services import rows
from integrations.services.connecting import saving, several
from integrations.services.connecting.changes import Changes
from integrations.services.people import workspaces
from integrations.services.watching import claims, handling, incidents, sweep
from integrations.services.watching.drills import hearing, performing, staging, starting
from providers.sandbox.__main__ import PLATFORMS
from providers.sandbox.server import Answer
from tests.integrations.services.watching.drills.conftest import MINUTE, SECOND
from tests.integrations.services.watching.world import connected as saved
from tests.integrations.services.watching.world import fails, go_round

PRACTISED = {"Cause", "Drill", "Event", "Heartbeat", "Incident", "Turn"}
TOLD = {"Channel", "Delivery", "Tally", "ToldUntil"}


@pytest.fixture
def meta_connection(workspace):
    return saved(workspace, platform_account_name="Acme")


def told(receiver):
    return [json.loads(asked.body)["data"] for asked in receiver.seen]


def everything():
    """All rows of all tables of ours, but those that a drill is written to."""
    return {
        model.__name__: sorted(map(repr, model.objects.values_list()))
        for model in apps.get_app_config("integrations").get_models()
        if model.__name__ not in PRACTISED | TOLD
    }


# --- Its course ----------------------------------------------------------------------------------


def test_a_withdrawn_token_is_noticed_told_and_seen_to_work_again(
    engine, meta_connection, channel, receiver, editor
):
    channel("webhook", name="Marketing")
    drill = engine.run(engine.start(meta_connection, by=editor))

    assert (drill.state, drill.remark) == (DrillState.PASSED, "")
    assert drill.broken_at <= drill.noticed_at <= drill.told_at <= drill.mended_at
    assert drill.mended_at <= drill.recovered_at <= drill.ended_at
    assert drill.told_at - drill.noticed_at <= 11 * SECOND
    assert drill.sentence == "Meta does not accept this access token."
    assert [(one["to"], one["is_end"]) for one in drill.told] == [
        ("Marketing (Webhook)", False),
        ("Marketing (Webhook)", True),
    ]
    assert all(one["at"] for one in drill.told)
    opened, over = told(receiver)
    assert (opened["moment"], over["moment"]) == ("opened", "closed")
    assert opened["isDrill"] is over["isDrill"] is True
    assert opened["title"] == "Meta ended the access token."
    assert opened["whatHappened"].startswith("A fire drill that Emil Edit started. Nobody has to")
    assert "Generate a new system user token" in opened["whatHappened"]
    assert opened["link"].endswith(f"/connections/{meta_connection.pk}/#drill")


def test_a_chat_reads_first_that_nothing_is_broken(engine, meta_connection, channel, receiver):
    channel("slack")
    engine.run(engine.start(meta_connection))

    opened, over = (asked.body.decode() for asked in receiver.seen)
    assert "DRILL, nothing is broken. Broken: Meta: Meta ended the access token." in opened
    assert "stand still" not in opened
    assert "What would stop" in opened
    assert "DRILL, nothing is broken. Works again: Meta works again. The drill is over." in over


def test_one_that_nobody_started_names_nobody(engine, meta_connection, channel, receiver):
    channel()
    engine.run(engine.start(meta_connection))

    assert told(receiver)[0]["whatHappened"].startswith("A fire drill. Nobody has to do anything")


def test_its_incident_says_that_it_is_a_drill_and_closes(engine, meta_connection, channel):
    channel()
    engine.run(engine.start(meta_connection))

    incident = Incident.objects.get()
    assert incident.title == "Drill: Meta ended the access token"
    assert incident.cause.is_drill
    assert (incident.cause.kind, incident.ended_by) == ("auth_invalid", Ending.PROVEN)
    assert incident.cause.closed_at == incident.closed_at is not None
    assert handling.connections_of(handling.find(engine.workspace, incident.pk)) == [
        meta_connection
    ]
    happened = Event.objects.exclude(type__startswith="connection.").order_by("pk")
    assert [(one.type, one.data["what"]) for one in happened] == [
        ("drill.changed", "started"),
        ("incident.opened", "opened"),
        ("incident.closed", "proven"),
        ("drill.changed", "passed"),
    ]
    assert all(one.data["is_drill"] for one in happened)


@pytest.mark.parametrize("kind", [DrillKind.OUTAGE, DrillKind.LIMIT, DrillKind.SILENCE])
def test_what_might_pass_is_tried_again_before_it_is_told(engine, meta_connection, channel, kind):
    channel()
    drill = engine.start(meta_connection, kind)
    engine.run_until(drill, DrillState.NOTICED)

    assert [one["outcome"] for one in drill.tests] == ["inconclusive"] * 2
    assert drill.incident.confirmed_at - drill.noticed_at >= performing.AGAIN
    assert engine.run(drill).state == DrillState.PASSED


def test_each_kind_is_told_as_its_own(engine, meta_connection, channel, receiver):
    channel()
    for kind in DrillKind:
        assert engine.run(engine.start(meta_connection, kind)).state == DrillState.PASSED

    titles = [one["title"] for one in told(receiver) if one["moment"] == "opened"]
    assert titles == [
        "Meta ended the access token.",
        "No answer from Meta.",
        "Meta limits our requests.",
        "Meta does not show the account.",
        "No answer from Meta.",
    ]
    assert Cause.objects.count() == 5  # none is another one that came back


@pytest.mark.parametrize("slug", [slug for slug in PLATFORMS if slug != "meta"])
def test_every_platform_can_be_practised(engine, workspace, slug):
    healthy = Changes(config=dict(PLATFORMS[slug].healthy))
    saving.change_connection(rows.unread(workspace, slug), healthy, by=None)
    drill = engine.start(rows.find(workspace, slug))
    engine.run_until(drill, DrillState.NOTICED)

    assert drill.incident.title.startswith("Drill: ")
    assert drill.sentence
    assert drill.incident.stops == list(platforms.get(slug).used_by)


def test_a_sign_in_is_told_to_be_made_anew(engine, workspace):
    signed_in = saved(workspace, app="our-app")
    drill = engine.start(signed_in)
    engine.run_until(drill, DrillState.NOTICED)

    assert drill.incident.title == "Drill: Meta ended the sign-in"
    assert drill.incident.action == "Sign in to Meta again."


# --- What is live --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", DrillKind)
def test_what_is_live_is_untouched_byte_for_byte(engine, proven, meta, channel, kind):
    channel()
    go_round(timezone.now())
    sweep.look_after(timezone.now())
    live, asked = everything(), len(meta.requests_seen)

    engine.run(engine.start(proven, kind))

    assert Drill.objects.get().state == DrillState.PASSED
    assert everything() == live
    assert len(live) > 25
    assert len(meta.requests_seen) == asked  # where the operator has it asked, nobody was


def test_rounds_meanwhile_leave_a_drill_and_what_is_live_alone(engine, meta_connection):
    drill = engine.start(meta_connection)
    engine.run_until(drill, DrillState.NOTICED)
    live = everything()

    go_round(timezone.now(), timezone.now() + MINUTE)
    staging.take_off_left(timezone.now())

    assert everything() == live
    drill.incident.refresh_from_db()
    assert drill.incident.is_open


def test_a_real_break_meanwhile_is_an_incident_of_its_own(engine, meta_connection, channel):
    channel()
    drill = engine.start(meta_connection)
    engine.run_until(drill, DrillState.NOTICED)

    fails(meta_connection, "auth_invalid", timezone.now())
    go_round(timezone.now())
    drill.incident.refresh_from_db()
    assert drill.incident.is_open
    assert engine.run(drill).state == DrillState.PASSED
    go_round(timezone.now())

    real, practised = Incident.objects.order_by("cause__is_drill")
    assert real.is_open
    assert not practised.is_open
    assert real.title == "Meta ended the access token"
    assert IncidentConnection.objects.get().incident == real


def test_a_drill_of_what_is_broken_joins_and_closes_nothing(engine, meta_connection, channel):
    channel()
    fails(meta_connection, "auth_invalid", timezone.now())
    go_round(timezone.now())
    engine.run(engine.start(meta_connection))
    go_round(timezone.now())

    assert [one.is_open for one in Incident.objects.order_by("pk")] == [True, False]
    assert (
        handling.open_of([meta_connection])[meta_connection.pk].id
        == Incident.objects.get(cause__is_drill=False).pk
    )


# --- Who is told ---------------------------------------------------------------------------------


def test_without_a_channel_the_owners_are_mailed(engine, meta_connection, owner, office):
    owner.email = "olga@acme.example"
    owner.save()
    drill = engine.run(engine.start(meta_connection))

    assert drill.state == DrillState.PASSED
    assert {one["to"] for one in drill.told} == {hearing.OWNERS}
    assert office.mails[0]["Subject"].startswith("DRILL: Broken: Meta")


def test_with_nobody_to_tell_it_fails(engine, meta_connection):
    drill = engine.run(engine.start(meta_connection))

    assert (drill.state, drill.remark) == (DrillState.FAILED, hearing.NOBODY)
    assert drill.recovered_at
    assert not Incident.objects.get().is_open


def test_a_channel_that_takes_nothing_fails_it(engine, meta_connection, channel, receiver):
    channel("webhook", name="Marketing")
    receiver.answers = [Answer(500, "")]
    drill = engine.run(engine.start(meta_connection))

    assert drill.state == DrillState.FAILED
    assert drill.remark.startswith("Marketing (Webhook) was not told: ")
    assert drill.told_at is None


def test_one_that_hears_nothing_does_not_hide_behind_one_that_does(
    engine, meta_connection, channel, receiver
):
    channel("webhook", name="Marketing")
    gone = channel("slack", name="Ops")
    Channel.objects.filter(pk=gone.pk).update(secrets="nothing that opens")
    drill = engine.run(engine.start(meta_connection))

    assert drill.state == DrillState.FAILED
    assert drill.remark.startswith("Ops (Slack) was not told: ")
    assert drill.told_at


def test_quiet_hours_hold_it_back_as_they_would_a_break(engine, meta_connection, channel, receiver):
    channel("slack", quiet=(time(8), time(18)))
    drill = engine.run(engine.start(meta_connection))

    assert (drill.state, drill.remark) == (DrillState.PASSED, hearing.HELD)
    assert drill.told_at is None
    assert drill.told[0]["sentence"] == "It has quiet hours."
    assert receiver.seen == []


def test_a_quiet_connection_tells_nobody(engine, meta_connection, channel, receiver):
    channel()
    Watch.objects.create(
        connection=meta_connection,
        workspace=engine.workspace,
        provider="meta",
        due_at=timezone.now() + timedelta(days=1),
        is_quiet=True,
    )
    drill = engine.run(engine.start(meta_connection))

    assert (drill.state, drill.remark) == (DrillState.PASSED, hearing.QUIET)
    assert receiver.seen == []


def test_a_worker_that_tells_nobody_fails_it(engine, meta_connection, channel):
    channel()
    engine.is_telling = False
    drill = engine.run(engine.start(meta_connection))

    assert (drill.state, drill.remark) == (DrillState.FAILED, hearing.NOT_LOOKED)


# --- Its end -------------------------------------------------------------------------------------


def test_a_person_stops_it_and_whoever_was_told_hears_that(
    engine, meta_connection, channel, receiver, editor
):
    channel("slack")
    drill = engine.start(meta_connection)
    engine.run_until(drill, DrillState.NOTICED)
    engine.run(drill, 12 * SECOND)
    assert drill.state != DrillState.PASSED

    stopped = starting.stop(meta_connection, by=editor, now=timezone.now())
    engine.tell()

    assert stopped.state == DrillState.STOPPED
    incident = Incident.objects.get()
    assert (incident.is_open, incident.ended_by) == (False, Ending.STOPPED)
    assert "Over: Meta: The drill ended before" in receiver.seen[-1].body.decode()
    last = Event.objects.filter(type="drill.changed").last()
    assert (last.data["what"], last.by) == ("stopped", editor)
    assert starting.stop(meta_connection, by=editor, now=timezone.now()) is None


def test_what_was_stopped_while_it_was_asked_stays_stopped(engine, meta_connection, monkeypatch):
    drill = engine.start(meta_connection)
    engine.run_until(drill, DrillState.BROKEN)
    (taken,) = performing.claim(timezone.now() + SECOND, 2)
    climb = performing.stand_ins.climb

    def stopped_meanwhile(*args, **more):
        starting.stop(meta_connection, by=None, now=timezone.now())
        return climb(*args, **more)

    monkeypatch.setattr(performing.stand_ins, "climb", stopped_meanwhile)
    performing.perform(taken, timezone.now)

    drill.refresh_from_db()
    assert drill.state == DrillState.STOPPED
    assert not Incident.objects.exists()


def test_of_a_dead_worker_another_takes_over(engine, meta_connection, channel):
    channel()
    drill = engine.start(meta_connection)
    engine.run_until(drill, DrillState.BROKEN)
    engine.wait(SECOND)
    (dead,) = performing.claim(timezone.now(), 2)

    assert performing.claim(timezone.now(), 2) == []
    engine.wait(claims.LEASE)
    assert engine.run(drill).state == DrillState.PASSED
    performing.perform(dead, timezone.now)  # it was only slow
    assert Incident.objects.count() == 1


def test_what_nobody_goes_on_with_fails_with_a_sentence(engine, meta_connection):
    drill = engine.start(meta_connection)
    engine.run_until(drill, DrillState.NOTICED)
    engine.wait(performing.LASTS_AT_MOST + SECOND)
    engine.run(drill, 2 * SECOND)

    assert drill.state == DrillState.FAILED
    assert drill.remark == performing.TOO_LONG[DrillState.NOTICED]
    assert not Incident.objects.get().is_open


def test_a_step_that_breaks_is_taken_again(engine, meta_connection, monkeypatch):
    drill = engine.start(meta_connection)
    monkeypatch.setattr(performing.stand_ins, "climb", None)
    with pytest.raises(TypeError):
        engine.step()
    monkeypatch.undo()

    engine.wait(performing.AGAIN)
    engine.step()
    drill.refresh_from_db()
    assert drill.state == DrillState.BROKEN


def test_with_its_connection_a_drill_goes_and_its_incident_closes(engine, meta_connection, editor):
    other = saved(engine.workspace, slug="north")
    drill = engine.start(other)
    engine.run_until(drill, DrillState.NOTICED)

    several.remove(other, by=editor)
    staging.take_off_left(timezone.now())

    assert not Drill.objects.exists()
    assert Incident.objects.get().ended_by == Ending.REMOVED
    assert not Cause.objects.get().is_open


def test_an_archived_workspace_ends_it(engine, meta_connection, owner):
    drill = engine.start(meta_connection)
    engine.run_until(drill, DrillState.NOTICED)
    workspaces.archive(engine.workspace, by=owner)
    engine.run(drill, 5 * SECOND)

    assert (drill.state, drill.remark) == (DrillState.STOPPED, performing.ARCHIVED)
    assert not Incident.objects.get().is_open


def test_several_go_on_beside_each_other(engine, workspace, channel):
    channel()
    both = [saved(workspace, slug=slug) for slug in ("main", "north")]
    first, second = (engine.start(one) for one in both)
    engine.run(first)

    assert engine.run(second).state == DrillState.PASSED
    assert IntegrationConnection.objects.filter(pk__in=[one.pk for one in both]).count() == 2
    assert incidents.reconcile(timezone.now()) is None
    assert first.state == DrillState.PASSED
