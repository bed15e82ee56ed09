"""Channels: where people are told, and each message that is owed to one."""

import uuid
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import models
from django.db.models import Q
from django.utils import timezone

from integrations import crypto

FAMILY = "channel"


class Channel(models.Model):
    """A way to a workspace's people, such as a room of a chat; without a workspace to the operators
    of the installation.

    `values` are the plain values of its kind; its secret ones are sealed, and bound to them.
    `platforms` is empty for all. Within quiet hours, which are told in `time_zone`, messages wait.
    `failing_since` is when it first took nothing, and `problem` why; `problems` has it for each
    of the people to whom it writes one by one, with "" for a channel of a whole room. `is_gone`
    means that the receiver switched it off for good, `is_problem_told` that others were told of
    it, and not yet that it is over. Until `former_until` its former signing secret signs, too.
    Nothing goes out before `not_before`, as the receiver asked; `moved_at` is since when it
    leads where it does. With `tells_week` it is told each Monday how the week was.
    """

    class Hears(models.TextChoices):
        ALL = "all", "Everything"
        BREAKS = "breaks", "Breaks only"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey(
        "Workspace", on_delete=models.CASCADE, null=True, blank=True, related_name="channels"
    )
    kind = models.CharField(max_length=20)
    name = models.CharField(max_length=100)
    values = models.JSONField(default=dict, blank=True)
    secrets = models.TextField(blank=True, default="", editable=False)
    key_id = models.CharField(max_length=12, blank=True, default="", editable=False)
    hints = models.JSONField(default=dict, blank=True, editable=False)
    hears = models.CharField(max_length=10, choices=Hears, default=Hears.ALL)
    platforms = models.JSONField(default=list, blank=True)
    tells_recovery = models.BooleanField(default=True)
    tells_week = models.BooleanField(default=False, db_default=False)
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    is_enabled = models.BooleanField(default=True)
    is_gone = models.BooleanField(default=False)
    failing_since = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True, default="")
    problems = models.JSONField(default=dict, blank=True, editable=False)
    is_problem_told = models.BooleanField(default=False)
    former_until = models.DateTimeField(null=True, blank=True)
    not_before = models.DateTimeField(null=True, blank=True)
    moved_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("made_at", "id")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_until=None)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="quiet_hours_begin_and_end",
            ),
            models.CheckConstraint(
                condition=Q(failing_since=None, problem="")
                | (Q(failing_since__isnull=False) & ~Q(problem="")),
                name="failing_channel_says_why",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.workspace or 'the installation'}"

    @property
    def zone(self) -> ZoneInfo:
        """UTC in place of one that nobody knows any more: that keeps nothing from being told."""
        try:
            return ZoneInfo(self.time_zone)
        except ZoneInfoNotFoundError:
            return ZoneInfo("UTC")

    @property
    def place(self) -> crypto.Place:
        """Where its envelope belongs."""
        return crypto.Place(
            row_id=self.id,
            workspace_id=self.workspace_id,
            part="secrets",
            method=self.kind,
            family=FAMILY,
            values=self.values,
        )

    def opened(self) -> dict[str, Any]:
        """Its plain and its secret values by name; a former one is named `former_…`, and good until
        `former_until`. Raises crypto.Unreadable.
        """
        ends = {"former_until": self.former_until} if self.former_until else {}
        return {**self.values, **crypto.unseal(self.secrets, self.place), **ends}


class Delivery(models.Model):
    """One message that is owed to one channel, or to an owner by mail where there is none.

    One without a workspace is owed to the operators of the installation.
    Where people are written to one by one, `recipient` is which of them. Its id is what the
    receiver knows it by, however often it is sent. `thread` is the same for a break and its end,
    `source` for all that is told of one thing, and `number` its place among that. `facts` are the
    message in words, without secrets. While it waits `due_at` says for when; who sends it holds
    the lease, and only the last of those may write back. Of its `tries`, `refusals` were answered
    with a clear no: after any other it may have arrived. `reference` is the receiver's name for
    it, `remind_at` when to look whether what it tells still lasts, and who has to hear of it.
    With `is_by_hand` it waits for nothing: a person sends it again.
    """

    class Outcome(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DELIVERED = "delivered", "Delivered"
        FAILED = "failed", "Not delivered"
        LEFT_OUT = "left_out", "Left out"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey(
        "Workspace", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    channel = models.ForeignKey(
        Channel, on_delete=models.CASCADE, null=True, blank=True, related_name="deliveries"
    )
    recipient = models.CharField(max_length=254, blank=True, default="")
    source = models.CharField(max_length=60)
    thread = models.CharField(max_length=100)
    number = models.PositiveIntegerField(default=0)
    moment = models.CharField(max_length=10)
    facts = models.JSONField(default=dict)
    made_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(null=True, blank=True, db_index=True)
    lease = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    refusals = models.PositiveSmallIntegerField(default=0)
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.WAITING)
    status_code = models.PositiveSmallIntegerField(null=True, blank=True)
    sentence = models.TextField(blank=True, default="")
    reference = models.CharField(max_length=100, blank=True, default="")
    delivered_at = models.DateTimeField(null=True, blank=True)
    is_by_hand = models.BooleanField(default=False)
    remind_at = models.DateTimeField(null=True, blank=True, db_index=True)

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ("-made_at", "-id")
        indexes: ClassVar = [
            models.Index(fields=["workspace", "source"], name="deliveries_of_source"),
            models.Index(fields=["channel", "made_at"], name="deliveries_of_channel"),
            models.Index(
                fields=["lease_until"],
                condition=Q(lease_until__isnull=False),
                name="deliveries_on_their_way",
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(outcome="waiting", due_at__isnull=False)
                | (~Q(outcome="waiting") & Q(due_at=None)),
                name="only_what_waits_is_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.moment} of {self.thread}"


class ToldUntil(models.Model):
    """Up to which of its events a workspace's people were told."""

    workspace = models.OneToOneField(
        "Workspace", on_delete=models.CASCADE, primary_key=True, related_name="told_until"
    )
    event_id = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.workspace_id} until event {self.event_id}"
