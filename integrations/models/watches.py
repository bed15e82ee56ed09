"""Watches: when each connection is checked next, and how its people want to hear of it."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q


class Watch(models.Model):
    """When the schedule asks about one connection, and who is at it.

    The row is narrow, since it is written at every check; `workspace` and `provider` repeat the
    connection's, so that a fair choice needs no join. `lease` counts those who took it: only the
    last of them may write back. `tries` counts the checks since it broke. `every_seconds` is the
    team's own interval, None the platform's. `budget` is what its checks spend from, None where
    they cost nothing.
    """

    connection = models.OneToOneField(
        "IntegrationConnection", on_delete=models.CASCADE, primary_key=True, related_name="watch"
    )
    workspace = models.ForeignKey(
        "Workspace", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    provider = models.CharField(max_length=50)
    due_at = models.DateTimeField(db_index=True)
    lease = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    every_seconds = models.PositiveIntegerField(null=True, blank=True)
    budget = models.ForeignKey(
        "Budget", on_delete=models.SET_NULL, null=True, blank=True, related_name="watches"
    )
    muted_until = models.DateTimeField(null=True, blank=True)
    is_quiet = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "watches"
        indexes: ClassVar = [
            models.Index(fields=["provider", "due_at", "workspace"], name="watch_due_fairly"),
            models.Index(fields=["connection"], condition=Q(tries__gt=0), name="watch_tried"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(every_seconds=None) | Q(every_seconds__gte=60),
                name="checked_once_a_minute_at_most",
            ),
        ]

    def __str__(self) -> str:
        return f"Watch of {self.connection_id}, due at {self.due_at:%Y-%m-%d %H:%M}"

    def is_muted(self, now: datetime) -> bool:
        """Whether nobody is told of it: for a time, or until somebody changes that."""
        return self.is_quiet or (self.muted_until is not None and self.muted_until > now)


class Budget(models.Model):
    """What checks have spent of one thing that a platform counts, on one day of the platform's.

    `counted_by` and `name` say which app, token, account or address that is, as a Pause does. A
    row of an earlier day counts as one of which nothing is spent. `limit` is what could be spent
    of it when that was written last; 0 before.
    """

    provider = models.CharField(max_length=50)
    counted_by = models.CharField(max_length=10)
    name = models.CharField(max_length=500, blank=True, default="")
    day = models.DateField()
    used = models.PositiveIntegerField(default=0)
    limit = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["provider", "counted_by", "name"], name="one_budget_of_what_is_counted"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.used} spent on {self.day} with {self.provider}, by {self.counted_by}"
