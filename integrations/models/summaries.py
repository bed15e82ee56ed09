"""Summaries: numbers that are dear to count, as they were a moment ago."""

from django.db import models


class Summary(models.Model):
    """What was counted, when, and how long that took.

    `facts` are made and read by the one who counts.
    """

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()
    took_ms = models.PositiveIntegerField(default=0)
    facts = models.JSONField(default=list)

    class Meta:
        verbose_name_plural = "summaries"

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%Y-%m-%d %H:%M}"
