"""Turns: of work that many processes may begin, which waits, and who is at it."""

from django.db import models


class Turn(models.Model):
    """One kind of work, over all machines.

    `asked_at` is since when it waits to be begun. `lease` counts those who took it, until
    `lease_until` at first: only the last of them goes on. `event_id` is the last event that it
    has looked at.
    """

    name = models.CharField(max_length=20, primary_key=True)
    asked_at = models.DateTimeField(null=True, blank=True)
    lease = models.PositiveBigIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    event_id = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return self.name
