"""Pruning, in small batches: old tests and events go once their day is summed, and sums after two
years.

What broke and was told stays for two years too, since people look back at it; what passed before
anybody was told goes with the tests that showed it.
"""

from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from integrations.models import (
    Budget,
    Cause,
    ConnectionDay,
    ConnectionTest,
    Drill,
    Event,
    EventType,
    FixLink,
    Incident,
    IncidentConnection,
    IntegrationConnection,
    RunItem,
    TestRun,
)
from integrations.services.watching import days

AT_ONCE = 50  # days, each with a batch or several of tests
BATCH = 500  # rows that one statement deletes
BATCHES = 20
EVENTS_KEPT = timedelta(days=30)  # at least, for those who read them one after the other
UNUSED = timedelta(days=7)  # a budget of a token that was replaced, or of an app that is gone


def prune(now: datetime) -> None:
    """Delete some of what is older than settings say. What is in use stays: the last test of a
    connection, and the one that it failed with.
    """
    oldest = days.day_of(now) - timedelta(days=settings.HISTORY_DAYS)
    _forget_runs(days.midnight(oldest))
    _forget_tests(oldest)
    _forget_fix_links(days.midnight(oldest))
    if days.are_summed(now):
        _forget_events(min(days.midnight(oldest), now - EVENTS_KEPT))
    _delete(Drill.objects.filter(ended_at__lt=now - days.KEPT))
    _forget_incidents(days.midnight(oldest), now - days.KEPT)
    _delete(Budget.objects.filter(watches=None, day__lt=days.day_of(now) - UNUSED))
    _delete(ConnectionDay.objects.filter(has_tests=False, day__lt=days.day_of(now) - days.KEPT))


def _forget_tests(oldest: date) -> None:
    """Of days that are summed; whatever a connection has that is older goes with them."""
    due = ConnectionDay.objects.filter(has_tests=True, day__lt=oldest).order_by("day")[:AT_ONCE]
    by_day: dict[date, list[ConnectionDay]] = {}
    for one in due:
        by_day.setdefault(one.day, []).append(one)
    for day, summed in by_day.items():
        until = days.midnight(day + days.DAY)
        of_day = ConnectionTest.objects.filter(
            connection__in=[one.connection_id for one in summed], started_at__lt=until
        )
        if not _delete(_unused(of_day)):
            return
        ConnectionDay.objects.filter(pk__in=[one.pk for one in summed]).update(has_tests=False)


def _unused(tests: QuerySet[ConnectionTest]) -> QuerySet[ConnectionTest]:
    """Those that nothing points at that is still there."""
    return tests.filter(
        ~Exists(IntegrationConnection.objects.filter(last_test=OuterRef("pk"))),
        ~Exists(IntegrationConnection.objects.filter(failed_test=OuterRef("pk"))),
        ~Exists(RunItem.objects.filter(test=OuterRef("pk"))),
    )


def _forget_runs(before: datetime) -> None:
    """Runs with their items, which without their tests would say that nothing was tested."""
    oldest = TestRun.objects.order_by("pk").values_list("pk", "started_at")[:BATCH]
    TestRun.objects.filter(pk__in=[pk for pk, at in oldest if at < before]).delete()


def _forget_events(before: datetime) -> None:
    """In their order, in which they are old. Who archived a workspace is known until it is back."""
    is_of_archived = Q(type=EventType.MEMBER_CHANGED, data__what="archived")
    kept = is_of_archived & Q(workspace__archived_at__isnull=False)
    for _ in range(BATCHES):
        oldest = Event.objects.exclude(kept).order_by("pk").values_list("pk", "at")[:BATCH]
        old = [pk for pk, at in oldest if at < before]
        Event.objects.filter(pk__in=old).delete()
        if len(old) < BATCH:
            return


def _forget_fix_links(before: datetime) -> None:
    """Used ones that no test names any more."""
    named = ConnectionTest.objects.filter(fix_link=OuterRef("pk"))
    _delete(FixLink.objects.filter(~Exists(named), used_at__lt=before))


def _forget_incidents(untold: datetime, told: datetime) -> None:
    """With the causes that they were all of."""
    for old in (
        Incident.objects.filter(confirmed_at=None, closed_at__lt=untold),
        Incident.objects.filter(closed_at__lt=told),
    ):
        oldest = [*old.order_by("closed_at").values_list("pk", flat=True)[:BATCH]]
        if _delete(IncidentConnection.objects.filter(incident__in=oldest)):
            Incident.objects.filter(pk__in=oldest).delete()
    any_of_it = Incident.objects.filter(cause=OuterRef("pk"))
    empty = Cause.objects.filter(~Exists(any_of_it))
    _delete(empty.filter(confirmed_at=None, closed_at__lt=untold), "closed_at")
    _delete(empty.filter(closed_at__lt=told), "closed_at")


def _delete(found: QuerySet[Any], order: str = "pk") -> bool:
    """A batch after the other; whether nothing is left."""
    for _ in range(BATCHES):
        batch = found.order_by(order)[:BATCH]
        deleted, _ = (
            QuerySet(found.model).filter(pk__in=[*batch.values_list("pk", flat=True)]).delete()
        )
        if deleted < BATCH:
            return True
    return False
