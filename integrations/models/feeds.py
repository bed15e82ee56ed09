"""Feeds: addresses that show one thing to whoever has them; and the ends that one of them lists."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class FeedKind(models.TextChoices):
    BADGE = "badge", "Badge"
    CALENDAR = "calendar", "Calendar"


class Feed(models.Model):
    """An address that reads one thing and nothing else. Only the digest of its token is stored.

    A badge is of one connection, or of the whole workspace.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey("Workspace", on_delete=models.CASCADE, related_name="feeds")
    kind = models.CharField(max_length=10, choices=FeedKind)
    connection = models.ForeignKey(
        "IntegrationConnection", on_delete=models.CASCADE, null=True, related_name="+"
    )
    digest = models.CharField(max_length=64, unique=True, editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("made_at",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind=FeedKind.BADGE) | Q(connection=None),
                name="calendar_of_a_workspace",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.connection or self.workspace}"


class End(models.Model):
    """When a connection ends, as a calendar knows it: it has to be told that one moved.

    Its id is that of the connection it was made for, also once that was removed. `sequence` counts
    the changes (RFC 5545, 3.8.7.4), the last of which was at `changed_at`. One that is called off
    stays a while, so that calendars hear of it.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    connection = models.OneToOneField(
        "IntegrationConnection", on_delete=models.SET_NULL, null=True, related_name="end"
    )
    workspace = models.ForeignKey("Workspace", on_delete=models.CASCADE, related_name="+")
    provider = models.CharField(max_length=50)
    title = models.CharField(max_length=500, blank=True, default="")
    ends_at = models.DateTimeField()
    is_estimate = models.BooleanField()
    is_off = models.BooleanField(default=False)
    sequence = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"End of {self.title} at {self.ends_at:%Y-%m-%d %H:%M}"
