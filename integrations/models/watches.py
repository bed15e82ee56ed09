"""Watches: when each connection is checked next, and how its people want to hear of it."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class Watch(models.Model):
    """When the schedule asks about one connection, and who is at it.

    The row is narrow, since it is written at every check; `workspace` and `provider` repeat the
    connection's, so that a fair choice needs no join. `lease` counts those who took it: only the
    last of them may write back. `tries` counts the checks since it broke. `every_seconds` is the
    team's own interval, None the platform's.
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
    muted_until = models.DateTimeField(null=True, blank=True)
    is_quiet = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "watches"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(every_seconds=None) | Q(every_seconds__gte=60),
                name="checked_once_a_minute_at_most",
            ),
        ]

    def __str__(self) -> str:
        return f"Watch of {self.connection_id}, due at {self.due_at:%Y-%m-%d %H:%M}"
