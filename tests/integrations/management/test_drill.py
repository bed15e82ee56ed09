"""`integrations drill`: a break that is only practised, begun from a shell."""

import json

import pytest
from django.utils import timezone

from integrations.models import Drill, Event
from integrations.services.watching import engine
from integrations.services.watching.drills import starting
from tests.integrations.management.test_commands import Ran

pytestmark = pytest.mark.django_db


def test_it_begins_one_and_says_where_to_follow_it(proven, settings):
    settings.PUBLIC_URL = "https://control.example"
    engine.beat(timezone.now())
    ran = Ran("drill", "meta", "--kind", "outage")

    assert (ran.code, Drill.objects.get().kind) == (0, "outage")
    page = f"https://control.example/w/main/connections/{proven.pk}/#drill"
    assert ran.out == f"The drill begins. Follow it at {page}\n"
    assert Event.objects.get(type="drill.changed").by is None


def test_a_script_reads_json(proven):
    engine.beat(timezone.now())
    ran = Ran("drill", "meta", "--json")

    told = {"drill": Drill.objects.get().pk, "connection": "meta", "kind": "revoked"}
    assert json.loads(ran.out) == told


def test_what_cannot_begin_says_why(proven):
    ran = Ran("drill", "meta")

    assert (ran.code, Drill.objects.exists()) == (4, False)
    assert starting.NO_ENGINE in ran.err
