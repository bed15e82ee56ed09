"""How connections stand: as their cards say, and by time alone when a proof gets old."""

from datetime import timedelta

import pytest

from integrations import platforms
from integrations.models import IntegrationConnection, Summary
from integrations.services.connecting import several
from integrations.services.measuring import kept, standing
from integrations.services.measuring.standing import Standing
from tests.integrations.services.watching.world import (
    HOUR,
    MINUTE,
    NOW,
    connected,
    fails,
    passes,
)
from tests.integrations.services.watching.world import workspace as made_workspace

PROOF = platforms.get("meta").proof_budget
# What a card's light is for each.
LIGHTS = {
    Standing.PROVEN: "green",
    Standing.UNANSWERED: "amber",
    Standing.STALE: "amber",
    Standing.UNPROVEN: "amber",
    Standing.UNPROVABLE: "grey",
    Standing.UNREADABLE: "red",
    Standing.ERROR: "red",
    Standing.DISABLED: "grey",
    Standing.NOT_CONNECTED: "grey",
}


@pytest.fixture(autouse=True)
def clock(time_machine):
    time_machine.move_to(NOW, tick=False)
    return time_machine


def counts(now=NOW):
    return {key: number for key, number in standing.counts(now).items() if number}


def change(connection, **values):
    IntegrationConnection.objects.filter(pk=connection.pk).update(**values)


def stand(workspace, how):
    """Meta, as that standing has it; a platform that has such a way for what cannot be proven."""
    if how is Standing.UNPROVABLE:
        slug, method = next(
            (slug, method.slug)
            for slug, one in platforms.catalogue().items()
            for method in one.methods
            if method.unprovable
        )
        made = connected(workspace, slug)
        change(made, auth_method=method)
        return made
    made = connected(workspace)
    if how is Standing.ERROR:
        fails(made, "auth_invalid", NOW)
    elif how is Standing.UNANSWERED:
        fails(made, "network", NOW)
    change(
        made,
        **{
            Standing.STALE: {"proven_at": NOW - PROOF},
            Standing.UNPROVEN: {"proven_at": None},
            Standing.UNREADABLE: {"key_id": "another-key"},
            Standing.DISABLED: {"is_enabled": False},
            Standing.NOT_CONNECTED: {"is_complete": False, "proven_at": None},
        }.get(how, {}),
    )
    return made


@pytest.mark.parametrize("how", Standing)
def test_each_has_one_standing_which_its_card_bears_out(workspace, how):
    made = stand(workspace, how)

    assert counts() == {(made.provider, how): 1}
    made.refresh_from_db()
    assert made.light(NOW) == LIGHTS[how]


def test_a_reported_error_is_one(workspace):
    change(connected(workspace), reported_error="It lacks rows", reported_at=NOW)

    assert counts() == {("meta", Standing.ERROR): 1}


def test_a_proof_by_a_stand_in_is_none_of_the_platform(workspace):
    change(connected(workspace), proof_stand_in="http://127.0.0.1:9000")

    assert counts() == {("meta", Standing.UNPROVEN): 1}


def test_a_proof_gets_old_by_time_alone(workspace, monkeypatch):
    passes(connected(workspace), NOW)
    assert counts() == {("meta", Standing.PROVEN): 1}
    monkeypatch.setattr(kept, "PATIENCE", 10**6)  # nobody counts again
    written = Summary.objects.get().at

    assert counts(NOW + PROOF - timedelta(seconds=1)) == {("meta", Standing.PROVEN): 1}
    assert counts(NOW + PROOF) == {("meta", Standing.STALE): 1}
    assert Summary.objects.get().at == written


def test_a_proof_ends_with_its_minute_and_never_late(workspace, monkeypatch):
    passes(connected(workspace), NOW + timedelta(seconds=50))
    monkeypatch.setattr(kept, "PATIENCE", 10**6)
    assert counts(NOW + MINUTE) == {("meta", Standing.PROVEN): 1}

    assert counts(NOW + PROOF) == {("meta", Standing.STALE): 1}


def test_after_a_clock_that_was_ahead_it_is_counted_anew(workspace):
    standing.renew(NOW + HOUR)
    connected(workspace)

    assert counts() == {("meta", Standing.PROVEN): 1}


def test_neither_a_draft_nor_an_archived_workspace_counts(workspace):
    connected(workspace)
    several.begin_another(workspace, "meta")
    elsewhere = made_workspace("elsewhere")
    connected(elsewhere)
    elsewhere.archived_at = NOW
    elsewhere.save()

    assert IntegrationConnection.objects.count() == 3
    assert counts() == {("meta", Standing.PROVEN): 1}
