"""Runs: connections of a workspace that are tested together: all of them, or chosen ones."""

from collections import Counter
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.text import get_text_list

from integrations.models import naming
from integrations.models.tests import LEASE, ConnectionTest, TestOutcome, Trigger


class TestRun(models.Model):
    """Connections of a workspace, tested together. Of all of them there is one run at a time."""

    workspace = models.ForeignKey("Workspace", on_delete=models.CASCADE, related_name="runs")
    trigger = models.CharField(max_length=10, choices=Trigger)
    is_of_all = models.BooleanField(default=True, editable=False)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    started_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "run"
        ordering = ("-id",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace"],
                condition=Q(finished_at=None, is_of_all=True),
                name="one_run_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        what = "all" if self.is_of_all else "chosen ones"
        return f"Test of {what} in {self.workspace} at {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def is_running(self) -> bool:
        return self.finished_at is None

    def is_leased(self, now: datetime) -> bool:
        """Whether somebody performs it, by a clock that is less than a test's lease ahead."""
        return self.is_running and self.started_at - LEASE <= now < self.lease_until

    @property
    def total(self) -> int:
        return len(self.items.all())

    @property
    def done(self) -> int:
        return sum(item.ended_at is not None for item in self.items.all())

    @property
    def skipped(self) -> int:
        return sum(item.test is None for item in self.items.all())

    @property
    def problem(self) -> str:
        """Why nothing of it was tested, when all its items say the same; else ""."""
        problems = {item.problem for item in self.items.all()}
        return problems.pop() if len(problems) == 1 else ""

    @property
    def failed_names(self) -> str:
        """The first few whose test failed: by platform, and by name where it has several here."""
        items = self.items.all()
        counts = Counter(item.connection.provider for item in items)
        failed = [
            item.connection
            for item in items
            if item.test and item.test.outcome == TestOutcome.FAILED
        ]
        names = naming.by_platform(failed, [slug for slug, count in counts.items() if count > 1])
        return get_text_list(naming.few(names, len(names)), "and")

    @property
    def outcomes(self) -> Counter[str]:
        """How many of the items' tests ended in which outcome."""
        tests = (item.test for item in self.items.all())
        return Counter(test.outcome for test in tests if test and not test.is_running)


class RunItem(models.Model):
    """One connection of a run. Without a test it waits, or `problem` says why it has none."""

    run = models.ForeignKey(TestRun, on_delete=models.CASCADE, related_name="items")
    connection = models.ForeignKey(
        "IntegrationConnection", on_delete=models.CASCADE, related_name="+"
    )
    test = models.ForeignKey(
        ConnectionTest, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    problem = models.TextField(blank=True, default="")
    ended_at = models.DateTimeField(null=True, blank=True)
    # Those of a chain are performed by a worker, one after the other.
    chain = models.UUIDField(null=True, blank=True, editable=False, db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "connection"], name="one_item_a_connection"),
        ]

    def __str__(self) -> str:
        return f"{self.connection} in run {self.run_id}"
