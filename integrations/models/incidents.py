"""Causes of what broke, and the incidents that they are in each workspace."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Q

OURS, REPORTED, CHANNEL = "ours", "reported", "channel"  # kinds beside those of errors
OUR_SIDE = "Our side"  # with a colon it begins the title of one that is ours
DRILL = "Drill"  # and this one that of what is only practised
FLAPS = 2  # so often it came back within the hour


class Scope(models.TextChoices):
    """What it is that broke, and that connections may share."""

    INSTALLATION = "installation", "This installation"
    KEY = "key", "An encryption key"
    FAMILY = "family", "A platform"
    APP = "app", "A sign-in app"
    CREDENTIAL = "credential", "What lets connections in"
    ACCOUNT = "account", "An account"
    CONNECTION = "connection", "One connection"
    CHANNEL = "channel", "A channel"


OPERATORS = (Scope.INSTALLATION, Scope.KEY)  # whoever runs the installation puts these right


class Ending(models.TextChoices):
    """Why a connection is no part of an incident any more, or the incident ended."""

    PROVEN = "proven", "Proven again"
    CLEARED = "cleared", "The report was cleared"
    READABLE = "readable", "Its credentials can be read again"
    DELIVERED = "delivered", "Messages arrive again"
    CHANGED = "changed", "Connected in another way"
    MOVED = "moved", "It has another cause"
    DISABLED = "disabled", "Disabled"
    DISCONNECTED = "disconnected", "Disconnected"
    REMOVED = "removed", "Removed"
    ARCHIVED = "archived", "The workspace was archived"
    STOPPED = "stopped", "The drill ended before it worked again"


class Cause(models.Model):
    """One thing that broke, for all of the installation; operators see it.

    `key` names it: of one there is one open cause. `kind` is the kind of error, or `ours`,
    `reported` or `channel`. Until it is confirmed nobody is told. One that comes back within the
    hour is the same one again. A drill's has a key of its own, and no members: nothing live joins
    it.
    """

    key = models.CharField(max_length=600)
    kind = models.CharField(max_length=30)
    scope = models.CharField(max_length=20, choices=Scope)
    provider = models.CharField(max_length=50, blank=True, default="")
    title = models.CharField(max_length=300)
    opened_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    is_flapping = models.BooleanField(default=False)
    is_drill = models.BooleanField(default=False)

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar = [
            models.Index(fields=["key", "-closed_at"], name="causes_of_a_key"),
            models.Index(fields=["closed_at"], name="causes_by_end"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["key"], condition=Q(closed_at=None), name="one_open_cause"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}, since {self.opened_at:%Y-%m-%d %H:%M}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def is_for_operators(self) -> bool:
        """Whether they are who is told: workspaces only read of it."""
        return self.kind == OURS and self.scope in OPERATORS


class Incident(models.Model):
    """A cause in one workspace, in the words that its people read.

    `well_since` is when its last connection came right: at once it is closed, or where it came
    back before, once that has lasted. `returns` counts how often it did.
    """

    cause = models.ForeignKey(Cause, on_delete=models.CASCADE, related_name="incidents")
    workspace = models.ForeignKey("Workspace", on_delete=models.CASCADE, related_name="incidents")
    title = models.CharField(max_length=300)
    message = models.TextField(blank=True, default="")
    action = models.TextField(blank=True, default="")
    action_url = models.URLField(max_length=500, blank=True, default="")
    stops = models.JSONField(default=list)
    opened_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    well_since = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=20, choices=Ending, blank=True, default="")
    returns = models.PositiveIntegerField(default=0)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    note = models.CharField(max_length=500, blank=True, default="")
    muted_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar = [
            models.Index(fields=["workspace", "-id"], name="incidents_in_order"),
            models.Index(
                fields=["closed_at"], condition=Q(confirmed_at=None), name="incidents_untold"
            ),
            models.Index(fields=["closed_at"], name="incidents_by_end"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["cause", "workspace"], condition=Q(closed_at=None), name="one_open_incident"
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None, ended_by="")
                | (Q(closed_at__isnull=False) & ~Q(ended_by="")),
                name="closed_says_why",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} in {self.workspace}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def is_flapping(self) -> bool:
        return self.returns >= FLAPS

    @property
    def is_ours(self) -> bool:
        return self.cause.kind == OURS

    @property
    def channel_id(self) -> UUID | None:
        """The channel that takes nothing, of an incident about one."""
        is_about_one = self.cause.scope == Scope.CHANNEL
        return UUID(self.cause.key.rpartition(" ")[2]) if is_about_one else None

    def is_muted(self, now: datetime) -> bool:
        return self.muted_until is not None and self.muted_until > now


class IncidentConnection(models.Model):
    """That a connection was part of an incident, from when to when. It is kept as history.

    The row outlives the connection; `provider` then still says what it was of.
    """

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="members")
    connection = models.ForeignKey(
        "IntegrationConnection", on_delete=models.SET_NULL, null=True, related_name="incidents"
    )
    provider = models.CharField(max_length=50)
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)
    left_by = models.CharField(max_length=20, choices=Ending, blank=True, default="")

    class Meta:
        ordering = ("id",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["connection"], condition=Q(left_at=None), name="one_open_membership"
            ),
            models.CheckConstraint(
                condition=Q(left_at=None, left_by="") | (Q(left_at__isnull=False) & ~Q(left_by="")),
                name="left_says_why",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} in incident {self.incident_id}"
