"""What checks may spend: never more than a platform's file says, and enough for everybody."""

import heapq
from collections import Counter
from datetime import date, datetime, timedelta
from itertools import pairwise
from random import Random
from uuid import UUID

import pytest

from integrations import platforms
from integrations.models import Budget, Credential, IntegrationConnection, Watch, Workspace
from integrations.services.watching import budgets, checking, claims, intervals, schedule
from providers.declare import CheckBudget, Checks, CountedBy
from providers.registry import catalogue
from tests.integrations.services.keeping.moments import DAY, HOUR, NOW
from tests.integrations.services.proving.test_races import at_once
from tests.integrations.services.watching.conftest import overdue

DAYS = 30
VENDORS = {
    vendor.value: catalogue()["crm"].for_values({"vendor": vendor.value, "base_url": "https://a.b"})
    for vendor in catalogue()["crm"].vendors
}
EVERY = {**catalogue(), **VENDORS}


class Simulated:
    """A month of checks of connections that share one budget; every fifth is broken for good."""

    def __init__(self, checks: Checks, count: int) -> None:
        self.checks, self.budget, self.count = checks, checks.budget, count
        self.spent: Counter[date] = Counter()
        self.checked: dict[int, list[datetime]] = {number: [] for number in range(count)}
        self.tries: Counter[int] = Counter()
        self.chance = Random(count)

    def run(self):
        due = [(NOW + HOUR * self.chance.random(), number) for number in range(self.count)]
        heapq.heapify(due)
        while due[0][0] < NOW + DAYS * DAY:
            now, number = heapq.heappop(due)
            heapq.heappush(due, (self.next(now, number), number))
        return self

    @property
    def interval(self):
        least = budgets.shared(self.count, self.budget) if self.budget else timedelta()
        return max(self.checks.every, least)

    def next(self, now, number):
        if self.budget:
            day = budgets.day_of(self.budget, now)
            if self.spent[day] + self.budget.each > self.budget.limit:
                return self.point(number, budgets.resets_at(self.budget, now))
            self.spent[day] += self.budget.each
        self.checked[number].append(now)
        if number % 5 == 4:
            tries, self.tries[number] = self.tries[number], self.tries[number] + 1
            base = schedule.REFUSED
            if self.budget:
                base = max(base, self.interval * intervals.DEAR)
            key = UUID(int=number)
            return schedule.after_break(key, tries, base, self.interval, now, self.chance)
        return self.point(number, now)

    def point(self, number, now):
        return schedule.next_point(UUID(int=number), self.interval, now, self.chance)

    @property
    def longest_gaps(self):
        return [
            max(after - before for before, after in pairwise([*times, NOW + DAYS * DAY]))
            for times in self.checked.values()
        ]


@pytest.mark.parametrize("count", [1, 13, 100])
@pytest.mark.parametrize("slug", EVERY)
def test_a_month_stays_within_the_budget_and_starves_nobody(slug, count):
    provider = EVERY[slug]
    month = Simulated(provider.checks, count).run()

    if provider.checks.budget:
        assert max(month.spent.values()) <= provider.checks.budget.limit
    assert all(month.checked.values())
    # What the budget had no room for comes at its next point of another day.
    assert max(month.longest_gaps) <= 2 * schedule.FARTHEST * month.interval + DAY
    if month.interval <= provider.proof_budget / 3:
        at_least = 3 * DAYS * DAY / provider.proof_budget
        assert min(map(len, month.checked.values())) >= at_least * 0.97


@pytest.mark.parametrize("slug", EVERY)
def test_one_connection_alone_is_proven_three_times_within_its_proof_budget(slug):
    provider = EVERY[slug]
    budget = provider.checks.budget
    least = budgets.shared(1, budget) if budget else timedelta()

    assert max(provider.checks.every, least) <= provider.proof_budget / 3


def test_very_many_take_turns():
    month = Simulated(catalogue()["google_ads"].checks, 500).run()

    assert max(month.spent.values()) <= 288
    assert all(month.checked.values())


def test_the_simulated_budget_is_what_makes_it_wait():
    """The same month without the interval that all share: some would starve."""

    class Greedy(Simulated):
        interval = HOUR

    month = Greedy(catalogue()["google_ads"].checks, 500).run()

    assert max(month.spent.values()) <= 288
    assert not all(month.checked.values())


# --- In the database ------------------------------------------------------------------------------

PAID = CheckBudget(10, "calls", each=4, counted_by=CountedBy.APP)


