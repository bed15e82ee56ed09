"""Tallies: how often things happened, for monitoring; kept when what was counted is deleted."""

from typing import ClassVar

from django.db import models


class Tally(models.Model):
    """How often one thing ended one way. Its numbers only grow.

    `what` is `check` or `message`, `subject` the platform or the kind of channel, `outcome` and
    `kind` how it ended. `within_ms` is the least of the limits that it took no longer than; 0 is
    beyond all of them, and what was not measured.
    """

    what = models.CharField(max_length=10)
    subject = models.CharField(max_length=50)
    outcome = models.CharField(max_length=20)
    kind = models.CharField(max_length=30, blank=True, default="")
    within_ms = models.PositiveIntegerField(default=0)
    number = models.PositiveBigIntegerField(default=0)
    took_ms = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "tallies"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["what", "subject", "outcome", "kind", "within_ms"],
                name="one_tally_of_what_is_counted",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} of {self.what} {self.subject}: {self.outcome} {self.kind}".strip()


class TalliedUntil(models.Model):
    """Up to which test they are counted: one row, whose lock says who counts.

    `waiting` are the ids of earlier ones that had not ended yet.
    """

    test_id = models.BigIntegerField()
    waiting = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"Until test {self.test_id}"
