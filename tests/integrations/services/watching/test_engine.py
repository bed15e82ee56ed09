"""What is said when nothing is checked, or not enough."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from integrations.models import Heartbeat, IntegrationConnection, Watch
from integrations.services.watching import engine, sweep
from tests.integrations.conftest import signed_in
from tests.integrations.services.keeping.moments import DAY, HOUR, MINUTE, NOW
from tests.integrations.services.watching.conftest import overdue

pytestmark = pytest.mark.django_db


@pytest.fixture
def old(connected):
    """A connection that is not of a minute ago."""
    IntegrationConnection.objects.update(created_at=NOW - 3 * DAY)
    return connected


def beaten(at):
    Heartbeat.objects.create(name=engine.NAME, at=at)


def test_it_says_since_when_nothing_is_checked(old, time_machine):
    time_machine.move_to(NOW)
    beaten(NOW - timedelta(hours=2, minutes=38))

    assert engine.problem(NOW) == (
        "Nothing has been checked since 2026-11-23 09:22 UTC: the worker is not running."
    )


def test_where_nothing_was_ever_checked_it_says_so(old):
    assert engine.problem(NOW) == "Nothing was checked yet: the worker is not running."


def test_a_start_takes_a_moment(connected):
    IntegrationConnection.objects.update(created_at=NOW - MINUTE)

    assert engine.problem(NOW) is None


def test_without_anything_to_check_nothing_is_missed(workspace):
    beaten(NOW - DAY)

    assert engine.problem(NOW) is None


def test_checks_of_which_nobody_looks_at_what_they_found_are_told(old, time_machine):
    time_machine.move_to(NOW)
    beaten(NOW)
    Heartbeat.objects.create(name=engine.KEEPER, at=NOW - 2 * HOUR)

    assert engine.problem(NOW) == (
        "Nobody has gone through what was found since 2026-11-23 10:00 UTC: what breaks is not "
        "told, and sign-ins are not renewed."
    )
    Heartbeat.objects.filter(name=engine.KEEPER).update(at=NOW - MINUTE)
    assert engine.problem(NOW) is None


def test_who_dies_before_the_storm_is_spread_leaves_that_to_the_next(workspace, monkeypatch):
    overdue(workspace, count=50, by=2 * HOUR)
    beaten(NOW - 2 * HOUR)

    def dies(now):
        raise KeyboardInterrupt

    monkeypatch.setattr(sweep, "spread_overdue", dies)
    with pytest.raises(KeyboardInterrupt):
        engine.beat(NOW)
    monkeypatch.undo()
    engine.beat(NOW + timedelta(seconds=11))

    assert not Watch.objects.filter(due_at__lt=NOW).exists()


def test_while_it_beats_all_is_well(old):
    beaten(NOW - MINUTE)

    assert engine.problem(NOW) is None


def test_it_says_how_far_checks_are_behind_and_of_whom(workspace):
    beaten(NOW)
    overdue(workspace, "stripe", by=40 * MINUTE)
    overdue(workspace, "meta", by=MINUTE)

    assert engine.problem(NOW) == (
        "Checks are 40 minutes behind, the oldest one of Stripe: "
        "there is more to check than the worker does."
    )


def test_a_platform_that_is_gone_is_behind_nothing(workspace):
    beaten(NOW)
    overdue(workspace, by=HOUR)
    Watch.objects.update(provider="gone")

    assert engine.problem(NOW) is None


def test_overview_and_settings_say_it_to_everybody(workspace, old, viewer):
    beaten(timezone.now() - HOUR)
    client = signed_in(viewer)

    for page in ("overview", "settings"):
        said = client.get(reverse(page, args=[workspace.slug])).content.decode()
        assert "the worker is not running" in said
        assert "Whoever runs the server" in said
        assert "manage.py worker" not in said


def test_pages_tell_since_when_in_the_zone_of_whoever_reads_it(workspace, old, viewer):
    beaten(at := timezone.now() - HOUR)

    for page in ("overview", "incidents"):
        said = signed_in(viewer).get(reverse(page, args=[workspace.slug])).content.decode()
        assert f'since <time datetime="{at:%Y-%m-%dT%H:%M}:00+00:00" data-style="smart">' in said


def test_an_operator_is_told_what_to_start(workspace, old, person):
    beaten(timezone.now() - HOUR)
    root = person("root")
    root.is_superuser = root.is_staff = True
    root.save()

    said = signed_in(root).get(reverse("overview", args=[workspace.slug])).content.decode()

    assert "<code>manage.py worker</code>" in said


def test_pages_say_nothing_while_it_beats(workspace, old, viewer):
    beaten(timezone.now())

    said = signed_in(viewer).get(reverse("overview", args=[workspace.slug])).content.decode()

    assert "not a platform’s" not in said


def test_readyz_tells_probes(old, worker_seen, client):
    Heartbeat.objects.create(name="keeper", at=timezone.now())
    beaten(timezone.now() - HOUR)

    reply = client.get("/readyz?full=1")

    assert reply.status_code == 503
    assert "Nothing has been checked since" in reply.json()["worker"]
    Heartbeat.objects.filter(name=engine.NAME).update(at=timezone.now())
    assert client.get("/readyz?full=1").json()["worker"] == "ok"
