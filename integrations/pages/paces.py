"""Paces in words: how often a connection is checked, and why not as often as was asked for."""

from datetime import timedelta

from integrations.pages.record import lasting
from integrations.services.watching.budgets import Told
from integrations.services.watching.intervals import Pace

MINUTE, HOUR, DAY = 60, 3600, 86400
USUAL = "as usual"
INTERVALS = {
    5 * MINUTE: "every 5 minutes",
    15 * MINUTE: "every 15 minutes",
    30 * MINUTE: "every 30 minutes",
    HOUR: "every hour",
    3 * HOUR: "every 3 hours",
    8 * HOUR: "every 8 hours",
    DAY: "once a day",
}


def every(seconds: float | None) -> str:
    """ "every 8 hours", "every 1 h 24 min"; "as usual" where nobody chose."""
    if seconds is None:
        return USUAL
    if known := INTERVALS.get(int(seconds)):
        return known
    return f"every {lasting(int(seconds))}" if seconds >= MINUTE else f"every {seconds:.0f} seconds"


def usual(name: str, interval: timedelta) -> str:
    """What is offered first: "as usual for Postbox (every hour)"."""
    return f"{USUAL} for {name} ({every(interval.total_seconds())})"


def told(pace: Pace, budget: Told | None) -> str:
    """How often it is checked really; where its budget allows less than was asked for, why."""
    real = every(pace.real.total_seconds())
    if budget is None or not pace.is_held:
        return f"It is checked {real}."
    unit = budget.unit
    said = f"Asked for is {every(pace.asked.total_seconds())}, and its budget allows less: "
    why = f"checks may spend {budget.limit:,} {unit} a day, and one may take {pace.each}"
    if pace.sharing > 1:
        said += f"{pace.sharing:,} connections share this budget, so each is checked {real}"
        return f"{said} ({why})."
    return f"{said}it is checked {real} ({why}; a fifth is kept for checks after a break)."
