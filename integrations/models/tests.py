"""Tests of connections."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from providers.run.ladder import DEADLINE_SECONDS

LEASE = timedelta(seconds=DEADLINE_SECONDS + 15)


class Trigger(models.TextChoices):
    PAGE = "page", "the page"
    API = "api", "the API"
    ADMIN = "admin", "the admin"
    SCHEDULE = "schedule", "the schedule"
    SAVE = "save", "Test and save"
    COMMAND = "command", "a command"


class TestOutcome(models.TextChoices):
    RUNNING = "running", "Running"
    PASSED = "passed", "Passed"
    FAILED = "failed", "Failed"
    INCONCLUSIVE = "inconclusive", "No answer"
    NOT_IMPLEMENTED = "not_implemented", "Test not implemented yet"


class ConnectionTest(models.Model):
    """One test of one connection, written when it starts and again as its steps end."""

    connection = models.ForeignKey(
        "IntegrationConnection", on_delete=models.CASCADE, related_name="tests"
    )
    revision = models.PositiveIntegerField()
    trigger = models.CharField(max_length=10, choices=Trigger)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    fix_link = models.ForeignKey(
        "FixLink", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    dry_run = models.BooleanField(default=False)
    outcome = models.CharField(max_length=20, choices=TestOutcome, default=TestOutcome.RUNNING)
    error_kind = models.CharField(max_length=30, blank=True, default="")
    message = models.TextField(blank=True, default="")
    action = models.TextField(blank=True, default="")
    action_url = models.URLField(max_length=500, blank=True, default="")
    steps = models.JSONField(default=list, blank=True)
    account_id = models.CharField(max_length=200, blank=True, default="")
    account_name = models.CharField(max_length=200, blank=True, default="")
    account_changed = models.BooleanField(default=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    expires_is_estimate = models.BooleanField(default=False)
    retry_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    duration_ms = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = "test"
        ordering = ("-id",)
        indexes: ClassVar = [
            models.Index(fields=["connection", "-id"], name="test_history"),
            models.Index(fields=["connection", "started_at"], name="test_rate"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["connection"],
                condition=Q(outcome=TestOutcome.RUNNING),
                name="one_running_test",
            ),
            models.CheckConstraint(
                condition=Q(outcome=TestOutcome.RUNNING, finished_at=None)
                | (~Q(outcome=TestOutcome.RUNNING) & Q(finished_at__isnull=False)),
                name="finished_unless_running",
            ),
            models.CheckConstraint(
                condition=Q(lease_until__gt=F("started_at")), name="lease_after_start"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()}: {self.connection}"

    @property
    def is_running(self) -> bool:
        return self.outcome == TestOutcome.RUNNING

    @property
    def was_interrupted(self) -> bool:
        """Whether it ended without an answer of any kind, by no fault of the platform."""
        return self.outcome == TestOutcome.INCONCLUSIVE and not self.error_kind

    def is_leased(self, now: datetime) -> bool:
        """Whether somebody performs it, by a clock that is less than a lease ahead of ours."""
        return self.is_running and now < self.lease_until <= now + 2 * LEASE

    @property
    def warnings(self) -> list[str]:
        """What a test that passed warned about."""
        if self.outcome != TestOutcome.PASSED:
            return []
        return [step["detail"] for step in self.steps if step["outcome"] == "warned"]
