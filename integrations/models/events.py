"""What happened, in the order in which it did."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone


class EventType(models.TextChoices):
    FAILING = "connection.failing"
    RECOVERED = "connection.recovered"
    CHANGED = "connection.changed"
    MEMBER_CHANGED = "member.changed"
    EXPIRY_NEAR = "expiry.near"
    CHANNEL_FAILING = "channel.failing"
    CHANNEL_RECOVERED = "channel.recovered"
    INCIDENT_OPENED = "incident.opened"
    INCIDENT_UPDATED = "incident.updated"
    INCIDENT_CLOSED = "incident.closed"
    DRILL_CHANGED = "drill.changed"


class Event(models.Model):
    """One thing that happened to a connection, or without one to a member or an incident.

    `data` says what, in words of ours and numbers: no secret, and nobody's name.
    """

    workspace = models.ForeignKey("Workspace", on_delete=models.CASCADE, related_name="+")
    connection = models.ForeignKey(
        "IntegrationConnection", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    type = models.CharField(max_length=40, choices=EventType)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    data = models.JSONField(default=dict)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["workspace", "id"], name="events_in_order")]

    def __str__(self) -> str:
        return f"{self.type} at {self.at:%Y-%m-%d %H:%M}"
