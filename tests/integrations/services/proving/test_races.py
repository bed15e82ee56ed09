"""Two at once, on real transactions: the database decides, and everybody gets a true answer."""

import threading

import pytest
from django.contrib.auth.models import User
from django.db import connection as database

from integrations.models import ConnectionTest, Trigger, Workspace
from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes
from integrations.services.people import people
from integrations.services.proving import testing
from integrations.services.refusals import VersionConflict

pytestmark = pytest.mark.django_db(transaction=True)

VALUES = {"access_token": "EAAhealthy", "account_id": "act_1001"}


@pytest.fixture
def workspace(transactional_db):
    """Transactional tests empty the tables, and with them the first migration's workspace."""
    made, _ = Workspace.objects.get_or_create(slug="main", defaults={"name": "Main"})
    return made


def at_once(count, work):
    """What `count` threads that start together return or raise."""
    results, start = [], threading.Barrier(count)

    def one(number):
        database.ensure_connection()
        start.wait()
        try:
            results.append(work(number))
        except Exception as error:  # noqa: BLE001 - the test looks at what was raised
            results.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=one, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(results) == count
    return results


def test_of_many_requests_one_test_runs_and_all_get_its_answer(workspace, meta):
    saving.change_connection(rows.unread(workspace, "meta"), Changes(config=VALUES), by=None)

    tests = at_once(
        4,
        lambda _: testing.test_connection(rows.find(workspace, "meta"), trigger=Trigger.SCHEDULE),
    )

    assert {test.outcome for test in tests} == {"passed"}
    assert ConnectionTest.objects.filter(outcome="running").count() == 0
    assert ConnectionTest.objects.count() < 4


def test_of_two_who_save_at_once_the_second_is_told(workspace):
    results = at_once(
        2,
        lambda number: saving.change_connection(
            rows.unread(workspace, "meta"),
            Changes(config={**VALUES, "pixel_id": f"200{number}"}),
            by=None,
            expected_version=0,
        ),
    )

    assert sorted(type(result).__name__ for result in results) == ["Saved", "VersionConflict"]
    assert rows.find(workspace, "meta").version == 1
    assert any(isinstance(result, VersionConflict) for result in results)


def test_of_two_on_the_same_link_one_becomes_the_owner(workspace):
    token = people.make_owner_link().rstrip("/").rsplit("/", 1)[1]

    results = at_once(
        2,
        lambda number: people.make_owner(
            token, username=f"dana{number}", email="", password="correct horse battery"
        ),
    )

    assert sorted(type(result).__name__ for result in results) == ["LinkRefused", "User"]
    owner = User.objects.get()
    assert owner.is_superuser
    assert people.access(owner).role == "owner"
