"""Summaries: numbers that are dear to count, as they were a moment ago."""

from django.db import models


class Summary(models.Model):
    """What was counted, and when. `facts` are made and read by the one who counts."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()
    facts = models.JSONField(default=list)

    class Meta:
        verbose_name_plural = "summaries"

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%Y-%m-%d %H:%M}"
