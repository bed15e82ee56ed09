"""One-time links for whoever owns the platform's account."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone


class FixLink(models.Model):
    """A one-time way for the person who owns the platform's account to sign in there for us.

    Opens nothing else of the application. Only its digest is stored.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connection = models.ForeignKey(
        "IntegrationConnection", on_delete=models.CASCADE, related_name="fix_links"
    )
    digest = models.CharField(max_length=64, unique=True, editable=False)
    recipient = models.CharField(max_length=100)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    sent_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"Fix link for {self.recipient}"
