"""Who checks what is due: fairly, and each by one alone."""

from collections import Counter

import pytest

from integrations import platforms
from integrations.models import Watch, Workspace
from integrations.services.watching import claims
from tests.integrations.services.keeping.moments import HOUR, MINUTE, NOW
from tests.integrations.services.proving.test_races import at_once
from tests.integrations.services.watching.conftest import overdue

pytestmark = pytest.mark.django_db

PLACES = {"meta": 8, "stripe": 8}


def workspaces_of(claimed):
    ids = [one.connection_id for one in claimed]
    return Counter(Watch.objects.filter(pk__in=ids).values_list("workspace", flat=True))


def test_what_is_due_is_taken_once(workspace):
    overdue(workspace, count=3)

    first = claims.claim(NOW, PLACES, 16)
    second = claims.claim(NOW, PLACES, 16)

    assert len(first) == 3
    assert second == []


def test_of_many_platforms_it_is_asked_at_once(workspace, django_assert_max_num_queries):
    overdue(workspace, count=3)
    places = dict.fromkeys(platforms.catalogue(), 8)

    with django_assert_max_num_queries(6):  # transaction included
        assert len(claims.claim(NOW, places, 16)) == 3


def test_what_is_not_due_is_left(workspace):
    overdue(workspace, by=-MINUTE)

    assert claims.claim(NOW, PLACES, 16) == []


@pytest.mark.django_db(transaction=True)
def test_two_who_claim_at_once_never_take_the_same(db):
    workspace, _ = Workspace.objects.get_or_create(slug="main", defaults={"name": "Main"})
    overdue(workspace, count=60)

    taken = at_once(6, lambda _: claims.claim(NOW, {"meta": 10}, 10))

    ids = [one.connection_id for claimed in taken for one in claimed]
    assert len(ids) == len(set(ids)) > 0
    assert Watch.objects.filter(lease=1).count() == len(ids)


def test_a_dead_one_s_lease_runs_out_and_somebody_else_takes_over(workspace):
    overdue(workspace)
    (dead,) = claims.claim(NOW, PLACES, 1)

    assert claims.claim(NOW + claims.LEASE - MINUTE / 60, PLACES, 1) == []
    (heir,) = claims.claim(NOW + claims.LEASE, PLACES, 1)

    assert heir.lease == dead.lease + 1


def test_who_comes_back_too_late_writes_nothing(workspace):
    overdue(workspace)
    (late,) = claims.claim(NOW, PLACES, 1)
    (heir,) = claims.claim(NOW + claims.LEASE, PLACES, 1)

    assert not claims.write_back(late, due_at=NOW + HOUR)
    assert claims.write_back(heir, due_at=NOW + 2 * HOUR)
    watch = Watch.objects.get()
    assert (watch.due_at, watch.lease_until) == (NOW + 2 * HOUR, None)


def test_a_lease_of_a_clock_that_was_ahead_keeps_nobody_out(workspace):
    overdue(workspace)
    Watch.objects.update(lease_until=NOW + 5 * HOUR)

    assert len(claims.claim(NOW, PLACES, 1)) == 1


def test_a_workspace_with_thousands_overdue_delays_no_other(workspace, others):
    overdue(workspace, count=3 * claims.LOOK * claims.MOST_LOOKS, by=2 * HOUR)
    small = others(5)
    for one in small:
        overdue(one, by=MINUTE)

    claimed = claims.claim(NOW, {"meta": 8}, 8)

    assert workspaces_of(claimed) == {workspace.pk: 3, **{one.pk: 1 for one in small}}
    later = claims.claim(NOW, {"meta": 8}, 8)
    assert workspaces_of(later) == {workspace.pk: 8}  # no place stays empty


def test_a_platform_with_thousands_overdue_delays_no_other(workspace):
    overdue(workspace, "meta", count=1000, by=2 * HOUR)
    overdue(workspace, "stripe", count=2)

    claimed = claims.claim(NOW, PLACES, 4)

    assert Counter(one.provider for one in claimed) == {"meta": 2, "stripe": 2}


def test_no_platform_takes_more_places_than_it_has(workspace):
    overdue(workspace, "meta", count=10)
    overdue(workspace, "stripe", count=10)

    claimed = claims.claim(NOW, {"meta": 1, "stripe": 0}, 16)

    assert [one.provider for one in claimed] == ["meta"]


def test_the_oldest_comes_first(workspace):
    watches = overdue(workspace, count=5)

    claimed = claims.claim(NOW, PLACES, 3)

    assert [one.connection_id for one in claimed] == [one.pk for one in watches[:3]]
