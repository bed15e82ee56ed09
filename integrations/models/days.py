"""Days: what became of each connection, summed, for when its tests are gone."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

SECONDS_A_DAY = 86400


class ConnectionDay(models.Model):
    """One day of one connection, by UTC.

    Seconds say how long it was in each state, and add up to the part of the day that is over.
    `took_ms` sums the tests that passed, `slowest_ms` is the longest of them; `steps` has the
    same of each step, in their order: `[["Token is valid", how many, sum, longest], …]`.
    `has_tests` says that tests of that day may still be there.
    """

    connection = models.ForeignKey(
        "IntegrationConnection", on_delete=models.CASCADE, related_name="days", db_index=False
    )
    day = models.DateField()
    passed = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    inconclusive = models.PositiveIntegerField(default=0)
    proven_seconds = models.PositiveIntegerField(default=0)
    error_seconds = models.PositiveIntegerField(default=0)
    silent_seconds = models.PositiveIntegerField(default=0)
    unproven_seconds = models.PositiveIntegerField(default=0)
    off_seconds = models.PositiveIntegerField(default=0)
    took_ms = models.PositiveBigIntegerField(default=0)
    slowest_ms = models.PositiveIntegerField(default=0)
    steps = models.JSONField(default=list, blank=True)
    has_tests = models.BooleanField(default=True)

    class Meta:
        verbose_name = "day"
        ordering = ("-day", "-id")
        indexes: ClassVar = [models.Index(fields=["has_tests", "day"], name="days_by_age")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "day"], name="one_sum_a_day"),
            models.CheckConstraint(
                condition=Q(
                    proven_seconds__lte=SECONDS_A_DAY
                    - F("error_seconds")
                    - F("silent_seconds")
                    - F("unproven_seconds")
                    - F("off_seconds")
                ),
                name="a_day_is_no_longer",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.connection} on {self.day}"

    @property
    def tests(self) -> int:
        """How many tests said something."""
        return self.passed + self.failed + self.inconclusive
