"""The list that is kept is always the list that would be made."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from integrations.api import listing, presentation
from integrations.models import IntegrationConnection, Workspace
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes
from integrations.services.rows import catalogue

NOW = datetime(2026, 11, 22, 14, 2, 11, 123456, tzinfo=UTC)
MOMENTS = [timedelta(seconds=1), timedelta(hours=23), timedelta(hours=25), timedelta(days=20)]


def made_anew(workspace):
    now = timezone.now()
    return [presentation.integration(one, now) for one in catalogue(workspace)]


@pytest.fixture
def rows():
    """What is stored, for a test that changes it past every service."""
    return IntegrationConnection.objects.filter(provider="meta")


def test_it_is_the_list_that_the_rows_make(proven):
    workspace = proven.workspace

    assert listing.integrations(workspace) == made_anew(workspace)
    assert listing.integrations(workspace)[0]["lastTest"]["outcome"] == "passed"


def test_while_nothing_changes_nothing_is_made_again(proven, django_assert_num_queries):
    first = listing.integrations(proven.workspace)

    with django_assert_num_queries(1):
        assert listing.integrations(proven.workspace) is first


@pytest.mark.parametrize(
    "change",
    [
        {"is_enabled": False},
        {"config": {"account_id": "act_7"}},
        {"hints": {}},
        {"platform_account_name": "Other"},
        {"unanswered_since": NOW},
        {"version": 9},
        {"last_test": None},
        {"key_id": "000000000000"},
    ],
)
def test_any_change_of_a_row_makes_it_anew(proven, rows, change):
    before = listing.integrations(proven.workspace)

    rows.update(**change)

    after = listing.integrations(proven.workspace)
    assert after == made_anew(proven.workspace)
    assert after != before


def test_a_change_of_the_last_test_makes_it_anew(proven):
    listing.integrations(proven.workspace)

    proven.tests.update(message="Told differently.")

    assert listing.integrations(proven.workspace)[0]["lastTest"]["message"] == "Told differently."


def test_another_set_of_keys_makes_it_anew(proven, settings):
    listing.integrations(proven.workspace)

    settings.CREDENTIAL_KEYS = []

    assert listing.integrations(proven.workspace)[0]["attention"] == "unreadable"


@pytest.mark.parametrize(
    "facts",
    [
        {"proven_at": NOW},
        {"proven_at": NOW, "expires_at": NOW + timedelta(days=15)},
        {"unanswered_since": NOW},
        {"expires_at": NOW + timedelta(days=33)},
    ],
)
def test_time_alone_turns_it_at_the_right_moment(connected, rows, facts, time_machine):
    time_machine.move_to(NOW, tick=False)
    rows.update(**facts)
    moments = {moment for one in rows for moment in one.turns()}
    around = {moment + timedelta(microseconds=n) for moment in moments for n in (-1, 0, 1)}

    for moment in sorted({NOW + later for later in MOMENTS} | around):
        time_machine.move_to(moment, tick=False)
        assert listing.integrations(connected.workspace) == made_anew(connected.workspace)


def test_a_clock_that_goes_back_does_not_keep_what_is_to_come(connected, rows, time_machine):
    rows.update(proven_at=NOW)
    time_machine.move_to(NOW + timedelta(days=2), tick=False)
    assert listing.integrations(connected.workspace)[0]["isStale"] is True

    time_machine.move_to(NOW, tick=False)

    assert listing.integrations(connected.workspace)[0]["isStale"] is False


def test_workspaces_are_kept_apart_and_not_without_end(connected, monkeypatch):
    monkeypatch.setattr(listing, "MOST_KEPT", 2)
    for number in range(4):
        other = Workspace.objects.create(name=f"Client {number}", slug=f"client-{number}")
        saving.change_connection(
            other, "meta", Changes(config={"account_id": str(number)}), by=None
        )
        assert listing.integrations(other)[0]["config"]["accountId"] == f"act_{number}"

    assert listing.integrations(connected.workspace)[0]["config"]["accountId"] == "act_1001"
    assert len(listing._kept) <= 2