@pytest.fixture
def signed_in(workspace):
    """Two connections of one app, and one of another."""
    watches = overdue(workspace, "google_ads", count=3)
    for number, watch in enumerate(watches):
        row = Credential.objects.create(
            workspace=workspace,
            method="sign_in",
            family="google",
            client_id="an-app" if number < 2 else "another-app",
        )
        IntegrationConnection.objects.filter(pk=watch.pk).update(
            sign_in=row, auth_method="sign_in", is_complete=True
        )
    return [Watch.objects.select_related("connection__sign_in").get(pk=w.pk) for w in watches]


@pytest.mark.django_db
def test_who_is_counted_together_spends_together(signed_in):
    first, second, other = signed_in

    assert budgets.reserve(first, PAID, NOW)
    assert budgets.reserve(second, PAID, NOW)
    assert not budgets.reserve(first, PAID, NOW)
    assert budgets.reserve(other, PAID, NOW)
    assert sorted(Budget.objects.values_list("name", "used")) == [("an-app", 8), ("another-app", 4)]


@pytest.mark.django_db
def test_a_new_day_begins_at_nothing(signed_in):
    watch = signed_in[0]
    while budgets.reserve(watch, PAID, NOW):
        pass

    assert budgets.reserve(watch, PAID, budgets.resets_at(PAID, NOW))
    assert Budget.objects.get().used == 4


@pytest.mark.django_db
def test_the_day_is_that_of_the_platform(signed_in):
    pacific = CheckBudget(4, "units", each=4, zone="America/Los_Angeles")
    seven_utc = NOW.replace(hour=7)
    assert budgets.reserve(signed_in[0], pacific, seven_utc)

    assert not budgets.reserve(signed_in[0], pacific, seven_utc + HOUR / 2)
    assert budgets.resets_at(pacific, seven_utc) == NOW.replace(hour=8)
    assert budgets.reserve(signed_in[0], pacific, NOW.replace(hour=8))


@pytest.mark.django_db
def test_what_was_not_asked_is_given_back(signed_in):
    watch = signed_in[0]
    budgets.reserve(watch, PAID, NOW)

    budgets.give_back(watch, PAID, NOW)

    assert Budget.objects.get().used == 0
    budgets.give_back(watch, PAID, NOW)
    assert Budget.objects.get().used == 0


@pytest.mark.django_db
def test_the_more_share_it_the_longer_the_interval(signed_in):
    first, second, _ = signed_in
    budgets.reserve(first, PAID, NOW)
    assert budgets.sharing(first.budget_id) == 1
    budgets.reserve(second, PAID, NOW)

    shared = budgets.sharing(first.budget_id)
    assert shared == 2
    assert budgets.shared(shared, PAID) == 2 * budgets.shared(1, PAID)


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_no_more_than_there_is_is_spent(db):
    workspace, _ = Workspace.objects.get_or_create(slug="main", defaults={"name": "Main"})
    watches = overdue(workspace, "upwork", count=6)
    paid = CheckBudget(12, "calls", each=4, counted_by=CountedBy.ADDRESS)

    def reserve(number):
        watch = Watch.objects.select_related("connection").get(pk=watches[number].pk)
        return budgets.reserve(watch, paid, NOW)

    assert sorted(at_once(6, reserve)) == [False] * 3 + [True] * 3
    assert Budget.objects.get().used == 12


@pytest.mark.django_db
def test_a_check_that_the_budget_has_no_room_for_asks_nobody_until_it_resets(signed_in, chance):
    (claimed, *_) = claims.claim(NOW, {"google_ads": 1}, 1)
    budget = platforms.get("google_ads").checks.budget
    day = budgets.day_of(budget, NOW)
    Budget.objects.create(
        provider="google_ads", counted_by="app", name="an-app", day=day, used=budget.limit
    )

    assert checking.check(claimed, lambda: NOW, chance) is None

    watch = Watch.objects.get(pk=claimed.connection_id)
    assert budgets.resets_at(budget, NOW) <= watch.due_at
    assert watch.due_at <= budgets.resets_at(budget, NOW) + schedule.FARTHEST * HOUR
    assert watch.lease_until is None


@pytest.mark.django_db
def test_what_is_switched_off_has_no_part_in_a_budget_any_more(signed_in, chance):
    budgets.reserve(signed_in[0], PAID, NOW)
    IntegrationConnection.objects.update(is_enabled=False)
    claimed = claims.claim(NOW, {"google_ads": 3}, 3)

    for one in claimed:
        checking.check(one, lambda: NOW, chance)

    assert not Watch.objects.exclude(budget=None).exists()
