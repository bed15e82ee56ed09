"""How often a connection is checked, until when it is left in peace, and what that may cost."""

from datetime import datetime, timedelta
from random import Random

import pytest
from django.utils import timezone

from integrations.api.presentation import moment
from integrations.models import Budget, Trigger, Watch
from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes
from integrations.services.proving import testing
from integrations.services.watching import budgets, schedule, sweep
from tests.integrations.conftest import with_token

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
META = "/api/integrations/meta"
SECONDS, MUTED = "checksEverySeconds", "mutedUntil"


@pytest.fixture
def watch(connected, chance):
    sweep.make(timezone.now(), chance)
    return Watch.objects.get()


@pytest.fixture
def chance():
    return Random(7)


def change(api, path=META, **body):
    return api.patch(path, body, content_type="application/json")


def test_it_tells_when_it_is_checked_next(api, watch):
    told = api.get(META).json()

    assert told["nextCheckAt"] == moment(watch.due_at)
    assert (told[SECONDS], told[MUTED], told["budget"]) == (None, None, None)


def test_the_list_and_a_connection_s_own_page_tell_the_same(api, watch):
    listed = {one["provider"]: one for one in api.get("/api/integrations").json()}
    (one,) = api.get("/api/connections").json()["results"]

    assert listed["meta"]["nextCheckAt"] == one["nextCheckAt"] == moment(watch.due_at)
    assert listed["stripe"]["nextCheckAt"] is None
    assert api.get(f"/api/connections/{one['id']}").json()["nextCheckAt"] == one["nextCheckAt"]


def test_the_list_asks_no_more_with_watches_than_without(
    api, connected, chance, django_assert_num_queries, django_assert_max_num_queries
):
    with django_assert_max_num_queries(20) as before:
        api.get("/api/integrations")
    sweep.make(timezone.now(), chance)
    Watch.objects.update(budget=Budget.objects.create(provider="meta", day=timezone.now().date()))

    with django_assert_num_queries(len(before)):
        api.get("/api/integrations")


def test_what_is_switched_off_has_no_next_check(api, workspace, watch):
    saving.change_connection(rows.unread(workspace, "meta"), Changes(is_enabled=False), by=None)

    assert api.get(META).json()["nextCheckAt"] is None


def test_a_team_says_how_often_without_making_an_edit_of_it(api, watch):
    before = api.get(META).json()

    told = change(api, **{SECONDS: 300}).json()

    assert told[SECONDS] == 300
    assert told["version"] == before["version"]
    soon = datetime.fromisoformat(told["nextCheckAt"]) - timezone.now()
    assert timedelta(0) <= soon <= schedule.FARTHEST * timedelta(seconds=300)
    assert change(api, **{SECONDS: None}).json()[SECONDS] is None


def test_the_same_interval_again_moves_nothing(api, watch):
    due = change(api, **{SECONDS: 300}).json()["nextCheckAt"]

    assert change(api, **{SECONDS: 300}).json()["nextCheckAt"] == due


def test_it_is_left_in_peace_until_a_time(api, watch, connected):
    until = timezone.now() + HOUR
    told = change(api, **{MUTED: until.isoformat()}).json()

    assert told[MUTED] == moment(until)
    assert told["version"] == connected.version
    assert change(api, **{MUTED: None}).json()[MUTED] is None


def test_a_mute_that_is_over_is_not_told(api, watch):
    Watch.objects.update(muted_until=timezone.now() - HOUR)

    assert api.get(META).json()[MUTED] is None


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({SECONDS: 59}, SECONDS),
        ({SECONDS: 2_592_001}, SECONDS),
        ({SECONDS: "300"}, SECONDS),
        ({SECONDS: True}, SECONDS),
        ({SECONDS: 90.5}, SECONDS),
        ({MUTED: "soon"}, MUTED),
        ({MUTED: "2036-11-22T14:02:11"}, MUTED),
        ({MUTED: 17}, MUTED),
        ({MUTED: "2020-01-01T00:00:00Z"}, MUTED),
        ({MUTED: "99999-01-01T00:00:00Z"}, MUTED),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_sentence(api, watch, body, key):
    reply = change(api, **body)

    assert reply.status_code == 400
    assert reply.json()[key][0].startswith("This must be ")
    assert Watch.objects.get().every_seconds is None


def test_one_bad_value_changes_nothing_of_the_rest(api, watch, connected):
    past = "2020-01-01T00:00:00Z"
    reply = change(api, isEnabled=False, **{MUTED: past})

    assert reply.status_code == 400
    assert rows.find(connected.workspace, "meta").is_enabled


def test_where_nothing_is_saved_there_is_nothing_to_check(api, workspace):
    reply = change(api, "/api/integrations/stripe", **{SECONDS: 300})

    assert reply.status_code == 400
    assert reply.json() == {SECONDS: ["There is nothing to check yet. Save the connection first."]}


def test_before_a_round_found_it_the_wish_is_kept(api, connected, chance):
    assert change(api, **{SECONDS: 300}).status_code == 200
    sweep.make(timezone.now(), chance)

    assert Watch.objects.get().every_seconds == 300


def test_a_connection_is_changed_by_its_id_too(api, watch, connected):
    reply = change(api, f"/api/connections/{connected.pk}", **{SECONDS: 600})

    assert reply.json()[SECONDS] == 600


def test_somebody_else_s_save_counts_for_wishes_too(api, watch):
    body = {SECONDS: 300}
    reply = api.patch(META, body, content_type="application/json", headers={"If-Match": '"99"'})

    assert reply.status_code == 412
    assert Watch.objects.get().every_seconds is None


def test_whoever_may_only_look_changes_no_interval(viewer, watch):
    assert change(with_token(viewer), **{SECONDS: 300}).status_code == 403


def test_it_tells_what_its_checks_may_spend(api, workspace, chance):
    change_x = Changes(config={"access_token": "AAAAhealthy", "account_id": "acme"})
    x = saving.change_connection(rows.unread(workspace, "x"), change_x, by=None).connection
    sweep.make(timezone.now(), chance)
    budget = budgets.declared(x)
    now = timezone.now()
    watch = Watch.objects.select_related("connection").get()
    assert budgets.reserve(watch, budget, now)

    told = api.get("/api/integrations/x").json()["budget"]

    assert (told["used"], told["limit"], told["unit"]) == (budget.each, budget.limit, budget.unit)
    resets_at = datetime.fromisoformat(told["resetsAt"])
    assert now < resets_at <= now + timedelta(hours=25)


def test_what_was_spent_yesterday_is_not_told(api, workspace, chance):
    change_x = Changes(config={"access_token": "AAAAhealthy", "account_id": "acme"})
    saving.change_connection(rows.unread(workspace, "x"), change_x, by=None)
    sweep.make(timezone.now(), chance)
    yesterday = (timezone.now() - timedelta(days=2)).date()
    Watch.objects.update(budget=Budget.objects.create(provider="x", day=yesterday, used=50))

    assert api.get("/api/integrations/x").json()["budget"]["used"] == 0


def test_a_check_moves_no_version(api, watch, meta, connected):
    testing.test_connection(connected, trigger=Trigger.SCHEDULE)

    assert api.get(META).json()["version"] == connected.version
