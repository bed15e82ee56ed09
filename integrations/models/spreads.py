"""Spreads: accounts that one connection reaches, given to many workspaces by a table."""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from integrations.models.runs import TestRun
from integrations.models.tests import Trigger


class Spread(models.Model):
    """A table that is carried out, a workspace after the other. It holds no secret."""

    workspace = models.ForeignKey("Workspace", on_delete=models.CASCADE, related_name="+")
    provider = models.CharField(max_length=50)
    connection = models.ForeignKey(  # none once it was removed
        "IntegrationConnection",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    revision = models.PositiveIntegerField()  # of the connection, when its accounts were listed
    trigger = models.CharField(max_length=10, choices=Trigger)
    # It ends with the account of whoever started it: nobody is `by` for a command alone.
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    started_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    there = models.PositiveIntegerField(default=0)  # accounts that were connected there already
    refused = models.JSONField(default=list)  # [{"line": 3, "sentence": "…"}]

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"Spread of {self.provider} at {self.started_at:%Y-%m-%d %H:%M}"

    def is_leased(self, now: datetime) -> bool:
        """Whether somebody carries it out."""
        return self.finished_at is None and now < self.lease_until


class SpreadPart(models.Model):
    """What one workspace gets, at once or not at all. It has ended with `problem`, or without."""

    spread = models.ForeignKey(Spread, on_delete=models.CASCADE, related_name="parts")
    workspace = models.ForeignKey(  # none until it is made
        "Workspace", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    slug = models.SlugField()
    name = models.CharField(max_length=100)
    is_new = models.BooleanField(default=False)
    accounts = models.JSONField()  # as `declare.Account` has them
    added = models.PositiveIntegerField(default=0)
    run = models.ForeignKey(
        TestRun, on_delete=models.SET_NULL, null=True, blank=True, related_name="parts"
    )
    problem = models.TextField(blank=True, default="")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("id",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["spread", "slug"], name="one_part_a_workspace"),
        ]

    def __str__(self) -> str:
        return f"{self.name} in spread {self.spread_id}"
