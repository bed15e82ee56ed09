"""Weeks: what the sums of days say of the seven that are over, for pages and messages alike.

A day counts by UTC once it is over. What was off or not connected is in no percentage.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.db.models import F, Q, Sum

from integrations.models import ConnectionDay, Workspace
from integrations.models.days import SECONDS_A_DAY

DAYS = 7
DAY = timedelta(days=1)
ON = ("proven_seconds", "error_seconds", "silent_seconds", "unproven_seconds")
SUMS = (*ON, "passed", "failed", "inconclusive")


@dataclass(frozen=True)
class Record:
    """Sums of a week, of one connection or of several. `before` is of the week before it."""

    proven_seconds: int = 0
    error_seconds: int = 0
    silent_seconds: int = 0
    unproven_seconds: int = 0
    passed: int = 0
    failed: int = 0
    inconclusive: int = 0
    proven_before: int = 0
    on_before: int = 0

    def __add__(self, other: "Record") -> "Record":
        names = self.__dataclass_fields__
        return Record(**{name: getattr(self, name) + getattr(other, name) for name in names})

    @property
    def on_seconds(self) -> int:
        return sum(getattr(self, name) for name in ON)

    @property
    def tests(self) -> int:
        return self.passed + self.failed + self.inconclusive

    @property
    def proven(self) -> str:
        """The part of the time that it was on in which a good proof stood; "" where never on."""
        return percent(self.proven_seconds, self.on_seconds)

    @property
    def before(self) -> str:
        """The same of the week before."""
        return percent(self.proven_before, self.on_before)


@dataclass(frozen=True)
class Week:
    """Seven days up to and with `last`, and the record of each connection that was on in them."""

    last: date
    records: dict[UUID, Record]

    @property
    def first(self) -> date:
        return self.last - (DAYS - 1) * DAY

    @property
    def whole(self) -> Record:
        return sum(self.records.values(), Record())

    @property
    def words(self) -> str:
        """ "23 to 29 Nov", "28 Nov to 4 Dec"."""
        first, last = self.first, self.last
        month = "" if first.month == last.month else f" {first:%b}"
        return f"{first.day}{month} to {last.day} {last:%b}"


def until(workspace: Workspace, last: date, platforms: Collection[str] = ()) -> Week:
    """The week that ends with this day; with `platforms` of these alone. One query."""
    first = last - (DAYS - 1) * DAY
    days = ConnectionDay.objects.filter(
        connection__workspace=workspace, day__gte=first - DAYS * DAY, day__lte=last
    )
    if platforms:
        days = days.filter(connection__provider__in=platforms)
    on = F("proven_seconds") + F("error_seconds") + F("silent_seconds") + F("unproven_seconds")
    this, before = Q(day__gte=first), Q(day__lt=first)
    sums = {name: Sum(name, filter=this, default=0) for name in SUMS}
    sums["proven_before"] = Sum("proven_seconds", filter=before, default=0)
    sums["on_before"] = Sum(on, filter=before, default=0)
    names = list(sums)
    found = days.order_by().values("connection").annotate(**{f"s_{n}": sums[n] for n in names})
    rows = found.values_list("connection", *(f"s_{name}" for name in names))
    records = {pk: Record(**dict(zip(names, values, strict=True))) for pk, *values in rows}
    return Week(last, {pk: one for pk, one in records.items() if one.on_seconds})


def percent(part: int, whole: int) -> str:
    """ "99.98 %" of so many seconds, "81 %" of less than a day of them, "" of nothing.

    Rounded down, so that 100 is said only of all of it.
    """
    if not whole:
        return ""
    exact = 100 if whole >= SECONDS_A_DAY else 1
    shown = f"{math.floor(part * 100 * exact / whole) / exact:.2f}".rstrip("0").rstrip(".")
    return f"{shown}\N{NO-BREAK SPACE}%"
