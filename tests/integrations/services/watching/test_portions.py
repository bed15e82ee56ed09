"""What has changed is written down in portions: few statements for many, and none held for long."""

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from integrations.models import (
    Cause,
    Credential,
    Ending,
    Incident,
    IncidentConnection,
    IntegrationConnection,
)
from integrations.services.watching import incidents, portions
from integrations.services.watching.settling import settle
from tests.integrations.services.watching.test_incidents import refused_everywhere, told
from tests.integrations.services.watching.world import (
    HOUR,
    MINUTE,
    NOW,
    connected,
    credential,
    fails,
    go_round,
    new_credential,
    passes,
    workspace,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(portions, "MOST", 2)


def sizes(now=NOW):
    return [one.size for one in portions.portions(incidents.look(), now)]


def broken_apart(place, count):
    """Connections of one workspace, each of which lacks a permission of its own."""
    opens = [new_credential(place) for _ in range(count)]
    Credential.objects.bulk_create(opens)
    IntegrationConnection.objects.bulk_create(
        IntegrationConnection(
            workspace=place,
            provider="meta",
            slug=f"c-{number}",
            is_default=False,
            auth_method="access_token",
            credential=one,
            is_complete=True,
            version=1,
            last_error="Meta says no.",
            error_kind="permission_missing",
            failing_since=NOW,
        )
        for number, one in enumerate(opens)
    )


def test_a_crowd_costs_few_statements():
    refused_everywhere("agency-app", 900)
    with CaptureQueriesContext(database) as asked:
        go_round(NOW)
    assert Incident.objects.exclude(confirmed_at=None).count() == 900
    assert len(asked) < 120

    IntegrationConnection.objects.update(
        last_error="", error_kind="", failing_since=None, proven_at=NOW + HOUR
    )
    with CaptureQueriesContext(database) as asked:
        go_round(NOW + HOUR)
    assert not Cause.objects.filter(closed_at=None).exists()
    assert told()[-1] == ("closed", "proven")
    assert len(asked) < 150


def test_one_big_workspace_is_written_down_bit_by_bit():
    broken_apart(workspace("big"), 1000)

    found = sizes()
    assert sum(found) == 1000
    assert max(found) <= portions.MOST
    with CaptureQueriesContext(database) as asked:
        go_round(NOW)
    assert Incident.objects.count() == 1000
    assert len(asked) < 200


def test_small_workspaces_share_a_portion(small):
    for number in range(5):
        broken_apart(workspace(f"w-{number}"), 1)

    assert sizes() == [2, 2, 1]


def test_what_is_of_one_cause_in_a_workspace_is_never_cut(small):
    place = workspace("acme")
    shared = credential(place, "ga4", app="google-app", method="sign_in")
    inside = [connected(place, "ga4", slug=f"c-{n}", opens=shared) for n in range(5)]
    for one in inside:
        fails(one, "auth_expired", NOW)
    fails(connected(place), "auth_invalid", NOW)

    assert sorted(sizes()) == [1, 5]
    go_round(NOW)
    assert sorted(told()) == [("opened", "opened")] * 2
    for one in inside:
        passes(one, NOW + HOUR)
    go_round(NOW + HOUR)
    assert told()[2:] == [("closed", "proven")]


def test_what_moves_to_another_cause_goes_there_whole(small):
    place = workspace("acme")
    opens = credential(place, app="agency-app", method="sign_in")
    mine = [connected(place, slug=f"c-{n}", opens=opens) for n in range(4)]
    for one in mine:
        fails(one, "auth_invalid", NOW)
    go_round(NOW)
    before = Incident.objects.get().pk
    for number in range(2):
        other = connected(workspace(f"client-{number}"), app="agency-app")
        fails(other, "auth_invalid", NOW + MINUTE)
    go_round(NOW + MINUTE)

    assert Cause.objects.get(closed_at=None).scope == "app"
    assert Incident.objects.get(workspace=place).pk == before


def test_a_slow_process_takes_nothing_back_that_a_newer_one_found():
    everyone = [connected(workspace(f"client-{n}"), app="agency-app") for n in range(4)]
    for one in everyone[:2]:
        fails(one, "auth_invalid", NOW)
    go_round(NOW)
    for one in everyone[:2]:  # there is something to write down
        fails(one, "auth_invalid", NOW + MINUTE, "Meta says no.")
    slow = incidents.look()
    begun = list(portions.portions(slow, NOW + MINUTE))
    for one in everyone[2:]:
        fails(one, "auth_invalid", NOW + MINUTE, "Meta says no.")
    go_round(NOW + MINUTE)
    assert Cause.objects.get(closed_at=None).scope == "app"

    for portion in begun:
        settle(portion, slow, NOW + MINUTE)
    assert set(Incident.objects.filter(closed_at=None).values_list("cause__scope", flat=True)) == {
        "app"
    }


def test_a_connection_that_goes_while_its_incident_ends_leaves_nothing_open():
    meta = connected(workspace("acme"))
    fails(meta, "auth_invalid", NOW)
    go_round(NOW)
    Incident.objects.update(closed_at=NOW, ended_by=Ending.PROVEN)
    meta.delete()
    go_round(NOW + MINUTE, NOW + 2 * MINUTE)

    assert IncidentConnection.objects.get().left_by == Ending.REMOVED
    assert sizes(NOW + 3 * MINUTE) == []
