"""How much of a platform's check budget is spent: of the fullest one, on the platform's own day."""

from datetime import timedelta

import pytest

from integrations import platforms
from integrations.models import Budget, Watch
from integrations.services.measuring import spending
from integrations.services.watching import budgets
from tests.integrations.services.watching.world import NOW, connected

DAY = timedelta(days=1)


def spend(provider, name, used, limit=100, day=None):
    Budget.objects.create(
        provider=provider,
        counted_by="token",
        name=name,
        used=used,
        limit=limit,
        day=day or NOW.date(),
    )


def test_the_fullest_of_a_platform_counts(db):
    spend("linkedin", "one", 20)
    spend("linkedin", "two", 75)
    spend("linkedin", "three", 100, limit=400)

    assert spending.fullest(NOW)["linkedin"] == 0.75


def test_where_nothing_is_spent_it_is_zero_and_where_checks_are_free_it_is_not_there(db):
    found = spending.fullest(NOW)

    free = {s for s, one in platforms.catalogue().items() if not (one.checks.budget or one.variant)}
    assert found.keys() == platforms.catalogue().keys() - free
    assert set(found.values()) == {0.0}
    assert free


def test_what_was_spent_on_another_day_is_nothing(db):
    spend("linkedin", "one", 75, day=NOW.date() - DAY)

    assert spending.fullest(NOW)["linkedin"] == 0


def test_the_day_is_the_platforms_own(db):
    zoned = next(
        slug
        for slug, one in platforms.catalogue().items()
        if one.checks.budget and one.checks.budget.zone.startswith("America/")
    )
    night = NOW.replace(hour=3)  # there it is the evening before
    spend(zoned, "one", 50, day=NOW.date() - DAY)

    assert spending.fullest(night)[zoned] == 0.5


@pytest.mark.parametrize("provider", ["linkedin"])
def test_a_check_writes_down_what_may_be_spent(workspace, provider):
    made = connected(workspace, provider)
    watch = Watch.objects.create(
        connection=made, workspace=workspace, provider=provider, due_at=NOW
    )
    budget = budgets.declared(made)

    assert budgets.reserve(watch, budget, NOW)

    part = budget.each / budget.limit
    assert spending.fullest(NOW)[provider] == pytest.approx(part)
