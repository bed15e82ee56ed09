"""What checks may spend: counted where the platform counts, before anybody is asked.

People's own tests are not counted here: a budget is a modest share, and they have the rest.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Case, F, Q, Value, When

from integrations.models import Budget, IntegrationConnection, Watch
from integrations.services.proving import pauses
from providers.declare import CheckBudget

DAY = timedelta(days=1)
# Of a budget what checks at their usual points take; the rest is for those after a break.
PLANNED = 0.8


@dataclass(frozen=True)
class Told:
    """A budget as people read it."""

    used: int
    limit: int
    unit: str
    resets_at: datetime


def declared(connection: IntegrationConnection) -> CheckBudget | None:
    """As its platform's file says, or that of whoever its values name."""
    return connection.platform.for_values(connection.config).checks.budget


def told(connection: IntegrationConnection, watch: Watch | None, now: datetime) -> Told | None:
    """None where checks cost nothing."""
    budget = declared(connection)
    if budget is None:
        return None
    row = watch.budget if watch else None
    used = row.used if row and row.day == day_of(budget, now) else 0
    return Told(used, budget.limit, budget.unit, resets_at(budget, now))


def reserve(watch: Watch, budget: CheckBudget, now: datetime) -> bool:
    """Take what one check costs, unless that is more than is left of the day.

    From now on the watch counts among those that share the budget.
    """
    counted = pauses.asking(watch.connection).counted(budget.counted_by)
    if counted is None:  # nothing opens it, so nobody will be asked
        return True
    day = day_of(budget, now)
    row, _ = Budget.objects.get_or_create(
        provider=watch.provider,
        counted_by=counted.counted_by,
        name=counted.name,
        defaults={"day": day},
    )
    if watch.budget_id != row.pk:
        watch.budget = row
        watch.save(update_fields=["budget"])
    is_enough = ~Q(day=day) | Q(used__lte=budget.limit - budget.each)
    spent = Case(When(day=day, then=F("used") + budget.each), default=Value(budget.each))
    open_one = Budget.objects.filter(is_enough, pk=row.pk)
    return bool(open_one.update(used=spent, day=day, limit=budget.limit))


def give_back(watch: Watch, budget: CheckBudget, now: datetime) -> None:
    """What was reserved for a check that was not made."""
    spent = Budget.objects.filter(watches=watch, used__gte=budget.each)
    spent.filter(day=day_of(budget, now)).update(used=F("used") - budget.each)


def sharing(budget_id: int) -> int:
    """How many connections spend from it."""
    return Watch.objects.filter(budget=budget_id).count()


def shared(count: int, budget: CheckBudget) -> timedelta:
    """As often as so many that share it can be checked, so that none takes another one's part."""
    return count * budget.each * DAY / (budget.limit * PLANNED)


def resets_at(budget: CheckBudget, now: datetime) -> datetime:
    zone = ZoneInfo(budget.zone)
    return datetime.combine(day_of(budget, now) + DAY, time(), zone)


def day_of(budget: CheckBudget, now: datetime) -> date:
    return now.astimezone(ZoneInfo(budget.zone)).date()
