"""What the demo's connections went through before it was started: ninety days, told in sums."""

from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone

from integrations.models import ConnectionDay, ConnectionTest, Event, IntegrationConnection
from integrations.models.days import SECONDS_A_DAY
from integrations.services.watching import days
from providers.sandbox.stand_in import Story, Trouble

CHECKS = 24  # a day
SWING = (96, 103, 118, 91, 107, 99, 112)  # per cent of what the last test took, day by day


def remember(connection: IntegrationConnection, story: Story) -> None:
    """Write the sums of the days before today. It was connected on the first of them."""
    test = connection.tests.filter(outcome="passed").first()
    if test is None:
        return
    today = days.day_of(timezone.now())
    by_day = {one.days_ago: [one] for one in story.troubles}
    ConnectionDay.objects.bulk_create(
        _day(
            ConnectionDay(connection=connection, day=today - ago * days.DAY),
            test,
            by_day.get(ago, ()),
        )
        for ago in range(1, story.known_for)
    )
    begun = timezone.now() - timedelta(days=story.known_for - 1)
    connected = Event.objects.filter(connection=connection.pk, data__is_first=True)
    connected.update(at=begun)
    IntegrationConnection.objects.filter(pk=connection.pk).update(created_at=begun)


def _day(made: ConnectionDay, test: ConnectionTest, troubles: Sequence[Trouble]) -> ConnectionDay:
    swing = SWING[made.day.toordinal() % len(SWING)]
    lost = 0
    for trouble in troubles:
        seconds = trouble.minutes * 60
        setattr(made, f"{trouble.state}_seconds", seconds)
        lost += seconds
        if trouble.state == "error":
            made.failed += 1 + trouble.minutes // 60
        if trouble.state == "silent":
            made.inconclusive += 1 + trouble.minutes // 60
    made.proven_seconds = SECONDS_A_DAY - lost
    made.passed = CHECKS - made.failed - made.inconclusive
    made.took_ms = made.passed * _swung(test.duration_ms, swing)
    made.slowest_ms = _swung(test.duration_ms, 2 * swing)
    for step in test.steps:
        took = _swung(step["duration_ms"], swing)
        made.steps.append([step["label"], made.passed, made.passed * took, 2 * took])
    made.has_tests = False
    return made


def _swung(milliseconds: int, swing: int) -> int:
    return max(1, 5 * milliseconds * swing // 100)  # the real ones are not on this machine
