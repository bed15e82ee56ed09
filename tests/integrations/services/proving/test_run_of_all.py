"""`runs.test_all`: threads of this process, on data that is committed."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import time_machine
from django.db import connection as database
from django.utils import timezone

from integrations import platforms
from integrations.models import IntegrationConnection, Trigger
from integrations.models.tests import LEASE
from integrations.services import rows
from integrations.services.connecting import saving, several
from integrations.services.connecting.changes import Changes
from integrations.services.proving import runs
from providers import declare as base
from providers.sandbox import calendly

pytestmark = pytest.mark.django_db(transaction=True)


class Crashing(base.Tester):
    @base.step("Nothing goes right")
    def nothing_goes_right(self) -> base.Passed:
        raise MemoryError


@pytest.fixture
def crashing_calendly(workspace, monkeypatch):
    changes = Changes(config={"access_token": calendly.token_of("healthy")})
    saving.change_connection(rows.unread(workspace, "calendly"), changes, by=None)
    declared = platforms.catalogue()
    broken = replace(declared["calendly"], tester=Crashing)
    with monkeypatch.context() as patch:
        patch.setattr(platforms, "catalogue", lambda: {**declared, "calendly": broken})
        yield


def test_a_test_that_crashes_leaves_the_others_theirs(
    connected, workspace, meta, crashing_calendly
):
    with pytest.raises(MemoryError):
        runs.test_all(workspace, trigger=Trigger.COMMAND, by=None)

    run = runs.latest_run(workspace)
    outcomes = {item.connection.provider: item.test.outcome for item in run.items.all()}
    assert outcomes == {"meta": "passed", "calendly": "inconclusive"}
    assert run.finished_at


def test_who_waits_for_a_run_that_dies_runs_it_again(connected, workspace, meta, monkeypatch):
    dead = runs.start_run(workspace, trigger=Trigger.PAGE, by=None).run
    with time_machine.travel(timezone.now()) as clock:
        till_its_lease_is_over = SimpleNamespace(sleep=lambda _: clock.shift(LEASE))
        monkeypatch.setattr(runs, "time", till_its_lease_is_over)

        run = runs.test_all(workspace, trigger=Trigger.COMMAND, by=None)

    assert run != dead
    assert [item.test.outcome for item in run.items.all()] == ["passed"]


def test_of_what_is_removed_during_a_run_nothing_is_missed(workspace, meta):
    values = {"access_token": "EAAhealthy", "account_id": "1002"}
    north = several.add(workspace, "meta", Changes(config=values), by=None).connection
    usual = meta.answer

    def removed_meanwhile(asked):
        if IntegrationConnection.objects.filter(pk=north.pk).exists():
            several.remove(rows.again(north), by=None)
            database.close()
        return usual(asked)

    meta.answer = removed_meanwhile
    run = runs.test_all(workspace, trigger=Trigger.COMMAND, by=None)

    assert not run.is_running
    assert north.pk not in {item.connection_id for item in run.items.all()}
