"""Events are numbered in the order in which their readers get to see them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event as Signal

import pytest
from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from integrations.models import Event, EventType, IntegrationConnection, Workspace
from integrations.services import events

WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


@pytest.fixture
def connection(transactional_db):
    workspace, _ = Workspace.objects.get_or_create(slug="main", defaults={"name": "Main"})
    return IntegrationConnection.objects.create(workspace=workspace, provider="meta")


def record(connection, word):
    events.record(connection, EventType.CHANGED, what=word)


def somebody_waits():
    """On SQLite the second writer waits from its first word on: nothing to see, nor to miss."""
    if database.vendor != "postgresql":
        return True
    with database.cursor() as cursor:
        cursor.execute(WAITING)
        return cursor.fetchone() != (0,)


def test_who_records_second_is_numbered_after_all_of_the_first(connection):
    has_begun, give_up = Signal(), Signal()

    def record_second():
        try:
            has_begun.wait(timeout=10)
            record(connection, "second")
        finally:
            give_up.set()  # the first need not look any longer
            database.close()

    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(record_second)
        with transaction.atomic():
            record(connection, "first")
            has_begun.set()
            while not somebody_waits() and not give_up.is_set():
                pass
            record(connection, "first again")
        second.result(timeout=30)

    in_order = Event.objects.order_by("pk").values_list("data__what", flat=True)
    assert list(in_order) == ["first", "first again", "second"]


def test_who_reads_on_while_others_write_misses_nothing(connection):
    workspace, since = connection.workspace, timezone.now() - timedelta(days=30)
    writers, each = 4, 15

    def write(number):
        try:
            for count in range(each):
                with transaction.atomic():
                    record(connection, f"{number}-{count}")
                    Event.objects.count()  # there is time between writing and being seen
        finally:
            database.close()

    seen = []

    def read():
        last = seen[-1].pk if seen else 0
        seen.extend(events.feed(workspace, last, types=EventType.values, since=since, most=7))

    with ThreadPoolExecutor(writers) as pool:
        writing = [pool.submit(write, number) for number in range(writers)]
        while not all(one.done() for one in writing):
            read()
    for one in writing:
        one.result()
    for _ in range(writers * each):
        read()

    in_order = Event.objects.order_by("pk").values_list("pk", flat=True)
    assert [one.pk for one in seen] == list(in_order)
    assert len(seen) == writers * each
