"""What checks have spent of what platforms count, as a part of what they may."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import F, FloatField, Max
from django.db.models.functions import Cast

from integrations import platforms
from integrations.models import Budget
from integrations.services.measuring import kept
from integrations.services.watching import budgets
from providers.declare import CheckBudget, Provider

NAME = "budgets"
NO_BUDGET = CheckBudget(limit=1, unit="")


def fullest(now: datetime) -> Mapping[str, float]:
    """By platform with a budget the part that is spent of its fullest one: 1 is all of it.

    Each thing that a platform counts by has a budget; 0 where none was spent from today.
    """
    today = {slug: budgets.day_of(_budget(one), now) for slug, one in _with_budget().items()}
    rows = kept.read(NAME, now, _count)
    spent = {(provider, day): part for provider, day, part in rows}
    return {slug: spent.get((slug, day.isoformat()), 0.0) for slug, day in today.items()}


def renew(now: datetime) -> None:
    """Count anew, where that was not done a moment ago."""
    kept.renew(NAME, now, _count)


def _count(now: datetime) -> kept.Facts:
    """Lists of platform, day of its, and the largest part: somewhere it may be another day."""
    part = Cast("used", FloatField()) / F("limit")
    of_days = Budget.objects.filter(limit__gt=0, day__gte=(now - timedelta(days=1)).date())
    rows = of_days.values("provider", "day").annotate(part=Max(part)).order_by()
    return [[row["provider"], row["day"].isoformat(), row["part"]] for row in rows]


def _with_budget() -> Mapping[str, Provider]:
    """Platforms of which checks cost something, with some vendors at least."""
    every = platforms.catalogue().items()
    return {slug: one for slug, one in every if one.checks.budget or one.variant}


def _budget(provider: Provider) -> CheckBudget:
    """For its day: that of vendors ends by UTC."""
    return provider.checks.budget or NO_BUDGET
