"""What was told, and when the work that nobody asks for was last done."""

from typing import ClassVar

from django.db import models
from django.utils import timezone


class ExpiryNotice(models.Model):
    """That a connection ends in so many days: told once for each of its ends."""

    connection = models.ForeignKey(
        "IntegrationConnection", on_delete=models.CASCADE, related_name="expiry_notices"
    )
    days = models.PositiveSmallIntegerField()
    ends_at = models.DateTimeField()
    is_estimate = models.BooleanField()
    given_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-given_at", "-id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["connection", "days", "ends_at"], name="one_notice_an_end"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.connection} ends in {self.days} days"


class Heartbeat(models.Model):
    """When the work that nobody asks for was last looked after."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%Y-%m-%d %H:%M}"
