"""Fire drills: a break that is only practised, and what became of it."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from providers.sandbox.practice import Fault


class DrillKind(models.TextChoices):
    """What is practised, by the names of `Fault`."""

    REVOKED = Fault.REVOKED, "Access withdrawn"
    OUTAGE = Fault.OUTAGE, "Outage"
    LIMIT = Fault.LIMIT, "Limit reached"
    ACCOUNT = Fault.ACCOUNT, "Wrong account"
    SILENCE = Fault.SILENCE, "Silence"


class DrillState(models.TextChoices):
    """How far one is; the last three are ends."""

    BEGUN = "begun", "Waits for the engine"
    BROKEN = "broken", "Broken, not noticed yet"
    NOTICED = "noticed", "Noticed, being told"
    MENDED = "mended", "Works again, not noticed yet"
    RECOVERED = "recovered", "Noticed that it works again, being told"
    PASSED = "passed", "Passed"
    FAILED = "failed", "Failed"
    STOPPED = "stopped", "Stopped"


class Drill(models.Model):
    """One practised break of one connection, with its record. Its tests are in `tests` alone.

    While it goes on `due_at` says when its next step is taken, and who takes it holds the lease,
    of which only the last counts. `asked_by` is nobody for one of a plan. `broken_at` is from when
    the stand-in refused, `noticed_at` when that was found, `told_at` when the first person was
    told, `mended_at` from when it worked again and `recovered_at` when that was found. `told` is
    whom of it, once it is over; `remark` says why it failed or was stopped, or what else a reader
    has to know.
    """

    connection = models.ForeignKey(
        "IntegrationConnection", on_delete=models.CASCADE, related_name="drills"
    )
    incident = models.OneToOneField(
        "Incident", on_delete=models.SET_NULL, null=True, blank=True, related_name="drill"
    )
    kind = models.CharField(max_length=10, choices=DrillKind)
    state = models.CharField(max_length=10, choices=DrillState, default=DrillState.BEGUN)
    is_planned = models.BooleanField(default=False)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    asked_at = models.DateTimeField()
    begun_at = models.DateTimeField(null=True, blank=True)
    broken_at = models.DateTimeField(null=True, blank=True)
    noticed_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)
    mended_at = models.DateTimeField(null=True, blank=True)
    recovered_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    lease = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    tests = models.JSONField(default=list, blank=True)
    told = models.JSONField(default=list, blank=True)
    sentence = models.TextField(blank=True, default="")
    remark = models.TextField(blank=True, default="")

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar = [
            models.Index(fields=["due_at"], condition=Q(ended_at=None), name="drills_due"),
            models.Index(fields=["connection", "-id"], name="drills_of_connection"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["connection"], condition=Q(ended_at=None), name="one_drill_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, due_at__isnull=False)
                | Q(ended_at__isnull=False, due_at=None),
                name="drill_is_due_or_over",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.connection}, {self.state}"

    @property
    def is_over(self) -> bool:
        return self.ended_at is not None

    @property
    def last_test(self) -> dict[str, Any] | None:
        """The one in which the break showed, or else the last."""
        shown = [one for one in self.tests if one["outcome"] != "passed"]
        return (shown or self.tests or [None])[-1]


class DrillPlan(models.Model):
    """That a connection is practised each month: the first Friday, at ten in `time_zone`."""

    connection = models.OneToOneField(
        "IntegrationConnection", on_delete=models.CASCADE, primary_key=True, related_name="plan"
    )
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    time_zone = models.CharField(max_length=64, default="UTC")
    due_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"Monthly drill of {self.connection_id}, due at {self.due_at:%Y-%m-%d %H:%M}"
