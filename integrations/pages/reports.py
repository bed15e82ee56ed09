"""Reports: the record of a connection, month by month, as a table for a spreadsheet."""

import csv
import io
from datetime import date, datetime, timedelta

from integrations.models import ConnectionDay, IntegrationConnection
from integrations.pages.record import Figures
from integrations.services.connecting import tables
from integrations.services.watching import days
from integrations.services.watching.states import State

HEADING = (
    *("day (UTC)", "workspace", "platform", "connection"),
    *("tests passed", "tests failed", "tests without an answer"),
    *("seconds proven", "seconds in error", "seconds without an answer"),
    *("seconds not proven", "seconds off or not connected"),
    *("uptime %", "proven %", "average ms", "slowest ms"),
)
MOST_MONTHS = 24


def months(connection: IntegrationConnection, now: datetime) -> list[date]:
    """The first days of those of which there is something, this one first."""
    this = days.day_of(now).replace(day=1)
    oldest = ConnectionDay.objects.filter(connection=connection.pk).order_by("day")
    first = oldest.values_list("day", flat=True).first() or this
    found = [this]
    while found[-1] > first and len(found) <= MOST_MONTHS:
        found.append((found[-1] - timedelta(days=1)).replace(day=1))
    return found


def written(connection: IntegrationConnection, month: date, now: datetime) -> str:
    """A line for each day until today, by UTC, and one for all of them. A day of which nothing is
    known, as before it was connected, has noughts.
    """
    following = (month + timedelta(days=32)).replace(day=1)
    known = {day.day: day for day in days.with_today(connection, month, now)}
    last = min(following - days.DAY, days.day_of(now))
    every = (month + days.DAY * number for number in range((last - month).days + 1))
    shown = [known.get(day) or ConnectionDay(day=day) for day in every]
    names = (connection.workspace.name, connection.platform.name, connection.title)
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(HEADING)
    for called, part in [*((f"{day.day}", [day]) for day in shown), (f"{month:%Y-%m}", shown)]:
        writer.writerow([called, *map(tables.plain, names), *_numbers(Figures(called, part))])
    return out.getvalue()


def _numbers(figures: Figures) -> list[str | int]:
    of = figures.days
    passed = sum(day.passed for day in of)
    return [
        passed,
        sum(day.failed for day in of),
        sum(day.inconclusive for day in of),
        *(figures.seconds(state) for state in State),
        *(shown.replace("\N{NO-BREAK SPACE}%", "") for shown in (figures.uptime, figures.proven)),
        round(sum(day.took_ms for day in of) / passed) if passed else "",
        max((day.slowest_ms for day in of), default=0) if passed else "",
    ]
