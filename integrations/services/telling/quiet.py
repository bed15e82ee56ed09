"""Quiet hours: between two times of a clock on a wall, also in the nights that it is moved."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def quiet_until(now: datetime, zone: ZoneInfo, begins: time, ends: time) -> datetime | None:
    """When the quiet hours end that last now; None outside of them.

    A time that a night has twice, or not at all, is read so that they last longer: nobody is woken
    because a clock was moved.
    """
    today = now.astimezone(zone).date()
    for day in (today - timedelta(days=1), today):
        last = day if begins < ends else day + timedelta(days=1)
        start = min(_moments(datetime.combine(day, begins), zone))
        end = max(_moments(datetime.combine(last, ends), zone))
        if start <= now < end:
            return end
    return None


def _moments(wall: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Both readings of a time on the wall, which are mostly the same."""
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return first, second
