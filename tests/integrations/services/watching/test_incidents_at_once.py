"""Several processes write incidents down at once, or die meanwhile: each is there once."""

import pytest
from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from integrations.models import Cause, Event, Incident, IncidentConnection, Turn
from integrations.services.watching import incidents
from tests.integrations.services.proving.test_races import at_once
from tests.integrations.services.watching.world import (
    HOUR,
    MINUTE,
    NOW,
    connected,
    fails,
    go_round,
    passes,
    workspace,
)


def everything():
    """All that is written down, without the numbers of rows."""
    members = IncidentConnection.objects.values_list(
        "incident__workspace__slug", "incident__cause__key", "provider", "left_by"
    )
    told = Event.objects.filter(type__startswith="incident.")
    return {
        "causes": sorted(Cause.objects.values_list("key", "title", "closed_at", "confirmed_at")),
        "incidents": sorted(
            Incident.objects.values_list("workspace__slug", "cause__key", "title", "ended_by")
        ),
        "members": sorted(members),
        "told": sorted((one.workspace_id, one.type, one.data["what"]) for one in told),
    }


def a_bad_morning():
    """Three sign-ins of one app end, a token is mended and an outage shows another one's end."""
    mended = connected(workspace("mended"))
    silent = [connected(workspace("silent"), slug) for slug in ("google_ads", "ga4", "youtube")]
    first, *others = [connected(workspace(f"app-{n}"), app="our-app") for n in range(3)]
    for one in (mended, first):
        fails(one, "auth_invalid", NOW)
    for one in silent:
        fails(one, "provider_unavailable", NOW)
    go_round(NOW)
    for one in others:
        fails(one, "auth_invalid", NOW + MINUTE)
    passes(mended, NOW + MINUTE)
    fails(silent[0], "auth_expired", NOW + 2 * MINUTE)
    for one in silent[1:]:
        fails(one, "provider_unavailable", NOW + 2 * MINUTE)


@pytest.mark.django_db(transaction=True)
def test_of_several_processes_one_writes_each_down():
    a_bad_morning()
    results = at_once(4, lambda _: incidents.reconcile(NOW + HOUR))
    assert results == [None] * 4
    go_round(NOW + HOUR)

    found = everything()
    assert [key for key, *_ in found["causes"]].count("refused app our-app") == 1
    assert len(found["incidents"]) == 6
    assert len(found["members"]) == 8
    assert len(found["told"]) == 1 + 1 + 1 + 2 + 1 + 1 + 1


class Killed(BaseException):
    """What no code catches, as a kill."""


def killed_at(statement):
    """From then on it says nothing more; what it did not commit is rolled back."""
    left = statement

    def run(execute, sql, params, many, context):
        nonlocal left
        left -= 1
        if left <= 0 and not sql.startswith("ROLLBACK"):
            raise Killed
        return execute(sql, params, many, context)

    return database.execute_wrapper(run)


def a_bad_minute():
    """One is mended, one of two that are silent turns out to be refused, and one breaks."""
    place = workspace("acme")
    mended, breaks = connected(place), connected(place, "stripe")
    silent = [connected(place, slug) for slug in ("google_ads", "ga4")]
    fails(mended, "auth_invalid", NOW)
    for one in silent:
        fails(one, "provider_unavailable", NOW)
    go_round(NOW)
    passes(mended, NOW + MINUTE)
    fails(silent[0], "auth_expired", NOW + 2 * MINUTE)
    fails(silent[1], "provider_unavailable", NOW + 2 * MINUTE)
    fails(breaks, "permission_missing", NOW + 2 * MINUTE)


def test_a_kill_between_any_two_statements_loses_and_doubles_nothing(db):
    a_bad_minute()
    with undone():
        go_round(NOW + HOUR)
        expected = everything()
    statement, is_over = 0, False
    while not is_over:
        statement += 1
        with undone():
            is_over = not is_killed_at(statement)
            Turn.objects.update(lease_until=timezone.now())  # a minute passes
            go_round(NOW + HOUR)
            assert everything() == expected, f"killed at statement {statement}"
    assert statement > 30


def is_killed_at(statement):
    try:
        with killed_at(statement):
            go_round(NOW + HOUR)
    except Killed:
        return True
    return False


class undone:  # noqa: N801 - used as a statement
    """What is done within is rolled back."""

    def __enter__(self):
        self.atomic = transaction.atomic()
        self.atomic.__enter__()

    def __exit__(self, *raised):
        if raised[0] is None:
            transaction.set_rollback(True)
        self.atomic.__exit__(*raised)
